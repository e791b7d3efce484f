-- Takes what has changed off the queue, within the transaction that computes it; what lies ahead of now waits.
WITH gone AS (
    DELETE FROM occupancy.touched
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND touched_from < %(now)s AND (touched_until < %(now)s OR touched_until = 'infinity')
    RETURNING area_id, source_id, touched_from, touched_until
)
INSERT INTO taken (area_id, source_id, touched_from, touched_until)
SELECT area_id, source_id, min(touched_from), max(touched_until)
FROM gone
GROUP BY area_id, source_id, date_bin('1 hour', touched_from, 'epoch')

-- Takes a person out of what was recognised; a punch that is still to be handed over keeps its row until it is.
WITH doomed AS (
    SELECT organization_id, seen_at, event_id, snapshot FROM identity.recognitions
    WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s
        AND (punch_direction IS NULL OR punched_at IS NOT NULL)
    FOR UPDATE
), of_pictures AS (
    INSERT INTO identity.erasure_work (erasure_id, kind, ref)
    SELECT %(erasure_id)s, 'snapshot', snapshot FROM doomed WHERE snapshot IS NOT NULL
    ON CONFLICT DO NOTHING
), marked AS (
    UPDATE identity.recognitions AS r
    SET outcome = 'erased', person_id = NULL, face_key = NULL, similarity_pct = NULL, snapshot = NULL, punch_direction = NULL
    FROM doomed AS d
    WHERE r.organization_id = d.organization_id AND r.seen_at = d.seen_at AND r.event_id = d.event_id
)
UPDATE identity.erasures SET recognition_count = recognition_count + (SELECT count(*) FROM doomed)
WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s

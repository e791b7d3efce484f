-- Failures of gate.gate_events.
WITH events AS (
    SELECT * FROM gate.gate_events
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
)
SELECT 'only_authorized_opened' AS check_name, jsonb_build_object(
    'event_id', e.event_id, 'decided_at', e.decided_at, 'plate', e.plate, 'list_entry_id', e.list_entry_id) AS failure
FROM events AS e
LEFT JOIN gate.vehicle_list AS l USING (organization_id)
WHERE e.opened AND l.entry_id = e.list_entry_id
    AND (l.plate <> e.plate OR l.kind = 'blocked' OR e.decided_at < l.valid_from OR e.decided_at >= l.valid_until)
UNION ALL
SELECT 'only_authorized_opened', jsonb_build_object('event_id', event_id, 'decided_at', decided_at, 'plate', plate)
FROM events
WHERE opened AND list_entry_id IS NULL
UNION ALL
SELECT 'blocked_was_alerted', jsonb_build_object('event_id', e.event_id, 'decided_at', e.decided_at, 'plate', e.plate)
FROM events AS e
WHERE e.status = 'BLOCKED' AND NOT e.is_repetition AND NOT EXISTS (
    SELECT FROM alerts.alerts AS a
    WHERE a.organization_id = e.organization_id AND a.rule = 'gate.blocked_vehicle'
        AND a.subject = e.plate || '@' || e.event_id::text)
UNION ALL
SELECT 'times_are_possible', jsonb_build_object('event_id', event_id, 'decided_at', decided_at)
FROM events
WHERE decided_at > %(now)s + interval '5 minutes'
UNION ALL
SELECT 'decided_with_the_database', jsonb_build_object('gate_id', gate_id, 'unconfirmed', count(*), 'first', min(decided_at))
FROM events
WHERE NOT confirmed
GROUP BY gate_id
UNION ALL
SELECT 'most_reads_are_plates', jsonb_build_object('gate_id', gate_id, 'reads', count(*), 'rejected', count(*) FILTER (WHERE NOT valid))
FROM events
GROUP BY gate_id
HAVING count(*) >= 20 AND count(*) FILTER (WHERE NOT valid) > 0.5 * count(*)

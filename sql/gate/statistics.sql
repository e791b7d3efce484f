-- Counts of the decisions since a moment; rejected reads by reason.
SELECT
    count(*) AS reads,
    count(*) FILTER (WHERE valid AND NOT is_repetition) AS passages,
    count(*) FILTER (WHERE valid AND NOT is_repetition AND status = 'AUTHORIZED') AS authorized_passages,
    count(*) FILTER (WHERE valid AND NOT is_repetition AND status = 'BLOCKED') AS blocked_passages,
    count(*) FILTER (WHERE valid AND NOT is_repetition AND status = 'UNKNOWN') AS unknown_passages,
    count(*) FILTER (WHERE is_repetition) AS repetitions,
    count(*) FILTER (WHERE opened) AS opened,
    count(*) FILTER (WHERE NOT confirmed) AS unconfirmed,
    count(*) FILTER (WHERE NOT valid) AS rejected,
    (SELECT coalesce(jsonb_object_agg(reason, reads), '{}') FROM (
        SELECT reason, count(*) AS reads FROM gate.gate_events
        WHERE organization_id = warehouse.current_organization() AND decided_at >= %(since)s AND NOT valid
        GROUP BY reason) AS r) AS rejected_by_reason,
    (SELECT count(*) FROM gate.unknown_plates
        WHERE organization_id = warehouse.current_organization() AND settled_at IS NULL) AS unknown_waiting
FROM gate.gate_events
WHERE organization_id = warehouse.current_organization() AND decided_at >= %(since)s

-- Failures of occupancy.occupancy_log. A device's clock may be ahead by what the settings allow, at most a day.
SELECT 'times_are_possible' AS check_name, jsonb_build_object(
    'source_id', source_id, 'observed_at', observed_at, 'ingested_at', ingested_at, 'event_id', event_id) AS failure
FROM occupancy.occupancy_log
WHERE organization_id = (SELECT warehouse.current_organization())
    AND observed_at >= %(first)s::date AND observed_at < %(last)s::date + 2
    AND observed_at > ingested_at + interval '1 day'
UNION ALL
SELECT 'nothing_refused', jsonb_build_object('source_id', source_id, 'field', field, 'reason', reason, 'times', times, 'last_seen_at', last_seen_at)
FROM occupancy.refusals
WHERE organization_id = (SELECT warehouse.current_organization()) AND last_seen_at > %(now)s - interval '1 day'
UNION ALL
SELECT 'sources_live', jsonb_build_object('source_id', s.source_id, 'area_id', s.area_id, 'max_silence_s', s.max_silence_s)
FROM occupancy.sources AS s
WHERE s.organization_id = (SELECT warehouse.current_organization()) AND s.first_seen_at <= %(now)s
    AND (s.retired_at IS NULL OR s.retired_at > %(now)s)
    AND NOT EXISTS (
        SELECT FROM occupancy.occupancy_log AS l
        WHERE l.organization_id = s.organization_id AND l.source_id = s.source_id
            AND l.observed_at > %(now)s - make_interval(secs => s.max_silence_s))

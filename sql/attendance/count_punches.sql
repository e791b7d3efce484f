-- How many punches the days hold, and how far their sources have reported.
SELECT count(*) AS punches, count(DISTINCT employee_id) AS people, max(ingested_at) AS newest,
    (SELECT min(watermark) FROM attendance.sources
        WHERE organization_id = (SELECT warehouse.current_organization()) AND is_required) AS reported_until
FROM attendance.punches
WHERE organization_id = (SELECT warehouse.current_organization()) AND punched_at >= %(punched_from)s AND punched_at < %(punched_to)s

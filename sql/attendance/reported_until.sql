-- Up to when all required sources have reported; NULL where nothing is known of any.
SELECT min(watermark) AS reported_until FROM attendance.sources
WHERE organization_id = (SELECT warehouse.current_organization()) AND is_required

-- Production days that have been computed, and by which calendar.
SELECT production_day, is_everybody, calendar FROM attendance.computed_days
WHERE organization_id = (SELECT warehouse.current_organization())
ORDER BY production_day

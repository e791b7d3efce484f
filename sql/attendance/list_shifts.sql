-- All shift patterns with their names.
SELECT shift_id, shift_name, segments, grace_in_min, grace_out_min, window_before_min, window_after_min, breaks, required_min
FROM attendance.shifts
WHERE organization_id = (SELECT warehouse.current_organization())
ORDER BY shift_id

-- Failures of attendance.punch_files.
SELECT 'files_are_read' AS check_name, jsonb_build_object('source', source, 'file_name', file_name, 'reason', reason) AS failure
FROM attendance.punch_files
WHERE organization_id = (SELECT warehouse.current_organization()) AND status = 'refused' AND imported_at > %(now)s - interval '1 day'
UNION ALL
SELECT 'rows_are_punches', jsonb_build_object('source', source, 'file_name', file_name, 'row_count', row_count, 'refused', refused)
FROM attendance.punch_files
WHERE organization_id = (SELECT warehouse.current_organization()) AND status = 'taken' AND refused > 0
    AND imported_at > %(now)s - interval '1 day'

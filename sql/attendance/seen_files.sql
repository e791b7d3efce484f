-- Files that need not be looked at again.
SELECT source, file_name, size_bytes, modified_at, format_hash, status FROM attendance.punch_files
WHERE organization_id = (SELECT warehouse.current_organization())

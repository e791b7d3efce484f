-- A file whose content is known, under its present name; gives what became of it. Nothing is given for one to be read.
UPDATE attendance.punch_files
SET file_name = %(file_name)s, size_bytes = %(size_bytes)s, modified_at = %(modified_at)s
WHERE organization_id = (SELECT warehouse.current_organization()) AND source = %(source)s AND content_hash = %(content_hash)s
    AND (status = 'taken' OR format_hash = %(format_hash)s)
RETURNING status, reason, row_count, accepted, duplicates, refused

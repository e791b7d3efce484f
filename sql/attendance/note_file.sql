-- What became of a file that was read; one that had been refused is replaced.
INSERT INTO attendance.punch_files (source, content_hash, file_name, size_bytes, modified_at, format_hash, status, reason,
    row_count, accepted, duplicates, refused, imported_at)
VALUES (%(source)s, %(content_hash)s, %(file_name)s, %(size_bytes)s, %(modified_at)s, %(format_hash)s, %(status)s, %(reason)s,
    %(row_count)s, %(accepted)s, %(duplicates)s, %(refused)s, %(now)s)
ON CONFLICT (organization_id, source, content_hash) DO UPDATE
    SET file_name = excluded.file_name, size_bytes = excluded.size_bytes, modified_at = excluded.modified_at,
        format_hash = excluded.format_hash, status = excluded.status, reason = excluded.reason, row_count = excluded.row_count,
        accepted = excluded.accepted, duplicates = excluded.duplicates, refused = excluded.refused, imported_at = excluded.imported_at

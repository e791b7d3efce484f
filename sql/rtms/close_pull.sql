-- What a finished pull found and did.
UPDATE rtms.pulls
SET finished_at = %(finished_at)s,
    rows_read = %(rows_read)s,
    rows_accepted = %(rows_accepted)s,
    rows_refused = %(rows_refused)s,
    rows_collapsed = %(rows_collapsed)s,
    rows_inserted = %(rows_inserted)s,
    rows_updated = %(rows_updated)s,
    rows_deleted = %(rows_deleted)s
WHERE organization_id = warehouse.current_organization()
  AND pull_id = %(pull_id)s;

-- What RTMS no longer shows in this slice.
DELETE FROM {target} AS kept
WHERE {kept_in_slice}
  AND NOT EXISTS (SELECT FROM {staging} AS pulled WHERE {kept_is_pulled});

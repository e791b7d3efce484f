-- Only rows that differ are touched: a repeated pull leaves every row, and its ingested_at, alone.
UPDATE {target} AS kept
SET ({values}, {stamps}) = ROW ({pulled_values}, {pulled_stamps})
FROM {staging} AS pulled
WHERE {kept_in_slice}
  AND {kept_is_pulled}
  AND ROW ({kept_values}) IS DISTINCT FROM ROW ({pulled_values});

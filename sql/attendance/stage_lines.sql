-- What the staged weeks should pay; gone with the transaction.
CREATE TEMPORARY TABLE staged_lines (
    production_day date, employee_id text, shift_start timestamptz, shift_id text, category text, multiplier numeric(6, 3), seconds bigint
) ON COMMIT DROP

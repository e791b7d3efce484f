-- The days of people that are computed anew; gone with the transaction.
CREATE TEMPORARY TABLE stretches (employee_id text, first_day date, last_day date, punched_from timestamptz, punched_to timestamptz)
ON COMMIT DROP

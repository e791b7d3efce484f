-- The weeks whose pay is computed anew; gone with the transaction.
CREATE TEMPORARY TABLE staged_weeks (employee_id text, first_day date, last_day date) ON COMMIT DROP

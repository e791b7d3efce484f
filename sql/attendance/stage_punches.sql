-- Where events wait for the merge; gone with their transaction.
CREATE TEMPORARY TABLE staged_punches (
    source text, device text, employee_id text, punched_at timestamptz, direction text
) ON COMMIT DROP

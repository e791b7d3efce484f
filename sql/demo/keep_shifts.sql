-- The simulated plant's shift patterns; one that somebody has changed since stays as it is.
INSERT INTO attendance.shifts (shift_id, shift_name, segments, grace_in_min, grace_out_min, breaks)
SELECT shift_id, initcap(shift_id), segments, grace_in_min, grace_out_min, breaks
FROM jsonb_to_recordset(%(rows)s) AS given (shift_id text, segments jsonb, grace_in_min integer, grace_out_min integer, breaks jsonb)
ON CONFLICT (organization_id, shift_id) DO NOTHING

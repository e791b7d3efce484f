-- A shift pattern as HR gives it; one of the same name is replaced.
INSERT INTO attendance.shifts AS known (shift_id, shift_name, segments, grace_in_min, grace_out_min, window_before_min,
    window_after_min, breaks, required_min)
VALUES (%(shift_id)s, %(shift_name)s, %(segments)s, %(grace_in_min)s, %(grace_out_min)s, %(window_before_min)s,
    %(window_after_min)s, %(breaks)s, %(required_min)s)
ON CONFLICT (organization_id, shift_id) DO UPDATE
    SET shift_name = excluded.shift_name, segments = excluded.segments, grace_in_min = excluded.grace_in_min,
        grace_out_min = excluded.grace_out_min, window_before_min = excluded.window_before_min,
        window_after_min = excluded.window_after_min, breaks = excluded.breaks, required_min = excluded.required_min
    WHERE (known.*) IS DISTINCT FROM (excluded.*)

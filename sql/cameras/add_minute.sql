-- The figures of one camera and minute; a second time changes nothing.
INSERT INTO cameras.minutes (
    camera_name, minute_start, worker_started_at, production_day, hour_start, watched_s, fresh_s, captured_count, processed_count,
    damaged_count, overwritten_count, failed_count, reconnect_count, reason
)
VALUES (
    %(camera_name)s, %(minute_start)s, %(worker_started_at)s, %(production_day)s, %(hour_start)s, %(watched_s)s, %(fresh_s)s,
    %(captured_count)s, %(processed_count)s, %(damaged_count)s, %(overwritten_count)s, %(failed_count)s, %(reconnect_count)s, %(reason)s
)
ON CONFLICT DO NOTHING

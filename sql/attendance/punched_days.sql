-- Local dates on which these people punched.
SELECT DISTINCT employee_id, (punched_at AT TIME ZONE %(zone)s)::date AS day FROM attendance.punches
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id = ANY(%(people)s)
    AND punched_at >= %(punched_from)s AND punched_at < %(punched_to)s

-- These recognitions were handed to attendance.
UPDATE identity.recognitions SET punched_at = %(now)s
WHERE organization_id = (SELECT warehouse.current_organization()) AND event_id = ANY(%(event_ids)s) AND seen_at BETWEEN %(first)s AND %(last)s

-- Remembers which days have been computed, and by which calendar.
INSERT INTO attendance.computed_days AS known (production_day, is_everybody, calendar)
SELECT day, is_everybody, calendar
FROM unnest(%(days)s::date[], %(is_everybody)s::boolean[], %(calendars)s::text[]) AS given (day, is_everybody, calendar)
ON CONFLICT (organization_id, production_day) DO UPDATE
    SET is_everybody = known.is_everybody OR excluded.is_everybody, calendar = excluded.calendar
    WHERE known.calendar IS DISTINCT FROM excluded.calendar OR excluded.is_everybody > known.is_everybody

-- From now on the period's lines stay as they are.
INSERT INTO attendance.payroll_periods (first_day, last_day, frozen_at, frozen_by)
VALUES (%(first)s, %(last)s, %(now)s, %(by)s)

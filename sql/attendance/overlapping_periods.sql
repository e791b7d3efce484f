-- Frozen periods that share a day with the one asked for.
SELECT first_day, last_day, frozen_by FROM attendance.payroll_periods
WHERE organization_id = (SELECT warehouse.current_organization()) AND first_day <= %(last)s AND last_day >= %(first)s

-- What is known after a day.
UPDATE occupancy.headcount_learning SET knowledge = %(knowledge)s
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day = %(day)s

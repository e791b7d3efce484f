-- What the days showed, in their order.
SELECT production_day, observed FROM occupancy.headcount_learning
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
ORDER BY production_day

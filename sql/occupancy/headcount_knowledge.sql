-- What was known of doors and people after the newest day that was over by then.
SELECT production_day, knowledge FROM occupancy.headcount_learning
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day < %(day)s
ORDER BY production_day DESC
LIMIT 1

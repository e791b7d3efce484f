-- When a production day was last pulled from RTMS; NULL: never.
SELECT max(finished_at) AS newest_pull_at
FROM rtms.pulls
WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s

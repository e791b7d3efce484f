-- Failures of demo.feed.
SELECT 'goes_forward' AS check_name, jsonb_build_object('fed_until', fed_until) AS failure
FROM demo.feed
WHERE organization_id = (SELECT warehouse.current_organization()) AND fed_until > %(now)s + interval '5 minutes'
UNION ALL
SELECT 'is_fresh', jsonb_build_object('fed_until', fed_until)
FROM demo.feed
WHERE organization_id = (SELECT warehouse.current_organization()) AND fed_until < %(now)s - interval '1 hour'

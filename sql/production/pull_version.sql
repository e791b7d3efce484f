-- A fingerprint of the raw rows of some days: it stays as it is while pulls find nothing changed.
SELECT md5(coalesce(string_agg(format('%%s %%s %%s', production_day, row_count, changed_at), ',' ORDER BY production_day), ''))
    AS version
FROM (
    SELECT production_day, count(*) AS row_count, max(ingested_at) AS changed_at
    FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day
) AS days

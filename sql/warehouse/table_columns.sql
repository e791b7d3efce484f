-- Columns of a table or view as the catalogue spells them; a view's columns are nullable by nature, which says nothing.
SELECT a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS data_type,
    CASE WHEN c.relkind <> 'v' THEN NOT a.attnotnull END AS nullable
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
WHERE a.attrelid = format('%%I.%%I', %(schema)s::text, %(name)s::text)::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

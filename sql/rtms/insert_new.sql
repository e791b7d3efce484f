-- What the slice did not hold before.
INSERT INTO {target} (organization_id, {values}, {stamps})
SELECT pulled.organization_id, {pulled_values}, {pulled_stamps}
FROM {staging} AS pulled
WHERE NOT EXISTS (SELECT FROM {target} AS kept WHERE {kept_in_slice} AND {kept_is_pulled});

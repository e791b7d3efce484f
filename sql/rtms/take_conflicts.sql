-- Rows of one pull that share a key and differ: nobody can say which is right, so all of them leave the pull.
WITH conflicting AS (
    SELECT DISTINCT {again_key}
    FROM repeated AS again
    JOIN {staging} AS pulled ON {again_is_pulled}
    WHERE {pulled_in_slice}
      AND ROW ({again_values}) IS DISTINCT FROM ROW ({pulled_values})
), removed AS (
    DELETE FROM {staging} AS pulled
    USING conflicting AS again
    WHERE {pulled_in_slice}
      AND {again_is_pulled}
    RETURNING {pulled_values}
)
SELECT * FROM removed
UNION ALL
SELECT {pulled_values}
FROM repeated AS pulled
JOIN conflicting AS again ON {again_is_pulled};

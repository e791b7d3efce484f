-- The first and the last instant of all that is to be computed; NULL when nothing is.
SELECT min(starts_at) AS first, max(ends_at) AS last FROM stretches

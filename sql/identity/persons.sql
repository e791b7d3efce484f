-- Everybody with a consent that has not ended, or a face: how many faces, which purposes, until when.
WITH agreed AS (
    SELECT person_id,
        array_agg(purpose ORDER BY purpose) FILTER (WHERE given_at <= %(now)s AND %(now)s < valid_until) AS purposes,
        max(valid_until) AS valid_until
    FROM identity.consents
    WHERE organization_id = (SELECT warehouse.current_organization()) AND ended_at IS NULL
    GROUP BY person_id
), enrolled AS (
    SELECT person_id, count(*) FILTER (WHERE status = 'indexed') AS faces,
        count(*) FILTER (WHERE status = 'waiting') AS faces_waiting,
        count(*) FILTER (WHERE status = 'no_face') AS pictures_without_face,
        count(*) FILTER (WHERE status = 'erasing') AS faces_being_erased
    FROM identity.faces
    WHERE organization_id = (SELECT warehouse.current_organization())
    GROUP BY person_id
)
SELECT person_id, coalesce(a.purposes, '{}') AS purposes, a.valid_until,
    coalesce(e.faces, 0) AS faces, coalesce(e.faces_waiting, 0) AS faces_waiting,
    coalesce(e.pictures_without_face, 0) AS pictures_without_face,
    coalesce(e.faces_being_erased, 0) AS faces_being_erased
FROM agreed AS a FULL JOIN enrolled AS e USING (person_id)
ORDER BY person_id
LIMIT %(limit)s

-- The erasure of a person: the one under way, or a new one.
WITH under_way AS (
    SELECT erasure_id FROM identity.erasures
    WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s AND completed_at IS NULL
), opened AS (
    INSERT INTO identity.erasures (
        person_id, reason, requested_by, requested_at, face_count, snapshot_count, recognition_count, attempts)
    SELECT %(person_id)s, %(reason)s, %(by)s, %(now)s, 0, 0, 0, 0
    WHERE NOT EXISTS (SELECT FROM under_way)
    RETURNING erasure_id
)
SELECT erasure_id FROM under_way UNION ALL SELECT erasure_id FROM opened

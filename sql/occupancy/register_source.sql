-- Registers a door or camera or changes it; nothing when it has events of another area. What changes its hours has them computed anew.
WITH before AS (
    SELECT * FROM occupancy.sources
    WHERE organization_id = (SELECT warehouse.current_organization()) AND source_id = %(source_id)s
), registered AS (
    INSERT INTO occupancy.sources AS known (source_id, area_id, kind, max_silence_s, retired_at)
    VALUES (%(source_id)s, %(area_id)s, %(kind)s, %(max_silence_s)s, %(retired_at)s)
    ON CONFLICT (organization_id, source_id) DO UPDATE SET
        area_id = excluded.area_id, kind = excluded.kind, max_silence_s = excluded.max_silence_s, retired_at = excluded.retired_at
    WHERE known.first_seen_at IS NULL OR known.area_id = excluded.area_id
    RETURNING source_id, area_id, kind, max_silence_s, first_seen_at, retired_at
), touched AS (
    INSERT INTO occupancy.touched (area_id, source_id, touched_from, touched_until)
    SELECT r.area_id, r.source_id, r.first_seen_at, 'infinity'
    FROM registered AS r JOIN before AS b USING (source_id)
    WHERE r.first_seen_at IS NOT NULL
        AND (r.kind, r.max_silence_s, r.retired_at) IS DISTINCT FROM (b.kind, b.max_silence_s, b.retired_at)
)
SELECT * FROM registered

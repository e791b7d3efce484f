-- Areas with their doors and cameras in service at a moment; a row without a source for an area that has none.
SELECT a.area_id, a.area_name, a.capacity, a.parent_area_id, s.source_id, s.kind, s.max_silence_s
FROM occupancy.areas AS a
LEFT JOIN occupancy.sources AS s
    ON s.organization_id = a.organization_id AND s.area_id = a.area_id
    AND s.first_seen_at <= %(at)s AND (s.retired_at IS NULL OR s.retired_at > %(at)s)
WHERE a.organization_id = (SELECT warehouse.current_organization())
ORDER BY a.area_id, s.source_id

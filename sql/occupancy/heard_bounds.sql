-- From when to when the log is read: these bounds let the server leave out whole chunks before it looks.
SELECT min(least(i.starts_at - interval '1 day', greatest(h.base_at, s.first_seen_at))) AS first, max(i.ends_at) AS last
FROM islands AS i
JOIN occupancy.sources AS s
    ON s.organization_id = (SELECT warehouse.current_organization()) AND s.area_id = i.area_id AND s.first_seen_at IS NOT NULL
LEFT JOIN holders AS h ON h.area_id = i.area_id AND h.island = i.island

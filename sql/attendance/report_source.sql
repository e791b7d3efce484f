-- A source says that everything up to here has arrived.
INSERT INTO attendance.sources AS known (source, watermark) VALUES (%(source)s, %(watermark)s)
ON CONFLICT (organization_id, source) DO UPDATE SET watermark = greatest(known.watermark, excluded.watermark)
RETURNING watermark

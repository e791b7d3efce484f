-- A correction, once: it is never changed.
INSERT INTO occupancy.headcount_corrections (area_id, corrected_at, people_before, people_after, reason, evidence, ingested_at)
VALUES (%(area_id)s, %(at)s, %(before)s, %(after)s, %(reason)s, %(evidence)s, %(now)s)
ON CONFLICT (organization_id, area_id, corrected_at) DO NOTHING

-- What a day showed of doors and people.
INSERT INTO occupancy.headcount_learning (production_day, observed, knowledge) VALUES (%(day)s, %(observed)s, '{}')
ON CONFLICT (organization_id, production_day) DO UPDATE SET observed = excluded.observed

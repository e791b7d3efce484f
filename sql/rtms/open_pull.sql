-- Announces a pull inside its own transaction: others see it once it is complete.
INSERT INTO rtms.pulls (production_day, source, started_at)
VALUES (%(day)s, %(source)s, %(started_at)s)
RETURNING pull_id;

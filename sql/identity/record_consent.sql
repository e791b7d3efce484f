-- Writes down a consent.
INSERT INTO identity.consents (person_id, purpose, given_at, valid_until, recorded_by, recorded_at, evidence)
VALUES (%(person_id)s, %(purpose)s, %(given_at)s, %(valid_until)s, %(recorded_by)s, %(now)s, %(evidence)s)
RETURNING *

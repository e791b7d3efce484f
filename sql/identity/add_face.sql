-- A face whose indexing begins now.
INSERT INTO identity.faces (face_key, person_id, consent_id, matcher, collection, status, snapshot, enrolled_at, attempted_at)
VALUES (%(face_key)s, %(person_id)s, %(consent_id)s, %(matcher)s, %(collection)s, 'waiting', %(snapshot)s, %(now)s, %(now)s)

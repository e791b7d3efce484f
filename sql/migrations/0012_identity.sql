-- Faces: consents, enrolled faces, what was recognised, and the erasure of a person with its tombstone.
-- depends: 0001_foundation

CREATE SCHEMA identity AUTHORIZATION factory_owner;

-- Who may be looked for, by what consent. A consent ends; it is never deleted.
CREATE TABLE identity.consents (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    consent_id bigint GENERATED ALWAYS AS IDENTITY,
    person_id text NOT NULL CHECK (person_id ~ '^[^[:cntrl:]]{1,100}$'),
    purpose text NOT NULL CHECK (purpose ~ '^[a-z0-9_]{1,40}$'),
    given_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    recorded_by text NOT NULL CHECK (recorded_by <> ''),
    recorded_at timestamptz NOT NULL,
    evidence text,
    ended_at timestamptz,
    ended_by text,
    ended_reason text,
    PRIMARY KEY (organization_id, consent_id),
    CHECK (valid_until > given_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ended_reason IS NULL))
);
COMMENT ON TABLE identity.consents IS 'Consents to be recognised: who, for what, since when, until when, who recorded it. Without one, no face.';
COMMENT ON COLUMN identity.consents.person_id IS 'The employee''s number or code.';
COMMENT ON COLUMN identity.consents.valid_until IS 'First instant at which it no longer counts.';
COMMENT ON COLUMN identity.consents.evidence IS 'Where the signed form is.';
COMMENT ON COLUMN identity.consents.ended_reason IS 'Withdrawn, renewed by another line, expired, erased.';
CREATE UNIQUE INDEX consents_one_for_a_purpose ON identity.consents (organization_id, person_id, purpose) WHERE ended_at IS NULL;

CREATE TABLE identity.faces (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    face_key uuid NOT NULL,
    person_id text NOT NULL,
    consent_id bigint NOT NULL,
    matcher text NOT NULL CHECK (matcher IN ('rekognition', 'local')),
    collection text,
    status text NOT NULL CHECK (status IN ('waiting', 'indexed', 'no_face', 'erasing')),
    face_id text,
    template bytea,
    template_kind text,
    confidence_pct float8,
    snapshot text,
    enrolled_at timestamptz NOT NULL,
    attempted_at timestamptz,
    indexed_at timestamptz,
    PRIMARY KEY (organization_id, face_key),
    FOREIGN KEY (organization_id, consent_id) REFERENCES identity.consents,
    CHECK ((template IS NULL) = (template_kind IS NULL)),
    CHECK (status = 'indexed' OR template IS NULL)
);
COMMENT ON TABLE identity.faces IS 'Enrolled faces. No row without a consent; the row goes when the face is erased.';
COMMENT ON COLUMN identity.faces.face_key IS 'Random; the only name the matcher knows the face by.';
COMMENT ON COLUMN identity.faces.face_id IS 'Rekognition''s number; NULL until it is confirmed, and for the local matcher.';
COMMENT ON COLUMN identity.faces.template IS 'What the local matcher compares with; NULL for Rekognition, which keeps its own.';
COMMENT ON COLUMN identity.faces.snapshot IS 'The picture that waits to be indexed; NULL as soon as it is.';
COMMENT ON COLUMN identity.faces.attempted_at IS 'When indexing was last begun: the matcher may know the face from then on.';
CREATE INDEX faces_by_person ON identity.faces (organization_id, person_id);
CREATE INDEX faces_waiting ON identity.faces (organization_id, enrolled_at) WHERE status = 'waiting';

CREATE TABLE identity.recognitions (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    event_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    production_day date NOT NULL,
    device text NOT NULL,
    purpose text NOT NULL,
    matcher text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('recognised', 'unknown', 'no_face', 'refused', 'erased')),
    person_id text,
    face_key uuid,
    similarity_pct float8,
    snapshot text,
    waited boolean NOT NULL,
    punch_direction text CHECK (punch_direction IN ('in', 'out', 'any')),
    punched_at timestamptz,
    ingested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, seen_at, event_id),
    CHECK ((outcome = 'recognised') = (person_id IS NOT NULL)),
    CHECK (punch_direction IS NULL OR outcome = 'recognised')
);
COMMENT ON TABLE identity.recognitions IS 'Every searched picture and what came of it. Written by the edge.';
COMMENT ON COLUMN identity.recognitions.outcome IS 'recognised, unknown (a face of nobody enrolled with a consent for this purpose), no_face, refused (the matcher takes the picture not), erased (the person was, since).';
COMMENT ON COLUMN identity.recognitions.waited IS 'The matcher or the database was away, and the picture waited on disk.';
COMMENT ON COLUMN identity.recognitions.punch_direction IS 'This recognition is a punch; NULL where the device is not configured as a terminal.';
COMMENT ON COLUMN identity.recognitions.punched_at IS 'When the edge handed the punch to attendance.';
CREATE INDEX recognitions_by_day ON identity.recognitions (organization_id, production_day);
CREATE INDEX recognitions_by_person ON identity.recognitions (organization_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX recognitions_to_punch ON identity.recognitions (organization_id, seen_at) WHERE punch_direction IS NOT NULL AND punched_at IS NULL;
SELECT warehouse.make_hypertable('identity.recognitions', 'seen_at');

CREATE TABLE identity.erasures (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    erasure_id bigint GENERATED ALWAYS AS IDENTITY,
    person_id text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    requested_by text NOT NULL CHECK (requested_by <> ''),
    requested_at timestamptz NOT NULL,
    face_count integer NOT NULL,
    snapshot_count integer NOT NULL,
    recognition_count integer NOT NULL,
    attempts integer NOT NULL,
    last_error text,
    completed_at timestamptz,
    PRIMARY KEY (organization_id, erasure_id)
);
COMMENT ON TABLE identity.erasures IS 'The tombstones: who was erased, why, by whom, when, how much. No picture, no template, no number of a face.';
COMMENT ON COLUMN identity.erasures.completed_at IS 'When the last of it was gone; NULL while something waits, such as for Rekognition.';
CREATE UNIQUE INDEX erasures_one_under_way ON identity.erasures (organization_id, person_id) WHERE completed_at IS NULL;

-- What an erasure still has to do; empty when it is complete.
CREATE TABLE identity.erasure_work (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    erasure_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('face', 'snapshot')),
    ref text NOT NULL,
    PRIMARY KEY (organization_id, erasure_id, kind, ref),
    FOREIGN KEY (organization_id, erasure_id) REFERENCES identity.erasures
);
COMMENT ON TABLE identity.erasure_work IS 'Faces and pictures that an erasure has yet to remove; a row goes with what it names.';

SELECT warehouse.grant_schema('identity');

-- Whoever only reads (dashboards, the assistant) sees who is enrolled, and never by what they could be recognised.
REVOKE SELECT ON identity.faces FROM factory_reader;
GRANT SELECT (organization_id, face_key, person_id, consent_id, matcher, status, enrolled_at, attempted_at, indexed_at)
ON identity.faces TO factory_reader;

-- What somebody agreed to, and that they were erased, stays on record.
REVOKE DELETE ON identity.consents, identity.erasures FROM factory_writer;

"""The tables of identity, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_ORGANIZATION = Column("uuid", "Whose row this is.")
_PERSON = Column("text", "Employee number or code.")
_INSTANT = "timestamp with time zone"


def _count(what: str) -> Column:
    return Column("integer", what)


CONSENTS = Table(
    "identity",
    "consents",
    {
        "organization_id": _ORGANIZATION,
        "consent_id": Column("bigint", "Number of the consent."),
        "person_id": _PERSON,
        "purpose": Column("text", "For what, such as `attendance`."),
        "given_at": Column(_INSTANT, "When it was given."),
        "valid_until": Column(_INSTANT, "First instant at which it no longer counts."),
        "recorded_by": Column("text", "Who wrote it down."),
        "recorded_at": Column(_INSTANT, "When it was written down."),
        "evidence": Column("text", "Where the signed form is.", True),
        "ended_at": Column(_INSTANT, "When it ended; NULL while it runs.", True),
        "ended_by": Column("text", "Who ended it.", True),
        "ended_reason": Column("text", "Withdrawn, renewed, expired, erased.", True),
    },
)

FACES = Table(
    "identity",
    "faces",
    {
        "organization_id": _ORGANIZATION,
        "face_key": Column("uuid", "Random; the only name the matcher knows the face by."),
        "person_id": _PERSON,
        "consent_id": Column("bigint", "The consent it was enrolled by."),
        "matcher": Column("text", "`rekognition` or `local`."),
        "collection": Column("text", "Rekognition's collection.", True),
        "status": Column("text", "`waiting`, `indexed`, `no_face` or `erasing`."),
        "face_id": Column("text", "Rekognition's number.", True),
        "template": Column("bytea", "What the local matcher compares with.", True),
        "template_kind": Column("text", "By what the template was made.", True),
        "confidence_pct": Column("double precision", "That it is a face, in percent.", True),
        "snapshot": Column("text", "The picture that waits to be indexed.", True),
        "enrolled_at": Column(_INSTANT, "When the picture came."),
        "attempted_at": Column(_INSTANT, "When indexing was last begun.", True),
        "indexed_at": Column(_INSTANT, "When it could be found from.", True),
    },
)

RECOGNITIONS = Table(
    "identity",
    "recognitions",
    {
        "organization_id": _ORGANIZATION,
        "event_id": Column("uuid", "Number of the searched picture."),
        "seen_at": Column(_INSTANT, "When it was taken."),
        "production_day": Column("date", "Production day, named by the date on which it began."),
        "device": Column("text", "Camera or terminal."),
        "purpose": Column("text", "For what was searched."),
        "matcher": Column("text", "`rekognition` or `local`."),
        "outcome": Column("text", "`recognised`, `unknown`, `no_face`, `refused` or `erased`."),
        "person_id": Column("text", "Employee number or code; NULL unless recognised.", True),
        "face_key": Column("uuid", "The enrolled face that matched best.", True),
        "similarity_pct": Column("double precision", "To that face, in percent.", True),
        "snapshot": Column("text", "Path of the kept picture.", True),
        "waited": Column("boolean", "Matcher or database were away; answered later."),
        "punch_direction": Column("text", "It is a punch: `in`, `out` or `any`.", True),
        "punched_at": Column(_INSTANT, "When it was handed to attendance.", True),
        "ingested_at": Column(_INSTANT, "When the row was written."),
    },
)

ERASURES = Table(
    "identity",
    "erasures",
    {
        "organization_id": _ORGANIZATION,
        "erasure_id": Column("bigint", "Number of the erasure."),
        "person_id": _PERSON,
        "reason": Column("text", "Why."),
        "requested_by": Column("text", "By whom; `schedule` where a consent ran out."),
        "requested_at": Column(_INSTANT, "When it began."),
        "face_count": _count("Faces."),
        "snapshot_count": _count("Pictures deleted."),
        "recognition_count": _count("Recognitions that name nobody now."),
        "attempts": _count("Rounds so far."),
        "last_error": Column("text", "What was in the way of the last round.", True),
        "completed_at": Column(_INSTANT, "When the last of it was gone; NULL while something waits.", True),
    },
)

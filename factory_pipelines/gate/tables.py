"""The tables of the gate, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_ORGANIZATION = Column("uuid", "Whose row this is.")
_DAY = Column("date", "Production day, named by the date on which it began.")
_GATE = Column("text", "Which gate.")
_INSTANT = "timestamp with time zone"


def _count(what: str) -> Column:
    return Column("integer", what)


_PASSAGES = {
    "read_count": _count("Decisions, refused reads and repetitions among them."),
    "passage_count": _count("Valid reads that were no repetition: vehicles."),
    "in_count": _count("Passages inwards."),
    "out_count": _count("Passages outwards; those of unknown direction are in neither."),
    "authorized_count": _count("Passages of authorised vehicles."),
    "blocked_count": _count("Passages of blocked vehicles."),
    "unknown_count": _count("Passages of vehicles on no list."),
    "opened_count": _count("Times the barrier was told to open."),
    "rejected_count": _count("Reads refused by confidence or format."),
    "unconfirmed_count": _count("Decisions made while the database was away."),
}

GATE_EVENTS = Table(
    "gate",
    "gate_events",
    {
        "organization_id": _ORGANIZATION,
        "event_id": Column("uuid", "The decision's number, made where it was made."),
        "decided_at": Column(_INSTANT, "When it was decided."),
        "production_day": _DAY,
        "hour_start": Column(_INSTANT, "Start of the hour on the plant's clock."),
        "gate_id": _GATE,
        "direction": Column("text", "`in` or `out`; NULL where nobody knows.", True),
        "track_id": Column("bigint", "The camera's number for the vehicle.", True),
        "raw_text": Column("text", "What OCR read, the most confident read of several."),
        "read_count": _count("Reads that the decision rests on."),
        "confidence": Column("double precision", "Of the read, or of the agreement of several; 0 to 1.", True),
        "valid": Column("boolean", "Confidence and format passed."),
        "plate": Column("text", "The plate; NULL when not valid.", True),
        "format": Column("text", "Format of the plate, such as `standard`.", True),
        "corrections": _count("Look-alikes that were put right."),
        "status": Column("text", "AUTHORIZED, BLOCKED or UNKNOWN."),
        "reason": Column("text", "Why the read was not valid.", True),
        "list_entry_id": Column("bigint", "The line of gate.vehicle_list that decided.", True),
        "opened": Column("boolean", "The barrier was told to open."),
        "is_repetition": Column("boolean", "The same vehicle as a moment before."),
        "warning": Column("text", "What the guard was asked to look at.", True),
        "resembles": Column("text", "The listed plate that the warning is about.", True),
        "confirmed": Column("boolean", "The database agreed; false: from memory alone."),
        "source": Column("text", "Who handed the read in."),
        "ingested_at": Column(_INSTANT, "When the row was written."),
    },
)

HOURLY = Table(
    "gate",
    "hourly",
    {
        "organization_id": _ORGANIZATION,
        "production_day": _DAY,
        "hour_start": Column(_INSTANT, "Start of the hour on the plant's clock."),
        "gate_id": _GATE,
        **_PASSAGES,
        "repetition_count": _count("Decisions about a vehicle decided upon a moment before."),
        "rejected_by_reason": Column("jsonb", "Refused reads by reason."),
        "corrected_count": _count("Passages whose plate had look-alikes put right."),
        "warning_count": _count("Decisions with a warning for the guard."),
        "mean_confidence": Column("double precision", "Of passages; NULL without one.", True),
    },
)

DAILY = Table(
    "gate",
    "daily",
    {
        "organization_id": _ORGANIZATION,
        "production_day": _DAY,
        "gate_id": _GATE,
        **_PASSAGES,
        "distinct_plates": _count("Different plates among the passages."),
        "busiest_hour": Column(_INSTANT, "Start of the hour with most passages; NULL without one.", True),
        "read_rate_pct": Column("double precision", "Valid reads over all reads, in percent.", True),
    },
)

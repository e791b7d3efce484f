"""The tables of headcount, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_ORGANIZATION = Column("uuid", "Whose row this is.")
_INSTANT = "timestamp with time zone"
_AREA = Column("text", "Which area.")
_DAY = Column("date", "Production day, named by the date on which it began.")


def _people(what: str) -> Column:
    return Column("double precision", f"{what}; NULL where nobody can say.", True)


HEADCOUNT_CORRECTIONS = Table(
    "occupancy",
    "headcount_corrections",
    {
        "organization_id": _ORGANIZATION,
        "area_id": _AREA,
        "corrected_at": Column(_INSTANT, "From here on the area's doors count on from people_after."),
        "people_before": _people("People by the doors until then"),
        "people_after": Column("integer", "People from here on."),
        "reason": Column(
            "text", "nobody_expected, reconciled, first_anchor, doors_unknown, door_returned, manual, or a hand's own."
        ),
        "evidence": Column("jsonb", "The figures it rests on; `after` has people and their standard deviation."),
        "ingested_at": Column(_INSTANT, "When it was written."),
    },
)

HEADCOUNTS = Table(
    "occupancy",
    "headcounts",
    {
        "production_day": _DAY,
        "area_id": _AREA,
        "at": Column(_INSTANT, "The moment, every ten minutes."),
        "status": Column("text", "known, degraded (a door or camera is silent) or unknown."),
        "people": _people("Expected number inside"),
        "people_sd": _people("Its standard deviation"),
        "door_people": _people("By doors (or cameras) alone"),
        "door_sd": _people("Its standard deviation"),
        "badge_people": _people("By badges and roster, with what is usual of people without a badge"),
        "badge_sd": _people("Its standard deviation"),
        "with_badge": Column("double precision", "People with a badge, by badges and roster alone."),
        "drift_variance": Column("double precision", "Variance of what the doors missed since the last correction."),
        "silent_sources": Column("text[]", "Doors and cameras without a sign of life."),
        "organization_id": _ORGANIZATION,
    },
)

HEADCOUNT_LEARNING = Table(
    "occupancy",
    "headcount_learning",
    {
        "production_day": _DAY,
        "observed": Column("jsonb", "What the day showed: punches beside crossings, and how people came and left."),
        "knowledge": Column("jsonb", "What is known after it: misses by door, habits, people without a badge, homes."),
        "organization_id": _ORGANIZATION,
    },
)

"""The tables of occupancy, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_ORGANIZATION = Column("uuid", "Whose row this is.")
_INSTANT = "timestamp with time zone"
_DAY = Column("date", "Production day, named by the date on which it began.")
_AREA = Column("text", "Which area.")
_SERIES = Column("text", "Which door or camera; empty: the area as a whole.")


def _people(what: str) -> Column:
    return Column("bigint", f"{what}; NULL where nobody observed it.", True)


OCCUPANCY_LOG = Table(
    "occupancy",
    "occupancy_log",
    {
        "organization_id": _ORGANIZATION,
        "source_id": Column("text", "Which door or camera."),
        "area_id": _AREA,
        "observed_at": Column(_INSTANT, "When it was seen."),
        "event_id": Column("text", "The sender's own key."),
        "kind": Column("text", "`count`, `crossing` or `heartbeat`."),
        "direction": Column("text", "Of a crossing: `in` or `out`.", True),
        "people": Column("integer", "Count: how many are inside; crossing: how many passed.", True),
        "label": Column("text", "What was counted; only `person` changes an occupancy."),
        "track_id": Column("text", "The camera's number for whom it saw.", True),
        "confidence": Column("double precision", "Of the detection, 0 to 1.", True),
        "snapshot": Column("text", "Relative path of a picture.", True),
        "ingested_at": Column(_INSTANT, "When it arrived."),
    },
)

_FIGURES = {
    "avg_occupancy": Column("double precision", "People inside, time-weighted over what was observed.", True),
    "max_occupancy": _people("Most people inside at once"),
    "min_occupancy": _people("Fewest people inside at once"),
}


_PASSAGES = {
    "entries": Column("bigint", "People who came in, as far as doors saw them; NULL: none looked.", True),
    "exits": Column("bigint", "People who went out, likewise.", True),
}
_OBSERVED = Column("double precision", "Minutes in which the count was known (of a door: in which it was alive).")
_BEHIND = {
    "surplus_exits": Column("bigint", "People who left when nobody was inside: as many entries were missed."),
    "event_count": Column("bigint", "Events behind the row."),
}

OCCUPANCY_HOURLY = Table(
    "occupancy",
    "occupancy_hourly",
    {
        "production_day": _DAY,
        "area_id": _AREA,
        "source_id": _SERIES,
        "hour_start": Column(_INSTANT, "Start of the hour on the plant's clock."),
        "hour_end": Column(_INSTANT, "Its end."),
        **_FIGURES,
        **_PASSAGES,
        "observed_min": _OBSERVED,
        "closing_occupancy": _people("The count with which the next hour begins"),
        **_BEHIND,
        "organization_id": _ORGANIZATION,
    },
)

OCCUPANCY_DAILY = Table(
    "occupancy",
    "occupancy_daily",
    {
        "production_day": _DAY,
        "area_id": _AREA,
        "source_id": _SERIES,
        **_FIGURES,
        "peak_hour": Column(_INSTANT, "Start of the earliest hour that reached the maximum.", True),
        **_PASSAGES,
        "observed_min": _OBSERVED,
        "observed_hours": Column("integer", "Hours of which any part was observed."),
        **_BEHIND,
        "organization_id": _ORGANIZATION,
    },
)

OCCUPANCY_MONTHLY = Table(
    "occupancy",
    "occupancy_monthly",
    {
        "month": Column("date", "First day of the month."),
        "area_id": _AREA,
        "source_id": _SERIES,
        **_FIGURES,
        "peak_day": Column("date", "Earliest production day that reached the maximum.", True),
        **_PASSAGES,
        "observed_min": _OBSERVED,
        "observed_days": Column("integer", "Production days of which any part was observed."),
        **_BEHIND,
        "organization_id": _ORGANIZATION,
    },
)

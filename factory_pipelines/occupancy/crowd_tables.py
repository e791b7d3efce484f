"""The tables of forecasts and crowds, declared."""

from factory_pipelines.orchestration.tables import Column, Table

_DAY = Column("date", "Production day.")
_AREA = Column("text", "Area (occupancy.areas).")
_ORGANIZATION = Column("uuid", "Whose row this is.")

OCCUPANCY_FORECAST = Table(
    "occupancy",
    "occupancy_forecast",
    {
        "production_day": _DAY,
        "area_id": _AREA,
        "hour_start": Column("timestamp with time zone", "Start of the hour."),
        "hour_end": Column("timestamp with time zone", "End of the hour."),
        "expected_entries": Column("double precision", "People expected to come in: a rate."),
        "expected_exits": Column("double precision", "People expected to leave: a rate."),
        "likely_entries": Column("integer", "People coming in: the whole number with the least absolute error."),
        "likely_exits": Column("integer", "Likewise leaving."),
        "history_days": Column("integer", "Days before, with counts, that it was made of."),
        "organization_id": _ORGANIZATION,
    },
)

UNUSUAL_CROWDS = Table(
    "occupancy",
    "unusual_crowds",
    {
        "production_day": _DAY,
        "area_id": _AREA,
        "started_at": Column("timestamp with time zone", "Start of its first hour."),
        "ended_at": Column("timestamp with time zone", "End of its last hour."),
        "score": Column("double precision", "Log-likelihood ratio of what came against a usual day."),
        "threshold": Column("double precision", "Score from which it is an alarm; NULL: too few weeks.", True),
        "is_alarm": Column("boolean", "Among the few of a week that somebody should know."),
        "people_over": Column("double precision", "People beyond the expected."),
        "entries": Column("bigint", "People who came in."),
        "exits": Column("bigint", "People who left."),
        "expected_entries": Column("double precision", "People expected to come in."),
        "expected_exits": Column("double precision", "People expected to leave."),
        "organization_id": _ORGANIZATION,
    },
)

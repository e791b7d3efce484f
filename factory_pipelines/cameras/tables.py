"""The tables of the cameras, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_ORGANIZATION = Column("uuid", "Whose row this is.")
_NAME = Column("text", "Which camera.")
_DAY = Column("date", "Production day, named by the date on which it began.")
_INSTANT = "timestamp with time zone"
_SECONDS = "double precision"

STATUS = Table(
    "cameras",
    "status",
    {
        "organization_id": _ORGANIZATION,
        "camera_name": _NAME,
        "role": Column("text", "counting, gate or view."),
        "state": Column("text", "starting, live, waiting or stopped."),
        "reason": Column("text", "Why it is dark; NULL while it is not.", True),
        "detail": Column("text", "The same in words, without secrets."),
        "since": Column(_INSTANT, "When state or reason changed."),
        "last_frame_at": Column(_INSTANT, "When its newest picture came; NULL before the first.", True),
        "stale_after_s": Column(_SECONDS, "Without a picture for so long it is dark."),
        "is_fresh": Column("boolean", "Live, with a picture that is not too old."),
        "fps": Column(_SECONDS, "Pictures that arrive in a second; NULL without one.", True),
        "width": Column("integer", "In pixels; NULL before the first picture.", True),
        "height": Column("integer", "In pixels; NULL before the first picture.", True),
        "reconnects": Column("integer", "Times it was opened again since the worker's start."),
        "worker": Column("text", "Host and process that watches it."),
        "reported_at": Column(_INSTANT, "When the worker said so."),
    },
)


def _count(what: str, kind: str = "integer") -> Column:
    return Column(kind, what)


def _counts(kind: str) -> dict[str, Column]:
    return {
        "captured_count": _count("Pictures that arrived.", kind),
        "processed_count": _count("Pictures that were looked at.", kind),
        "damaged_count": _count("Pictures of which parts were missing; shown to nobody.", kind),
        "overwritten_count": _count("Pictures replaced before anybody had looked: vision was busy.", kind),
        "failed_count": _count("Pictures that broke vision.", kind),
        "reconnect_count": _count("Times it was opened again.", kind),
    }


MINUTES = Table(
    "cameras",
    "minutes",
    {
        "organization_id": _ORGANIZATION,
        "camera_name": _NAME,
        "minute_start": Column(_INSTANT, "Start of the minute."),
        "worker_started_at": Column(_INSTANT, "Start of the worker that counted."),
        "production_day": _DAY,
        "hour_start": Column(_INSTANT, "Start of the hour on the plant's clock."),
        "watched_s": Column(_SECONDS, "Seconds in which the worker was there to look."),
        "fresh_s": Column(_SECONDS, "Of those, seconds with a fresh picture."),
        **_counts("integer"),
        "reason": Column("text", "Why it was dark last within the minute; NULL where it was not.", True),
    },
)

HOURLY = Table(
    "cameras",
    "hourly",
    {
        "organization_id": _ORGANIZATION,
        "production_day": _DAY,
        "hour_start": Column(_INSTANT, "Start of the hour on the plant's clock."),
        "camera_name": _NAME,
        "watched_s": Column(_SECONDS, "Seconds in which a worker was there to look; the rest is unknown."),
        "fresh_s": Column(_SECONDS, "Of those, seconds with a fresh picture."),
        "available_pct": Column(_SECONDS, "Fresh over watched seconds; NULL where nobody watched.", True),
        **_counts("bigint"),
        "captured_fps": Column(_SECONDS, "Pictures over fresh seconds; NULL where it was never fresh.", True),
        "processed_fps": Column(_SECONDS, "Pictures looked at over fresh seconds; NULL likewise.", True),
        "dark_minutes_by_reason": Column("jsonb", "Minutes in which it was dark at some time, by the reason."),
    },
)

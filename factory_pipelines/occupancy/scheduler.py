"""The jobs of occupancy by the names other systems know them by, and how a cron line reads as a trigger. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """One job of the clock: ``job_id`` is also the name of its schedule in Dagster."""

    job_id: str
    name: str
    cron: str


HOURLY = ScheduledJob("occupancy_hourly_aggregation", "Hourly Occupancy Aggregation", "0 * * * *")
DAILY = ScheduledJob("occupancy_daily_aggregation", "Daily Occupancy Aggregation", "2 * * * *")
DRIFT_CORRECTION = ScheduledJob("occupancy_drift_correction", "Occupancy Drift Correction", "0 3 * * *")
MONTHLY = ScheduledJob("occupancy_monthly_aggregation", "Monthly Occupancy Aggregation", "0 0 1 * *")
JOBS = (HOURLY, DAILY, DRIFT_CORRECTION, MONTHLY)

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_ORDER = ("month", "day", "day_of_week", "hour", "minute")


def trigger_text(cron: str) -> str:
    """``0 3 * * *`` as seed 001 writes it: ``cron[hour=3, minute=0]``; what is left open is left out."""
    values = dict(zip(_FIELDS, cron.split(), strict=True))
    return f"cron[{', '.join(f'{name}={values[name]}' for name in _ORDER if values[name] != '*')}]"

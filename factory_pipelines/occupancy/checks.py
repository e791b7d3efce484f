"""Checks of the occupancy tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.occupancy.tables import OCCUPANCY_DAILY, OCCUPANCY_HOURLY, OCCUPANCY_LOG, OCCUPANCY_MONTHLY
from factory_pipelines.orchestration.checks import table_checks

CHECKS = [
    table_checks(
        OCCUPANCY_LOG,
        query="occupancy/check_occupancy_log",
        blocking={"times_are_possible": "Nothing was seen more than a day after it arrived."},
        warning={
            "nothing_refused": "No event of the last day was refused; refused ones are in occupancy.refusals.",
            "sources_live": "Every door and camera in service has given a sign of life within its silence.",
        },
    ),
    table_checks(
        OCCUPANCY_HOURLY,
        query="occupancy/check_occupancy_hourly",
        blocking={
            "values_in_range": "No figure is negative, the average lies between fewest and most, an hour is an hour.",
            "unknown_is_not_zero": "What was not observed for a moment has no figures.",
            "reconciles_with_log": "No hour holds more events than the log.",
        },
        warning={
            "observed": "Every area was observed for at least half of each hour.",
            "entries_are_seen": "At most one in twenty exits finds nobody inside: else a door misses entries.",
        },
    ),
    table_checks(
        OCCUPANCY_DAILY,
        query="occupancy/check_occupancy_daily",
        blocking={
            "values_in_range": "The average lies between fewest and most, and a day has 25 hours at most.",
            "reconciles_with_hours": "The day is the sum of its hours, unless they wait to be added up.",
        },
    ),
    table_checks(
        OCCUPANCY_MONTHLY,
        query="occupancy/check_occupancy_monthly",
        blocking={
            "values_in_range": "The average lies between fewest and most, and a month has 31 days at most.",
            "reconciles_with_days": "The month is the sum of its days, unless they wait to be added up.",
        },
    ),
]

"""Checks of the occupancy tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.occupancy.tables import OCCUPANCY_LOG
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
]

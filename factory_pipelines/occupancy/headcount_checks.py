"""Checks of the headcount tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.occupancy.headcount_tables import HEADCOUNT_CORRECTIONS, HEADCOUNT_LEARNING, HEADCOUNTS
from factory_pipelines.orchestration.checks import table_checks

HEADCOUNT_CHECKS = [
    table_checks(
        HEADCOUNT_CORRECTIONS,
        query="occupancy/check_headcount_corrections",
        blocking={
            "zero_only_where_nobody_is_expected": "No area was reset to zero while badges or roster expected somebody.",
            "evidence_given": "Every nightly correction names the figures it rests on.",
        },
        warning={"drift_is_explained": "No nightly correction was larger than four standard deviations."},
    ),
    table_checks(
        HEADCOUNTS,
        query="occupancy/check_headcounts",
        blocking={
            "unknown_is_not_a_number": "Where a door is silent the doors say nothing; nowhere is a number negative.",
            "no_gap_in_the_course": "Every area has a row for every ten minutes between its first and its last.",
        },
        warning={
            "all_areas_known": "No area is degraded or unknown now.",
            "within_capacity": "No area is over its capacity now.",
        },
    ),
    table_checks(
        HEADCOUNT_LEARNING,
        query="occupancy/check_headcount_learning",
        blocking={"rates_are_possible": "No door misses more people than it sees, no share lies outside 0 to 1."},
        warning={"terminals_are_known": "Every terminal of the days has a place in occupancy.terminals."},
    ),
]

"""Checks of the gate's tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.gate.tables import DAILY, GATE_EVENTS, HOURLY
from factory_pipelines.orchestration.checks import table_checks

CHECKS = [
    table_checks(
        GATE_EVENTS,
        query="gate/check_gate_events",
        blocking={
            "only_authorized_opened": "Every opening names a line that allowed this plate at that moment.",
            "blocked_was_alerted": "Every passage of a blocked vehicle raised its alarm.",
            "times_are_possible": "Nothing was decided in the future.",
        },
        warning={
            "decided_with_the_database": "No decision was made from memory alone.",
            "most_reads_are_plates": "At no gate more than half of the reads are refused: else look at its camera.",
        },
    ),
    table_checks(
        HOURLY,
        query="gate/check_hourly",
        blocking={
            "adds_up": "Passages, repetitions and refusals are all reads; the three statuses are all passages.",
            "reconciles_with_events": "No hour holds more than its events.",
            "every_finished_hour_is_there": "Every hour that is over for two hours and had events has its row.",
        },
    ),
    table_checks(
        DAILY,
        query="gate/check_daily",
        blocking={
            "values_in_range": "Shares and counts are possible values.",
            "reconciles_with_hours": "The day is the sum of its hours.",
        },
    ),
]

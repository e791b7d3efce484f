"""Checks of the production tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.alerts.tables import EVALUATIONS
from factory_pipelines.orchestration.checks import table_checks
from factory_pipelines.production.alert_assets import ALERTS_KEY
from factory_pipelines.production.forecast_assets import MODEL_KEY
from factory_pipelines.production.rtms_tables import SESSION_WISE_PRODUCTION, SUPERVISORS
from factory_pipelines.production.tables import (
    EFFICIENCY_BACKTEST,
    EFFICIENCY_BY_LEVEL,
    EFFICIENCY_FORECAST,
    EMPLOYEE_EFFICIENCY,
    INSIGHTS,
    LINE_OUTPUT,
    OPERATION_BENCHMARK,
    PATTERNS,
)

_IN_RANGE = "Pieces, targets, minutes and percentages are possible values."
_RECONCILES = "The sums are those of the raw pull, day by day."

CHECKS = [
    table_checks(
        SESSION_WISE_PRODUCTION,
        query="production/check_session_wise_production",
        blocking={
            "values_in_range": _IN_RANGE,
            "reconciles_with_pull": "The table holds as many rows of each day as its latest pull accepted.",
            "every_row_accounted_for": "Every row read was accepted, refused with a reason, or a repetition.",
        },
        warning={
            "few_rows_refused": "At most one row in a hundred broke the contract; they are in rtms.quarantine.",
            "sessions_add_up": "In nine rows of ten the hourly sessions add up to the pieces.",
        },
    ),
    table_checks(
        SUPERVISORS,
        query="production/check_supervisors",
        blocking={"somebody_supervises": "There is at least one supervisor: alerts need somebody to go to."},
        warning={
            "supervisors_can_be_reached": "For nine parts of lines in ten, somebody has a phone number.",
            "every_part_has_a_supervisor": "Every part of a line that worked last week has a supervisor.",
        },
    ),
    table_checks(
        OPERATION_BENCHMARK,
        query="production/check_operation_benchmark",
        blocking={"values_in_range": _IN_RANGE, "reconciles_with_pull": "Each benchmark is the best row of the pull."},
    ),
    table_checks(
        EMPLOYEE_EFFICIENCY,
        query="production/check_employee_efficiency",
        blocking={
            "values_in_range": _IN_RANGE,
            "efficiency_follows_formula": "Efficiency is pieces over target, unknown without one; the band fits it.",
            "reconciles_with_pull": _RECONCILES,
        },
        warning={"implausible_efficiency": "Nobody is three times as fast as the standard allows."},
    ),
    table_checks(
        EFFICIENCY_BY_LEVEL,
        query="production/check_efficiency_by_level",
        blocking={
            "keys_unique": "Each member of each level stands there once.",
            "values_in_range": _IN_RANGE,
            "reconciles_with_pull": "All eight levels hold all of the day's pieces and rows.",
        },
    ),
    table_checks(
        LINE_OUTPUT,
        query="production/check_line_output",
        blocking={"values_in_range": _IN_RANGE, "reconciles_with_pull": _RECONCILES},
        warning={"output_known": "Every line has a final operation, so that its output is known."},
    ),
    table_checks(
        PATTERNS,
        query="production/check_patterns",
        blocking={"values_in_range": "Shares, sessions and sample sizes are possible values."},
    ),
    table_checks(
        INSIGHTS,
        query="production/check_insights",
        blocking={
            "texts_are_there": "No summary is blank, and there is always something to do.",
            "every_day_is_told": "Every day on which a line worked has its text.",
        },
        warning={"model_kept_to_the_numbers": "No language model was passed over for failing or inventing a number."},
    ),
    table_checks(
        EFFICIENCY_BACKTEST,
        asset_key=MODEL_KEY,
        query="production/check_efficiency_model",
        blocking={
            "values_in_range": "Intervals enclose each other and no efficiency is negative.",
            "nothing_leaks": "No window forecasts a day that its training could have seen.",
        },
        warning={"beats_naive": "On the backtest the model errs less than last week's same day."},
    ),
    table_checks(
        EFFICIENCY_FORECAST,
        query="production/check_efficiency_forecast",
        blocking={
            "values_in_range": "Intervals enclose the forecast and each other; no efficiency is negative.",
            "seven_days_each": "Every line that worked in the last fortnight has seven different days ahead of it.",
        },
        warning={"every_day_is_known": "No line is without a forecast; a line that stood still has none."},
    ),
    table_checks(
        EVALUATIONS,
        query="production/check_efficiency_alerts",
        asset_key=ALERTS_KEY,
        blocking={},
        warning={
            "latest_pull_decided_upon": "Within 15 minutes of a pull the alert policy has decided upon it.",
            "breaches_reach_somebody": "Every message of the latest decision has a phone number to go to.",
        },
    ),
]

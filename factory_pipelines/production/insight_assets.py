"""Patterns and insights: what the days have in common, and what a day's numbers mean in words."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd

from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, selected_days
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.assets import OWNERS, employee_efficiency, line_output, session_wise_production
from factory_pipelines.production.forecast_assets import efficiency_forecast
from factory_pipelines.production.tables import INSIGHTS, PATTERNS
from factory_pipelines.settings import LlmSettings, load_settings
from factory_pipelines.warehouse.pool import Warehouse

_LOOK_BACK_DAYS = 42  # calendar days that hold the working days patterns look back on

_DAILY: dict[str, Any] = {
    "partitions_def": PRODUCTION_DAYS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "group_name": "production",
    "owners": OWNERS,
    "code_version": "1",
    # The running day, whenever what it is made of has changed; older days by the day-close job or a backfill.
    "automation_condition": (
        dg.AutomationCondition.in_latest_time_window()
        & dg.AutomationCondition.any_deps_updated()
        & ~dg.AutomationCondition.in_progress()
    ),
}


@dg.asset(
    key=PATTERNS.key,
    deps=[session_wise_production, employee_efficiency],
    kinds={"pandas", "timescaledb"},
    metadata={**PATTERNS.metadata(), "partition_expr": "production_day"},
    **_DAILY,
)
def patterns(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[pd.DataFrame]:
    """Hour of day, drift through the day, repeat offenders and style changeovers, by line and by operation."""
    from factory_pipelines.production.patterns import HISTORY_DAYS, patterns_on, read_history

    first, last = selected_days(context)
    settings, now = load_settings(), datetime.now(UTC)
    clock = settings.plant.clock()
    span = {"first": first - timedelta(days=_LOOK_BACK_DAYS), "last": last}
    history = read_history(
        sessions=warehouse.frame("production/pattern_sessions", span),
        people=warehouse.frame("production/pattern_people", span),
        styles=warehouse.frame("production/pattern_styles", span),
        threshold_pct=settings.alerts.efficiency_threshold_pct,
        last_sessions={day: _sessions_over(clock, day, now) for day in _days(last - timedelta(days=1), last)},
    )
    found = [
        patterns_on(history, day, clock.working_days(day - timedelta(days=_LOOK_BACK_DAYS), day)[-HISTORY_DAYS:])
        for day in _days(first, last)
    ]
    df = pd.concat(found, ignore_index=True)
    return dg.MaterializeResult(value=df, metadata={"by_pattern": _counts(df)})


@dg.asset(
    key=INSIGHTS.key,
    deps=[employee_efficiency, line_output, patterns, efficiency_forecast],
    kinds={"llm", "timescaledb"},
    metadata={**INSIGHTS.metadata(), "partition_expr": "production_day"},
    **_DAILY,
)
def insights(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[pd.DataFrame]:
    """The day in words, with recommendations and predictions; every number in the text is a number of the tables.

    Written by a language model where one is configured and keeps to the numbers, else by a template. A backfill of
    many days always uses the template.
    """
    from factory_pipelines.production.llm import write_insight

    first, last = selected_days(context)
    settings = load_settings()
    model = settings.llm if first == last else LlmSettings()
    now = datetime.now(UTC)
    written = [
        (day, write_insight(facts, model))
        for day in _days(first, last)
        if (facts := day_facts(warehouse, day, settings.alerts.efficiency_threshold_pct)) is not None
    ]
    rows = [
        (day, i.summary, list(i.recommendations), dict(i.predictions), i.facts, i.written_by, i.model, i.note, now)
        for day, i in written
    ]
    columns = [name for name in INSIGHTS.columns if name != "organization_id"]
    metadata: dict[str, Any] = {}
    if written:
        day, newest = written[-1]
        metadata = {
            "written_by": newest.written_by,
            "day": day.isoformat(),
            "text": dg.MetadataValue.md(newest.summary),
        }
        metadata |= {"note": newest.note} if newest.note else {}
    return dg.MaterializeResult(value=pd.DataFrame(rows, columns=columns), metadata=metadata)


def day_facts(warehouse: Warehouse, day: date, threshold_pct: float) -> dict[str, Any] | None:
    """Every number a text about ``day`` may use; None for a day without production."""
    from factory_pipelines.production.insights import build_facts

    of_day = {"day": day}
    people = warehouse.frame("production/facts_people", of_day)
    if people.empty:
        return None
    return build_facts(
        day,
        lines=warehouse.frame("production/facts_lines", of_day),
        operations=warehouse.frame("production/facts_operations", of_day),
        people=people,
        patterns=warehouse.frame("production/facts_patterns", of_day),
        forecast=warehouse.frame("production/facts_forecast", of_day),
        threshold_pct=threshold_pct,
    )


def _sessions_over(clock: PlantClock, day: date, now: datetime) -> int:
    """Hourly sessions of ``day`` that are complete at ``now``."""
    return sum(clock.session_window(day, number)[1] <= now for number in range(1, 13))


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _counts(df: pd.DataFrame) -> dg.MarkdownMetadataValue:
    counts = df.groupby(["pattern", "scope"], as_index=False).size()
    lines = [f"| {pattern} | {scope} | {count} |" for pattern, scope, count in counts.itertuples(index=False)]
    return dg.MetadataValue.md("\n".join(["| pattern | scope | rows |", "|---|---|---|", *lines]))

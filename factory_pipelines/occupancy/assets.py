"""Occupancy as Dagster assets: the log that the API writes, and its hours, days and months."""

from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from factory_pipelines.occupancy.tables import OCCUPANCY_DAILY, OCCUPANCY_HOURLY, OCCUPANCY_LOG, OCCUPANCY_MONTHLY
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, PRODUCTION_HOURS, PRODUCTION_MONTHS
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

OWNERS = ["team:people"]

# Written by the edge as events come, never by a run: Dagster knows it, checks it, and does not make it.
occupancy_log = dg.AssetSpec(
    key=OCCUPANCY_LOG.key,
    description="What doors and cameras said, each event once. Written by the edge.",
    group_name="occupancy",
    kinds={"http", "timescaledb"},
    owners=OWNERS,
    metadata=OCCUPANCY_LOG.metadata(),
    partitions_def=PRODUCTION_DAYS,
)

_COMPUTED: dict[str, Any] = {
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "group_name": "occupancy",
    "kinds": {"sql", "timescaledb"},
    "owners": OWNERS,
    "code_version": "1",
}


@dg.asset(
    key=OCCUPANCY_HOURLY.key,
    metadata=OCCUPANCY_HOURLY.metadata(),
    deps=[occupancy_log],
    partitions_def=PRODUCTION_HOURS,
    **_COMPUTED,
)
def occupancy_hourly(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Time-weighted average, most and fewest people, entries and exits of each area, door and camera.

    Computes the selected hours, and every hour that late events touched since the last time. What nobody observed is
    NULL, never 0.
    """
    from factory_pipelines.occupancy.aggregates import compute_hours

    window, clock = context.partition_time_window, load_settings().plant.clock()
    done = compute_hours(warehouse, clock, window.start, window.end, now=datetime.now(UTC))
    return dg.MaterializeResult(metadata={"dagster/row_count": done.rows, "hours": done.hours, "events": done.events})


@dg.asset(
    key=OCCUPANCY_DAILY.key,
    metadata=OCCUPANCY_DAILY.metadata(),
    deps=[occupancy_hourly],
    partitions_def=PRODUCTION_DAYS,
    **_COMPUTED,
)
def occupancy_daily(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Hours added up by production day, and every other day whose hours have changed."""
    from factory_pipelines.occupancy.aggregates import compute_days
    from factory_pipelines.occupancy.charts import day_plot

    days = [date.fromisoformat(key) for key in context.partition_keys]
    rows = compute_days(warehouse, days)
    plot = day_plot(warehouse, days[-1], load_settings().plant.clock().zone)
    return dg.MaterializeResult(metadata={"dagster/row_count": rows, "occupancy_by_hour": plot})


@dg.asset(
    key=OCCUPANCY_MONTHLY.key,
    metadata=OCCUPANCY_MONTHLY.metadata(),
    deps=[occupancy_daily],
    partitions_def=PRODUCTION_MONTHS,
    **_COMPUTED,
)
def occupancy_monthly(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Production days added up by month, with entries and exits, and every other month whose days have changed."""
    from factory_pipelines.occupancy.aggregates import compute_months
    from factory_pipelines.occupancy.charts import month_plot

    months = [date.fromisoformat(key) for key in context.partition_keys]
    rows = compute_months(warehouse, months)
    plot = month_plot(warehouse, months[-1])
    return dg.MaterializeResult(metadata={"dagster/row_count": rows, "most_by_day": plot})

"""The cameras as Dagster assets: what the edge writes about them, and their hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.cameras.tables import HOURLY, MINUTES, STATUS
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS
from factory_pipelines.orchestration.rebuild import rebuilt
from factory_pipelines.warehouse.pool import Warehouse

OWNERS = ["team:operations"]

# Written by the edge, minute by minute, never by a run.
minutes = dg.AssetSpec(
    key=MINUTES.key,
    description="What the worker counted of each camera in each minute. Written by the edge.",
    group_name="cameras",
    kinds={"timescaledb"},
    owners=OWNERS,
    metadata=MINUTES.metadata(),
    partitions_def=PRODUCTION_DAYS,
)


@dg.asset(
    key=STATUS.key,
    metadata=STATUS.metadata(),
    group_name="cameras",
    kinds={"timescaledb"},
    owners=OWNERS,
    code_version="1",
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(minutes=45), warn_window=timedelta(minutes=25)
    ),
)
def status(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Each camera as its worker saw it last. Fails to materialize, and so becomes stale, while every camera is dark."""
    now = datetime.now(UTC)
    rows = warehouse.rows("cameras/statuses")
    reported = [row for row in rows if now - row["reported_at"] <= timedelta(minutes=2)]
    fresh = [row["camera_name"] for row in reported if row["is_fresh"]]
    dark = {row["camera_name"]: row["reason"] or row["state"] for row in rows if row["camera_name"] not in fresh}
    if rows and not fresh:
        listed = ", ".join(f"{name} ({reason})" for name, reason in sorted(dark.items()))
        raise dg.Failure(
            f"every camera is dark or unwatched: {listed}", metadata={"cameras": len(rows)}, allow_retries=False
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "fresh": len(fresh),
            "dark": dg.MetadataValue.json(dark),
            "pictures_per_second": sum(row["fps"] or 0.0 for row in reported),
        }
    )


@dg.asset(
    key=HOURLY.key,
    metadata=HOURLY.metadata(),
    deps=[minutes],
    partitions_def=PRODUCTION_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="cameras",
    kinds={"sql", "timescaledb"},
    owners=OWNERS,
    code_version="1",
)
def hourly(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """How available each camera was in each hour, and what came of its pictures."""
    return rebuilt(context, warehouse, HOURLY)

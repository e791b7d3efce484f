"""The gate as Dagster assets: the events that the edge writes, and their hours and days."""

from typing import Any

import dagster as dg

from factory_pipelines.gate.tables import DAILY, GATE_EVENTS, HOURLY
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS
from factory_pipelines.orchestration.rebuild import rebuilt
from factory_pipelines.warehouse.pool import Warehouse

OWNERS = ["team:gate"]

# Written by the edge as vehicles come, never by a run: Dagster knows it, checks it, and does not make it.
gate_events = dg.AssetSpec(
    key=GATE_EVENTS.key,
    description="Every decision of a gate, refused reads and repetitions among them. Written by the edge.",
    group_name="gate",
    kinds={"timescaledb"},
    owners=OWNERS,
    metadata=GATE_EVENTS.metadata(),
    partitions_def=PRODUCTION_DAYS,
)

_COMPUTED: dict[str, Any] = {
    "partitions_def": PRODUCTION_DAYS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "group_name": "gate",
    "kinds": {"sql", "timescaledb"},
    "owners": OWNERS,
    "code_version": "1",
}


@dg.asset(key=HOURLY.key, metadata=HOURLY.metadata(), deps=[gate_events], **_COMPUTED)
def hourly(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """What each gate saw in each hour; refused reads by reason."""
    return rebuilt(context, warehouse, HOURLY)


@dg.asset(key=DAILY.key, metadata=DAILY.metadata(), deps=[gate_events, hourly], **_COMPUTED)
def daily(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """What each gate saw in each production day: passages, different plates, the busiest hour, the read rate."""
    return rebuilt(context, warehouse, DAILY)

"""Headcount as Dagster assets: the nightly correction, the course, and what days teach; one step, day after day.

Every day rests on what the days before it taught, so a backfill goes through its days in order and makes all three of
each day before the next. A schedule asks for only one of them at its hour.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from factory_pipelines.occupancy.headcount_tables import HEADCOUNT_CORRECTIONS, HEADCOUNT_LEARNING, HEADCOUNTS
from factory_pipelines.occupancy.tables import OCCUPANCY_LOG
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, selected_days
from factory_pipelines.orchestration.tables import Table
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse

if TYPE_CHECKING:
    from factory_pipelines.occupancy.headcount import Correction
    from factory_pipelines.occupancy.knowledge import Knowledge

_PUNCHES = dg.AssetKey(["attendance", "punches"])
_SHOWN = 50


def _output(table: Table, description: str, deps: Sequence[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.key,
        description=description,
        metadata=table.metadata(),
        group_name="occupancy",
        kinds={"python", "timescaledb"},
        owners=["team:people"],
        code_version="1",
        deps=deps,
        skippable=True,
    )


@dg.multi_asset(
    specs=[
        _output(
            HEADCOUNT_CORRECTIONS,
            "What the doors missed, put right at night: an event for each area with its reason, never changed. Reset "
            "to zero only where nobody is expected; otherwise reconciled with badges and roster.",
            [OCCUPANCY_LOG.key, _PUNCHES],
        ),
        _output(
            HEADCOUNTS,
            "How many were inside each area every ten minutes: doors, badges and roster together, and each alone.",
            [OCCUPANCY_LOG.key, _PUNCHES, HEADCOUNT_CORRECTIONS.key],
        ),
        _output(
            HEADCOUNT_LEARNING,
            "What a day that is over taught: misses of each door, forgotten badges, people without one.",
            [HEADCOUNTS.key, HEADCOUNT_CORRECTIONS.key, _PUNCHES],
        ),
    ],
    name="headcount",
    can_subset=True,
    partitions_def=PRODUCTION_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def headcount(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Corrects, writes and learns, as far as selected, day after day. On the running day it tells who is over capacity.

    Rebuilt from events with the same result in whatever order they came.
    """
    from factory_pipelines.occupancy.headcount_days import correct_drift, learn_from, write_headcounts

    settings, now = load_settings(), datetime.now(UTC)
    wanted = context.selected_asset_keys
    made: list[Correction] = []
    knowledge: Knowledge | None = None
    rows = returned = learned = 0
    for day in _days(context):
        is_over = settings.plant.clock().window(day)[1] <= now
        if HEADCOUNT_CORRECTIONS.key in wanted:
            made += correct_drift(warehouse, settings, day, now=now)
        if HEADCOUNTS.key in wanted:
            done = write_headcounts(warehouse, settings, day, now=now)
            rows, returned = rows + done.rows, returned + done.corrections
        if HEADCOUNT_LEARNING.key in wanted and is_over:
            knowledge = learn_from(warehouse, settings, day)
            learned += 1
    if HEADCOUNT_CORRECTIONS.key in wanted:
        yield dg.MaterializeResult(asset_key=HEADCOUNT_CORRECTIONS.key, metadata=_corrections_shown(made))
    if HEADCOUNTS.key in wanted:
        shown = {"dagster/row_count": rows, "doors_returned": returned}
        if settings.plant.clock().production_day(now) in _days(context):
            shown |= _tell_capacity(warehouse, settings, now)
        yield dg.MaterializeResult(asset_key=HEADCOUNTS.key, metadata=shown)
    if HEADCOUNT_LEARNING.key in wanted:
        yield dg.MaterializeResult(
            asset_key=HEADCOUNT_LEARNING.key, metadata={"dagster/row_count": learned, **_knowledge_shown(knowledge)}
        )


def _tell_capacity(warehouse: Warehouse, settings: Settings, now: datetime) -> dict[str, int]:
    from factory_pipelines.occupancy.capacity_alerts import alert_over_capacity
    from factory_pipelines.occupancy.headcount_store import load_headcount

    loaded = load_headcount(warehouse, settings.plant.clock(), now)
    release_pct = settings.occupancy.capacity_release_pct
    alerts = alert_over_capacity(warehouse, loaded, release_pct=release_pct, now=now)
    return {f"capacity_alert_{change}": count for change, count in alerts.items()}


def _corrections_shown(made: Sequence["Correction"]) -> dict[str, Any]:
    table = [
        dg.TableRecord(
            {
                "at": one.at.isoformat(),
                "area": one.area_id,
                "before": "unknown" if one.before is None else f"{one.before.people:.1f}",
                "after": f"{one.after.people:.1f} ± {one.after.sd:.1f}",
                "reason": one.reason.value,
            }
        )
        for one in made[-_SHOWN:]
    ]
    return {"dagster/row_count": len(made), **({"corrections": dg.MetadataValue.table(table)} if table else {})}


def _knowledge_shown(knowledge: "Knowledge | None") -> dict[str, float]:
    if knowledge is None:
        return {}
    habits = knowledge.habits
    missed = {
        f"missed_{way}_pct/{door}": 100 * rate.extra / (1 + rate.extra)
        for (door, way), rate in sorted(knowledge.rates.items())
    }
    return {"forget_in_pct": 100 * habits.forget_in, "forget_out_pct": 100 * habits.forget_out, **missed}


def _days(context: dg.AssetExecutionContext) -> list[date]:
    first, last = selected_days(context)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]

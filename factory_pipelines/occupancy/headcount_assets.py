"""Headcount as Dagster assets: its course, the nightly correction, and what days teach."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.occupancy.headcount_tables import HEADCOUNT_CORRECTIONS, HEADCOUNT_LEARNING, HEADCOUNTS
from factory_pipelines.occupancy.tables import OCCUPANCY_LOG
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, selected_days
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

_PUNCHES = dg.AssetKey(["attendance", "punches"])
_SHARED: dict[str, Any] = {
    "partitions_def": PRODUCTION_DAYS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "group_name": "occupancy",
    "kinds": {"python", "timescaledb"},
    "owners": ["team:people"],
    "code_version": "1",
}


@dg.asset(
    key=HEADCOUNT_CORRECTIONS.key,
    metadata=HEADCOUNT_CORRECTIONS.metadata(),
    deps=[OCCUPANCY_LOG.key, _PUNCHES],
    **_SHARED,
)
def headcount_corrections(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """The nightly correction of what the doors missed: an event for each area, with its reason; never changed.

    Reset to zero only where nobody is expected; otherwise reconciled with badges and roster.
    """
    from factory_pipelines.occupancy.headcount_days import correct_drift

    made = [one for day in _days(context) for one in correct_drift(warehouse, load_settings(), day, now=_now())]
    moved = [abs(one.before.people - one.after.people) for one in made if one.before is not None]
    table = [
        dg.TableRecord(
            {
                "area": one.area_id,
                "before": "unknown" if one.before is None else f"{one.before.people:.1f}",
                "after": f"{one.after.people:.1f} ± {one.after.sd:.1f}",
                "reason": one.reason.value,
            }
        )
        for one in made[-50:]
    ]
    shown: dict[str, Any] = {"dagster/row_count": len(made)}
    if table:
        shown["corrections"] = dg.MetadataValue.table(table)
    if moved:
        shown["largest_drift_people"] = max(moved)
    return dg.MaterializeResult(metadata=shown)


@dg.asset(
    key=HEADCOUNTS.key,
    metadata=HEADCOUNTS.metadata(),
    deps=[OCCUPANCY_LOG.key, _PUNCHES, HEADCOUNT_CORRECTIONS.key],
    **_SHARED,
)
def headcounts(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """How many were inside each area, every ten minutes: doors, badges and roster together, and each alone.

    Rebuilt from events with the same result in whatever order they came. On the running day areas over their capacity
    are told to the operators.
    """
    from factory_pipelines.occupancy.capacity_alerts import alert_over_capacity
    from factory_pipelines.occupancy.headcount_days import write_headcounts
    from factory_pipelines.occupancy.headcount_store import load_headcount

    settings, now = load_settings(), _now()
    clock = settings.plant.clock()
    rows = corrections = 0
    shown: dict[str, Any] = {}
    for day in _days(context):
        done = write_headcounts(warehouse, settings, day, now=now)
        rows, corrections = rows + done.rows, corrections + done.corrections
        if day == clock.production_day(now):
            loaded = load_headcount(warehouse, clock, now)
            release_pct = settings.occupancy.capacity_release_pct
            alerts = alert_over_capacity(warehouse, loaded, release_pct=release_pct, now=now)
            known = [one.people for one in done.newest.values() if one.people is not None]
            shown = {f"capacity_alert_{change}": count for change, count in alerts.items()}
            shown |= {"people_inside": sum(known), "areas_unknown": len(done.newest) - len(known)}
    return dg.MaterializeResult(metadata={"dagster/row_count": rows, "doors_returned": corrections, **shown})


@dg.asset(
    key=HEADCOUNT_LEARNING.key,
    metadata=HEADCOUNT_LEARNING.metadata(),
    deps=[HEADCOUNTS.key, HEADCOUNT_CORRECTIONS.key, _PUNCHES],
    **_SHARED,
)
def headcount_learning(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """What a day that is over taught: misses of each door, forgotten badges, people without one. Used from then on."""
    from factory_pipelines.occupancy.headcount_days import learn_from

    settings = load_settings()
    knowledge = None
    over = [day for day in _days(context) if settings.plant.clock().window(day)[1] <= _now()]
    for day in over:
        knowledge = learn_from(warehouse, settings, day)
    shown: dict[str, Any] = {"dagster/row_count": len(over)}
    if knowledge is not None:
        habits = knowledge.habits
        shown |= {"forget_in_pct": 100 * habits.forget_in, "forget_out_pct": 100 * habits.forget_out}
        shown |= {
            f"missed_{way}_pct/{door}": 100 * rate.extra / (1 + rate.extra)
            for (door, way), rate in sorted(knowledge.rates.items())
        }
    return dg.MaterializeResult(metadata=shown)


def _days(context: dg.AssetExecutionContext) -> list[date]:
    first, last = selected_days(context)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _now() -> datetime:
    return datetime.now(UTC)

"""Telling operators that an area is over capacity, once while it lasts."""

from datetime import datetime

from factory_pipelines.alerts.engine import raise_incident, resolve_incident
from factory_pipelines.occupancy.capacity import Change, judge_capacity
from factory_pipelines.occupancy.headcount_store import Loaded
from factory_pipelines.occupancy.muster import AreaCount, count_areas
from factory_pipelines.warehouse.pool import Warehouse

RULE = "occupancy.over_capacity"


def alert_over_capacity(warehouse: Warehouse, loaded: Loaded, *, release_pct: float, now: datetime) -> dict[str, int]:
    """Begins and ends alerts by the present headcount; returns how many of each."""
    is_open = {row["subject"] for row in warehouse.rows("occupancy/open_capacity_alerts", {"rule": RULE})}
    done = {change.value: 0 for change in Change}
    for one in count_areas(loaded):
        change = judge_capacity(one.people, one.capacity, is_open=one.area_id in is_open, release_pct=release_pct)
        if change is Change.BEGINS:
            raise_incident(warehouse, RULE, one.area_id, f"Over capacity: {one.area_name}", _body(one, now), now)
        elif change is Change.ENDS:
            resolve_incident(warehouse, RULE, one.area_id, now)
        if change is not None:
            done[change.value] += 1
    return done


def _body(one: AreaCount, now: datetime) -> str:
    interval = "" if one.interval is None else f" (between {one.interval[0]:.0f} and {one.interval[1]:.0f})"
    return (
        f"{one.people or 0:.0f} people{interval} are inside at {now:%H:%M} UTC; {one.capacity} may be.\n"
        "Let nobody in until some have left. GET /api/v1/occupancy/now follows the number."
    )

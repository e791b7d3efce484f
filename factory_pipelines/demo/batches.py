"""In which runs a demo materializes its history: hours before days before months, then what has no partitions.

Only what is partitioned alike can be in one run; assets whose days are costly are made for the last days alone.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg

from factory_pipelines.plant.clock import PlantClock

COSTLY = ("headcounts", "headcount_corrections", "headcount_learning")
"""Assets of occupancy that walk through every event of a day."""

COSTLY_DAYS = 3
# In this order: the longer ones add up the shorter ones.
_TITLES: dict[type[dg.TimeWindowPartitionsDefinition], str] = {
    dg.HourlyPartitionsDefinition: "hours of occupancy",
    dg.DailyPartitionsDefinition: "production days: pulls, efficiency, attendance, gate, checks",
    dg.MonthlyPartitionsDefinition: "months of occupancy",
}
_INSIGHTS = dg.AssetKey(["production", "insights"])  # they come last: they tell the forecast too


@dataclass(frozen=True)
class Batch:
    """One run.

    Attributes:
        title: what is made, for whoever waits for it.
        selection: the assets.
        first: first partition; None without partitions.
        last: last partition.
    """

    title: str
    selection: dg.AssetSelection
    first: str | None = None
    last: str | None = None


def batches(
    defs: dg.Definitions, clock: PlantClock, now: datetime, *, since: date, events_since: date, is_first: bool
) -> list[Batch]:
    """The runs that bring everything up to ``now``, in their order.

    Args:
        defs: the code location.
        clock: time in the plant.
        now: the present.
        since: first production day to be made.
        events_since: first production day with punches, crossings and vehicles.
        is_first: whether nothing has been made yet; later starts leave models and insights to their schedules.
    """
    costly_since = max(since, events_since, clock.production_day(now) - timedelta(days=COSTLY_DAYS))
    found, insights = [], []
    for partitions, keys in _by_partitions(defs):
        costly = [key for key in keys if key.path[-1] in COSTLY]
        single = [key for key in keys if key not in costly and not _takes_a_range(defs, key)]
        usual = [key for key in keys if key not in {*costly, *single, _INSIGHTS}]
        title, first = _TITLES[type(partitions)], since
        if type(partitions) is not dg.DailyPartitionsDefinition:
            first = max(since, events_since)  # nothing but events has hours and months
        for what, chosen, begins in ((title, usual, first), ("headcount", costly, costly_since)):
            if chosen:
                found.append(_batch(what, chosen, partitions, clock, begins, now))
        if single:
            today = clock.production_day(now)
            found.append(_batch("forecasts and crowds", single, partitions, clock, today, now))
        if _INSIGHTS in keys:
            insights = [_batch("insights", [_INSIGHTS], partitions, clock, since, now)]
    if not is_first:
        return found
    whole = [spec.key for spec in _made(defs) if spec.partitions_def is None]
    return [*found, Batch("model, forecast, alerts, scoreboard", dg.AssetSelection.assets(*whole)), *insights]


def _by_partitions(
    defs: dg.Definitions,
) -> list[tuple[dg.TimeWindowPartitionsDefinition, list[dg.AssetKey]]]:
    """The assets that runs make, by their partitions: the shortest first, for the longer ones add them up."""
    groups: dict[dg.TimeWindowPartitionsDefinition, list[dg.AssetKey]] = {}
    for spec in _made(defs):
        if isinstance(spec.partitions_def, dg.TimeWindowPartitionsDefinition):
            groups.setdefault(spec.partitions_def, []).append(spec.key)
    order = list(_TITLES)
    return sorted(groups.items(), key=lambda group: order.index(type(group[0])))


def _takes_a_range(defs: dg.Definitions, key: dg.AssetKey) -> bool:
    """Whether one run makes many partitions; else each would be a run of its own, and the running one must do."""
    policy = defs.resolve_asset_graph().get(key).backfill_policy
    return policy is not None and policy.max_partitions_per_run is None


def _made(defs: dg.Definitions) -> list[dg.AssetSpec]:
    """The assets that runs make; others are written by the edge."""
    keys = dg.AssetSelection.all().materializable().resolve(defs.resolve_asset_graph())
    return [spec for spec in defs.resolve_all_asset_specs() if spec.key in keys]


def _batch(
    title: str,
    keys: list[dg.AssetKey],
    partitions: dg.TimeWindowPartitionsDefinition,
    clock: PlantClock,
    first: date,
    now: datetime,
) -> Batch:
    begins = clock.window(first)[0].timestamp()
    return Batch(
        f"{title} since {first}",
        dg.AssetSelection.assets(*keys),
        partitions.get_partition_key_for_timestamp(begins),
        partitions.get_partition_key_for_timestamp(now.timestamp()),
    )

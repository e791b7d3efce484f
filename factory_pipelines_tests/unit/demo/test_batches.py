from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from factory_pipelines.demo.batches import Batch, batches
from factory_pipelines.orchestration.partitions import production_days
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import RtmsSettings, Settings

NOW = datetime(2025, 11, 19, 8, 40, tzinfo=UTC)  # 14:10 in the plant
DAYS = production_days(Settings(rtms=RtmsSettings(first_day=date(2025, 9, 1))))
HOURS = dg.HourlyPartitionsDefinition("2025-09-01-06:00", timezone="Asia/Kolkata", end_offset=1)
MONTHS = dg.MonthlyPartitionsDefinition("2025-09-01", timezone="Asia/Kolkata", hour_offset=6, end_offset=1)


def made(key: list[str], partitions: Any = None, *, takes_a_range: bool = True) -> dg.AssetsDefinition:
    policy = dg.BackfillPolicy.single_run() if takes_a_range else None

    @dg.asset(key=key, partitions_def=partitions, backfill_policy=policy)
    def nothing() -> None:
        """Nothing."""

    return nothing


DEFS = dg.Definitions(
    assets=[
        made(["occupancy", "monthly"], MONTHS),
        made(["occupancy", "headcounts"], DAYS),
        made(["production", "insights"], DAYS),
        made(["production", "line_output"], DAYS),
        made(["occupancy", "hourly"], HOURS),
        made(["occupancy", "forecast"], DAYS, takes_a_range=False),
        made(["demo", "scoreboard"]),
        dg.AssetSpec(["gate", "events"], partitions_def=DAYS),
        dg.AssetSpec(["identity", "faces"]),
    ]
)


def planned(clock: PlantClock, *, since: date, is_first: bool) -> list[tuple[list[str], str | None, str | None]]:
    found: list[Batch] = batches(DEFS, clock, NOW, since=since, events_since=date(2025, 11, 10), is_first=is_first)
    graph = DEFS.resolve_asset_graph()
    return [([key.to_user_string() for key in b.selection.resolve(graph)], b.first, b.last) for b in found]


def test_a_first_start_makes_all_of_the_history_shorter_partitions_first(clock: PlantClock) -> None:
    assert planned(clock, since=date(2025, 9, 1), is_first=True) == [
        (["occupancy/hourly"], "2025-11-10-06:00", "2025-11-19-14:00"),
        (["production/line_output"], "2025-09-01", "2025-11-19"),
        (["occupancy/headcounts"], "2025-11-16", "2025-11-19"),
        (["occupancy/forecast"], "2025-11-19", "2025-11-19"),
        (["occupancy/monthly"], "2025-11-01", "2025-11-01"),
        (["demo/scoreboard"], None, None),
        (["production/insights"], "2025-09-01", "2025-11-19"),
    ]


def test_a_later_start_makes_what_is_missing(clock: PlantClock) -> None:
    assert planned(clock, since=date(2025, 11, 18), is_first=False) == [
        (["occupancy/hourly"], "2025-11-18-06:00", "2025-11-19-14:00"),
        (["production/line_output"], "2025-11-18", "2025-11-19"),
        (["occupancy/headcounts"], "2025-11-18", "2025-11-19"),
        (["occupancy/forecast"], "2025-11-19", "2025-11-19"),
        (["occupancy/monthly"], "2025-11-01", "2025-11-01"),
    ]

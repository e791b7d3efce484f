"""Hours computed in SQL against the same hours counted second by second, whatever doors and cameras say and when."""

import os
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql

from factory_pipelines.occupancy.aggregates import compute_hours
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.occupancy import second_by_second as by_seconds
from factory_pipelines_tests.integration.occupancy.crowd import NINE, NOW, hall, send
from factory_pipelines_tests.integration.occupancy.second_by_second import Said

HOURS = 4
EXAMPLES = int(os.environ.get("OCCUPANCY_EXAMPLES", "20"))
_FIGURES = ("avg_occupancy", "max_occupancy", "min_occupancy", "observed_min")
_COMPARED = (*_FIGURES, "entries", "exits", "event_count")

_second = st.one_of(
    st.integers(0, HOURS * 3600 - 1),
    # Around the full hours, where mistakes live.
    st.builds(
        lambda hour, off: min(max(hour * 3600 + off, 0), HOURS * 3600 - 1), st.integers(0, HOURS), st.integers(-2, 2)
    ),
)
_count = st.builds(Said, st.sampled_from("ab"), _second, st.just("count"), st.integers(0, 9))
_crossing = st.builds(
    Said, st.sampled_from("ab"), _second, st.just("crossing"), st.integers(1, 4), st.sampled_from(["in", "out"])
)
_heartbeat = st.builds(Said, st.sampled_from("ab"), _second, st.just("heartbeat"))
_day = st.lists(st.one_of(_count, _crossing, _crossing, _heartbeat), min_size=1, max_size=25)


@pytest.fixture(scope="module")
def clock() -> PlantClock:
    return Settings().plant.clock()


def figures_of(warehouse: Warehouse, area: str) -> dict[tuple[str, int], dict[str, Any]]:
    rows = warehouse.rows(sql.SQL("SELECT * FROM occupancy.occupancy_hourly WHERE area_id = %(area)s"), {"area": area})
    return {
        (row["source_id"].removeprefix(f"{area}-"), int((row["hour_start"] - NINE) / timedelta(hours=1))): row
        for row in rows
    }


def expected(said: Sequence[Said], kinds: dict[str, str], silence: int, start: int | None) -> dict[Any, Any]:
    numbered = list(enumerate(said))
    until = HOURS * 3600
    of = {name: [n for n in numbered if n[1].source == name] for name in kinds}
    life = {name: by_seconds.alive(events, silence, until) for name, events in of.items()}
    own = {name: by_seconds.levels(events, None, until) for name, events in of.items()}
    doors = [name for name, kind in kinds.items() if kind == "door" and of[name]]
    found: dict[Any, Any] = {}
    # Doors count an area from their first event on, cameras until then.
    since = min((said.second for name in doors for _, said in of[name]), default=until)
    by_doors = by_seconds.levels([n for name in doors for n in of[name]], start, until)
    cameras = {name for name, kind in kinds.items() if kind == "camera"}
    level = [
        by_doors[second]
        if second >= since
        else _together([own[name][second] for name in cameras if life[name][second] is not None])
        for second in range(until)
    ]
    lives = [life[name][:since] + [None] * (until - since) if name in cameras else life[name] for name in kinds]
    for hour in range(HOURS):
        for name, kind in kinds.items():
            figures = by_seconds.hour(own[name] if kind == "camera" else [0] * until, [life[name]], hour)
            if figures is not None and kind == "door":
                figures = {**dict.fromkeys(_FIGURES), "observed_min": figures["observed_min"]}
            looked = figures is not None and kind == "door" and figures["observed_min"] > 0
            found[name, hour] = figures and {**figures, **by_seconds.passages(of[name], hour, looked=looked)}
        area = by_seconds.hour(level, lives, hour)
        counting = {*doors, *(cameras if hour * 3600 < since else ())}
        found["", hour] = area and {**area, **_added([found[name, hour] for name in kinds if name in counting])}
        if area:
            found["", hour]["event_count"] = sum(len(by_seconds.within(of[name], hour)) for name in kinds)
    return {key: figures for key, figures in found.items() if figures is not None}


def _added(counting: list[dict[str, Any] | None]) -> dict[str, Any]:
    added = {}
    for name in ("entries", "exits"):
        values = [one[name] for one in counting if one is not None and one[name] is not None]
        added[name] = sum(values) if values else None
    return added


def _together(levels: list[int | None]) -> int | None:
    """Cameras together: unknown as soon as one that is there knows nothing."""
    return None if None in levels else sum(level or 0 for level in levels)


@settings(deadline=None, max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    said=_day,
    kinds=st.sampled_from([("door", "door"), ("camera", "camera"), ("door", "camera"), ("camera", "door")]),
    silence=st.sampled_from([1, 300, 5000]),
    start=st.sampled_from([0, 5, None]),
    seed=st.integers(0, 2**32),
)
def test_an_hour_is_what_its_seconds_are(
    shared_url: str,
    shared_warehouse: Warehouse,
    clock: PlantClock,
    said: list[Said],
    kinds: tuple[str, str],
    silence: int,
    start: int | None,
    seed: int,
) -> None:
    """Also late, doubled and shuffled, with hours computed in between: the tables are the same to the last bit."""
    wipe(shared_url)
    tables = []
    for order in ("in time", "shuffled"):
        area = order.replace(" ", "-")
        named = dict(zip("ab", kinds, strict=True))
        hall(shared_warehouse, area, start_people=start)
        register(shared_warehouse, area, named, silence)
        events = [one.as_event(NINE, number) for number, one in enumerate(said)]
        events = [{**event, "source_id": f"{area}-{event['source_id']}"} for event in events]
        if order == "in time":
            send(shared_warehouse, events)
        else:
            deliver_badly(shared_warehouse, clock, events, random.Random(seed))  # noqa: S311 repeatable
        compute_hours(shared_warehouse, clock, NINE, NINE + timedelta(hours=HOURS), now=NOW)
        found = figures_of(shared_warehouse, area)
        tables.append(
            {k: {n: v for n, v in row.items() if n not in ("area_id", "source_id")} for k, row in found.items()}
        )
    computed = {key: {name: row[name] for name in _COMPARED} for key, row in tables[0].items()}
    wanted = expected(said, dict(zip("ab", kinds, strict=True)), silence, start)
    assert {key: rounded(figures) for key, figures in computed.items()} == {
        key: rounded(figures) for key, figures in wanted.items()
    }
    assert tables[0] == tables[1]


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value if value is None else round(float(value), 9) for name, value in figures.items()}


def wipe(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "TRUNCATE occupancy.areas, occupancy.occupancy_log, occupancy.occupancy_hourly, occupancy.touched CASCADE"
        )


def register(warehouse: Warehouse, area: str, kinds: dict[str, str], silence: int) -> None:
    from factory_pipelines.occupancy.registry import register_source

    for name, kind in kinds.items():
        register_source(warehouse, f"{area}-{name}", area_id=area, kind=kind, max_silence_s=silence, now=NOW)


def deliver_badly(warehouse: Warehouse, clock: PlantClock, events: list[Any], rng: random.Random) -> None:
    """In any order, some twice, with computations of random hours in between, some of them while the hour runs."""
    delivered = [*events, *rng.sample(events, len(events) // 4)]
    rng.shuffle(delivered)
    while delivered:
        size = rng.randint(1, len(delivered))
        send(warehouse, delivered[:size])
        del delivered[:size]
        hour = NINE + timedelta(hours=rng.randrange(HOURS))
        now = NOW if rng.random() < 0.7 else NINE + timedelta(seconds=rng.randrange(1, HOURS * 3600))
        selected = (hour, hour + timedelta(hours=1)) if rng.random() < 0.7 else (None, None)
        compute_hours(warehouse, clock, *selected, now=now)

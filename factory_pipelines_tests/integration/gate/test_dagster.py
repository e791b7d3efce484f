"""The gate's assets, checks and schedules, run by Dagster on a real warehouse."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.gate import automation
from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.checks import CHECKS
from factory_pipelines.gate.definitions import definitions
from factory_pipelines.gate.registry import register
from factory_pipelines.gate.service import GateService
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.gate.conftest import NOW, Clock

DAY = date(2026, 3, 2)
HOURLY = sql.SQL("SELECT * FROM gate.hourly ORDER BY hour_start, gate_id")
DAILY = sql.SQL("SELECT * FROM gate.daily ORDER BY production_day, gate_id")


@pytest.fixture
def busy_morning(warehouse: Warehouse, settings: Settings, clock: Clock) -> Iterator[Warehouse]:
    """Two gates and three hours: known, unknown and blocked vehicles, repetitions, refused reads."""
    gate = GateService(warehouse, settings, clock=clock)
    register(warehouse, "KA01AB1234", "authorized", reason="r", officer="o", now=NOW)
    register(warehouse, "MH12DE1433", "blocked", reason="r", officer="o", now=NOW)

    def passing(text: str, confidence: float = 0.9, **more: Any) -> None:
        gate.decide([Read(text, confidence)], **more)
        clock.forward(seconds=7)

    passing("KA01AB1234", gate_id="north", direction="in")
    passing("KA01AB1234", gate_id="north", direction="in")  # the same vehicle
    passing("TN09CD7777", gate_id="north", direction="in")
    passing("KAO1AB1299", gate_id="south")
    clock.forward(hours=1)
    passing("KA01AB1234", gate_id="north", direction="out")
    passing("MH12DE1433", gate_id="north", direction="in")
    passing("HORN OK PLEASE", gate_id="north")
    passing("DL3CAB1234", 0.3, gate_id="north")
    clock.forward(hours=1)
    passing("STOP", gate_id="south")
    yield warehouse
    gate.close()


def materialize(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    job = defs.resolve_job_def(automation.AGGREGATES_JOB.name)
    return job.execute_in_process(partition_key=DAY.isoformat(), raise_on_error=False)


def test_hours_and_days_are_the_events_added_up(busy_morning: Warehouse) -> None:
    assert materialize(busy_morning).success
    hours = busy_morning.rows(HOURLY)
    counted = [(h["gate_id"], h["read_count"], h["passage_count"], h["rejected_count"]) for h in hours]
    assert counted == [("north", 3, 2, 0), ("south", 1, 1, 0), ("north", 4, 2, 2), ("south", 1, 0, 1)]
    # 09:40 in Kolkata belongs to the hour that began at 09:00 there, which is 03:30 in UTC.
    assert hours[0]["hour_start"] == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert hours[2]["rejected_by_reason"] == {"format": 1, "confidence": 1}
    assert hours[1]["corrected_count"] == 1
    assert hours[3]["mean_confidence"] is None
    north, south = busy_morning.rows(DAILY)
    assert (north["passage_count"], north["distinct_plates"]) == (4, 3)
    assert (north["in_count"], north["out_count"], north["opened_count"]) == (3, 1, 3)
    assert (north["authorized_count"], north["blocked_count"], north["unknown_count"]) == (2, 1, 1)
    assert north["busiest_hour"] == hours[0]["hour_start"]
    assert north["read_rate_pct"] == pytest.approx(100 * 5 / 7)
    assert (south["read_count"], south["rejected_count"], south["read_rate_pct"]) == (2, 1, 50.0)


def test_repeating_changes_nothing(busy_morning: Warehouse) -> None:
    materialize(busy_morning)
    before = busy_morning.rows(HOURLY), busy_morning.rows(DAILY)
    materialize(busy_morning)
    assert (busy_morning.rows(HOURLY), busy_morning.rows(DAILY)) == before


def run_checks(warehouse: Warehouse) -> dict[str, bool]:
    job = dg.define_asset_job("checks", dg.AssetSelection.all_asset_checks())
    defs = dg.Definitions(asset_checks=CHECKS, jobs=[job], resources={"warehouse": warehouse})
    tags = {"dagster/partition": DAY.isoformat()}
    result = defs.resolve_job_def("checks").execute_in_process(tags=tags, raise_on_error=False)
    return {f"{e.asset_key.path[-1]}.{e.check_name}": e.passed for e in result.get_asset_check_evaluations()}


def test_the_checks_pass_on_what_is_right(busy_morning: Warehouse) -> None:
    assert materialize(busy_morning).success
    assert all(run_checks(busy_morning).values())


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE gate.hourly SET passage_count = passage_count + 1", "hourly.adds_up"),
        ("UPDATE gate.hourly SET read_count = 99, repetition_count = 90", "hourly.reconciles_with_events"),
        ("DELETE FROM gate.hourly WHERE gate_id = 'south'", "hourly.every_finished_hour_is_there"),
        ("UPDATE gate.daily SET distinct_plates = 99", "daily.values_in_range"),
        ("UPDATE gate.daily SET opened_count = opened_count + 1", "daily.reconciles_with_hours"),
        ("DELETE FROM alerts.alerts", "gate_events.blocked_was_alerted"),
        (
            "UPDATE gate.vehicle_list SET plate = 'GA01AB1111' WHERE kind = 'authorized'",
            "gate_events.only_authorized_opened",
        ),
        ("ALTER TABLE gate.daily ADD COLUMN surprise int", "daily.schema_as_declared"),
    ],
)
def test_the_checks_find_what_is_wrong(busy_morning: Warehouse, warehouse_url: str, damage: str, check: str) -> None:
    assert materialize(busy_morning).success
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL(damage))
    assert run_checks(busy_morning)[check] is False


def test_a_thousand_events_in_any_order_give_the_same_tables(
    warehouse: Warehouse, settings: Settings, clock: Clock
) -> None:
    """Events carry their own time and id: written late, doubled or shuffled, the hours and days are the same."""
    rng = random.Random(2)  # noqa: S311 repeatable
    events = [_event(number, rng) for number in range(1000)]
    tables = []
    for _ in range(2):
        rng.shuffle(events)
        with warehouse.transaction() as conn:
            for event in [*events, *events[:50]]:
                conn.execute(sql.SQL(_add_event()), event)
        materialize(warehouse)
        tables.append((warehouse.rows(HOURLY), warehouse.rows(DAILY)))
    assert tables[0] == tables[1]
    assert sum(hour["read_count"] for hour in tables[0][0]) == 1000


def _add_event() -> Any:
    from factory_pipelines.warehouse.queries import load_sql

    return load_sql("gate/add_event")


def _event(number: int, rng: random.Random) -> dict[str, Any]:
    at = NOW + timedelta(seconds=rng.randrange(6 * 3600))
    valid = rng.random() < 0.8
    return {
        "event_id": f"00000000-0000-0000-0000-{number:012d}",
        "decided_at": at,
        "production_day": DAY,
        "hour_start": at.replace(minute=30, second=0) - timedelta(hours=at.minute < 30),
        "gate_id": rng.choice(["north", "south"]),
        "direction": rng.choice(["in", "out", None]),
        "track_id": None,
        "raw_text": "x",
        "read_count": 1,
        "confidence": 0.9,
        "valid": valid,
        "plate": f"KA01AB{rng.randint(1, 30):04d}" if valid else None,
        "format": "standard" if valid else None,
        "corrections": 0,
        "status": "UNKNOWN",
        "reason": None if valid else "format",
        "list_entry_id": None,
        "opened": False,
        "is_repetition": valid and rng.random() < 0.2,
        "warning": None,
        "resembles": None,
        "confirmed": True,
        "source": "test",
    }


def test_schedules_ask_for_the_plants_day() -> None:
    # 05:04 in Kolkata: the production day that began yesterday at 06:00 still runs.
    early = datetime(2026, 3, 1, 23, 34, tzinfo=UTC)
    context = dg.build_schedule_context(scheduled_execution_time=early)
    assert automation.hourly_gate_aggregates(context).partition_key == "2026-03-01"
    after = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 2, 0, 55, tzinfo=UTC))
    assert automation.closed_gate_day(after).partition_key == "2026-03-01"
    assert automation.closed_gate_day.cron_schedule == "25 6 * * *"

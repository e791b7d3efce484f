"""The gate at work: outages, restarts, other processes, many threads."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.edge.app import create_app
from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.registry import AlreadyListedError, load_index, register, withdraw
from factory_pipelines.gate.service import Answer, GateService
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import with_login
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines_tests.integration.gate.conftest import NOW, SECRET, Clock

EVENTS = sql.SQL(
    "SELECT plate, status, opened, confirmed, is_repetition FROM gate.gate_events ORDER BY decided_at, plate"
)


class Unplugged(Warehouse):
    """A warehouse whose cable can be pulled."""

    def __init__(self, inner: Warehouse) -> None:
        self.address, self.organization_id = inner.address, inner.organization_id
        self._inner = inner
        self.is_plugged = True

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        if not self.is_plugged:
            raise WarehouseUnavailableError("the cable is out")
        with self._inner.transaction() as conn:
            yield conn


@pytest.fixture
def cable(warehouse: Warehouse) -> Unplugged:
    return Unplugged(warehouse)


@pytest.fixture
def make_gate(cable: Unplugged, settings: Settings, clock: Clock) -> Iterator[Callable[[], GateService]]:
    made: list[GateService] = []

    def make() -> GateService:
        made.append(GateService(cable, settings, clock=clock))
        return made[-1]

    yield make
    for gate in made:
        gate.close()


def at_gate(gate: GateService, plate: str, confidence: float = 0.95, **more: Any) -> Answer:
    return gate.decide([Read(plate, confidence)], **more)


def enter(warehouse: Warehouse, plate: str, kind: Any = "authorized") -> None:
    register(warehouse, plate, kind, reason="because", officer="Asha", now=NOW)


def test_without_the_database_the_memory_decides_and_says_so(
    make_gate: Callable[[], GateService], cable: Unplugged, warehouse: Warehouse, clock: Clock
) -> None:
    enter(warehouse, "KA01AB1234")
    enter(warehouse, "MH12DE1433", "blocked")
    gate = make_gate()
    gate.refresh()
    cable.is_plugged = False
    known = at_gate(gate, "KA01AB1234")
    assert (known.decision.opens, known.confirmed) == (True, False)
    stranger = at_gate(gate, "TN09CD7777")
    assert (stranger.decision.opens, stranger.decision.status, stranger.confirmed) == (False, "UNKNOWN", False)
    blocked = at_gate(gate, "MH12DE1433")
    assert (blocked.decision.opens, blocked.decision.status) == (False, "BLOCKED")
    assert gate.waiting_events == 3
    assert warehouse.rows(EVENTS) == []

    cable.is_plugged = True
    clock.forward(minutes=3)
    assert gate.refresh() is True
    assert gate.waiting_events == 0
    rows = {row["plate"]: row for row in warehouse.rows(EVENTS)}
    assert not any(row["confirmed"] for row in rows.values())
    assert rows["KA01AB1234"]["opened"] is True
    # The alarm that could not be raised is raised now, and the stranger is in the queue.
    assert len(warehouse.rows(sql.SQL("SELECT 1 FROM alerts.alerts"))) == 1
    assert [row["plate"] for row in warehouse.rows("gate/unknown", {"limit": 5})] == ["TN09CD7777"]


def test_a_memory_that_is_too_old_opens_for_nobody(
    make_gate: Callable[[], GateService], cable: Unplugged, warehouse: Warehouse, clock: Clock
) -> None:
    enter(warehouse, "KA01AB1234")
    gate = make_gate()
    gate.refresh()
    cable.is_plugged = False
    clock.forward(minutes=29)
    assert at_gate(gate, "KA01AB1234").decision.opens is True
    clock.forward(minutes=2)
    answer = at_gate(gate, "KA01AB1234")
    assert answer.decision.opens is False
    assert "too old" in (answer.decision.warning or "")


def test_a_process_started_during_an_outage_opens_for_nobody(
    make_gate: Callable[[], GateService], cable: Unplugged, warehouse: Warehouse
) -> None:
    enter(warehouse, "KA01AB1234")
    cable.is_plugged = False
    answer = at_gate(make_gate(), "KA01AB1234")
    assert (answer.decision.status, answer.decision.opens) == ("UNKNOWN", False)


def test_a_restart_keeps_lists_recent_vehicles_and_waiting_events(
    make_gate: Callable[[], GateService], cable: Unplugged, warehouse: Warehouse, clock: Clock
) -> None:
    first = make_gate()
    enter(warehouse, "KA01AB1234")
    at_gate(first, "KA01AB1234", track_id=4)
    cable.is_plugged = False
    at_gate(first, "TN09CD7777")
    first.close()
    cable.is_plugged = True
    clock.forward(seconds=10)
    second = make_gate()
    answer = at_gate(second, "KA01AB1234")
    assert (answer.decision.opens, answer.decision.repetition) == (True, True)
    assert second.waiting_events == 0
    assert [row["plate"] for row in warehouse.rows(EVENTS)] == ["KA01AB1234", "TN09CD7777", "KA01AB1234"]


def test_what_another_process_enters_counts_at_once(
    make_gate: Callable[[], GateService], warehouse: Warehouse, clock: Clock
) -> None:
    gate = make_gate()
    assert at_gate(gate, "KA01AB1234").decision.opens is False
    enter(warehouse, "KA01AB1234")
    answer = at_gate(gate, "KA01AB1234")  # the memory does not know yet; the database does
    assert (answer.decision.opens, answer.confirmed) == (True, True)
    withdraw(warehouse, "KA01AB1234", "authorized", reason="left", officer="Asha", now=NOW)
    assert at_gate(gate, "KA01AB1234").decision.opens is False


def test_the_background_brings_the_memory_up_to_date(
    cable: Unplugged, settings: Settings, clock: Clock, warehouse: Warehouse
) -> None:
    gate = GateService(cable, settings, clock=clock, refresh_every_s=0.05)
    gate.start()
    try:
        enter(warehouse, "KA01AB1234")
        deadline = time.monotonic() + 5
        while len(gate.index) == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        gate.close()


def test_a_block_by_hand_in_psql_counts(make_gate: Callable[[], GateService], warehouse: Warehouse) -> None:
    enter(warehouse, "KA01AB1234")
    gate = make_gate()
    gate.refresh()
    version = gate.index.version
    warehouse.execute(
        sql.SQL(
            "INSERT INTO gate.vehicle_list (plate, kind, reason, officer, valid_from, entered_at) "
            "VALUES ('KA01AB1234', 'blocked', 'stolen', 'psql', now() - interval '30 years', now())"
        )
    )
    assert at_gate(gate, "KA01AB1234").decision.status == "BLOCKED"
    gate.refresh()
    assert gate.index.version == version + 1


def test_the_api_answers_while_the_database_is_away(
    cable: Unplugged, edge_settings: Settings, clock: Clock, warehouse: Warehouse
) -> None:
    enter(warehouse, "KA01AB1234")
    app = create_app(edge_settings, clock=clock, warehouse=cable, writer=cable)
    with TestClient(app, headers={"X-API-Key": SECRET}) as client:

        def ask(plate: str) -> dict[str, Any]:
            body = {"ocr_text": plate, "ocr_confidence": 0.95}
            response = client.post("/api/v1/vehicle/validate-plate", json=body)
            assert response.status_code == 200, response.text
            return response.json()

        assert ask("KA01AB1234")["confirmed"] is True
        app.state.gate.refresh()
        cable.is_plugged = False
        assert {"opens": True, "confirmed": False}.items() <= ask("KA01AB1234").items()
        assert {"opens": False, "status": "UNKNOWN", "confirmed": False}.items() <= ask("TN09CD7777").items()
        assert client.get("/api/v1/vehicle/gate-statistics").status_code == 503
        assert app.state.gate.waiting_events == 2
        cable.is_plugged = True


def test_many_threads_decide_alike_and_once(make_gate: Callable[[], GateService], warehouse: Warehouse) -> None:
    enter(warehouse, "KA01AB1234")
    enter(warehouse, "MH12DE1433", "blocked")
    gate = make_gate()
    plates = ["KA01AB1234", "MH12DE1433", "TN09CD7777"] * 20
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda plate: at_gate(gate, plate), plates))
    for plate, answer in zip(plates, answers, strict=True):
        assert answer.decision.opens is (plate == "KA01AB1234")
    triggered = [a.decision.plate_number for a in answers if a.decision.should_trigger_gate_event]
    assert sorted(triggered) == ["KA01AB1234", "MH12DE1433", "TN09CD7777"]
    assert len(warehouse.rows(EVENTS)) == 60
    assert len(warehouse.rows(sql.SQL("SELECT 1 FROM alerts.alerts"))) == 1
    assert warehouse.rows("gate/unknown", {"limit": 5})[0]["sightings"] == 1


def test_of_many_who_enter_a_plate_one_does(warehouse: Warehouse) -> None:
    def attempt(_: int) -> bool:
        try:
            enter(warehouse, "KA01AB1234")
        except AlreadyListedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1
    assert load_index(warehouse, NOW).counts(NOW)["authorized"] == 1


def test_the_database_itself_refuses_to_open_for_a_stranger(warehouse: Warehouse) -> None:
    statement = sql.SQL(
        "INSERT INTO gate.gate_events (event_id, decided_at, production_day, hour_start, gate_id, raw_text, "
        "read_count, valid, plate, corrections, status, opened, is_repetition, confirmed, source) "
        "VALUES (gen_random_uuid(), now(), current_date, now(), 'main', 'x', 1, true, 'KA01AB1234', 0, 'UNKNOWN', "
        "true, false, true, 'test')"
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        warehouse.execute(statement)


def test_events_are_append_only(warehouse: Warehouse, make_gate: Callable[[], GateService]) -> None:
    at_gate(make_gate(), "KA01AB1234")
    for statement in ("UPDATE gate.gate_events SET opened = false", "DELETE FROM gate.gate_events"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            warehouse.execute(sql.SQL(statement))


def test_a_spooled_event_that_the_database_refuses_does_not_hold_up_the_others(
    make_gate: Callable[[], GateService], cable: Unplugged, warehouse: Warehouse, settings: Settings
) -> None:
    gate = make_gate()
    gate.refresh()
    cable.is_plugged = False
    at_gate(gate, "TN09CD7777")
    at_gate(gate, "KA01AB1234")
    path = settings.home_dir / "gate" / "waiting_events.jsonl"
    spoiled = path.read_text().replace('"TN09CD7777"', "null", 1).replace('"plate": "TN09CD7777"', '"plate": null')
    path.write_text(spoiled + '{"half a li')
    cable.is_plugged = True
    assert gate.refresh() is True
    assert gate.waiting_events == 0
    assert (path.parent / "refused.jsonl").read_text().count("\n") == 1
    assert [row["plate"] for row in warehouse.rows(EVENTS)] == ["KA01AB1234"]


def test_a_server_that_is_gone_altogether(settings: Settings, clock: Clock, warehouse_url: str) -> None:
    nowhere = with_login(warehouse_url, database="there_is_no_such_database")
    gone = Warehouse(nowhere, organization_id=settings.organization_id, connect_timeout_s=1)
    try:
        answer = GateService(gone, settings, clock=clock).decide([Read("KA01AB1234", 0.99)])
    finally:
        gone.close()
    assert (answer.confirmed, answer.decision.opens, answer.decision.valid) == (False, False, True)


def test_the_validity_of_a_line_is_read_anew_at_each_decision(
    make_gate: Callable[[], GateService], cable: Unplugged, warehouse: Warehouse, clock: Clock
) -> None:
    register(
        warehouse,
        "KA01AB1234",
        "temporary",
        reason="delivery",
        officer="Asha",
        now=NOW,
        valid_until=NOW + timedelta(minutes=10),
    )
    gate = make_gate()
    gate.refresh()
    cable.is_plugged = False
    assert at_gate(gate, "KA01AB1234").decision.opens is True
    clock.forward(minutes=10)
    assert at_gate(gate, "KA01AB1234").decision.opens is False

"""Headcount, muster list and corrections over HTTP, over a real warehouse and without Dagster."""

import csv
import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.edge.app import create_app
from factory_pipelines.occupancy.headcount_days import correct_drift
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.gate.conftest import Clock
from factory_pipelines_tests.integration.occupancy.staffed import (
    CREW,
    MONDAY,
    NINE,
    alive,
    morning,
    plant_time,
    punches,
    staff,
)

SECRET = "2f1e2d3c4b5a69788796a5b4c3d2e1f2"
ROOT = "/api/v1/occupancy"


@pytest.fixture
def clock() -> Clock:
    return Clock(NINE)


@pytest.fixture
def client(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    with TestClient(create_app(load_settings(), clock=clock)) as client:
        client.headers["X-API-Key"] = SECRET
        yield client


@pytest.fixture
def staffed(warehouse: Warehouse, settings: Settings) -> Warehouse:
    """Monday at nine: the night's correction made, nine people in, two visitors."""
    staff(warehouse)
    morning(warehouse)
    correct_drift(warehouse, settings, MONDAY.replace(day=1), now=NINE)
    return warehouse


def areas(client: TestClient) -> dict[str, dict[str, object]]:
    answer = client.get(f"{ROOT}/now")
    assert answer.status_code == 200, answer.text
    return {area["area_id"]: area for area in answer.json()["areas"]}


def test_now_weighs_doors_and_badges(client: TestClient, staffed: Warehouse) -> None:
    body = client.get(f"{ROOT}/now").json()
    hall, yard = body["areas"]
    assert (hall["status"], hall["silent_sources"]) == ("known", [])
    assert hall["by_doors"] == pytest.approx(11.2)
    assert 10 < hall["people"] < 12
    assert hall["people_from"] < 11 < hall["people_to"]
    assert (hall["unaccounted_for"], hall["is_over_capacity"]) == (2, False)
    assert (yard["status"], yard["people"], yard["is_over_capacity"]) == ("known", 3.0, None)
    assert body["total"]["people"] == pytest.approx(hall["people"] + 3.0)


def test_a_silent_source_is_unknown_and_said_so(client: TestClient, staffed: Warehouse, clock: Clock) -> None:
    clock.forward(minutes=25)
    now = areas(client)
    assert (now["yard"]["status"], now["yard"]["people"]) == ("unknown", None)
    assert (now["hall"]["status"], now["hall"]["silent_sources"]) == ("degraded", ["door"])
    assert now["hall"]["by_doors"] is None
    assert now["hall"]["people"] == pytest.approx(9.2, abs=0.3)  # badges and roster still know
    total = client.get(f"{ROOT}/now").json()["total"]
    assert (total["status"], total["people"]) == ("unknown", None)


def test_late_events_are_in_their_place_with_the_next_answer(client: TestClient, warehouse: Warehouse) -> None:
    staff(warehouse)
    correct_drift(warehouse, load_settings(), MONDAY.replace(day=1), now=NINE)
    alive(warehouse, plant_time(2, 30), NINE)
    assert areas(client)["hall"]["with_badge"] == 0
    punches(warehouse, list(reversed(CREW)), plant_time(7, 50))
    assert areas(client)["hall"]["with_badge"] == pytest.approx(10)


def test_the_muster_list_names_everybody_and_counts_the_rest(client: TestClient, staffed: Warehouse) -> None:
    body = client.get(f"{ROOT}/muster").json()
    people = {person["employee_id"]: person for person in body["people"]}
    assert set(people) == set(CREW)
    first, absent = people["E0"], people["E9"]
    assert (first["section"], first["evidence"], first["area_id"]) == ("inside", "punched_in", "hall")
    assert (first["employee_name"], first["since"]) == ("Person E0", "2026-03-02T02:20:00Z")
    assert first["confidence"] > 0.99
    assert (absent["section"], absent["evidence"], absent["area_id"]) == ("possible", "roster_only", None)
    hall = next(area for area in body["areas"] if area["area_id"] == "hall")
    assert (hall["inside"], hall["possible"], hall["unaccounted_for"]) == (9, 0, 2)
    assert hall["unaccounted_for_at_most"] >= 2


def test_the_list_of_one_area_as_csv_and_on_paper(client: TestClient, staffed: Warehouse) -> None:
    staffed.execute(
        sql.SQL("UPDATE attendance.employees SET employee_name = '=1+1' WHERE employee_id = {}").format("E3")
    )
    answer = client.get(f"{ROOT}/muster", params={"area_id": "hall", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["employee_id"] for row in rows] == CREW[:9]
    assert rows[3]["employee_name"] == "'=1+1"
    sheet = client.get(f"{ROOT}/muster", params={"format": "text"}).text
    assert sheet.startswith("MUSTER LIST  2026-03-02 09:00:00 IST")
    assert "== Hall 1 (hall): about 11 people" in sheet
    assert "[ ] E0           Person E0                    punched in 07:50 (100 %)" in sheet
    assert sheet.count("[ ] without a name") == 2 + 3  # two visitors, and three people the camera sees
    assert "== In the plant, nobody knows where" in sheet
    assert "due since 08:00, no punch" in sheet


def test_an_area_that_is_not_there_is_named(client: TestClient, staffed: Warehouse) -> None:
    missing = client.get(f"{ROOT}/muster", params={"area_id": "cellar"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "area_unknown")
    body = {"area_id": "cellar", "people": 3, "reason": "counted", "counted_by": "guard"}
    assert client.post(f"{ROOT}/corrections", json=body).status_code == 404
    terminal = {"source": "gate", "device": "T9", "area_id": "cellar"}
    refused = client.post(f"{ROOT}/terminals", json=terminal)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "area_unknown")
    refused = client.post(f"{ROOT}/terminals", json={**terminal, "area_id": "hall", "door_id": "hatch"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "door_unknown")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"people": -1}, "people"),
        ({"people": "many"}, "people"),
        ({"reason": ""}, "reason"),
        ({"counted_by": "a\x00b"}, "counted_by"),
        ({"more": 1}, "more"),
    ],
)
def test_a_correction_that_is_none_names_the_field(client: TestClient, body: dict[str, object], field: str) -> None:
    good = {"area_id": "hall", "people": 3, "reason": "counted at the door", "counted_by": "guard"}
    refused = client.post(f"{ROOT}/corrections", json={**good, **body})
    assert refused.status_code == 422
    assert field in refused.text


def test_somebody_counted_and_the_doors_count_on_from_it(client: TestClient, staffed: Warehouse, clock: Clock) -> None:
    body = {"area_id": "hall", "people": 14, "reason": "counted at the drill", "counted_by": "R. Iyer"}
    made = client.post(f"{ROOT}/corrections", json=body).json()
    assert (made["people_before"], made["people_after"], made["reason"]) == (pytest.approx(11.22), 14, "manual")
    again = client.post(f"{ROOT}/corrections", json=body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "corrected_already")
    clock.forward(minutes=1)
    assert areas(client)["hall"]["by_doors"] == 14.0
    found = client.get(f"{ROOT}/corrections", params={"area_id": "hall"}).json()["corrections"]
    assert [one["reason"] for one in found] == ["first_anchor", "manual"]
    assert found[1]["evidence"] == {"reason": "counted at the drill", "counted_by": "R. Iyer"}


def test_terminals_are_registered_and_listed(client: TestClient, staffed: Warehouse) -> None:
    moved = {"source": "gate", "device": "T1", "area_id": "yard", "door_id": None}
    assert client.post(f"{ROOT}/terminals", json=moved).json() == moved
    assert client.get(f"{ROOT}/terminals").json()["terminals"] == [moved]


def test_an_empty_warehouse_says_so(client: TestClient) -> None:
    body = client.get(f"{ROOT}/now").json()
    assert (body["areas"], body["total"]) == ([], None)
    assert client.get(f"{ROOT}/muster").json()["people"] == []

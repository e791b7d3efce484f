"""The occupancy routes over a real warehouse."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from factory_pipelines.edge.app import create_app
from factory_pipelines.occupancy.aggregates import compute_days, compute_hours, compute_months
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.occupancy.crowd import NINE, NOW, alive, came, hall, send, table

SECRET = "2f1e2d3c4b5a69788796a5b4c3d2e1f2"
ROOT = "/api/v1/occupancy"


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    with TestClient(create_app(load_settings(), clock=lambda: NOW)) as client:
        client.headers["X-API-Key"] = SECRET
        yield client


def crossing(**more: Any) -> dict[str, Any]:
    event = {"source_id": "d", "observed_at": "2026-03-02T09:30:00+05:30", "event_id": "e1", "kind": "crossing"}
    return {**event, "direction": "in", "people": 1, **more}


def test_areas_and_sources_are_registered_and_listed(client: TestClient) -> None:
    area = {"area_id": "hall", "area_name": "Hall 1", "capacity": 50}
    assert client.post(f"{ROOT}/areas", json=area).status_code == 200
    changed = client.post(f"{ROOT}/areas", json={**area, "capacity": 60}).json()
    assert changed == {**area, "capacity": 60, "parent_area_id": None, "start_people": 0}
    assert client.get(f"{ROOT}/areas").json()["areas"] == [changed]
    early = client.post(f"{ROOT}/events", json=crossing())
    assert (early.status_code, early.json()["error"]["code"]) == (409, "source_unknown")
    answer = client.post(f"{ROOT}/sources", json={"source_id": "d", "area_id": "hall", "kind": "door"}).json()
    assert (answer["taken_events"], answer["max_silence_s"]) == (1, 300)
    (source,) = client.get(f"{ROOT}/sources").json()["sources"]
    assert (source["last_seen_at"], source["is_silent"]) == ("2026-03-02T04:00:00Z", True)


def test_one_event_or_many(client: TestClient, warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d"])
    first = client.post(f"{ROOT}/events", json=crossing())
    assert (first.status_code, first.json()["is_new"]) == (200, True)
    assert client.post(f"{ROOT}/events", json=crossing()).json()["is_new"] is False
    many = [crossing(), crossing(event_id="e2"), crossing(event_id="e3", observed_at="2026-03-02T25:61:00Z"), {}]
    body = client.post(f"{ROOT}/events", json=many).json()
    assert (body["received"], body["accepted"], body["duplicates"]) == (4, 1, 1)
    assert [(one["index"], one["field"], one["code"]) for one in body["refused"]] == [
        (2, "observed_at", "time_invalid"),
        (3, "kind", "kind_invalid"),
    ]
    assert len(table(warehouse, "refusals")) == 2


@pytest.mark.parametrize(
    ("sent", "status", "code", "field"),
    [
        (crossing(people=0), 422, "people_invalid", "people"),
        (crossing(observed_at="2026-03-03T09:30:00+05:30"), 409, "time_in_future", "observed_at"),
        (crossing(surprise=1), 422, "field_unknown", "surprise"),
        (7, 422, "parameter_invalid", None),
    ],
)
def test_a_bad_event_is_told_by_its_field(
    client: TestClient, warehouse: Warehouse, sent: Any, status: int, code: str, field: str | None
) -> None:
    hall(warehouse, doors=["d"])
    answer = client.post(f"{ROOT}/events", json=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if field is not None:
        assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize(
    ("route", "body", "field"),
    [
        ("areas", {"area_id": "x", "parent_area_id": "nowhere"}, "parent_area_id"),
        ("sources", {"source_id": "d", "area_id": "nowhere", "kind": "door"}, "area_id"),
    ],
)
def test_what_cannot_be_registered_is_a_conflict(
    client: TestClient, route: str, body: dict[str, Any], field: str
) -> None:
    answer = client.post(f"{ROOT}/{route}", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (409, field)


def test_a_registration_with_a_mistake_names_it(client: TestClient) -> None:
    for body, field in (({"area_id": " x"}, "area_id"), ({"area_id": "x", "capacity": 0}, "capacity")):
        answer = client.post(f"{ROOT}/areas", json=body)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_hours_days_and_months_are_read_by_area_and_range(
    client: TestClient, warehouse: Warehouse, settings: Settings
) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 30, 4), *alive("d", range(0, 60, 4))])
    compute_hours(warehouse, settings.plant.clock(), NINE, NINE + timedelta(hours=2), now=NOW)
    compute_days(warehouse, [])
    compute_months(warehouse, [])
    asked = {"area_id": "hall", "first_day": "2026-03-02", "last_day": "2026-03-02"}
    hours = client.get(f"{ROOT}/hourly", params=asked).json()["hours"]
    assert [(hour["hour_start"], hour["avg_occupancy"]) for hour in hours] == [
        ("2026-03-02T03:30:00Z", 2.0),
        ("2026-03-02T04:30:00Z", 4.0),  # alive for its first minute, and then unknown
    ]
    assert [hour["observed_min"] for hour in hours] == [60, 1]
    (door, _) = client.get(f"{ROOT}/hourly", params={**asked, "source_id": "d"}).json()["hours"]
    assert (door["entries"], door["avg_occupancy"]) == (4, None)
    (day,) = client.get(f"{ROOT}/daily", params=asked).json()["days"]
    assert (day["production_day"], day["entries"], day["observed_hours"]) == ("2026-03-02", 4, 2)
    (month,) = client.get(f"{ROOT}/monthly", params=asked).json()["months"]
    assert (month["month"], month["max_occupancy"]) == ("2026-03-01", 4)
    assert (
        client.get(f"{ROOT}/daily", params={**asked, "first_day": "2026-02-01", "last_day": "2026-02-02"}).json()[
            "days"
        ]
        == []
    )


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"area_id": "nowhere"}, 404, "area_id"),
        ({"source_id": "nobody"}, 404, "source_id"),
        ({"last_day": "2026-03-01"}, 409, "last_day"),
        ({"last_day": "2026-09-01"}, 409, "last_day"),
        ({"last_day": "0"}, 422, "last_day"),
    ],
)
def test_a_question_that_makes_no_sense_is_told(
    client: TestClient, warehouse: Warehouse, wrong: dict[str, str], status: int, field: str
) -> None:
    hall(warehouse, doors=["d"])
    asked = {"area_id": "hall", "first_day": "2026-03-02", "last_day": "2026-03-02", **wrong}
    answer = client.get(f"{ROOT}/hourly", params=asked)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)

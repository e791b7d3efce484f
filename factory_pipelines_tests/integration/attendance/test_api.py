"""The attendance routes over a real warehouse: the seed's example, retries, batches, bad input."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from factory_pipelines.attendance.recompute import recompute_days
from factory_pipelines.edge.app import create_app
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import MONDAY, NOW, event, hire, punch, table

SECRET = "1f1e2d3c4b5a69788796a5b4c3d2e1f1"
ROOT = "/api/v1/attendance"
SEED = {
    "employee_id": 123,
    "check_in_time": "2025-01-15T08:03:45",
    "shift_data": {"start_time": "08:00:00", "end_time": "17:00:00", "grace_period_minutes": 5},
}


def client_of(monkeypatch: pytest.MonkeyPatch, now: datetime) -> TestClient:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    client = TestClient(create_app(load_settings(), clock=lambda: now))
    client.headers["X-API-Key"] = SECRET
    return client


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    with client_of(monkeypatch, NOW) as client:
        yield client


def test_the_seed_s_example(client: TestClient, warehouse: Warehouse) -> None:
    answer = client.post(f"{ROOT}/check-in", json=SEED)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {name: body[name] for name in ("status", "is_late", "is_early_exit", "grace_period_applied")} == {
        "status": "PRESENT",
        "is_late": False,
        "is_early_exit": False,
        "grace_period_applied": True,
    }
    assert body["skipped_duplicate"] is False
    assert (body["flagged_for_review"], body["exception"]) == (True, "unknown_employee")
    assert len(table(warehouse, "punches")) == 1


def test_the_seed_s_example_where_grace_counts_as_late(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_ATTENDANCE__GRACE_COUNTS_AS_LATE", "true")
    with client_of(monkeypatch, NOW) as client:
        body = client.post(f"{ROOT}/check-in", json=SEED).json()
    assert (body["status"], body["is_late"], body["grace_period_applied"]) == ("LATE", True, True)


def test_a_retry_changes_nothing_and_says_so(client: TestClient, warehouse: Warehouse) -> None:
    hire(warehouse, {"A": ["day"]})
    sent = {"employee_id": "A", "check_in_time": "2025-09-08T08:20", "device": "T1", "source": "gate"}
    first, second = (client.post(f"{ROOT}/check-in", json=sent).json() for _ in range(2))
    assert (first["status"], first["skipped_duplicate"], first["flagged_for_review"]) == ("LATE", False, False)
    assert second == {**first, "skipped_duplicate": True}
    echo = client.post(f"{ROOT}/check-in", json={**sent, "check_in_time": "2025-09-08T08:21:30"}).json()
    assert (echo["skipped_duplicate"], echo["is_late"]) == (True, True)
    left = client.post(f"{ROOT}/check-out", json={"employee_id": "A", "check_out_time": "2025-09-08T15:00"}).json()
    assert (left["status"], left["is_late"], left["is_early_exit"]) == ("LATE", True, True)
    assert (left["shift_id"], left["production_day"]) == ("day", "2025-09-08")
    assert len(table(warehouse, "punches")) == 3


def test_a_second_shift_within_twelve_hours_is_no_duplicate(client: TestClient, warehouse: Warehouse) -> None:
    hire(warehouse, {"A": ["day"]})
    with warehouse.transaction() as conn:
        conn.execute(
            "INSERT INTO attendance.shift_assignments (employee_id, first_day, cycle) "
            "VALUES ('A', '2025-09-01', '{night}')"
        )
    day = client.post(f"{ROOT}/check-in", json={"employee_id": "A", "check_in_time": "2025-09-08T12:00"}).json()
    night = client.post(f"{ROOT}/check-in", json={"employee_id": "A", "check_in_time": "2025-09-08T21:58"}).json()
    assert (day["shift_id"], night["shift_id"]) == ("day", "night")
    assert night["skipped_duplicate"] is False


def test_a_check_out_before_the_check_in_is_kept_and_flagged(client: TestClient, warehouse: Warehouse) -> None:
    hire(warehouse, {"A": ["day"]})
    client.post(f"{ROOT}/check-in", json={"employee_id": "A", "check_in_time": "2025-09-08T08:00"})
    body = client.post(f"{ROOT}/check-out", json={"employee_id": "A", "check_out_time": "2025-09-08T07:30"}).json()
    assert (body["flagged_for_review"], body["status"]) == (True, "PRESENT")
    assert len(table(warehouse, "punches")) == 2


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"check_in_time": "2025-01-15T25:61:00"}, "check_in_time", "time_invalid"),
        ({"check_in_time": "2025-02-30T08:00:00"}, "check_in_time", "time_invalid"),
        ({"check_in_time": "soon"}, "check_in_time", "time_invalid"),
        ({"check_in_time": "20250115"}, "check_in_time", "time_invalid"),
        ({"check_in_time": "2099-01-15T08:00:00"}, "check_in_time", "time_in_future"),
        ({"check_in_time": "1970-01-01T00:00:00"}, "check_in_time", "time_too_early"),
        ({"employee_id": "  "}, "employee_id", "employee_id_invalid"),
        ({"employee_id": "A\u0000"}, "employee_id", "employee_id_invalid"),
    ],
)
def test_what_is_no_punch_is_refused_by_field_and_kept(
    client: TestClient, warehouse: Warehouse, change: dict[str, Any], field: str, code: str
) -> None:
    answer = client.post(f"{ROOT}/check-in", json={**SEED, **change})
    assert answer.status_code == (409 if code in {"time_in_future", "time_too_early"} else 422), answer.text
    assert (answer.json()["error"]["field"], answer.json()["error"]["code"]) == (field, code)
    (kept,) = table(warehouse, "refusals")
    assert (kept["reason"], kept["field"]) == (code, field)
    assert table(warehouse, "punches") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"employee_id": 1}, "event.check_in_time"),
        ({**SEED, "shift_data": {"start_time": "25:61", "end_time": "17:00"}}, "event.shift_data.start_time"),
        ({**SEED, "hour": 8}, "event.hour"),
        ({**SEED, "employee_id": False}, "event.employee_id.int"),
        ([{**SEED, "check_in_time": 8}], "events.0.check_in_time"),
        ("hello", "event"),
    ],
)
def test_a_body_of_the_wrong_shape_names_the_field(client: TestClient, body: Any, field: str) -> None:
    answer = client.post(f"{ROOT}/check-in", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["field"] == field


def test_a_batch_takes_what_is_good_and_names_what_is_not(client: TestClient, warehouse: Warehouse) -> None:
    good = {"employee_id": "A", "check_in_time": "2025-09-08T08:00"}
    batch = [good, {**good, "check_in_time": "2025-09-08T25:61"}, good, {**good, "employee_id": "B"}]
    body = client.post(f"{ROOT}/check-in", json=batch).json()
    assert (body["received"], body["accepted"], body["duplicates"]) == (4, 2, 1)
    assert [(r["index"], r["field"], r["code"]) for r in body["refused"]] == [(1, "check_in_time", "time_invalid")]
    assert client.post(f"{ROOT}/check-in", json=batch).json()["accepted"] == 0
    (kept,) = table(warehouse, "refusals")
    assert kept["times"] == 2
    assert client.post(f"{ROOT}/check-in", json=[]).json()["received"] == 0


def test_an_employee_nobody_knows_waits_in_the_exceptions(
    client: TestClient, warehouse: Warehouse, settings: Settings
) -> None:
    client.post(f"{ROOT}/check-in", json={"employee_id": "ghost", "check_in_time": "2025-09-08T08:00"})
    recompute_days(warehouse, settings, MONDAY, MONDAY, now=NOW)
    (waiting,) = table(warehouse, "exceptions")
    assert (waiting["employee_id"], waiting["reason"]) == ("ghost", "unknown_employee")
    hire(warehouse, {"ghost": ["day"]})
    recompute_days(warehouse, settings, MONDAY, MONDAY, now=NOW)
    assert table(warehouse, "exceptions") == []


def test_the_summary_has_the_seed_s_fields(client: TestClient, warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"]})
    for n, (came, left) in enumerate([("08:00", "17:00"), ("08:30", "17:00"), ("08:02", "15:00")]):
        day = f"2025-09-{8 + n:02}"
        punch(warehouse, [event("A", f"{day}T{came}", "in"), event("A", f"{day}T{left}", "out")])
    client.post(f"{ROOT}/sources/gate/watermark", json={"reported_until": "2025-09-11T23:00:00"})
    recompute_days(warehouse, settings, MONDAY, date(2025, 9, 12), now=NOW)
    answer = client.get(f"{ROOT}/employees/A/summary", params={"first_day": "2025-09-08", "last_day": "2025-09-12"})
    body = answer.json()
    wanted = {"total_days": 3, "on_time": 1, "late": 1, "early_exits": 1, "on_time_percentage": 33.3}
    assert {name: body[name] for name in wanted} == wanted
    assert (body["absent"], body["pending"]) == (1, 1)
    assert [(p["category"], p["seconds"]) for p in body["paid"]] == [("regular", 32_400 + 30_600 + 25_080)]


def test_a_summary_of_nobody_is_empty(client: TestClient) -> None:
    days = {"first_day": "2025-09-08", "last_day": "2025-09-12"}
    body = client.get(f"{ROOT}/employees/nobody/summary", params=days).json()
    assert (body["total_days"], body["on_time_percentage"], body["paid"]) == (0, None, [])
    turned = client.get(f"{ROOT}/employees/nobody/summary", params={**days, "first_day": "2025-09-13"})
    assert turned.json()["error"]["field"] == "last_day"


def test_a_watermark_never_goes_back_nor_into_the_future(client: TestClient) -> None:
    path = f"{ROOT}/sources/gate/watermark"
    said = [client.post(path, json={"reported_until": t}).json() for t in ("2025-09-08T18:00Z", "2025-09-08T17:00Z")]
    assert {one["reported_until"] for one in said} == {"2025-09-08T18:00:00Z"}
    assert client.post(path, json={"reported_until": "2099-01-01T00:00"}).status_code == 409


def test_without_a_key_nothing_is_taken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with client_of(monkeypatch, datetime(2025, 9, 9, tzinfo=UTC)) as client:
        del client.headers["X-API-Key"]
        assert client.post(f"{ROOT}/check-in", json=SEED).status_code == 401

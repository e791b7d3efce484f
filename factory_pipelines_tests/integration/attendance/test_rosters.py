"""HR over HTTP: people, shifts, rules and assignments; what cannot be worked names field and remedy."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from factory_pipelines.attendance.ingest import report_source
from factory_pipelines.attendance.recompute import recompute_days, recompute_touched
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import MONDAY, NOW, event, punch, table

ROOT = "/api/v1/attendance"
PEOPLE = [{"employee_id": "A", "employee_name": "Asha"}, {"employee_id": "B"}]
SHIFT = {"shift_id": "day", "segments": [["08:00", "17:00"]], "grace_in_min": 5}
ASSIGNED = {"employee_id": "A", "first_day": "2025-09-01", "cycle": ["day"]}


def saved(api: TestClient, path: str, body: Any) -> int:
    answer = api.post(f"{ROOT}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["changed"])


def staff(api: TestClient) -> TestClient:
    for path, body in (("shifts", SHIFT), ("employees", PEOPLE), ("shift-assignments", [ASSIGNED])):
        saved(api, path, body)
    return api


@pytest.fixture
def staffed(api: TestClient) -> TestClient:
    return staff(api)


def test_a_roster_given_over_http_is_worked_and_paid(
    staffed: TestClient, warehouse: Warehouse, settings: Settings
) -> None:
    report_source(warehouse, "gate", NOW)
    punch(warehouse, [event("A", "2025-09-08T08:03", "in"), event("A", "2025-09-08T18:00", "out")])
    recompute_days(warehouse, settings, MONDAY, date(2025, 9, 9), now=NOW)
    days = {
        r["production_day"]: (r["status"], r["grace_period_applied"]) for r in table(warehouse, "employee_attendance")
    }
    assert days[MONDAY] == ("PRESENT", True)
    assert days[date(2025, 9, 9)] == ("ABSENT", False)
    # A rule of the house, for this person: staying earns double.
    assert saved(staffed, "overtime-rules", {"rule_name": "house", "multipliers": {"workday": "2"}}) == 1
    assert saved(staffed, "employees", {"employee_id": "A", "employee_name": "Asha", "overtime_rule": "house"}) == 1
    # A is moved to the night from the 9th on, in two requests; the next run mends both days.
    assert saved(staffed, "shifts", {"shift_id": "night", "segments": [["22:00", "06:00"]]}) == 1
    assert saved(staffed, "shift-assignments", {**ASSIGNED, "last_day": "2025-09-08"}) == 1
    night = {"employee_id": "A", "first_day": "2025-09-09", "cycle": ["night", None]}
    assert saved(staffed, "shift-assignments", night) == 1
    recompute_touched(warehouse, settings, now=NOW)
    shifts = {r["production_day"]: r["shift_id"] for r in table(warehouse, "employee_attendance")}
    assert (shifts[MONDAY], shifts[date(2025, 9, 9)]) == ("day", "night")
    paid = {r["category"]: str(r["multiplier"]) for r in table(warehouse, "payroll_lines")}
    assert paid["overtime_after"] == "2.000"


def test_saving_the_same_again_changes_nothing(staffed: TestClient, warehouse: Warehouse, settings: Settings) -> None:
    recompute_days(warehouse, settings, MONDAY, MONDAY, now=NOW)
    assert [saved(staffed, "shifts", SHIFT), saved(staffed, "employees", PEOPLE)] == [0, 0]
    assert [saved(staffed, "shift-assignments", ASSIGNED), saved(staffed, "employees", [])] == [0, 0]
    assert table(warehouse, "roster_changes") == []
    assert recompute_touched(warehouse, settings, now=NOW).days == 0


def test_what_was_saved_can_be_read(staffed: TestClient) -> None:
    saved(staffed, "overtime-rules", {"rule_name": "house", "weekly_after_min": 2400})
    read = {name: staffed.get(f"{ROOT}/{name}").json() for name in ("employees", "shifts", "overtime-rules")}
    assert [p["employee_id"] for p in read["employees"]["employees"]] == ["A", "B"]
    (shift,) = read["shifts"]["shifts"]
    assert (shift["shift_name"], shift["segments"]) == ("day", [["08:00:00", "17:00:00"]])
    (rule,) = read["overtime-rules"]["rules"]
    assert (rule["weekly_after_min"], rule["daily_after_min"]) == (2400, None)
    assert (
        staffed.get(f"{ROOT}/employees", params={"after": "A", "limit": 1}).json()["employees"][0]["employee_id"] == "B"
    )
    (assigned,) = staffed.get(f"{ROOT}/shift-assignments", params={"employee_id": "A"}).json()["assignments"]
    assert assigned == {**ASSIGNED, "last_day": None, "is_expected": None}
    assert staffed.get(f"{ROOT}/shift-assignments", params={"employee_id": "B"}).json()["assignments"] == []
    assert staffed.delete(f"{ROOT}/employees").headers["Allow"] == "GET, POST"


def test_a_mistaken_assignment_is_withdrawn(staffed: TestClient, warehouse: Warehouse) -> None:
    assert saved(staffed, "shift-assignments/withdraw", ASSIGNED) == 1
    assert table(warehouse, "shift_assignments") == []
    again = staffed.post(f"{ROOT}/shift-assignments/withdraw", json=ASSIGNED)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "assignment_unknown")


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "remedy"),
    [
        ("employees", {"employee_id": "C", "overtime_rule": "none"}, 409, "overtime_rule", "save it first"),
        ("employees", [{"employee_id": "C"}, {"employee_id": "C"}], 409, "entries.1.employee_id", "send it once"),
        ("employees", {"employee_id": "C\u0000"}, 422, "entry.employee_id", "pattern"),
        ("employees", {"employee_id": " C"}, 422, "entry.employee_id", "pattern"),
        ("employees", [{"employee_id": ""}], 422, "entries.0.employee_id", "at least 1"),
        ("employees", {"employee_id": 7}, 422, "entry.employee_id", "valid string"),
        ("employees", {"employee_id": "C", "salary": 1}, 422, "entry.salary", "no such parameter"),
        ("shifts", {**SHIFT, "segments": []}, 422, "segments", "at least 1"),
        ("shifts", {**SHIFT, "segments": [["25:61", "17:00"]]}, 422, "segments.0.0", "HH:MM"),
        (
            "shifts",
            {**SHIFT, "segments": [["08:00", "17:00"], ["16:00", "15:00"]]},
            409,
            "segments",
            "more than 24 hours",
        ),
        ("shifts", {**SHIFT, "grace_in_min": -1}, 422, "grace_in_min", "greater than or equal to 0"),
        ("shifts", {**SHIFT, "breaks": [{"minutes": 30, "start": "noon"}]}, 422, "breaks.0.start", "HH:MM"),
        ("overtime-rules", {"rule_name": "x", "weekly_after": 1}, 422, "weekly_after", "no such parameter"),
        ("overtime-rules", {"rule_name": "x", "week_starts_on": 7}, 422, "week_starts_on", "less than or equal to 6"),
        (
            "overtime-rules",
            {"rule_name": "x", "multipliers": {"sunday": "2"}},
            422,
            "multipliers.sunday.[key]",
            "holiday",
        ),
        ("overtime-rules", {"rule_name": "x", "multipliers": {"holiday": "-2"}}, 422, "multipliers.holiday", "pattern"),
        ("shift-assignments", {**ASSIGNED, "employee_id": "ghost"}, 409, "employee_id", "save the person first"),
        (
            "shift-assignments",
            [{**ASSIGNED, "cycle": ["late"]}],
            409,
            "entries.0.cycle",
            "no shift late; save it first",
        ),
        ("shift-assignments", {**ASSIGNED, "cycle": [None]}, 409, "cycle", "at least one shift"),
        ("shift-assignments", {**ASSIGNED, "last_day": "2025-08-31"}, 409, "last_day", "from first_day on"),
        ("shift-assignments", {**ASSIGNED, "first_day": "2025-02-30"}, 422, "entry.first_day", "day"),
        ("shift-assignments", [ASSIGNED, ASSIGNED], 409, "entries.1.employee_id", "send it once"),
    ],
)
def test_what_cannot_be_worked_names_field_and_remedy(
    shared_api: TestClient, shared_warehouse: Warehouse, path: str, body: Any, status: int, field: str, remedy: str
) -> None:
    warehouse = shared_warehouse
    staff(shared_api)
    before = {name: table(warehouse, name) for name in ("employees", "shifts", "shift_assignments", "overtime_rules")}
    answer = shared_api.post(f"{ROOT}/{path}", json=body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert (error["field"], remedy in error["detail"]) == (field, True), error
    assert {name: table(warehouse, name) for name in before} == before

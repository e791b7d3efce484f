"""Deciding, lists, the queue of unknown plates and statistics over HTTP."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.gate.conftest import NOW, Clock

Ask = Callable[..., dict[str, Any]]

SEED_FIELDS = {
    "valid": True,
    "plate_number": "KA01AB1234",
    "confidence": 0.92,
    "status": "UNKNOWN",
    "should_trigger_gate_event": True,
    "alert_message": None,
}


def test_the_seeds_example(validate: Ask) -> None:
    answer = validate("KA 01 AB 1234", 0.92, vehicle_track_id=5)
    assert SEED_FIELDS.items() <= answer.items()
    assert answer["opens"] is False
    assert answer["confirmed"] is True


def test_only_the_authorised_open(validate: Ask, enter: Ask) -> None:
    enter("authorized", "KA 01 AB 1234")
    assert validate("KA01AB1234")["opens"] is True
    near = validate("KA01AB1284")
    assert near["opens"] is False
    assert near["status"] == "UNKNOWN"
    assert near["resembles"] == "KA01AB1234"
    assert "resembles authorised" in near["warning"]


def test_a_block_outweighs_a_permission_and_alerts_at_once(
    validate: Ask, enter: Ask, warehouse: Warehouse, client: TestClient
) -> None:
    enter("authorized", "KA01AB1234")
    enter("blocked", "KA01AB1234", reason="Stolen vehicle")
    answer = validate("KA01AB1234")
    assert (answer["status"], answer["opens"]) == ("BLOCKED", False)
    assert "Stolen vehicle" in answer["alert_message"]
    assert "Officer_Smith" in answer["alert_message"]
    incidents = warehouse.rows(sql.SQL("SELECT rule, title, body FROM alerts.alerts"))
    assert [row["rule"] for row in incidents] == ["gate.blocked_vehicle"]
    assert "Stolen vehicle" in incidents[0]["body"]
    deliveries = warehouse.rows(sql.SQL("SELECT kind FROM alerts.alert_deliveries"))
    assert [row["kind"] for row in deliveries] == ["incident"]


def test_each_passage_of_a_blocked_vehicle_alerts_but_not_each_frame(
    validate: Ask, enter: Ask, warehouse: Warehouse, clock: Clock
) -> None:
    enter("blocked", "KA01AB1234")
    for _ in range(3):
        validate("KA01AB1234")
        clock.forward(seconds=5)
    clock.forward(minutes=10)
    validate("KA01AB1234")
    assert len(warehouse.rows(sql.SQL("SELECT 1 FROM alerts.alerts"))) == 2


def test_an_alert_is_sent_without_waiting_for_the_outbox_sensor(
    validate: Ask, enter: Ask, warehouse: Warehouse
) -> None:
    enter("blocked", "KA01AB1234")
    started = time.monotonic()
    validate("KA01AB1234")
    query = sql.SQL("SELECT status FROM alerts.alert_deliveries")
    while warehouse.rows(query)[0]["status"] not in {"sent", "delivered"}:
        assert time.monotonic() - started < 1  # the promise; it takes about 0.1 s
        time.sleep(0.02)


def test_low_confidence_and_the_threshold_itself_are_refused(validate: Ask) -> None:
    for confidence in (0.0, 0.5, 0.85):
        answer = validate("KA01AB1234", confidence)
        assert (answer["valid"], answer["reason"], answer["plate_number"]) == (False, "confidence", None)
        assert answer["should_trigger_gate_event"] is False
    assert validate("KA01AB1234", 0.8501)["valid"] is True


def test_the_same_vehicle_triggers_one_event(validate: Ask, clock: Clock) -> None:
    assert validate("KA01AB1234", vehicle_track_id=9)["should_trigger_gate_event"] is True
    clock.forward(seconds=2)
    assert validate("KA01AB1234", vehicle_track_id=9)["should_trigger_gate_event"] is False
    assert validate("KA01AB1284", vehicle_track_id=9)["is_repetition"] is True  # a misread of the same vehicle
    assert validate("TN09CD7777", vehicle_track_id=9)["should_trigger_gate_event"] is True  # tracks count anew
    clock.forward(seconds=61)
    assert validate("KA01AB1234", vehicle_track_id=10)["should_trigger_gate_event"] is True


def test_in_and_out_are_two_passages(validate: Ask, clock: Clock) -> None:
    assert validate("KA01AB1234", direction="in")["should_trigger_gate_event"] is True
    clock.forward(seconds=20)
    assert validate("KA01AB1234", direction="out")["should_trigger_gate_event"] is True


def test_once_blocked_the_same_track_does_not_open(validate: Ask, enter: Ask) -> None:
    enter("blocked", "KA01AB1234")
    enter("authorized", "KA01AB1284")
    validate("KA01AB1234", vehicle_track_id=3)
    answer = validate("KA01AB1284", vehicle_track_id=3)
    assert (answer["status"], answer["opens"]) == ("AUTHORIZED", False)
    assert "blocked KA01AB1234" in answer["warning"]


def test_several_reads_agree(client: TestClient, enter: Ask) -> None:
    enter("authorized", "KA01AB1234")
    reads = [
        {"text": "KA01A81234", "confidence": 0.7},
        {"text": "KA01AB1Z34", "confidence": 0.8},
        {"text": "KAO1AB1234", "confidence": 0.9},
    ]
    answer = client.post("/api/v1/vehicle/validate-plate", json={"reads": reads}).json()
    assert (answer["plate_number"], answer["opens"], answer["read_count"]) == ("KA01AB1234", True, 3)
    assert answer["confidence"] > 0.95
    shy = client.post("/api/v1/vehicle/validate-plate", json={"reads": [*reads[:1], {"text": "", "confidence": 0.9}]})
    assert (shy.json()["valid"], shy.json()["reason"]) == (False, "no_agreement")


def test_a_temporary_permission_ends(validate: Ask, enter: Ask, clock: Clock) -> None:
    enter("temporary", "KA01AB1234", valid_until=(NOW + timedelta(hours=1)).isoformat())
    assert validate("KA01AB1234")["opens"] is True
    clock.forward(hours=1)
    assert validate("KA01AB1234")["opens"] is False
    enter("temporary", "KA01AB1234", valid_until=(NOW + timedelta(hours=3)).isoformat())  # the old line makes room
    clock.forward(minutes=2)
    assert validate("KA01AB1234")["opens"] is True


def test_a_line_that_has_not_begun_does_not_open(validate: Ask, enter: Ask) -> None:
    enter("authorized", "KA01AB1234", valid_from=(NOW + timedelta(hours=1)).isoformat())
    assert validate("KA01AB1234")["opens"] is False


def test_lists_keep_their_history(client: TestClient, enter: Ask, clock: Clock) -> None:
    enter("blocked", "KA01AB1234", reason="Stolen vehicle")
    again = client.post(
        "/api/v1/vehicle/lists/blocked", json={"plate_number": "KA01AB1234", "reason": "x", "officer": "y"}
    )
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_listed")
    assert client.get("/api/v1/vehicle/lists", params={"kind": "blocked"}).json()["count"] == 1
    clock.forward(minutes=5)
    over = {"plate_number": "KA01AB1234", "reason": "found", "officer": "Asha"}
    assert client.post("/api/v1/vehicle/lists/blocked/withdraw", json=over).status_code == 200
    assert client.post("/api/v1/vehicle/lists/blocked/withdraw", json=over).status_code == 404
    assert client.get("/api/v1/vehicle/lists").json()["count"] == 0
    [line] = client.get("/api/v1/vehicle/history/KA01AB1234").json()["lines"]
    assert (line["reason"], line["officer"]) == ("Stolen vehicle", "Officer_Smith")
    assert (line["withdrawn_reason"], line["withdrawn_by"]) == ("found", "Asha")


def test_unknown_plates_wait_for_the_office(validate: Ask, enter: Ask, client: TestClient, clock: Clock) -> None:
    validate("KA01AB1234")
    clock.forward(minutes=5)
    validate("KA01AB1234")
    validate("MH12DE1433")
    queue = client.get("/api/v1/vehicle/unknown").json()["plates"]
    assert {p["plate_number"]: p["sightings"] for p in queue} == {"KA01AB1234": 2, "MH12DE1433": 1}
    enter("authorized", "KA01AB1234")
    settled = client.post(
        "/api/v1/vehicle/unknown/MH12DE1433/settle", json={"settlement": "visitor", "officer": "Asha"}
    )
    assert settled.json() == {"count": 0, "plates": []}
    clock.forward(minutes=5)
    validate("MH12DE1433")
    assert client.get("/api/v1/vehicle/unknown").json()["count"] == 1


def test_statistics_count_everything(validate: Ask, enter: Ask, client: TestClient) -> None:
    enter("blocked", "KA01AB1234")
    enter("authorized", "MH12DE1433")
    for text in ("KA01AB1234", "MH12DE1433", "TN09CD7777", "HORN OK PLEASE", "1800 200 300"):
        validate(text)
    validate("DL3CAB1234", 0.4)
    seen = client.get("/api/v1/vehicle/gate-statistics").json()
    assert (seen["blocked_vehicles"], seen["authorized_vehicles"], seen["temporary_vehicles"]) == (1, 1, 0)
    assert (seen["ocr_threshold"], seen["plate_profile"]) == (0.85, "IN")
    assert (seen["reads"], seen["passages"], seen["rejected"]) == (6, 3, 3)
    assert seen["rejected_by_reason"] == {"format": 2, "confidence": 1}
    assert (seen["blocked_passages"], seen["authorized_passages"], seen["unknown_passages"]) == (1, 1, 1)
    assert (seen["opened"], seen["unknown_waiting"], seen["events_waiting"]) == (1, 1, 0)
    found = client.get("/api/v1/vehicle/events", params={"status": "BLOCKED"}).json()["events"]
    assert [event["plate_number"] for event in found] == ["KA01AB1234"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("٠١٢ كا ١٢٣٤", "foreign_script"),
        ("क01AB1234", "foreign_script"),
        ("КА01АВ1234", "foreign_script"),  # Cyrillic that looks Latin
        ("KA01\x00AB1234", "control_characters"),
        ("\x1b[31mKA01AB1234", "control_characters"),
        ("", "empty"),
        ("-- --", "empty"),
        ("KA01AB1234" * 20, "too_long"),
        ("🚗🚗", "empty"),
        ("'; DROP TABLE gate.gate_events; --", "format"),
    ],
)
def test_what_is_no_plate_is_an_answer_and_is_kept(validate: Ask, warehouse: Warehouse, text: str, reason: str) -> None:
    answer = validate(text, 0.99)
    assert (answer["valid"], answer["reason"], answer["opens"]) == (False, reason, False)
    assert (answer["plate_number"], answer["status"]) == (None, "UNKNOWN")
    [row] = warehouse.rows(sql.SQL("SELECT valid, reason, opened, length(raw_text) AS kept FROM gate.gate_events"))
    assert (row["valid"], row["reason"], row["opened"]) == (False, reason, False)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ocr_text": "KA01AB1234"},
        {"ocr_text": "K" * 10_000, "ocr_confidence": 0.9},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 1.7},
        {"ocr_text": "KA01AB1234", "ocr_confidence": -0.1},
        {"ocr_text": "KA01AB1234", "ocr_confidence": "high"},
        {"ocr_text": ["KA01AB1234"], "ocr_confidence": 0.9},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "vehicle_track_id": 2**70},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "direction": "up"},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "gate_id": "../../etc"},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "reads": [{"text": "a", "confidence": 1}]},
        {"ocr_text": "KA01AB1234", "ocr_confidence": True},
        {"ocr_text": "KA01AB1234", "ocr_confidence": "0.9"},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "vehicle_track_id": False},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "reads": None},
        {"reads": []},
        {"reads": [{"text": "KA01AB1234", "confidence": 0.9}] * 65},
        {"ocr_text": "KA01AB1234", "ocr_confidence": 0.9, "opens": True},
    ],
)
def test_what_no_camera_sends_is_refused(client: TestClient, warehouse: Warehouse, body: dict[str, Any]) -> None:
    response = client.post("/api/v1/vehicle/validate-plate", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "parameter_invalid")
    assert warehouse.rows(sql.SQL("SELECT 1 FROM gate.gate_events")) == []


@pytest.mark.parametrize(
    "raw", [b'{"ocr_text": "KA01AB1234", "ocr_confidence": NaN}', b'{"ocr_text": "\\ud800"', b"\xff"]
)
def test_broken_json_is_refused(client: TestClient, raw: bytes) -> None:
    response = client.post("/api/v1/vehicle/validate-plate", content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    assert response.json()["ok"] is False


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("blocked", {"plate_number": "HORN OK PLEASE"}, "plate_invalid"),
        ("authorized", {"plate_number": "KAO1AB1234"}, "plate_invalid"),  # nothing is put right for a person
        ("authorized", {"officer": " "}, "parameter_invalid"),
        ("authorized", {"reason": "a\x00b"}, "parameter_invalid"),
        ("authorized", {"valid_until": "2026-03-02T09:00:00"}, "parameter_invalid"),  # no zone
        ("authorized", {"valid_until": "2020-01-01T00:00:00Z"}, "validity_invalid"),
        ("temporary", {}, "validity_invalid"),
        ("authorized", {"valid_until": "9999-12-31T23:59:59-12:00"}, "validity_invalid"),
        ("stolen", {}, "parameter_invalid"),
    ],
)
def test_what_no_officer_means_is_refused(client: TestClient, kind: str, change: dict[str, Any], code: str) -> None:
    body = {"plate_number": "KA01AB1234", "reason": "r", "officer": "o", **change}
    response = client.post(f"/api/v1/vehicle/lists/{kind}", json=body)
    expected = 422 if code == "parameter_invalid" else 409
    assert (response.status_code, response.json()["error"]["code"]) == (expected, code)


def test_every_change_is_in_the_audit_log(client: TestClient, enter: Ask, warehouse: Warehouse) -> None:
    enter("blocked", "KA01AB1234")
    rows = warehouse.rows(sql.SQL("SELECT actor, action FROM edge.audit_log WHERE action LIKE 'POST%%'"))
    assert rows == [{"actor": "tests", "action": "POST /api/v1/vehicle/lists/{kind}"}]

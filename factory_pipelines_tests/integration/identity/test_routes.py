"""Consents, enrolment, search, erasure and snapshots over HTTP."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from psycopg import sql

from factory_pipelines.identity.matchers import snapshot_store
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.bad_pictures import BAD_PICTURES
from factory_pipelines_tests.drawn_faces import drawn_face, plain_wall
from factory_pipelines_tests.integration.identity.conftest import Clock
from factory_pipelines_tests.rekognition_server import RekognitionServer

PREFIX = "/api/v1/identity"
Agree = Callable[..., dict[str, Any]]
ASHA, RAVI = drawn_face(1), drawn_face(2)


def enrol(client: TestClient, person_id: str, picture: bytes, **params: Any) -> dict[str, Any]:
    response = client.post(f"{PREFIX}/enrol", params={"person_id": person_id, **params}, content=picture)
    assert response.status_code == 200, response.text
    return response.json()


def search(client: TestClient, picture: bytes, device: str = "cam-7", **params: Any) -> dict[str, Any]:
    response = client.post(f"{PREFIX}/search", params={"device": device, **params}, content=picture)
    assert response.status_code == 200, response.text
    return response.json()


def refused(response: Any, status: int, code: str, field: str | None = None) -> str:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error.get("field")) == (code, field)
    return error["detail"]


def test_nobody_is_indexed_without_a_consent(client: TestClient, agree: Agree, rekognition: RekognitionServer) -> None:
    response = client.post(f"{PREFIX}/enrol", params={"person_id": "900101"}, content=ASHA)
    assert "record it first" in refused(response, 409, "no_consent", "person_id")
    agree("900101", purpose="access")
    response = client.post(f"{PREFIX}/enrol", params={"person_id": "900101"}, content=ASHA)
    refused(response, 409, "no_consent", "person_id")
    assert rekognition.asked("IndexFaces") == []
    assert enrol(client, "900101", ASHA, purpose="access")["status"] == "indexed"


def test_who_agreed_is_recognised_by_whom_they_agreed_to(client: TestClient, agree: Agree, clock: Clock) -> None:
    agree("900101")
    done = enrol(client, "900101", ASHA)
    assert (done["status"], done["matcher"]) == ("indexed", "rekognition")
    found = search(client, ASHA)
    assert (found["outcome"], found["person_id"]) == ("recognised", "900101")
    assert found["similarity_pct"] > 95
    assert search(client, ASHA, purpose="access")["outcome"] == "unknown"
    assert search(client, RAVI)["outcome"] == "unknown"
    nobody = search(client, plain_wall())
    assert (nobody["outcome"], nobody["reason"]) == ("no_face", "Rekognition sees no face")
    clock.forward(days=400)  # the consent is over, and nothing was erased yet
    assert search(client, ASHA)["outcome"] == "unknown"
    listed = client.get(f"{PREFIX}/recognitions", params={"hours": 24 * 366}).json()["recognitions"]
    assert [one["outcome"] for one in listed] == ["unknown", "no_face", "unknown", "unknown", "recognised"][
        : len(listed)
    ]


def test_an_unknown_face_is_kept_by_day_and_can_be_looked_at(
    client: TestClient, settings: Settings, agree: Agree
) -> None:
    path = search(client, ASHA)["snapshot"]
    assert path.startswith("unknown/2026-03-02/")
    answer = client.get(f"{PREFIX}/snapshots", params={"path": path})
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (400, 400)
    agree("900101")
    enrol(client, "900101", ASHA)
    assert search(client, ASHA)["snapshot"] is None  # somebody known is not kept, unless the settings say so
    kept = [one.kind for one in snapshot_store(settings).listed()[0]]
    assert kept == ["unknown"]  # and no picture of the enrolment is left


def test_no_path_leads_out_of_the_snapshots(client: TestClient) -> None:
    for path in (
        "../../etc/passwd",
        "/etc/passwd",
        "unknown/2026-03-02/../../../demo-api-key",
        "unknown/2026-03-02/x.jpg\x00",
    ):
        response = client.get(f"{PREFIX}/snapshots", params={"path": path})
        assert "kind/YYYY-MM-DD" in refused(response, 409, "path_invalid", "path")


def test_no_link_leads_out_of_the_snapshots(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "2026-03-02"
    secret.mkdir()
    (secret / "secret.jpg").write_bytes(b"secret")
    root = snapshot_store(settings).root
    root.mkdir(parents=True, exist_ok=True)
    (root / "unknown").symlink_to(tmp_path)
    response = client.get(f"{PREFIX}/snapshots", params={"path": "unknown/2026-03-02/secret.jpg"})
    assert "link" in refused(response, 409, "path_invalid", "path")
    # Nor is anything written or deleted through it.
    assert search(client, ASHA)["outcome"] == "unknown"
    client.post(f"{PREFIX}/cleanup-snapshots")
    assert [path.name for path in secret.iterdir()] == ["secret.jpg"]


def test_bad_pictures_are_refused_at_every_door(
    client: TestClient, agree: Agree, rekognition: RekognitionServer, warehouse: Warehouse
) -> None:
    agree("900101")
    for door in ("enrol", "search"):
        for data, code in BAD_PICTURES.values():
            response = client.post(f"{PREFIX}/{door}", params={"person_id": "900101", "device": "cam-7"}, content=data)
            refused(response, 409, f"picture_{code}", "picture")
    json = client.post(f"{PREFIX}/search", params={"device": "cam-7"}, json={"image": "in base64"})
    refused(json, 422, "parameter_invalid", "body")
    assert rekognition.requests == []
    assert warehouse.rows(sql.SQL("SELECT 1 FROM identity.faces UNION ALL SELECT 1 FROM identity.recognitions")) == []


@pytest.mark.parametrize("door", ["enrol", "search"])
def test_a_picture_may_be_as_large_as_the_setting_says_and_no_larger(
    client: TestClient, agree: Agree, door: str
) -> None:
    agree("900101")
    noise = Image.effect_noise((3000, 2400), 90).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG", quality=98)
    large = buffer.getvalue()
    assert 5_000_000 < len(large) < 10_000_000  # above the limit of any other route
    params = {"person_id": "900101", "device": "cam-7"}
    assert client.post(f"{PREFIX}/{door}", params=params, content=large).status_code == 200
    too_large = large + b"\x00" * (10_000_001 - len(large))
    refused(client.post(f"{PREFIX}/{door}", params=params, content=too_large), 413, "body_too_large")


def test_bad_parameters_are_named(client: TestClient) -> None:
    good = {"device": "cam-7"}
    for params, field in (
        ({"device": "../../etc"}, "device"),
        ({"device": ""}, "device"),
        ({}, "device"),
        ({**good, "purpose": "Attendance!"}, "purpose"),
        ({**good, "seen_at": "2026-03-02T09:40:00"}, "seen_at"),  # without a zone
        ({**good, "seen_at": "25:61"}, "seen_at"),
    ):
        refused(client.post(f"{PREFIX}/search", params=params, content=ASHA), 422, "parameter_invalid", field)


def test_a_picture_from_the_future_is_refused(client: TestClient) -> None:
    params = {"device": "cam-7", "seen_at": "2026-03-02T05:00:00Z"}
    refused(client.post(f"{PREFIX}/search", params=params, content=ASHA), 409, "time_in_future", "seen_at")


def test_impossible_consents_are_refused(client: TestClient) -> None:
    good = {"person_id": "900101", "recorded_by": "hr", "valid_until": "2027-01-01T00:00:00Z"}
    for field, value in (
        ("valid_until", "2026-03-01T00:00:00Z"),  # over already
        ("valid_until", "2046-03-01T00:00:00Z"),  # in twenty years
        ("given_at", "2026-04-01T00:00:00Z"),  # not given yet
    ):
        refused(client.post(f"{PREFIX}/consents", json={**good, field: value}), 409, "consent_invalid", field)


def test_a_consent_is_renewed_and_its_history_stays(client: TestClient, agree: Agree) -> None:
    agree("900101", evidence="folder 12")
    agree("900101", valid_until="2028-03-01T00:00:00Z")
    lines = client.get(f"{PREFIX}/consents", params={"person_id": "900101"}).json()["consents"]
    assert [(line["ended_reason"], line["evidence"]) for line in lines] == [(None, None), ("renewed", "folder 12")]
    [person] = client.get(f"{PREFIX}/persons").json()["persons"]
    assert (person["person_id"], person["purposes"], person["faces"]) == ("900101", ["attendance"], 0)


def test_forgetting_a_person_leaves_a_tombstone_and_nothing_else(
    client: TestClient, agree: Agree, rekognition: RekognitionServer, warehouse: Warehouse, settings: Settings
) -> None:
    agree("900101")
    agree("900202")
    enrol(client, "900101", ASHA)
    enrol(client, "900202", RAVI)
    search(client, ASHA)
    body = {"person_id": "900101", "reason": "left the company", "requested_by": "hr:meera"}
    done = client.post(f"{PREFIX}/erase", json=body).json()
    assert done["completed_at"] is not None
    assert (done["face_count"], done["recognition_count"], done["last_error"]) == (1, 1, None)
    assert len(rekognition.keys()) == 1
    assert search(client, ASHA)["outcome"] == "unknown"
    assert search(client, RAVI)["person_id"] == "900202"
    assert [p["person_id"] for p in client.get(f"{PREFIX}/persons").json()["persons"]] == ["900202"]
    [tombstone] = client.get(f"{PREFIX}/erasures").json()["erasures"]
    assert (tombstone["person_id"], tombstone["reason"]) == ("900101", "left the company")
    outcomes = warehouse.rows(sql.SQL("SELECT outcome, person_id FROM identity.recognitions ORDER BY ingested_at"))
    assert (outcomes[0]["outcome"], outcomes[0]["person_id"]) == ("erased", None)
    again = client.post(f"{PREFIX}/erase", json={**body, "person_id": "900303"})
    refused(again, 404, "person_unknown", "person_id")


def test_withdrawing_the_last_consent_forgets_the_person(
    client: TestClient, agree: Agree, rekognition: RekognitionServer
) -> None:
    agree("900101")
    agree("900101", purpose="access")
    enrol(client, "900101", ASHA)
    body = {"person_id": "900101", "reason": "no longer wants it", "withdrawn_by": "900101"}
    assert client.post(f"{PREFIX}/consents/withdraw", json=body).json()["erasure"] is None
    assert search(client, ASHA)["outcome"] == "unknown"
    assert search(client, ASHA, purpose="access")["outcome"] == "recognised"
    last = client.post(f"{PREFIX}/consents/withdraw", json={**body, "purpose": "access"}).json()["erasure"]
    assert last["completed_at"] is not None
    assert rekognition.keys() == []
    refused(client.post(f"{PREFIX}/consents/withdraw", json=body), 404, "no_consent", "person_id")


def test_old_snapshots_go_and_what_would_go_can_be_asked(
    client: TestClient, settings: Settings, clock: Clock, agree: Agree
) -> None:
    search(client, ASHA)
    clock.forward(days=89)
    search(client, RAVI)
    clock.forward(days=2)
    stats = client.get(f"{PREFIX}/snapshot-stats").json()
    assert (stats["total_files"], stats["files_over_retention"], stats["retention_days"]) == (2, 1, 90)
    assert stats["kinds"][0]["oldest_day"] == "2026-03-02"
    dry = client.post(f"{PREFIX}/cleanup-snapshots", params={"dry_run": True}).json()
    assert {"success": True, "files_deleted": 1, "dry_run": True}.items() <= dry.items()
    assert dry["disk_space_freed_mb"] > 0.005
    assert client.get(f"{PREFIX}/snapshot-stats").json()["total_files"] == 2
    done = client.post(f"{PREFIX}/cleanup-snapshots").json()
    assert {"success": True, "files_deleted": 1, "files_kept": 1, "dry_run": False}.items() <= done.items()
    assert done["disk_space_freed_mb"] == dry["disk_space_freed_mb"]
    assert client.post(f"{PREFIX}/cleanup-snapshots").json()["files_deleted"] == 0
    listed = client.get(f"{PREFIX}/recognitions", params={"hours": 24 * 366}).json()["recognitions"]
    assert [one["snapshot"] is None for one in listed] == [False, True]


def test_a_recognised_face_at_a_terminal_is_a_punch_once(
    client: TestClient, app: FastAPI, agree: Agree, warehouse: Warehouse, clock: Clock
) -> None:
    agree("900101")
    agree("900101", purpose="access")
    enrol(client, "900101", ASHA)
    assert search(client, ASHA, "door-in")["is_punch"] is True
    clock.forward(hours=1)
    assert search(client, ASHA, "terminal-1", seen_at="2026-03-02T04:40:00Z")["is_punch"] is True
    assert search(client, ASHA, "cam-7")["is_punch"] is False  # not configured as a terminal
    assert search(client, ASHA, "door-in", purpose="access")["is_punch"] is False  # nobody agreed to that
    assert search(client, RAVI, "door-in")["is_punch"] is False
    punches = sql.SQL(
        "SELECT source, device, employee_id, punched_at, direction FROM attendance.punches ORDER BY punched_at"
    )
    rows = warehouse.rows(punches)
    assert [(r["source"], r["device"], r["employee_id"], r["direction"]) for r in rows] == [
        ("face", "door-in", "900101", "in"),
        ("face", "terminal-1", "900101", None),
    ]
    app.state.identity.work_off_waiting()
    assert warehouse.rows(punches) == rows


def test_metrics_and_status_say_how_rekognition_does(
    client: TestClient, rekognition: RekognitionServer, agree: Agree
) -> None:
    agree("900101")
    enrol(client, "900101", ASHA)
    search(client, plain_wall())
    rekognition.is_down = True
    assert search(client, ASHA)["outcome"] == "waiting"
    status = client.get(f"{PREFIX}/status").json()
    assert {
        "matcher": "rekognition",
        "collection": "people",
        "circuit": "closed",
        "min_similarity_pct": 90.0,
    }.items() <= (status.items())
    assert status["searches_waiting"] == 1
    text = client.get("/metrics").text
    assert 'factory_face_calls_total{operation="search_faces_by_image",outcome="no_face"} 1.0' in text
    assert 'factory_face_calls_total{operation="search_faces_by_image",outcome="away"} 1.0' in text
    assert "factory_face_searches_waiting 1.0" in text
    assert 'factory_face_circuit_closed{collection="people"} 1.0' in text

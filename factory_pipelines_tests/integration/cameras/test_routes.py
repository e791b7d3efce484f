"""Cameras registered over HTTP, and what everybody may know about them."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.demo.rtsp import Feed, RtspServer
from factory_pipelines.edge.app import create_app
from factory_pipelines.edge.roles import Part
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.cameras.conftest import SECRET
from factory_pipelines_tests.integration.streams.conftest import eventually, moving_square

URL = "/api/v1/cameras"
STATUS = "/api/v1/camera-status"


@pytest.fixture
def server() -> Iterator[RtspServer]:
    camera = RtspServer(user="viewer", password="s3cret").start()
    camera.show("cam", Feed.of_clip(moving_square()))
    yield camera
    camera.close()


def put(client: TestClient, name: str, **definition: Any) -> Any:
    return client.put(f"{URL}/{name}", json=definition)


def status(client: TestClient, name: str, **wanted: Any) -> dict[str, Any]:
    """The camera's status, once it is as wanted."""

    def found() -> dict[str, Any] | None:
        answer = client.get(f"{URL}/{name}/status")
        if answer.status_code != 200:
            return None
        camera: dict[str, Any] = answer.json()
        return camera if all(camera[key] == value for key, value in wanted.items()) else None

    result: dict[str, Any] = eventually(found)
    return result


def test_a_registered_camera_is_watched_within_seconds(
    client: TestClient, server: RtspServer, warehouse: Warehouse
) -> None:
    answer = put(client, "yard", source_url=server.address("cam"), fps=10)
    assert (answer.status_code, answer.json()) == (200, {"name": "yard", "outcome": "registered"})
    seen = status(client, "yard", is_fresh=True)
    assert (seen["state"], seen["reason"], seen["width"], seen["height"]) == ("live", None, 160, 120)
    assert client.get("/api/health/cameras").json()["status"] == "fresh"

    listed = client.get(URL).json()
    assert listed["count"] == 1
    assert (listed["cameras"][0]["definition"], listed["cameras"][0]["changed_by"]) == ({"fps": 10.0}, "tests")
    live = client.get("/api/video_feed/status", params={"camera": "yard"}).json()
    assert (live["connected"], live["cameras"][0]["state"]) == (True, "live")
    picture = client.get("/api/video_feed/snapshot", params={"camera": "yard"})
    assert cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_COLOR).shape == (120, 160, 3)
    metrics = client.get("/metrics").text
    assert 'factory_camera_up{camera="yard"} 1.0' in metrics
    assert 'factory_camera_frames_dropped_total{camera="yard",reason="skipped"}' in metrics
    everything = [listed, seen, client.get(STATUS).json(), metrics, client.get("/openapi.json").text]
    assert "s3cret" not in str(everything)

    # Other things change without saying the address again.
    assert put(client, "yard", fps=5).status_code == 200
    eventually(lambda: client.get(URL).json()["cameras"][0]["definition"] == {})
    assert client.delete(f"{URL}/yard").json()["outcome"] == "removed"
    eventually(lambda: not server.feeds["cam"].watching)
    assert client.get("/api/video_feed/status", params={"camera": "yard"}).status_code == 404
    eventually(lambda: client.get(f"{URL}/yard/status").status_code == 404)
    assert warehouse.rows(sql.SQL("SELECT * FROM cameras.addresses")) == []


def test_a_dark_camera_says_why_and_begins_anew_when_told(client: TestClient, server: RtspServer) -> None:
    put(client, "locked", source_url=server.address("cam").replace("s3cret", "wrong"))
    seen = status(client, "locked", reason="unauthorised")
    assert (seen["state"], seen["is_fresh"]) == ("stopped", False)
    health = client.get("/api/health/cameras")
    assert (health.status_code, health.json()["error"]["code"]) == (503, "camera_dark")
    assert "locked is dark (unauthorised)" in health.json()["error"]["detail"]
    assert client.get("/api/health").status_code == 200
    asked = server.connections
    assert client.post(f"{URL}/locked/restart").json()["outcome"] == "restarted"
    eventually(lambda: server.connections > asked)
    all_of_them = client.get(STATUS).json()
    assert (all_of_them["count"], all_of_them["dark"]) == (1, ["locked"])


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        ({"source_url": "http://10.0.0.5/a"}, "source_url"),
        ({}, "source_url"),
        ({"source_url": "rtsp://h/a", "fps": 0}, "fps"),
        ({"source_url": "rtsp://h/a", "fsp": 5}, "fsp"),
        ({"source_url": "rtsp://h/a", "role": "counting", "area_id": "hall"}, "role"),
        ({"source_url": "rtsp://u:s3cret@h:port/a"}, "source_url"),
        ({"source_url": "file:/var/lib/secret.mp4"}, "source_url"),
        ({"source_url": "image:/etc/secret.png"}, "source_url"),
        (
            {
                "source_url": "rtsp://h/a",
                "detector": {"kind": "onnx", "model": "/etc/x.onnx", "format": "yolox", "classes": ["person"]},
            },
            "detector.model",
        ),
        ({"source_url": "rtsp://h/a", "lines": [{"name": "a", "start": [0, 0], "end": [0, 2]}]}, "lines.0.end.1"),
    ],
)
def test_what_is_no_camera_is_refused_with_its_field(client: TestClient, definition: Any, field: str) -> None:
    answer = put(client, "yard", **definition)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert "s3cret" not in answer.text
    assert client.get(URL).json()["count"] == 0


def test_a_camera_that_is_not_there(client: TestClient) -> None:
    answers = [
        client.get(f"{URL}/nobody/status"),
        client.delete(f"{URL}/nobody"),
        client.post(f"{URL}/nobody/restart"),
    ]
    assert [(a.status_code, a.json()["error"]["code"]) for a in answers] == [(404, "camera_unknown")] * 3
    assert client.put(f"{URL}/No-Name", json={}).status_code == 422


def test_a_reader_of_the_warehouse_sees_no_address(client: TestClient, reader: Warehouse) -> None:
    put(client, "yard", source_url="rtsp://u:s3cret@127.0.0.1:9/a")
    assert len(reader.rows(sql.SQL("SELECT * FROM cameras.cameras"))) == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.rows(sql.SQL("SELECT * FROM cameras.addresses"))


def test_a_worker_that_is_gone_leaves_no_camera_fresh(client: TestClient, warehouse: Warehouse) -> None:
    warehouse.execute(
        sql.SQL(
            "INSERT INTO cameras.status (camera_name, role, state, detail, since, stale_after_s, is_fresh, reconnects, "
            "worker, reported_at) VALUES ('old', 'view', 'live', '', now(), 4, true, 0, 'elsewhere:1', "
            "now() - interval '3 minutes')"
        )
    )
    seen = client.get(f"{URL}/old/status").json()
    assert (seen["state"], seen["is_fresh"]) == ("unknown", None)
    assert client.get(STATUS).json()["unknown"] == ["old"]


@pytest.mark.parametrize(
    ("part", "answers", "absent"),
    [
        (Part.API, [STATUS, "/api/v1/occupancy/areas"], []),
        (Part.INGEST, ["/api/v1/occupancy/areas"], [STATUS]),
        (Part.CAMERAS, [STATUS], ["/api/v1/occupancy/areas"]),
    ],
)
def test_a_part_of_the_edge_answers_for_its_part(
    edge_settings: Settings, part: Part, answers: list[str], absent: list[str]
) -> None:
    with TestClient(create_app(edge_settings, part=part), headers={"X-API-Key": SECRET}) as client:
        assert [client.get(path).status_code for path in answers] == [200] * len(answers)
        assert [client.get(path).status_code for path in absent] == [404] * len(absent)
        health = client.get("/api/health/cameras").json()
        assert health["status"] == ("fresh" if part is Part.CAMERAS else "elsewhere")
        if part is Part.API:
            assert client.post(f"{URL}/yard/restart").json()["error"]["code"] == "cameras_elsewhere"

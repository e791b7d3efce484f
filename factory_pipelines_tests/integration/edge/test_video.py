"""Live pictures through the door: what a viewer gets, however it reads, and what a browser shows."""

import json
import socket
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from factory_pipelines_tests.browser import Browser, running_browser
from factory_pipelines_tests.integration.edge.conftest import SECRET
from factory_pipelines_tests.integration.edge.mjpeg_client import watching
from factory_pipelines_tests.integration.edge.processes import Edge, running
from factory_pipelines_tests.integration.edge.video_edge import read_code

PROGRAM = ("-m", "factory_pipelines_tests.integration.edge.video_edge")
SETTINGS = {
    "FACTORY_API__KEYS": json.dumps([f"tests:{SECRET}"]),
    "FACTORY_DATABASE_URL": "postgresql://factory@127.0.0.1:9/factory",  # pictures need no warehouse
    "FACTORY_VIDEO__STALLED_VIEWER_S": "1",
    "FACTORY_VIDEO__MAX_VIEWERS": "60",
}
FEED = "/api/video_feed?camera="


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("video"), SETTINGS, PROGRAM) as process:
        yield process


def test_a_viewer_gets_pictures_that_move_with_everything_drawn_over_them(edge: Edge) -> None:
    with watching(edge.port, FEED + "moving", SECRET) as viewer:
        assert viewer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
        parts = list(islice(viewer.parts(), 5))
    drawn_at = [read_code(part.body) for part in parts]
    assert drawn_at == sorted(set(drawn_at)), "each is newer than the one before"
    image = cv2.imdecode(np.frombuffer(parts[0].body, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (720, 1280, 3)
    green = image[300, 398:403].astype(int).max(axis=0)  # the left side of the person's box
    assert green[1] > green[2] + 60
    assert {part.headers["content-type"] for part in parts} == {"image/jpeg"}
    assert all(part.headers["x-live"] == "1" for part in parts)


def test_many_viewers_share_one_encoding(edge: Edge) -> None:
    """By what they get: all of them the same few pictures, byte for byte."""
    viewers = [watching(edge.port, FEED + "moving", SECRET) for _ in range(8)]
    pictures = []
    for each in viewers:
        with each as viewer:
            pictures.append({part.body for part in islice(viewer.parts(), 4)})
    with watching(edge.port, FEED + "moving", SECRET) as one, watching(edge.port, FEED + "moving", SECRET) as other:
        both = [{part.body for part in islice(viewer.parts(), 6)} for viewer in (one, other)]
    assert both[0] & both[1]


def test_a_dark_camera_says_so_in_its_picture_and_has_no_snapshot(edge: Edge) -> None:
    with watching(edge.port, FEED + "dark", SECRET) as viewer:
        card = next(viewer.parts())
    assert card.headers["x-live"] == "0"
    refused = edge.get("/api/video_feed/snapshot?camera=dark", SECRET)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "camera_dark"
    assert "silent for 4.0 s" in refused.json()["error"]["detail"]
    live = edge.get("/api/video_feed/snapshot?camera=moving", SECRET)
    assert live.headers["content-type"] == "image/jpeg"
    assert abs(read_code(live.content) / 1e6 - time.time()) < 5


def test_the_status_has_the_seed_s_fields_for_one_camera_and_for_all(edge: Edge) -> None:
    one = edge.get("/api/video_feed/status?camera=moving", SECRET).json()
    assert one["connected"] is True
    assert one["frames_read"] > 0
    assert one["fps"] == 25
    every = edge.get("/api/video_feed/status", SECRET).json()
    assert every["connected"] is False, "one of them is dark"
    assert every["fps"] is None, "a camera without pictures has no rate, and zero is not it"
    assert [(camera["camera"], camera["state"]) for camera in every["cameras"]] == [
        ("dark", "dark"), ("moving", "live"), ("second", "live"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/video_feed", FEED + "nobody", "/api/video_feed/snapshot?camera=../etc"])
def test_a_camera_that_is_not_there_is_named_by_field(edge: Edge, path: str) -> None:
    refused = edge.get(path, SECRET)
    assert refused.status_code == 404
    assert refused.json()["error"]["field"] == "camera"


def test_a_viewer_that_never_reads_is_cut_off_and_costs_no_memory(edge: Edge) -> None:
    process = psutil.Process(edge.process.pid)
    with watching(edge.port, FEED + "moving", SECRET) as viewer:
        next(viewer.parts())
        before_bytes = process.memory_info().rss
        deadline = time.monotonic() + 20
        while len([c for c in process.net_connections() if c.raddr]) > 0 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert time.monotonic() < deadline, "the connection is still held"
        assert process.memory_info().rss - before_bytes < 32 * 1_048_576
    assert "ERROR" not in edge.log.read_text()


def test_as_many_may_look_as_the_plant_allows_and_places_come_back(edge: Edge) -> None:
    held = [socket.create_connection(("127.0.0.1", edge.port), timeout=10) for _ in range(60)]
    for connection in held:
        connection.sendall(f"GET {FEED}dark HTTP/1.1\r\nHost: x\r\nX-API-Key: {SECRET}\r\n\r\n".encode())
        assert connection.recv(15).startswith(b"HTTP/1.1 200")
    refused = edge.get(FEED + "dark", SECRET)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "too_many_viewers")
    for connection in held:
        connection.close()
    deadline = time.monotonic() + 10
    while edge.get("/api/video_feed/status", SECRET).json()["viewers"] > 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_wall_s_stream_has_every_camera_and_the_state_without_the_warehouse(edge: Edge) -> None:
    seen, states = set(), []
    with watching(edge.port, "/api/wall/stream", SECRET) as viewer:
        for part in viewer.parts():
            if part.headers["content-type"] == "application/json":
                states.append(json.loads(part.body))
            else:
                seen.add(part.headers["x-camera"])
            if len(states) >= 3 and seen >= {"moving", "second"}:
                break
    assert states[-1]["warehouse"] is False
    assert states[-1]["alarms"] is None, "unknown, not none"
    rows = {camera["camera"]: camera for camera in states[-1]["cameras"]}
    assert rows["moving"]["lines"][0]["name"] == "door"
    assert rows["moving"]["zones"] == [{"name": "hall", "count": None}]


def test_it_ends_within_three_seconds_with_fifty_viewers(tmp_path: Path) -> None:
    with running(tmp_path, SETTINGS, PROGRAM) as edge:
        held = [socket.create_connection(("127.0.0.1", edge.port), timeout=10) for _ in range(50)]
        for connection in held:
            connection.sendall(f"GET {FEED}moving HTTP/1.1\r\nHost: x\r\nX-API-Key: {SECRET}\r\n\r\n".encode())
            assert connection.recv(64)
        status, took_s = edge.terminate()
        assert status == 0
        assert took_s < 3
        for connection in held:
            connection.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        browser.call("Page.enable")
        yield browser


def pictures_of(browser: Browser, camera: str) -> int:
    return int(browser.value(f"+(document.querySelector('[data-camera={camera}]')?.dataset.pictures || 0)"))


def text_of(browser: Browser, camera: str) -> str:
    return str(browser.value(f"document.querySelector('[data-camera={camera}]').innerText"))


def show_key(browser: Browser, key: str) -> None:
    browser.value(f"document.getElementById('key').value = '{key}'; document.querySelector('#door button').click()")


def test_the_wall_in_a_browser_moves_counts_and_says_what_is_dark(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path, SETTINGS, PROGRAM) as edge:
        browser.call("Page.navigate", url=f"{edge.url}/")
        browser.wait_for(("Who is looking?",))
        show_key(browser, "wrong")
        browser.wait_for(("no key of FACTORY_API__KEYS has this secret",))
        show_key(browser, SECRET)
        browser.wait_for(("connected", "moving", "second", "unknown: the warehouse does not answer"))
        browser.wait_for(("live", "silent for 4.0 s"))
        before, counts = pictures_of(browser, "moving"), text_of(browser, "moving")
        deadline = time.monotonic() + 20
        while pictures_of(browser, "moving") < before + 4 or text_of(browser, "moving") == counts:
            assert time.monotonic() < deadline, "pictures move and counters rise"
            time.sleep(0.2)
        assert "no picture" in text_of(browser, "dark")
        assert "live" in text_of(browser, "second")
        edge.process.kill()
        edge.process.wait(10)
        browser.wait_for(("no connection", "stale"))
        with running(tmp_path, {**SETTINGS, "FACTORY_API__PORT": str(edge.port)}, PROGRAM):
            browser.wait_for(("connected",))
            before = pictures_of(browser, "moving")
            while pictures_of(browser, "moving") <= before:
                time.sleep(0.2)
            assert "live" in text_of(browser, "moving")


def test_the_wall_fits_a_phone(browser: Browser, edge: Edge) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    browser.call("Page.navigate", url=f"{edge.url}/")
    browser.value(
        "fetch('/api/session', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        f" body: JSON.stringify({{key: '{SECRET}'}})}}).then(() => location.reload())"
    )
    browser.wait_for(("moving", "second"))
    assert browser.value("document.documentElement.scrollWidth") <= 360
    assert browser.value("document.querySelector('.tile').getBoundingClientRect().width") > 300

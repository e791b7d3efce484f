"""The demo's cameras, as the edge meets them: a file without a password, and streams that ask for it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.cameras.config_file import load_cameras
from factory_pipelines.demo.camera_site import (
    CAMERAS,
    PASSWORD_VARIABLE,
    password,
    plates_at_the_gate,
    write_camera_file,
)
from factory_pipelines.edge.streams.stream import CameraStream
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.plates import NoPlate, parse
from factory_pipelines.settings import Settings, load_settings


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setenv("FACTORY_HOME", str(tmp_path))
    monkeypatch.setenv("FACTORY_DEMO__CAMERA_PORT", str(port))
    return load_settings()


@pytest.fixture
def site(demo: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """The cameras as `factory demo` starts them."""
    process = subprocess.Popen([sys.executable, "-m", "factory_pipelines.demo.camera_site"], env=dict(os.environ))
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def cameras_of(settings: Settings, secret: str) -> dict[str, CameraConfig]:
    return {camera.name: camera for camera in load_cameras(write_camera_file(settings), {PASSWORD_VARIABLE: secret})}


def state_of(config: CameraConfig, wanted: str, seconds: float = 40) -> tuple[str, str | None, int | None]:
    """State, reason and width of the picture of a camera, once it is ``wanted`` or the time is over."""
    stream = CameraStream(config)
    stream.start()
    try:
        deadline = time.monotonic() + seconds
        while (status := stream.status()).state != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        return status.state, status.reason, status.width
    finally:
        stream.stop(1.0)


def test_the_file_is_the_edge_s_and_holds_no_password(demo: Settings) -> None:
    file = write_camera_file(demo)
    secret = password(demo.home_dir)
    assert secret not in file.read_text()
    assert (demo.home_dir / "demo-camera-password").stat().st_mode & 0o077 == 0
    cameras = cameras_of(demo, secret)
    assert list(cameras) == [camera.name for camera in CAMERAS]
    assert {camera.role for camera in cameras.values()} == {"counting", "gate"}
    assert secret in cameras["canteen"].source_url.get_secret_value()


def test_each_camera_is_live_for_who_knows_its_password(demo: Settings, site: "subprocess.Popen[bytes]") -> None:
    cameras = cameras_of(demo, password(demo.home_dir))
    assert state_of(cameras["canteen"], "live") == ("live", None, 960)
    assert state_of(cameras["gate_main"], "live") == ("live", None, 1280)
    stranger = cameras_of(demo, "a guess")["canteen"]
    assert state_of(stranger, "stopped")[:2] == ("stopped", "unauthorised")


def test_what_comes_to_the_gate_are_plates_of_its_grammar_and_not_all_may_enter(demo: Settings) -> None:
    plates = plates_at_the_gate(demo)
    assert len(set(plates)) == len(plates)
    assert not [plate for plate in plates if isinstance(parse(plate, grammar_for("IN")), NoPlate)]
    assert len(plates) >= 10

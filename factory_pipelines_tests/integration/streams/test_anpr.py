"""A vehicle before a camera: from its pictures to the gate's event, with the wheel's models and a real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from psycopg import sql

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.demo.plate_images import paint_plate
from factory_pipelines.edge.streams.anpr import GateCameras, PlatePictures
from factory_pipelines.edge.streams.metrics import plate_metrics
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.gate.registry import register
from factory_pipelines.gate.service import GateService
from factory_pipelines.identity.snapshots import SnapshotStore
from factory_pipelines.settings import Settings
from factory_pipelines.vision.scene import SceneResult
from factory_pipelines.vision.types import Box, Crossing, Image, Track
from factory_pipelines.warehouse.pool import Warehouse

NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
CAMERA = CameraConfig(name="north", source_url="rtsp://camera/1", role="gate", gate_id="main")


@pytest.fixture
def gate(warehouse: Warehouse, settings: Settings) -> Iterator[GateService]:
    service = GateService(warehouse, settings, clock=lambda: NOW)
    yield service
    service.close()


def pictures() -> Iterator[tuple[Frame, SceneResult]]:
    """A lorry comes nearer; in its last pictures it has crossed the line and is gone."""
    for number in range(12):
        at = NOW + timedelta(seconds=0.25 * number)
        image: Image = np.full((360, 480, 3), 96, np.uint8)
        width = 120 + 8 * number
        plate = paint_plate("KA01AB1234", width, width * 6 // 25)
        image[160 : 160 + len(plate), 140 : 140 + width] = plate
        tracks = (Track(3, Box(100, 60, 400, 260), "vehicle", 0.9, True),) if number < 5 else ()
        crossings = (Crossing("bar", 3, "vehicle", "in", 0.9, at, Box(100, 60, 400, 260)),) if number == 0 else ()
        yield Frame(number + 1, image, at, 0.25 * number), SceneResult((), tracks, crossings, {})


def test_an_authorised_lorry_opens_the_gate_once_and_leaves_its_pictures(
    gate: GateService, warehouse: Warehouse, tmp_path: Path
) -> None:
    register(warehouse, "KA01AB1234", "authorized", reason="because", officer="Asha", now=NOW - timedelta(days=1))
    kept = PlatePictures(tmp_path, lambda at: at.date())
    cameras = GateCameras(lambda: gate, kept.keep)
    for frame, result in pictures():
        cameras(CAMERA, frame, result)
    [event] = warehouse.rows(
        sql.SQL("SELECT plate, opened, direction, track_id, gate_id, source, read_count FROM gate.gate_events")
    )
    assert (event["plate"], event["opened"], event["direction"]) == ("KA01AB1234", True, "in")
    assert (event["track_id"], event["gate_id"], event["source"]) == (3, "main", "camera:north")
    assert event["read_count"] >= 2

    files = sorted(tmp_path.rglob("*.jpg"))
    assert len(files) == event["read_count"]
    assert files[0].parent == tmp_path / "plates" / "2026-03-02"
    assert cv2.imread(str(files[0])).shape[1] > 100
    # The retention of snapshots knows them.
    assert SnapshotStore(tmp_path).clean(date(2026, 3, 3)).files_deleted == len(files)

    figures = {sample.name: sample.value for metric in plate_metrics(cameras) for sample in metric.samples}
    assert figures["factory_plate_vehicles_decided_total"] == 1
    assert figures["factory_plate_ocr_seconds_total"] > 0


def test_a_full_disk_costs_the_picture_not_the_read(tmp_path: Path) -> None:
    (tmp_path / "plates").write_text("a file where the folder should be")
    kept = PlatePictures(tmp_path, lambda at: at.date())
    assert kept.keep(CAMERA, 1, NOW, np.full((20, 60, 3), 9, np.uint8)) is None
    assert kept.lost == 1
    assert kept.keep(CAMERA, 1, NOW, np.zeros((0, 60, 3), np.uint8)) is None

"""The demo's cameras: rendered scenes over real RTSP with a password, and the file that tells the edge about them.

``python -m factory_pipelines.demo.camera_site`` serves them until SIGTERM; ``factory demo`` starts it beside the edge.
The scenes go by the wall clock, so that whoever knows the seed knows who crossed which line at which second.
"""

import re
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory_pipelines.demo.scenes import ACROSS, ALONG, GATE, Scene, Schedule, View
from factory_pipelines.demo.traffic import Habits, people, vehicles
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.vision.types import Image

PASSWORD_VARIABLE = "DEMO_CAMERA_PASSWORD"  # noqa: S105 - the variable's name
USER = "demo"
_FILE = "demo-cameras.yaml"
_PASSWORD_FILE = "demo-camera-password"  # noqa: S105 - the file's name
_FPS = 10.0
_VEHICLE_EVERY_S = 25.0


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """One camera of the demo.

    Attributes:
        name: in the cameras' file, and its path on the server.
        view: how it looks at its scene.
        size: pixels.
        fps: pictures the edge looks at in a second.
        area_id: whose people it counts; None for a gate's.
        area_name: of that area, for people.
        capacity: people the area may hold.
    """

    name: str
    view: View
    size: tuple[int, int]
    fps: float
    area_id: str | None = None
    area_name: str = ""
    capacity: int = 0


CAMERAS = (
    SimulatedCamera("canteen", ACROSS, (960, 540), 8.0, "canteen", "Canteen", 120),
    SimulatedCamera("packing_dock", ALONG, (960, 540), 8.0, "packing_dock", "Packing dock", 40),
    SimulatedCamera("gate_main", GATE, (1280, 720), 5.0),
)


def scene_of(camera: SimulatedCamera, seed: int, plates: list[str]) -> Scene:
    """What the camera sees; ``plates`` are those of the vehicles that come to a gate, in turn."""
    schedule: Schedule
    if camera.view is GATE:
        schedule = vehicles(seed, _VEHICLE_EVERY_S, plates)
        return Scene(camera.view, schedule, size=camera.size, seed=seed, paint_plate=_paint)
    number = CAMERAS.index(camera)
    schedule = people(camera.view, seed + number, per_minute=7.0, habits=Habits(loiter_share=0.1))
    return Scene(camera.view, schedule, size=camera.size, seed=seed + number)


def write_camera_file(settings: Settings) -> Path:
    """The cameras as the edge reads them; the password is not in it, but in ``DEMO_CAMERA_PASSWORD``."""
    import yaml

    file = settings.home_dir / _FILE
    described = [_described(camera, settings.demo.camera_port) for camera in CAMERAS]
    fresh = file.with_suffix(".new")
    fresh.write_text(yaml.safe_dump({"cameras": described}, sort_keys=False), encoding="utf-8")
    fresh.replace(file)
    return file


def password(home: Path) -> str:
    """The cameras' own password, made at its first use and readable by its owner only."""
    file = home / _PASSWORD_FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18))
    return file.read_text()


def plates_at_the_gate(settings: Settings) -> list[str]:
    """Plates that come to the simulated gate's camera: staff and hauliers, now and then a blocked one or a stranger."""
    from datetime import UTC, datetime

    from factory_pipelines.demo.resources import open_traffic

    lists = open_traffic(settings).lists(settings.plant.clock().production_day(datetime.now(UTC)))
    known = [str(plate) for plate in lists.loc[lists["list_kind"] == "authorized", "plate"][:9]]
    blocked = [str(plate) for plate in lists.loc[lists["list_kind"] == "blocked", "plate"][:1]]
    strangers = ["DL3CAB4821", "TN09BX7306"]
    return [*known[:5], strangers[0], *known[5:], blocked[0], strangers[1]] if blocked else [*known, *strangers]


def serve(settings: Settings) -> None:
    """Serves all cameras until SIGTERM or SIGINT."""
    from factory_pipelines.demo.rtsp import Feed, RtspServer

    server = RtspServer(port=settings.demo.camera_port, user=USER, password=password(settings.home_dir)).start()
    plates = plates_at_the_gate(settings)
    for camera in CAMERAS:
        scene = scene_of(camera, settings.demo.seed, plates)
        server.show(camera.name, Feed.of_images(lambda scene=scene: _pictures(scene), _FPS))  # type: ignore[misc]
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    over.wait()
    server.close()


def _pictures(scene: Scene) -> Iterator[Image]:
    while True:
        yield scene.picture(time.time())


def _described(camera: SimulatedCamera, port: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": camera.name,
        "source_url": f"rtsp://{USER}:${{{PASSWORD_VARIABLE}}}@127.0.0.1:{port}/{camera.name}",
        "role": "counting" if camera.area_id else "gate",
        "fps": camera.fps,
        "lines": [{"name": "line", "start": list(camera.view.line[0]), "end": list(camera.view.line[1])}],
    }
    return described | ({"area_id": camera.area_id} if camera.area_id else {"gate_id": "main"})


_GROUPS = re.compile(r"([A-Z]{2})(\d{1,2})([A-Z]{0,3})(\d{4})")


def _paint(text: str, width: int, height: int) -> Image:
    """A plate that can be read, as large as it appears in the picture."""
    import cv2
    import numpy as np

    from factory_pipelines.demo.plate_images import IndianPlate, draw_plate

    found = _GROUPS.fullmatch(text)
    groups = tuple(group for group in found.groups() if group) if found else (text,)
    plate = IndianPlate(text, groups, "standard", (238, 240, 240), (24, 22, 22))
    flat = draw_plate(plate, 1, np.random.default_rng(list(text.encode())))
    return np.asarray(cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


if __name__ == "__main__":
    serve(load_settings())

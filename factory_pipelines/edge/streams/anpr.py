"""Plates at a gate's camera: tracks → reads → one decision a vehicle.

What the picture says is ``vision.plates``' matter, what a plate is and who may pass the gate's; ``plate_reads.py``
joins them. Reads of one track are handed to the gate once they agree, once there are enough, or once the vehicle is
gone. One vehicle is decided once, and what could not be read is counted by its reason.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.plate_reads import Look, look_at, reads_of
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.gate.agreement import Agreement, Read, agree
from factory_pipelines.gate.decisions import Direction, GateRules
from factory_pipelines.gate.plates import NoPlate
from factory_pipelines.gate.service import Answer
from factory_pipelines.vision.types import Box, Image, Track

if TYPE_CHECKING:
    from factory_pipelines.vision.plates import PlateReader
    from factory_pipelines.vision.scene import SceneResult

_log = structlog.get_logger(__name__)

_DISSENT = 0.25
_QUALITY = 85
_MARGIN = 0.05  # of a vehicle's box, on each side
_NOT_A_VEHICLE = frozenset({"person"})

Keep = Callable[[CameraConfig, int, datetime, Image], str | None]
"""Keeps an evidence crop of a track; gives its path, or None where the disk takes nothing."""


class Gate(Protocol):
    """What decides: ``gate.service.GateService``."""

    @property
    def rules(self) -> GateRules:
        """Grammar, thresholds."""

    def decide(
        self, reads: list[Read], *, gate_id: str, track_id: int | None, direction: Direction | None, at: datetime,
        source: str,
    ) -> Answer:  # fmt: skip
        """Decides upon one vehicle and writes it down."""


@dataclass(frozen=True, slots=True)
class PlateRules:
    """How long a vehicle is looked at.

    Attributes:
        enough_reads: so many reads are handed over, whether they agree or not.
        max_looks: a vehicle whose plate cannot be read is given up after so many pictures.
        gone_after: a track unseen for so long has left; what was read of it decides.
    """

    enough_reads: int = 8
    max_looks: int = 40
    gone_after: timedelta = timedelta(seconds=1.5)


@dataclass(slots=True)
class _Vehicle:
    seen_at: datetime
    seen: list[Look] = field(default_factory=list)
    looks: int = 0
    direction: Direction | None = None
    is_done: bool = False


class PlateWatcher:
    """Reads the plates of one gate camera; an onlooker of the camera worker. Not thread-safe: one for each camera."""

    def __init__(self, gate: Gate, reader: "PlateReader", keep: Keep, rules: PlateRules | None = None) -> None:
        """Decides nothing yet.

        Args:
            gate: decides.
            reader: of this camera's own.
            keep: keeps evidence.
            rules: how long a vehicle is looked at.
        """
        self._gate = gate
        self._reader = reader
        self._keep = keep
        self._rules = rules or PlateRules()
        self._vehicles: dict[int, _Vehicle] = {}
        self._refusals: Counter[str] = Counter()
        self.reads = 0
        self.decided = 0
        self.looks = 0
        self.busy_s = 0.0

    @property
    def refusals(self) -> Counter[str]:
        """Looks and vehicles without a plate, by reason: the reader's, the grammar's, and ``unread`` vehicles."""
        return self._refusals + self._reader.refusals

    def __call__(self, camera: CameraConfig, frame: Frame, result: "SceneResult | None") -> list[Answer]:
        """Looks at one vehicle of the picture, and decides upon those that are ready; gives what was decided.

        Raises:
            OSError: when the gate can write down no decision; it is tried again with the next picture.
        """
        if camera.role != "gate" or camera.gate_id is None or result is None:
            return []
        present = self._followed(result, frame.captured_at)
        track = self._least_known(present)
        if track is not None:
            self._look(camera, frame, track)
        return self._decide_ready(camera, frame.captured_at)

    def _followed(self, result: "SceneResult", at: datetime) -> list[Track]:
        """The vehicles in the picture, noted as seen, with the direction in which they crossed a line."""
        present = [track for track in result.tracks if track.is_confirmed and track.label not in _NOT_A_VEHICLE]
        for track in present:
            self._vehicles.setdefault(track.track_id, _Vehicle(at)).seen_at = at
        for crossing in result.crossings:
            if crossing.track_id in self._vehicles:
                self._vehicles[crossing.track_id].direction = crossing.direction
        return present

    def _least_known(self, present: list[Track]) -> Track | None:
        """Whose turn it is: one vehicle a picture, so that a picture costs one reading however full the gate is."""
        waiting = [track for track in present if not self._is_looked_at_enough(self._vehicles[track.track_id])]
        return min(waiting, key=lambda track: (self._vehicles[track.track_id].looks, -track.box.area), default=None)

    def _is_looked_at_enough(self, vehicle: _Vehicle) -> bool:
        return vehicle.is_done or vehicle.looks >= self._rules.max_looks

    def _look(self, camera: CameraConfig, frame: Frame, track: Track) -> None:
        vehicle = self._vehicles[track.track_id]
        vehicle.looks += 1
        self.looks += 1
        began_s = time.monotonic()
        readings = self._reader.read(frame.image, [_widened(track.box)])
        self.busy_s += time.monotonic() - began_s
        if not readings:
            return  # counted by the reader
        look = look_at(readings, self._gate.rules.grammar)
        if isinstance(look, NoPlate):
            self._refusals[look.reason] += 1
            return
        self.reads += 1
        vehicle.seen.append(look)
        self._keep(camera, track.track_id, frame.captured_at, cut_out(frame.image, readings[0].box))

    def _decide_ready(self, camera: CameraConfig, at: datetime) -> list[Answer]:
        answers = []
        for track_id, vehicle in list(self._vehicles.items()):
            is_gone = at - vehicle.seen_at > self._rules.gone_after
            if not vehicle.is_done and vehicle.seen and (is_gone or self._is_ready(vehicle)):
                answers.append(self._decide(camera, track_id, vehicle))
            if is_gone:
                if not vehicle.is_done:
                    self._refusals["unread"] += 1
                del self._vehicles[track_id]
        return answers

    def _is_ready(self, vehicle: _Vehicle) -> bool:
        if len(vehicle.seen) >= self._rules.enough_reads or vehicle.looks >= self._rules.max_looks:
            return True
        gate = self._gate.rules
        reads = reads_of(vehicle.seen)
        if len(reads) < max(gate.min_reads, gate.open_min_reads, 2):
            return False
        found = agree(reads, gate.grammar, min_reads=gate.min_reads)
        # Whoever may stop as soon as the reads agree would stop at a moment's majority: hardly any may say otherwise.
        return (
            isinstance(found, Agreement)
            and found.confidence > gate.min_confidence
            and found.dissent_count <= _DISSENT * found.read_count
        )

    def _decide(self, camera: CameraConfig, track_id: int, vehicle: _Vehicle) -> Answer:
        answer = self._gate.decide(
            reads_of(vehicle.seen),
            gate_id=str(camera.gate_id),
            track_id=track_id,
            direction=vehicle.direction,
            at=vehicle.seen_at,
            source=f"camera:{camera.name}",
        )
        vehicle.is_done = True
        self.decided += 1
        if answer.decision.reason is not None:
            self._refusals[answer.decision.reason] += 1
        _log.info(
            "a vehicle at the gate",
            camera=camera.name,
            track_id=track_id,
            plate=answer.decision.plate_number,
            status=answer.decision.status,
            reads=len(vehicle.seen),
        )
        return answer


class GateCameras:
    """All gate cameras of a camera worker: its onlooker, which gives each camera a ``PlateWatcher`` of its own."""

    def __init__(
        self,
        gate: "Callable[[], Gate | None]",
        keep: Keep,
        open_reader: "Callable[[], PlateReader] | None" = None,
        rules: PlateRules | None = None,
    ) -> None:
        """Opens no model yet.

        Args:
            gate: gives the gate, None while it is not there yet: pictures are left alone until then.
            keep: keeps evidence, such as ``PlatePictures(…).keep``.
            open_reader: opens a reader for one camera (0.3 s, 60 MB); RapidOCR's where None.
            rules: how long a vehicle is looked at.
        """
        self._gate = gate
        self._keep = keep
        self._open_reader = open_reader or _rapid_reader
        self._rules = rules
        self._watchers: dict[str, PlateWatcher] = {}

    def __call__(self, camera: CameraConfig, frame: Frame, result: "SceneResult | None") -> None:
        """Looks at a picture of a gate camera; pictures of others are left alone. Each camera in its own thread.

        Raises:
            PlateModelError: when the models are missing.
            OSError: when the gate can write down no decision; it is tried again with the next picture.
        """
        gate = self._gate() if camera.role == "gate" else None
        if gate is None:
            return
        watcher = self._watchers.get(camera.name)
        if watcher is None:
            watcher = self._watchers[camera.name] = PlateWatcher(gate, self._open_reader(), self._keep, self._rules)
        watcher(camera, frame, result)

    def watchers(self) -> Mapping[str, PlateWatcher]:
        """What reads at each camera, by its name."""
        return dict(self._watchers)


class PlatePictures:
    """Evidence on disk: ``<root>/plates/<production day>/<camera>-<track>-<time>.jpg``, where retention finds it."""

    def __init__(self, root: Path, production_day: Callable[[datetime], date]) -> None:
        """``root`` need not exist."""
        self._root = root
        self._production_day = production_day
        self.lost = 0

    def keep(self, camera: CameraConfig, track_id: int, at: datetime, image: Image) -> str | None:
        """Keeps a plate's picture; its path below the root, or None where the disk takes none: the read counts more."""
        import cv2

        if image.size == 0:
            return None
        path = Path("plates") / self._production_day(at).isoformat() / f"{camera.name}-{track_id}-{at:%H%M%S%f}.jpg"
        target = self._root / path
        part = target.with_suffix(".part")
        try:
            _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            target.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(jpeg.tobytes())
            part.replace(target)
        except OSError as error:
            self.lost += 1
            _log.warning("a picture of a plate could not be kept", camera=camera.name, reason=error.strerror)
            return None
        return path.as_posix()


def _rapid_reader() -> "PlateReader":
    from factory_pipelines.vision.plates_ocr import crop_reader

    return crop_reader()


def cut_out(image: Image, box: Box, margin: float = 0.15) -> Image:
    """The part of ``image`` within ``box`` and a margin (share of its height)."""
    room = margin * box.height
    x1, y1 = max(0, int(box.x1 - room)), max(0, int(box.y1 - room))
    return image[y1 : max(y1, round(box.y2 + room)), x1 : max(x1, round(box.x2 + room))]


def _widened(box: Box) -> Box:
    x, y = _MARGIN * box.width, _MARGIN * box.height
    return Box(box.x1 - x, box.y1 - y, box.x2 + x, box.y2 + y)

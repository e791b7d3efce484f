"""The worker that watches: cameras in, events out, whatever happens to Dagster, the database or half of the cameras."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any

import psycopg
import structlog

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.configured import ConfiguredCameras
from factory_pipelines.edge.streams.counting import Counter, sources_of
from factory_pipelines.edge.streams.evidence import CrossingPictures
from factory_pipelines.edge.streams.figures import MinuteFigures
from factory_pipelines.edge.streams.fleet import Fleet
from factory_pipelines.edge.streams.scenes import Scenes
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.edge.streams.storing import CameraStore
from factory_pipelines.edge.streams.stream import CameraStream, StreamStatus
from factory_pipelines.edge.streams.watching import Look, Onlooker, Watcher
from factory_pipelines.occupancy.registry import RegistrationError, register_source
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines.warehouse.queries import load_sql

_log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 1.0
_RELOAD_EVERY_S = 2.0
# A source is unknown after so many heartbeats that did not come.
_MISSED_HEARTBEATS = 4


class CameraWorker:
    """All cameras of this process."""

    def __init__(
        self,
        writer: Warehouse,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        onlookers: Sequence[Onlooker] = (),
    ) -> None:
        """Opens no camera yet.

        Args:
            writer: in the writer's role.
            settings: the whole tree.
            clock: the present.
            onlookers: see every picture that was looked at, with what it shows.

        Raises:
            JournalTakenError: when another process of this machine watches already.
        """
        mine = settings.cameras
        self._settings = settings
        self._writer = writer
        self._clock = clock
        self._onlookers = list(onlookers)
        self._heartbeat = timedelta(seconds=mine.heartbeat_s)
        plant = settings.plant.clock()
        self._host = socket.gethostname()
        self.name = f"{self._host}:{os.getpid()}"
        self.store = CameraStore(
            writer, settings.home_dir / "cameras" / "journal", max_bytes=mine.journal_max_mb * 1_000_000, clock=clock
        )
        self.pictures = CrossingPictures(settings.home_dir / "snapshots", plant.production_day)
        self.configured = ConfiguredCameras(mine.file, writer)
        self.fleet = Fleet(max_megapixels=mine.max_megapixels, on_change=lambda _: self._report_soon())
        self.unusable: dict[str, str] = {}  # camera → why nothing looks at its pictures
        self._figures = MinuteFigures(plant, clock())
        self._scenes = Scenes()
        self._watchers: dict[str, Watcher] = {}
        self._unregistered: dict[str, CameraConfig] = {}
        self._after_change: list[Callable[[Sequence[CameraStream]], None]] = []
        self._lock = Lock()
        self._ending = Event()
        self._report_now = Event()
        self._threads = [
            Thread(target=self._keep_configured, name="camera-configuration", daemon=True),
            Thread(target=self._keep_counting, name="camera-figures", daemon=True),
            Thread(target=self._keep_reporting, name="camera-status", daemon=True),
        ]

    def start(self) -> None:
        """Begins; waits for no camera and no database."""
        self.store.start()
        self.fleet.start()
        for thread in self._threads:
            thread.start()

    def close(self, timeout_s: float = 1.5) -> None:
        """Ends within ``timeout_s``; whatever was seen is on disk, and in the database where it was there."""
        self._ending.set()
        self._report_now.set()
        for watcher in tuple(self._watchers.values()):
            watcher.stop()
        self.fleet.close(0.2 * timeout_s)
        for watcher in tuple(self._watchers.values()):
            watcher.join(0.3 * timeout_s / max(len(self._watchers), 1))
        self.store.minutes(self._figures.finish())
        self.store.close(0.5 * timeout_s)

    def add_onlooker(self, onlooker: Onlooker) -> None:
        """One more who sees every picture that was looked at, from now on."""
        self._onlookers.append(onlooker)

    def on_change(self, heard: Callable[[Sequence[CameraStream]], None]) -> None:
        """``heard`` is given all streams whenever cameras come or go."""
        self._after_change.append(heard)

    def restart(self, name: str) -> bool:
        """Begins a camera anew, also one that was given up; False when this process has none of that name."""
        stream = self.fleet.get(name)
        if stream is None:
            return False
        stream.restart()
        return True

    def statuses(self) -> list[StreamStatus]:
        """All cameras at this moment."""
        return self.fleet.statuses()

    def troubles(self) -> list[str]:
        """What is wrong with the cameras now, one sentence each; nothing when all are fresh and of use."""
        dark = [
            f"{s.name} is dark ({s.reason or s.state})" for s in self.statuses() if not s.is_fresh and not s.is_over
        ]
        unusable = [f"{name} cannot be used: {reason}" for name, reason in sorted(self.unusable.items())]
        return dark + unusable + ([self.configured.problem] if self.configured.problem else [])

    def watchers(self) -> Mapping[str, Watcher]:
        """What looks at each camera, by name."""
        return dict(self._watchers)

    def apply(self, cameras: Sequence[CameraConfig]) -> None:
        """Brings streams and watchers in line with the configuration; an unchanged camera notices nothing."""
        with self._lock:
            looks: dict[str, Look] = {}
            for camera in cameras:
                stream = self.fleet.get(camera.name)
                if camera.is_enabled and (stream is None or stream.config != camera):
                    looks[camera.name] = self._look(camera)
            for stream in self.fleet.apply(cameras):
                self._watch(stream, looks[stream.config.name])
            streams = self.fleet.streams()
            gone = set(self._watchers) - {stream.config.name for stream in streams}
            for name in gone:
                self._watchers.pop(name).stop()
                self._unregistered.pop(name, None)
                self.unusable.pop(name, None)
            if looks or gone:
                self._scenes.keep_only(cameras)
                for heard in self._after_change:
                    heard(streams)
                self._report_soon()

    def _watch(self, stream: CameraStream, look: Look) -> None:
        name = stream.config.name
        if (old := self._watchers.pop(name, None)) is not None:
            old.stop()
        if stream.config.area_id is not None:
            self._unregistered[name] = stream.config
        watcher = self._watchers[name] = Watcher(stream, look, self._onlookers)
        watcher.start()

    def _look(self, camera: CameraConfig) -> Look:
        """What looks at the pictures of ``camera``; where its model cannot be used, the pictures alone remain."""
        self.unusable.pop(camera.name, None)
        try:
            scene = self._scenes.of(camera)
        except (ValueError, OSError) as error:
            self.unusable[camera.name] = str(error)
            _log.error("a camera's detector cannot be used", camera=camera.name, reason=str(error))
            scene = None
        if scene is None:
            return lambda _frame: None
        found = scene
        counter = Counter(camera, heartbeat=self._heartbeat, evidence=self.pictures.keep)

        def look(frame: Frame) -> Any:
            result = found.step(frame.image, frame.captured_at)
            if camera.area_id is not None:
                self.store.events(counter.events(frame, result))
            return result

        return look

    def _keep_configured(self) -> None:
        while not self._ending.is_set():
            self._guarded("the cameras' configuration", self._configure)
            self._ending.wait(_RELOAD_EVERY_S)

    def _configure(self) -> None:
        self.apply(self.configured.look())
        for camera in tuple(self._unregistered.values()):
            self._register(camera)

    def _register(self, camera: CameraConfig) -> None:
        """Makes the camera known to the occupancy log; until then its events wait among the refusals."""
        silence_s = max(round(_MISSED_HEARTBEATS * self._heartbeat.total_seconds()), 1)
        try:
            for source_id, kind in sources_of(camera).items():
                register_source(
                    self._writer,
                    source_id,
                    area_id=str(camera.area_id),
                    kind=kind,
                    max_silence_s=silence_s,
                    now=self._clock(),
                )
        except (WarehouseUnavailableError, psycopg.Error):
            return  # tried again at the next look
        except RegistrationError as error:
            if self.unusable.get(camera.name) != str(error):
                _log.error("a camera counts for nobody", camera=camera.name, reason=str(error))
            self.unusable[camera.name] = str(error)
            return
        self.unusable.pop(camera.name, None)
        self._unregistered.pop(camera.name, None)

    def _keep_counting(self) -> None:
        while not self._ending.wait(_LOOK_EVERY_S):
            self._guarded("the cameras' figures", self._count)

    def _count(self) -> None:
        looked_at = {name: (watcher.processed, watcher.failed) for name, watcher in self.watchers().items()}
        self.store.minutes(self._figures.look(self.statuses(), looked_at, self._clock()))

    def _keep_reporting(self) -> None:
        while not self._ending.is_set():
            self._report_now.wait(self._settings.cameras.status_every_s)
            # Cameras that change together are told together.
            self._ending.wait(0.2)
            self._report_now.clear()
            self._guarded("the cameras' status", self._report)

    def _report_soon(self) -> None:
        self._report_now.set()

    def _report(self) -> None:
        now = self._clock()
        rows = [
            _status_row(stream.config, stream.status(), worker=self.name, now=now) for stream in self.fleet.streams()
        ]
        names = [row["camera_name"] for row in rows]
        try:
            with self._writer.transaction() as conn, conn.cursor() as cursor:
                cursor.executemany(load_sql("cameras/report_status"), rows)
                cursor.execute(load_sql("cameras/forget_status"), {"names": names, "host": self._host, "now": now})
        except (WarehouseUnavailableError, psycopg.OperationalError) as error:
            _log.debug("the cameras' status could not be told", reason=str(error))

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001
            # One bad round must not end the thread that all cameras depend on.
            _log.exception("a round of the worker failed", what=what)


def _status_row(camera: CameraConfig, status: StreamStatus, *, worker: str, now: datetime) -> dict[str, Any]:
    return {
        "camera_name": camera.name,
        "role": camera.role,
        "state": status.state,
        "reason": status.reason,
        "detail": status.detail,
        "since": status.since,
        "last_frame_at": status.last_frame_at,
        "stale_after_s": camera.stale_after_s,
        "is_fresh": status.is_fresh,
        "fps": status.fps,
        "width": status.width,
        "height": status.height,
        "reconnects": status.reconnects,
        "worker": worker,
        "reported_at": now,
    }

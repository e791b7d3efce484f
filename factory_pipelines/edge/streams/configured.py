"""Which cameras there are now: those of the file and those of the registry, looked up again and again."""

from pathlib import Path

import structlog

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.cameras.config_file import CameraFileError, load_cameras
from factory_pipelines.cameras.registry import registered_cameras
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError

_log = structlog.get_logger(__name__)

_Stamp = tuple[int, int, int]


class ConfiguredCameras:
    """The cameras of this process. What cannot be read, or is wrong, leaves the last good state as it is."""

    def __init__(self, path: Path | None, writer: Warehouse) -> None:
        """Reads nothing yet.

        Args:
            path: the cameras' file; None: there is none.
            writer: the registry, in the writer's role: no other may read addresses.
        """
        self._path = path
        self._writer = writer
        self._stamp: _Stamp | None = None
        self._of_file: tuple[CameraConfig, ...] = ()
        self._of_registry: tuple[CameraConfig, ...] = ()
        self._said: set[str] = set()
        self.problem: str | None = None  # what is wrong with the file as it is now

    @property
    def file_names(self) -> frozenset[str]:
        """Names of the cameras of the file."""
        return frozenset(camera.name for camera in self._of_file)

    def look(self) -> tuple[CameraConfig, ...]:
        """All cameras as configured now, by name; one of the file hides one of the registry."""
        self._read_file()
        self._read_registry()
        hidden = self.file_names
        for camera in self._of_registry:
            if camera.name in hidden:
                self._say_once(f"camera {camera.name} of the registry is hidden by the one of the file")
        cameras = [*self._of_file, *(camera for camera in self._of_registry if camera.name not in hidden)]
        return tuple(sorted(cameras, key=lambda camera: camera.name))

    def _read_file(self) -> None:
        if self._path is None:
            return
        try:
            state = self._path.stat()
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
            if stamp == self._stamp:
                return
            self._of_file = load_cameras(self._path)
            self._stamp, self.problem = stamp, None
        except FileNotFoundError:
            self._fail(f"{self._path}: there is no such file")
        except OSError as error:
            self._fail(f"{self._path}: {error.strerror}")
        except CameraFileError as error:
            self._stamp = stamp
            self._fail(str(error))
        else:
            self._said.clear()
            _log.info("cameras configured", file=str(self._path), cameras=len(self._of_file))

    def _fail(self, problem: str) -> None:
        if problem != self.problem:
            kept = len(self._of_file)
            _log.error("the cameras' file cannot be used: the cameras stay as they were", problem=problem, cameras=kept)
        self.problem = problem

    def _read_registry(self) -> None:
        try:
            registered = registered_cameras(self._writer)
        except WarehouseUnavailableError:
            return  # said by whoever needs the database; the cameras go on without it
        self._of_registry = registered.cameras
        for name, reason in registered.unusable.items():
            self._say_once(f"camera {name} of the registry cannot be used: {reason}")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            _log.warning(text)

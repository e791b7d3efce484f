"""From a camera's configuration to what looks at its pictures."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from factory_pipelines.cameras.config import CameraConfig, DetectorConfig
from factory_pipelines.edge.streams.models import SharedModel

if TYPE_CHECKING:
    from factory_pipelines.vision.scene import SceneWatcher
    from factory_pipelines.vision.types import Detector


class Scenes:
    """Makes scenes; cameras that name the same model share it."""

    def __init__(self) -> None:
        self._models: dict[DetectorConfig, SharedModel] = {}
        self._lock = Lock()

    def of(self, camera: CameraConfig) -> "SceneWatcher | None":
        """Detector, tracker, lines and zones of a camera that counts, or at a gate; None for one that is only watched.

        Raises:
            ValueError: when the detector's model cannot be used, with what is wrong with it.
        """
        if camera.role == "view" and not camera.lines and not camera.zones:
            return None
        from factory_pipelines.vision.lines import Line, Zone
        from factory_pipelines.vision.scene import SceneWatcher

        lines = [Line(line.name, line.start, line.end, line.margin) for line in camera.lines]
        zones = [Zone(zone.name, zone.points, zone.labels) for zone in camera.zones]
        return SceneWatcher(camera.name, self._detector(camera.detector), lines=lines, zones=zones)

    def keep_only(self, cameras: Iterable[CameraConfig]) -> None:
        """Lets go of models that none of ``cameras`` names."""
        wanted = {camera.detector for camera in cameras if camera.is_enabled}
        with self._lock:
            for config in set(self._models) - wanted:
                self._models.pop(config).close()

    def _detector(self, config: DetectorConfig) -> "Detector":
        if config.kind == "motion":
            from factory_pipelines.vision.motion import MotionDetector

            return MotionDetector()
        with self._lock:
            if config not in self._models:
                self._models[config] = _loaded(config)
            return self._models[config]


def _loaded(config: DetectorConfig) -> SharedModel:
    from factory_pipelines.vision.onnx import OnnxConfig, OnnxDetector

    if config.model is None or config.format is None:
        raise ValueError("a detector of kind onnx needs model and format")
    path = Path(config.model)
    model = OnnxConfig(path, config.format, config.classes, min_confidence=config.confidence, max_overlap=config.iou)
    return SharedModel(OnnxDetector(model), name=path.stem)

"""From a camera's configuration to what looks at its pictures."""

from typing import TYPE_CHECKING

from factory_pipelines.cameras.config import CameraConfig

if TYPE_CHECKING:
    from factory_pipelines.vision.scene import SceneWatcher
    from factory_pipelines.vision.types import Detector


def scene_of(camera: CameraConfig) -> "SceneWatcher | None":
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
    return SceneWatcher(camera.name, _detector(camera), lines=lines, zones=zones)


def _detector(camera: CameraConfig) -> "Detector":
    from factory_pipelines.vision.motion import MotionDetector

    return MotionDetector()

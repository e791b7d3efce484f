"""Pictures of crossings, kept where the retention of snapshots finds them."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import structlog

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.counting import cut_out
from factory_pipelines.vision.types import Crossing, Image

_log = structlog.get_logger(__name__)

_QUALITY = 80


class CrossingPictures:
    """Writes ``<root>/crossings/<production day>/<camera>-<track>-<time>.jpg``."""

    def __init__(self, root: Path, production_day: Callable[[datetime], date]) -> None:
        """``root`` need not exist."""
        self._root = root
        self._production_day = production_day
        self.lost = 0

    def keep(self, camera: CameraConfig, crossing: Crossing, image: Image) -> str | None:
        """Keeps who crossed; its path below the root, or None where the disk takes nothing: the event counts more."""
        import cv2

        name = f"{camera.name}-{crossing.track_id}-{crossing.at:%H%M%S%f}.jpg"
        path = Path("crossings") / self._production_day(crossing.at).isoformat() / name
        part = cut_out(image, crossing.box)
        try:
            if part.size == 0:
                return None
            encoded, jpeg = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            if not encoded:
                return None
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_suffix(".part")
            temporary.write_bytes(jpeg.tobytes())
            temporary.replace(target)
        except OSError as error:
            self.lost += 1
            _log.warning("a picture of a crossing could not be kept", camera=camera.name, reason=error.strerror)
            return None
        return path.as_posix()

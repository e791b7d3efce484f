"""OpenCV's reader: for USB devices, and for streams that PyAV does not open."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any

from factory_pipelines.cameras.addresses import Kind, path_of
from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.failures import StreamError
from factory_pipelines.edge.streams.sources import Grab, refuse_large
from factory_pipelines.vision.types import Image

# OpenCV takes options of FFmpeg from the environment alone, at each opening. A clip would lose pictures by those of a
# stream, so they are set for the moment of opening one.
_STREAM_OPTIONS = ("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay")
_OPENING = Lock()


@contextmanager
def _options_of(kind: Kind) -> Iterator[None]:
    name, options = _STREAM_OPTIONS
    with _OPENING:
        before = os.environ.pop(name, None)
        if kind == "rtsp":
            os.environ[name] = before or options
        try:
            yield
        finally:
            os.environ.pop(name, None)
            if before is not None:
                os.environ[name] = before


class OpenCvSource:
    """``cv2.VideoCapture``. It says only that it failed, never why: every failure to open is ``failed``."""

    def __init__(self, config: CameraConfig, max_megapixels: float) -> None:
        """Opens it.

        Raises:
            StreamError: when it cannot be opened, or is too large.
        """
        import cv2

        # Its FFmpeg would write addresses with their passwords to the error output.
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        self._kind = config.kind
        self._max_megapixels = max_megapixels
        address = config.source_url.get_secret_value()
        if self._kind == "usb":
            self._capture: Any = cv2.VideoCapture(int(address.partition(":")[2]))
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(config.open_timeout_s * 1000)]
            limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(config.stale_after_s * 1000)]
            where = address if self._kind == "rtsp" else path_of(address)
            with _options_of(self._kind):
                self._capture = cv2.VideoCapture(where, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self._capture.release()
            what = (
                f"there is no device {address}" if self._kind == "usb" else "OpenCV cannot open it and does not say why"
            )
            raise StreamError("not_found" if self._kind == "usb" else "failed", what)

    def grabs(self) -> Iterator[Grab | None]:
        """As ``Source.grabs``."""
        import cv2

        fps = self._capture.get(cv2.CAP_PROP_FPS) or 25.0
        count = 0
        while True:
            there, image = self._capture.read()
            if not there:
                if self._kind == "file":
                    return
                raise StreamError("stalled", "OpenCV read no further picture")
            height, width = image.shape[:2]
            refuse_large(width, height, self._max_megapixels)
            offset_s = count / fps if self._kind == "file" else None
            count += 1
            yield Grab(partial(_as_it_is, image), offset_s, False, width, height)

    def close(self) -> None:
        """As ``Source.close``."""
        self._capture.release()


def _as_it_is(image: Image) -> Image:
    return image

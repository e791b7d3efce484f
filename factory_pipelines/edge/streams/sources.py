"""Opening what a camera's address names: a stream, a clip, a picture or a device."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from factory_pipelines.cameras.addresses import path_of
from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.failures import StreamError, opening_failed, stream_failed
from factory_pipelines.vision.types import Image


@dataclass(frozen=True, slots=True)
class Grab:
    """A decoded picture that nobody has converted yet: most are not looked at.

    Attributes:
        to_image: makes the picture; takes a millisecond or two.
        offset_s: its place in a clip, from the clip's beginning; None for what is live.
        is_damaged: parts of it were guessed by the decoder.
        width: in pixels.
        height: in pixels.
    """

    to_image: Callable[[], Image]
    offset_s: float | None
    is_damaged: bool
    width: int
    height: int


class Source(Protocol):
    """An opened source."""

    def grabs(self) -> Iterator[Grab | None]:
        """Pictures as they come; None where data came that made no picture.

        Raises:
            StreamError: when it broke. A clip or a picture that is over simply ends.
        """

    def close(self) -> None:
        """Lets go of it."""


def open_source(config: CameraConfig, *, max_megapixels: float) -> Source:
    """Opens what ``config`` names.

    Raises:
        StreamError: with the reason, within the configured time.
    """
    if config.kind == "image":
        return StillSource(Path(path_of(config.source_url.get_secret_value())), max_megapixels)
    if config.reader == "opencv" or config.kind == "usb":
        from factory_pipelines.edge.streams.opencv_source import OpenCvSource

        return OpenCvSource(config, max_megapixels)
    return AvSource(config, max_megapixels)


class AvSource:
    """PyAV: a stream over TCP without buffers, or a clip."""

    def __init__(self, config: CameraConfig, max_megapixels: float) -> None:
        """Opens it.

        Raises:
            StreamError: with the reason.
        """
        import av

        self._is_live = config.kind == "rtsp"
        address = config.source_url.get_secret_value()
        started_s = time.monotonic()
        try:
            self._container: Any = av.open(
                address if self._is_live else path_of(address),
                options=live_options() if self._is_live else {},
                # FFmpeg's parser keeps the newest picture until the next one begins; a time-out hands it over, and only
                # a second one ends the stream.
                timeout=(config.open_timeout_s, config.stale_after_s / 2),
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            took_s = time.monotonic() - started_s
            raise opening_failed(
                error, took_s=took_s, timeout_s=config.open_timeout_s, is_network=self._is_live
            ) from None  # the cause names the address
        if not self._container.streams.video:
            self.close()
            raise StreamError("unsupported", "it has no video")
        self._stream: Any = self._container.streams.video[0]
        # Threads that decode ahead would add a picture of delay each.
        self._stream.thread_type = "NONE"
        self._stream.codec_context.thread_count = 1
        try:
            refuse_large(self._stream.codec_context.width, self._stream.codec_context.height, max_megapixels)
        except StreamError:
            self.close()
            raise

    def grabs(self) -> Iterator[Grab | None]:
        """As ``Source.grabs``."""
        import av

        first_s: float | None = None
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except av.InvalidDataError:
                    yield None
                    continue
                if not frames:
                    yield None
                for frame in frames:
                    if not self._is_live and first_s is None:
                        first_s = frame.time or 0.0
                    offset_s = None if self._is_live else (frame.time or 0.0) - (first_s or 0.0)
                    yield Grab(_converter(frame), offset_s, frame.is_corrupt, frame.width, frame.height)
        except (av.FFmpegError, OSError) as error:
            raise stream_failed(error) from None
        if self._is_live:
            raise StreamError("closed")

    def close(self) -> None:
        """As ``Source.close``."""
        self._container.close()


def live_options() -> dict[str, str]:
    """Options of FFmpeg for a stream: over TCP, and nothing kept back."""
    return {
        "rtsp_transport": "tcp",
        "fflags": "nobuffer",
        "flags": "low_delay",
        # What a camera says in its SDP is enough: looking longer would keep the first second of pictures back.
        "analyzeduration": "500000",
        "probesize": "500000",
        "fpsprobesize": "0",
    }


def _converter(frame: Any) -> Callable[[], Image]:
    def to_image() -> Image:
        image: Image = frame.to_ndarray(format="bgr24")
        return image

    return to_image


class StillSource:
    """One picture, shown again and again."""

    _EVERY_S = 1.0

    def __init__(self, path: Path, max_megapixels: float) -> None:
        """Reads it.

        Raises:
            StreamError: when it is not there, no picture, or too large.
        """
        import cv2
        from PIL import Image as Pictures
        from PIL import UnidentifiedImageError

        try:
            # The size stands in the first bytes: a huge picture is refused before it fills the memory.
            with Pictures.open(path) as picture:
                refuse_large(*picture.size, max_megapixels)
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        except UnidentifiedImageError as error:
            raise StreamError("undecodable", f"{path} is no picture") from error
        except Pictures.DecompressionBombError as error:
            raise StreamError("too_large", str(error)) from error
        except OSError as error:
            raise StreamError("not_found", f"{path}: {error.strerror or error}") from error
        if image is None:
            raise StreamError("undecodable", f"{path} is no picture that OpenCV reads")
        self._image: Image = image.astype("uint8", copy=False)
        self._is_closed = False

    def grabs(self) -> Iterator[Grab | None]:
        """As ``Source.grabs``; once a second."""
        height, width = self._image.shape[:2]
        while not self._is_closed:
            yield Grab(lambda: self._image, None, False, width, height)
            time.sleep(self._EVERY_S)

    def close(self) -> None:
        """As ``Source.close``."""
        self._is_closed = True


def refuse_large(width: int, height: int, max_megapixels: float) -> None:
    """Nothing for a picture of acceptable size.

    Raises:
        StreamError: for one of more than ``max_megapixels``.
    """
    if width * height > max_megapixels * 1e6:
        raise StreamError("too_large", f"{width} × {height} pixels are more than {max_megapixels:g} megapixels")


def time_in_clip(began_at: datetime, offset_s: float) -> datetime:
    """When the picture at ``offset_s`` of a clip was taken; whole milliseconds, the same in every playback."""
    return began_at + timedelta(milliseconds=round(offset_s * 1000))

"""Pictures from outside: looked at before they are decoded, and re-encoded without what they say beside the picture."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory_pipelines.identity.faces import Picture

if TYPE_CHECKING:
    from PIL import Image

LONGEST_SIDE_PX = 1920
"""Longer sides are scaled down to this: more shows a matcher nothing, and Rekognition takes 5 MB at most."""

_SHORTEST_SIDE_PX = 40  # no matcher finds a face in less
_QUALITY = 90
# Each scan of a progressive JPEG is one more pass over all pixels; encoders write a dozen at most.
_MOST_SCANS = 64
_START_OF_SCAN = b"\xff\xda"
_FORMATS = ("JPEG", "PNG")


class PictureError(ValueError):
    """Bytes that are no picture we take. ``code`` is for programs, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        """``code`` is one of empty, too_large, not_an_image, too_many_pixels, too_small, damaged."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What is refused: more than ``bytes_max`` unread, more than ``pixels_max`` undecoded."""

    bytes_max: int
    pixels_max: int

    @classmethod
    def of(cls, max_image_mb: float, max_megapixels: float) -> "PictureLimits":
        """MB are 1,000,000 bytes, megapixels 1,000,000 pixels."""
        return cls(int(max_image_mb * 1_000_000), int(max_megapixels * 1_000_000))


def read_picture(data: bytes, limits: PictureLimits) -> Picture:
    """The picture in ``data``, upright, at most ``LONGEST_SIDE_PX`` long, without metadata.

    Size, type and number of pixels are read off the header; nothing is decoded before they are accepted.

    Raises:
        PictureError: when it is none we take.
    """
    if not data:
        raise PictureError("empty", "the picture is empty: send the bytes of a JPEG or PNG file")
    if len(data) > limits.bytes_max:
        most = f"{limits.bytes_max / 1e6:g} MB"
        raise PictureError("too_large", f"the picture has {len(data) / 1e6:.1f} MB, at most {most}: send a smaller one")
    image = _opened(data, limits)
    return _reencoded(image)


def pixels(picture: Picture) -> Any:
    """The picture as OpenCV has it: height × width × 3, blue, green, red; uint8."""
    import cv2
    import numpy as np

    return cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)


def _opened(data: bytes, limits: PictureLimits) -> "Image.Image":
    from PIL import Image

    most = f"at most {limits.pixels_max / 1e6:g} million: send a smaller one"
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow's own limits; a warning is raised where warnings are errors.
        raise PictureError("too_many_pixels", f"the picture has far too many pixels, {most}") from error
    except Exception as error:
        # Pillow's parsers raise whatever a damaged header makes them stumble over.
        raise PictureError("not_an_image", "this is no JPEG or PNG picture, whatever its name says") from error
    width, height = image.size
    if width * height > limits.pixels_max:
        raise PictureError("too_many_pixels", f"the picture has {width} × {height} pixels, {most}")
    if min(width, height) < _SHORTEST_SIDE_PX:
        raise PictureError("too_small", f"the picture has {width} × {height} pixels: no face can be seen in it")
    if image.format == "JPEG" and (scans := data.count(_START_OF_SCAN)) > _MOST_SCANS:
        raise PictureError("damaged", f"the JPEG has {scans} scans, where encoders write a dozen: save it anew")
    return image


def _reencoded(image: "Image.Image") -> Picture:
    from PIL import Image, ImageOps

    try:
        image.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))  # a large JPEG is scaled down while it is decoded
        image.load()
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
        # A new picture of the pixels alone: Pillow would write comments and profiles into the copy as well.
        bare = Image.new("RGB", upright.size)
        bare.paste(upright)
    except Exception as error:
        raise PictureError("damaged", f"the picture cannot be decoded ({error}): send it again") from error
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=_QUALITY)
    return Picture(buffer.getvalue(), *bare.size)

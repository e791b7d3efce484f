"""Bytes that are no picture we take, each with the code of its refusal."""

import io
import struct
import zlib

from PIL import Image

from factory_pipelines_tests.drawn_faces import drawn_face


def png(width: int, height: int, *, data: bytes = b"\x00" * 1000, text: bytes = b"") -> bytes:
    """A PNG that says it has so many pixels, and holds ``data`` of them."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    comment = chunk(b"zTXt", b"Comment\x00\x00" + text) if text else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + comment + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def _progressive(scans: int) -> bytes:
    """A JPEG that asks its decoder for another pass over all pixels again and again."""
    buffer = io.BytesIO()
    Image.new("RGB", (400, 400)).save(buffer, "JPEG", progressive=True)
    jpeg = buffer.getvalue()
    start = jpeg.index(b"\xff\xda")
    scan = jpeg[start : jpeg.index(b"\xff\xda", start + 2)]
    return jpeg[:start] + scan * scans + b"\xff\xd9"


def _webp() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 400)).save(buffer, "WEBP")
    return buffer.getvalue()


BAD_PICTURES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "text": (b"GIF89a is what I say I am", "not_an_image"),
    "a page": (b"<script>alert(1)</script>", "not_an_image"),
    "another format": (_webp(), "not_an_image"),
    "60 megapixels in a few bytes": (png(10_000, 6_000), "too_many_pixels"),
    "100 megapixels": (png(10_000, 10_000), "too_many_pixels"),
    "4 gigapixels": (png(65_000, 65_000), "too_many_pixels"),
    "70 MB of comment in 70 kB": (png(400, 400, text=zlib.compress(b"a" * 70_000_000, 9)), "not_an_image"),
    "a thousand passes": (_progressive(1000), "damaged"),
    "half a picture": (drawn_face(1)[:5000], "damaged"),
    "fewer pixels than said": (png(400, 400), "damaged"),
    "one pixel": (png(1, 1), "too_small"),
}

"""Pictures as H.264, and H.264 as RTP packets: what a camera does before its network cable.

An access unit is one picture as a list of NAL units without start codes (RFC 6184). Every key picture carries its
parameter sets, so that a player may join, and the resolution may change, at any of them.
"""

import base64
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from factory_pipelines.vision.types import Image

CLOCK_HZ = 90_000  # of RTP timestamps of video
PAYLOAD_TYPE = 96
_MTU_BYTES = 1400
_SPS, _PPS, _IDR = 7, 8, 5
_FU_A = 28

AccessUnit = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded pictures that begin with a key picture, to be sent round and round.

    Attributes:
        access_units: one for each picture.
        fps: pictures in a second.
    """

    access_units: tuple[AccessUnit, ...]
    fps: float


class Encoder:
    """One picture in, one access unit out: no look-ahead and no picture that waits for a later one."""

    def __init__(self, fps: float, *, key_every: int | None = None) -> None:
        """``key_every``: pictures from one key picture to the next; default: half a second."""
        self._fps = fps
        self._key_every = key_every or max(round(fps / 2), 1)
        self._codec: Any = None
        self._size: tuple[int, int] | None = None
        self._count = 0

    def encode(self, image: Image) -> AccessUnit:
        """The access unit of ``image``; another size than before begins with a key picture of the new size."""
        import av

        height, width = image.shape[:2]
        if self._size != (width, height):
            self._codec = self._open(width, height)
            self._size = (width, height)
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
        frame.pts = self._count
        self._count += 1
        data = b"".join(bytes(packet) for packet in self._codec.encode(frame))
        return tuple(nal_units(data))

    def _open(self, width: int, height: int) -> Any:
        import av

        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.framerate = Fraction(self._fps).limit_denominator(1001)
        codec.time_base = 1 / codec.framerate
        codec.gop_size = self._key_every
        codec.thread_count = 1
        # Without an access unit delimiter and with parameter sets in band, as cameras send it.
        parameters = f"keyint={self._key_every}:min-keyint=1:scenecut=0:repeat-headers=1:annexb=1"
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": parameters}
        return codec


def encode_clip(images: Iterable[Image], fps: float, *, key_every: int | None = None) -> Clip:
    """All of ``images``, ready to be sent again and again without encoding."""
    encoder = Encoder(fps, key_every=key_every)
    return Clip(tuple(encoder.encode(image) for image in images), fps)


def nal_units(stream: bytes) -> Iterator[bytes]:
    """The NAL units between the start codes of an Annex B stream."""
    for unit in stream.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01"):
        if unit:
            yield unit


def is_key(unit: AccessUnit) -> bool:
    """Whether a player may begin with this picture."""
    return any(nal[0] & 0x1F == _IDR for nal in unit)


def describe(unit: AccessUnit, fps: float, *, host: str) -> str:
    """The SDP of a stream whose key picture is ``unit``."""
    sps = next(nal for nal in unit if nal[0] & 0x1F == _SPS)
    pps = next(nal for nal in unit if nal[0] & 0x1F == _PPS)
    sets = ",".join(base64.b64encode(nal).decode() for nal in (sps, pps))
    lines = [
        "v=0",
        f"o=- 0 0 IN IP4 {host}",
        "s=simulated camera",
        f"c=IN IP4 {host}",
        "t=0 0",
        "a=control:*",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};"
        f"sprop-parameter-sets={sets}",
        f"a=framerate:{fps:g}",
        "a=control:track1",
    ]
    return "\r\n".join(lines) + "\r\n"


class Packetizer:
    """Access units as RTP packets: small units whole, large ones in fragments (FU-A)."""

    def __init__(self, ssrc: int) -> None:
        """``ssrc`` names the sender."""
        self._ssrc = ssrc
        self._sequence = 0

    def packets(self, unit: Sequence[bytes], timestamp: int) -> list[bytes]:
        """The packets of one picture; the last has the marker."""
        payloads = [payload for nal in unit for payload in _payloads(nal)]
        last = len(payloads) - 1
        return [self._packet(payload, timestamp, marker=n == last) for n, payload in enumerate(payloads)]

    def _packet(self, payload: bytes, timestamp: int, *, marker: bool) -> bytes:
        kind = PAYLOAD_TYPE | (0x80 if marker else 0)
        head = struct.pack("!BBHII", 0x80, kind, self._sequence, timestamp & 0xFFFFFFFF, self._ssrc)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + payload


def _payloads(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= _MTU_BYTES:
        yield nal
        return
    indicator = nal[0] & 0xE0 | _FU_A
    body = nal[1:]
    starts = range(0, len(body), _MTU_BYTES - 2)
    for start in starts:
        first, last = start == 0, start == starts[-1]
        header = (0x80 if first else 0) | (0x40 if last else 0) | nal[0] & 0x1F
        yield bytes((indicator, header)) + body[start : start + _MTU_BYTES - 2]

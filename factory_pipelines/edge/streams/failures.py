"""Why a stream cannot be had: one word for programs, one sentence for people, and never a password in it."""

from dataclasses import dataclass
from typing import Literal

from factory_pipelines.cameras.addresses import redacted

Reason = Literal[
    "refused",
    "unreachable",
    "unauthorised",
    "not_found",
    "stalled",
    "undecodable",
    "too_large",
    "closed",
    "finished",
    "unsupported",
    "failed",
]

REMEDIES: dict[Reason, str] = {
    "refused": "nobody listens there: is the camera on, and is the port right?",
    "unreachable": "no way to that host: check its name, its address and the network",
    "unauthorised": "the camera refuses user or password: correct source_url; it is not tried again until then",
    "not_found": "the camera has no such stream, or the file is not there: check the path",
    "stalled": "connected, but no picture came in time: restart the camera if this lasts",
    "undecodable": "data comes, but no picture can be made of it: check codec, cabling and bandwidth",
    "too_large": "the picture is larger than allowed: lower the resolution, or raise FACTORY_CAMERAS__MAX_MEGAPIXELS",
    "closed": "the camera ended the connection",
    "finished": "the clip has come to its end",
    "unsupported": "the camera does not speak RTSP over TCP, or the stream has no video",
    "failed": "the stream broke for another reason",
}

# Trying again cannot help before somebody changes something; guessing on would lock the account.
FINAL: frozenset[Reason] = frozenset({"unauthorised", "finished"})

_AVERROR_EXIT = 1414092869  # FFmpeg's word for a time-out of ours
_REASONS_BY_NAME: dict[str, Reason] = {
    "HTTPUnauthorizedError": "unauthorised",
    "HTTPForbiddenError": "unauthorised",
    "HTTPNotFoundError": "not_found",
    "FileNotFoundError": "not_found",
    "IsADirectoryError": "not_found",
    "PermissionError": "not_found",
    "ConnectionRefusedError": "refused",
    "TimeoutError": "stalled",
    "ExitError": "stalled",
    "InvalidDataError": "undecodable",
    "ConnectionResetError": "closed",
    "BrokenPipeError": "closed",
    "EOFError": "closed",
    "HTTPBadRequestError": "unsupported",
    "HTTPOtherClientError": "unsupported",
    "ProtocolNotFoundError": "unsupported",
    "StreamNotFoundError": "unsupported",
    "DecoderNotFoundError": "unsupported",
}
_UNREACHABLE_ERRNOS = frozenset({5, 101, 110, 111, 113})  # EIO is what FFmpeg makes of a name that does not resolve


@dataclass(frozen=True)
class StreamError(Exception):
    """A source that cannot be opened, or that broke.

    Attributes:
        reason: what kind of failure.
        detail: what the library said, without secrets.
    """

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail or REMEDIES[self.reason]}"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.reason]


def opening_failed(error: BaseException, *, took_s: float, timeout_s: float, is_network: bool) -> StreamError:
    """What an exception on opening means.

    A camera that accepts and stays silent makes FFmpeg fail with whatever it tried last: the time tells it from others.
    """
    if is_network and took_s >= 0.95 * timeout_s:
        return StreamError("stalled", f"connected, but silent for {took_s:.1f} s")
    if is_network and _name(error) == "OSError" and getattr(error, "errno", None) in _UNREACHABLE_ERRNOS:
        return StreamError("unreachable", _detail(error))
    return stream_failed(error)


def stream_failed(error: BaseException) -> StreamError:
    """What an exception of PyAV means."""
    if getattr(error, "errno", None) == _AVERROR_EXIT:
        return StreamError("stalled", "no data in time")
    return StreamError(_REASONS_BY_NAME.get(_name(error), "failed"), _detail(error))


def _name(error: BaseException) -> str:
    return type(error).__name__


def _detail(error: BaseException) -> str:
    return redacted(str(getattr(error, "strerror", None) or error))

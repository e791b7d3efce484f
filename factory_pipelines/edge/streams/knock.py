"""Knocking: is a camera there again? Asked often, because it costs the camera next to nothing.

Opening a stream at a camera that hangs would take the whole time-out, and a camera that comes back meanwhile would have
to wait for its end. A knock is one connection and one OPTIONS, without user and password, given up after a second.
"""

import socket
from contextlib import closing
from urllib.parse import urlsplit

from factory_pipelines.edge.streams.failures import StreamError

TIMEOUT_S = 0.8
_QUESTION = "OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: factory_pipelines\r\n\r\n"


def knock(address: str, timeout_s: float = TIMEOUT_S) -> StreamError | None:
    """None when the camera at an ``rtsp:`` address answers, whatever it answers; else why not."""
    parts = urlsplit(address)
    host, is_encrypted = parts.hostname or "", parts.scheme.lower() == "rtsps"
    port = parts.port or (322 if is_encrypted else 554)
    try:
        with closing(socket.create_connection((host, port), timeout_s)) as door:
            if is_encrypted:
                return None  # an open port must do: the rest is said within TLS
            door.settimeout(timeout_s)
            door.sendall(_QUESTION.format(host=f"[{host}]" if ":" in host else host, port=port).encode())
            return None if door.recv(1) else StreamError("closed")
    except ConnectionRefusedError:
        return StreamError("refused", "connection refused")
    except TimeoutError:
        return StreamError("stalled", f"no answer within {timeout_s:g} s")
    except ConnectionError:
        return StreamError("closed")
    except OSError as error:
        return StreamError("unreachable", error.strerror or "")

"""A SQL Server in thirty lines of its wire protocol (TDS 7.4): enough for a real driver to be refused, or cut off."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PRELOGIN = bytes.fromhex("00000b0006 01001100 01 ff".replace(" ", "")) + bytes(6) + b"\x02"  # version, no encryption
_DONE = struct.pack("<BHHQ", 0xFD, 0, 0, 0)
_LOGIN_FAILED = 18456


@contextmanager
def tds_server(*, accepts_login: bool) -> Iterator[int]:
    """Serves on a loopback port: refuses every login, or accepts it and hangs up on the first query."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, accepts_login), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def _serve(listener: socket.socket, accepts_login: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # the test is over
            return
        with connection:
            _read(connection)
            _answer(connection, _PRELOGIN)
            _read(connection)
            _answer(connection, _acknowledged() if accepts_login else _refused())
            if accepts_login:
                _read(connection)


def _read(connection: socket.socket) -> None:
    header = connection.recv(8, socket.MSG_WAITALL)
    if len(header) == 8:
        connection.recv(struct.unpack(">H", header[2:4])[0] - 8, socket.MSG_WAITALL)


def _answer(connection: socket.socket, payload: bytes) -> None:
    connection.sendall(struct.pack(">BBHHBB", 4, 1, len(payload) + 8, 0, 1, 0) + payload)


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + text.encode("utf-16-le")


def _refused() -> bytes:
    message = (
        _text("Login failed for user 'planner'.", "<H") + _text("plant", "<B") + _text("", "<B") + struct.pack("<I", 1)
    )
    body = struct.pack("<IBB", _LOGIN_FAILED, 1, 14) + message
    return b"\xaa" + struct.pack("<H", len(body)) + body + struct.pack("<BHHQ", 0xFD, 2, 0, 0)


def _acknowledged() -> bytes:
    body = b"\x01" + bytes.fromhex("74000004") + _text("Microsoft SQL Server", "<B") + bytes([16, 0, 0, 0])
    return b"\xad" + struct.pack("<H", len(body)) + body + _DONE

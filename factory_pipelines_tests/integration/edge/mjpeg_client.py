"""A viewer that reads parts as a browser does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    headers: dict[str, str]
    body: bytes


class Viewer:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._file: Any = connection.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = self._head()
        self._left = 0

    def parts(self) -> Iterator[Part]:
        """Until the stream ends."""
        while True:
            line = self._line()
            if not line:
                return
            assert line == b"--frame", line
            headers = {}
            while line := self._line():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            body = self._read(int(headers["content-length"]))
            assert self._read(2) == b"\r\n"
            yield Part(headers, body)

    def _head(self) -> dict[str, str]:
        found = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            found[name.lower()] = value
        return found

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\r\n"):
            if not (byte := self._read(1)):
                return b""
            line += byte
        return line[:-2]

    def _read(self, count: int) -> bytes:
        """``count`` bytes out of the chunks of HTTP/1.1."""
        data = b""
        while len(data) < count:
            if self._left == 0:
                size = self._file.readline().strip()
                self._left = int(size or b"0", 16)
                if self._left == 0:
                    return data
            piece = self._file.read(min(count - len(data), self._left))
            if not piece:
                return data
            data += piece
            self._left -= len(piece)
            if self._left == 0:
                self._file.readline()
        return data


@contextmanager
def watching(port: int, path: str, secret: str) -> Iterator[Viewer]:
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: edge\r\nX-API-Key: {secret}\r\n\r\n".encode())
        yield Viewer(connection)

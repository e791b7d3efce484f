"""The words of RTSP: requests, answers, and the two ways of asking for a password (RFC 2326, RFC 7616, RFC 7617)."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_REALM = "simulated camera"
_PHRASES = {
    200: "OK",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    461: "Unsupported Transport",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in small letters."""

    method: str
    url: str
    headers: Mapping[str, str]


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, RTCP packets on the way passed over; None when the other side has gone or speaks no RTSP."""
    while (first := await reader.read(1)) == b"$":
        head = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(head[1:], "big"))
    if not first:
        return None
    lines = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    url, _, version = rest.rpartition(" ")
    if not version.startswith("RTSP/"):
        return None
    fields = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, url, headers)


def response(request: Request, status: int, headers: Mapping[str, str] | None = None, body: str = "") -> bytes:
    """The answer to ``request``."""
    lines = [f"RTSP/1.0 {status} {_PHRASES[status]}", f"CSeq: {request.headers.get('cseq', '0')}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


class Challenger:
    """Asks one connection for user and password."""

    def __init__(self, user: str, password: str, scheme: Literal["digest", "basic"]) -> None:
        """A nonce of its own for each connection."""
        self._user = user
        self._password = password
        self._scheme = scheme
        self._nonce = secrets.token_hex(8)

    def challenge(self) -> str:
        """The header WWW-Authenticate."""
        if self._scheme == "basic":
            return f'Basic realm="{_REALM}"'
        return f'Digest realm="{_REALM}", nonce="{self._nonce}"'

    def accepts(self, request: Request) -> bool:
        """Whether the request proves that it knows the password."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != self._scheme:
            return False
        if self._scheme == "basic":
            try:
                given = base64.b64decode(rest)
            except binascii.Error:
                return False
            return hmac.compare_digest(given, f"{self._user}:{self._password}".encode())
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', rest))
        secret = _md5(f"{self._user}:{_REALM}:{self._password}")
        asked = _md5(f"{request.method}:{fields.get('uri', '')}")
        wanted = _md5(f"{secret}:{self._nonce}:{asked}")
        known = fields.get("username") == self._user and fields.get("nonce") == self._nonce
        return known and hmac.compare_digest(fields.get("response", ""), wanted)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # what RTSP's Digest is made of

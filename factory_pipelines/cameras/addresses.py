"""Addresses of cameras, and how they are shown: never with what lets somebody in."""

import re
from typing import Literal
from urllib.parse import urlsplit

MASK = "***"

Kind = Literal["rtsp", "file", "image", "usb"]

# Everything up to the last @ before the path: an unescaped password may hold an @ itself.
_LOGIN = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s/'\"]*@", re.IGNORECASE)
# The same with slashes in the password, which people write although it must be escaped.
_SLASHED_LOGIN = re.compile(r"(?P<scheme>\brtsps?://)[^\s'\"]*@(?=[^@\s'\"]*$|[^@\s'\"]*['\"\s])", re.IGNORECASE)
# A backslash before a quote belongs to the line of JSON around the text.
_VALUE = r"(?:[^&/\s'\"\\]|\\\\|\\(?!['\"]))+"
_SECRET_WORD = re.compile(
    r"(?P<name>\b(?:user|username|usr|login|password|passwd|pass|pwd|psw|token|auth|key)=)" + _VALUE, re.IGNORECASE
)
# In the queries of some makers' addresses the names come glued together: user=a_password=b_channel=1.
_GLUED_SECRET = re.compile(r"(?P<name>_(?:password|passwd|pwd)=)[^&/_\s'\"\\]+", re.IGNORECASE)


def redacted(text: str) -> str:
    """``text`` without what lets somebody in: the login of every address in it, and every ``password=…``."""
    if "=" not in text and "@" not in text:
        return text
    text = _SLASHED_LOGIN.sub(rf"\g<scheme>{MASK}@", text)
    text = _LOGIN.sub(rf"\g<scheme>{MASK}@", text)
    text = _GLUED_SECRET.sub(rf"\g<name>{MASK}", text)
    return _SECRET_WORD.sub(rf"\g<name>{MASK}", text)


def kind_of(address: str) -> Kind:
    """What kind of source an address names.

    Raises:
        ValueError: for an address of no kind that we can open, with what would be one.
    """
    scheme, _, rest = address.partition(":")
    match scheme.lower():
        case "rtsp" | "rtsps":
            _require_host(address)
            return "rtsp"
        case "file" | "image" if rest.strip("/"):
            return "file" if scheme.lower() == "file" else "image"
        case "usb" if rest.isdigit():
            return "usb"
    raise ValueError("no address of a camera: use rtsp://host/path, file:clip.mp4, image:picture.jpg or usb:0")


def path_of(address: str) -> str:
    """The path in a ``file:`` or ``image:`` address, with or without two slashes before it."""
    rest = address.partition(":")[2]
    return rest[2:] if rest.startswith("//") else rest


def _require_host(address: str) -> None:
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        # The text of the error may repeat a password.
        raise ValueError(
            "the host or port cannot be read: write %40 for @, %3A for : and %2F for / in a password"
        ) from error
    if not host or port == 0:
        raise ValueError("the address names no host: use rtsp://host:554/path")

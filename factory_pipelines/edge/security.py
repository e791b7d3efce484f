"""Who may call the API: named keys, and the refusal to start with secrets that everybody knows.

A key is configured as ``name:secret`` in ``FACTORY_API__KEYS``; callers send the secret, logs and the audit log hold
the name. Secrets are compared as digests in constant time and never leave this module.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from factory_pipelines.operations.credentials import WELL_KNOWN_SECRETS, InsecureConfigurationError
from factory_pipelines.settings import Settings

MIN_SECRET_LENGTH = 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


class ApiKeys:
    """The accepted keys, held as digests."""

    def __init__(self, entries: Iterable[str]) -> None:
        """``entries`` are ``name:secret``.

        Raises:
            InsecureConfigurationError: for an entry without a name, a short or well-known secret, a name used twice.
        """
        self._digests: dict[str, bytes] = {}
        for entry in sorted(entries):
            name, colon, secret = entry.partition(":")
            # Without a colon the whole entry may be a secret: it is not taken for a name, which messages repeat.
            _accept(name if colon else "", secret)
            if name in self._digests:
                raise InsecureConfigurationError(f"FACTORY_API__KEYS names {name!r} twice: give each key its own name")
            self._digests[name] = _digest(secret)

    def __len__(self) -> int:
        return len(self._digests)

    def ticket(self, name: str, expires_at_s: int) -> str:
        """What a browser keeps instead of the key ``name``: it dies at ``expires_at_s`` (Unix time) or with the key."""
        return f"{name}~{expires_at_s}~{self._seal(name, expires_at_s)}"

    def name_of_ticket(self, ticket: str, now_s: float) -> str | None:
        """Name of the key a ticket stands for, or None: expired, forged, or of a key that is no longer configured."""
        name, _, rest = ticket.partition("~")
        expires, _, seal = rest.partition("~")
        if name not in self._digests or not (expires.isascii() and expires.isdigit() and len(expires) < 16):
            return None
        is_genuine = hmac.compare_digest(self._seal(name, int(expires)).encode(), seal.encode("utf-8", "replace"))
        return name if is_genuine and now_s < int(expires) else None

    def _seal(self, name: str, expires_at_s: int) -> str:
        return hmac.new(self._digests[name], f"ticket {name} {expires_at_s}".encode(), hashlib.sha256).hexdigest()

    def name_of(self, secret: str) -> str | None:
        """Name of the key with this secret, or None. Takes the same time whichever key it is, or none."""
        digest = _digest(secret)
        found = None
        for name, known in self._digests.items():
            if hmac.compare_digest(known, digest):
                found = name
        return found


def load_keys(settings: Settings) -> ApiKeys:
    """The configured keys.

    Raises:
        InsecureConfigurationError: when there are none, or one of them is no secret.
    """
    if not settings.api.keys:
        raise InsecureConfigurationError(
            "no API key is configured, and every route needs one: set FACTORY_API__KEYS to a JSON list of name:secret, "
            "for example FACTORY_API__KEYS='[\"dashboard:<output of: openssl rand -hex 24>\"]'"
        )
    return ApiKeys(settings.api.keys)


def public(endpoint: _Endpoint) -> _Endpoint:
    """Marks a route that answers without a key. Everything unmarked needs one."""
    endpoint.__dict__["is_public"] = True
    return endpoint


def is_public(endpoint: Callable[..., Any]) -> bool:
    """Whether ``endpoint`` was marked with ``public``."""
    return getattr(endpoint, "is_public", False) is True


def _accept(name: str, secret: str) -> None:
    if not _NAME.fullmatch(name):
        raise InsecureConfigurationError(
            "an entry of FACTORY_API__KEYS has no usable name: write name:secret, the name in letters, digits, _ . -"
        )
    if secret.lower() in WELL_KNOWN_SECRETS:
        raise InsecureConfigurationError(
            f"the secret of API key {name!r} is a well-known default: make one with `openssl rand -hex 24`"
        )
    if len(secret) < MIN_SECRET_LENGTH:
        raise InsecureConfigurationError(
            f"the secret of API key {name!r} is shorter than {MIN_SECRET_LENGTH} characters: "
            "make one with `openssl rand -hex 24`"
        )
    if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        raise InsecureConfigurationError(f"the secret of API key {name!r} cannot be sent in a header: use plain ASCII")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()

"""Who may call the API: named keys, and the refusal to start with secrets that everybody knows.

A key is configured as ``name:secret`` in ``FACTORY_API__KEYS``; callers send the secret, logs and the audit log hold
the name. Secrets are compared as digests in constant time and never leave this module.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from factory_pipelines.settings import Settings

MIN_SECRET_LENGTH = 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ODBC_PASSWORD = re.compile(r"(?:^|;)\s*(?:PWD|PASSWORD)\s*=\s*(\{[^}]*\}|[^;]*)", re.IGNORECASE)

# Passwords of the seeds, of images and of tutorials: whoever scans a network tries these first.
# fmt: off
WELL_KNOWN_SECRETS = frozenset({
    "123456", "12345678", "123456789", "1234567890123456", "admin", "admin123", "administrator", "api-key", "api_key",
    "apikey", "change-me", "change_me", "changeit", "changeme", "default", "demo", "factory", "factory123", "guest",
    "letmein", "p@ssw0rd", "pass", "passw0rd", "password", "password1", "password123", "postgres", "qwerty", "root",
    "sa", "secret", "sqlserver", "test", "timescale", "timescaledb", "user", "welcome", "your-api-key",
    "your_api_key", "your_auth_token", "your_password", "yourstrong!passw0rd", "yourstrong(!)password",
})
# fmt: on

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


class InsecureConfigurationError(ValueError):
    """The configuration would open the API to anybody; the message says what to set."""


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


def refuse_known_passwords(settings: Settings) -> None:
    """Outside the demo, no process may start with a password that stands in a manual (FEATURES, decision 10).

    Raises:
        InsecureConfigurationError: naming the setting, never its value.
    """
    if settings.rtms.source == "demo":
        return
    for setting, password in _passwords(settings):
        if password.lower() in WELL_KNOWN_SECRETS:
            raise InsecureConfigurationError(
                f"{setting} holds a well-known default password: change it on that server and here, then start again"
            )


def known_secrets(settings: Settings) -> list[str]:
    """Every secret value of the settings, longest first: what logs and the audit log must never hold."""
    values = {entry.partition(":")[2] for entry in settings.api.keys}
    values.update(password for _, password in _passwords(settings))
    for group in type(settings).model_fields:
        branch = getattr(settings, group)
        for name in getattr(type(branch), "model_fields", ()):
            value = getattr(branch, name)
            if isinstance(value, SecretStr):
                values.add(value.get_secret_value())
    # Shorter ones would tear holes into ordinary words; as passwords they are refused above.
    return sorted((value for value in values if len(value) >= 8), key=len, reverse=True)


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


def _passwords(settings: Settings) -> Iterator[tuple[str, str]]:
    urls = {
        "FACTORY_DATABASE_URL": settings.database_url,
        "FACTORY_DATABASE__WRITER_URL": settings.database.writer_url,
        "FACTORY_DATABASE__READER_URL": settings.database.reader_url,
        "FACTORY_DATABASE__DAGSTER_URL": settings.database.dagster_url,
    }
    for setting, url in urls.items():
        if url is not None and (password := urlsplit(url.get_secret_value()).password):
            yield setting, unquote(password)
    plain = {
        "FACTORY_DATABASE__WRITER_PASSWORD": settings.database.writer_password,
        "FACTORY_DATABASE__READER_PASSWORD": settings.database.reader_password,
        "FACTORY_DATABASE__DAGSTER_PASSWORD": settings.database.dagster_password,
    }
    for setting, secret in plain.items():
        if secret is not None and secret.get_secret_value():
            yield setting, secret.get_secret_value()
    if settings.rtms.odbc is not None:
        for found in _ODBC_PASSWORD.finditer(settings.rtms.odbc.get_secret_value()):
            yield "FACTORY_RTMS__ODBC", found.group(1).strip().strip("{}")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()

"""Passwords that everybody knows, and secrets that no log may hold.

Outside the demo no process may start with one of the former (FEATURES, decision 10).
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from factory_pipelines.settings import Settings

# Passwords of the requirement documents, of images and of tutorials: whoever scans a network tries these first.
# fmt: off
WELL_KNOWN_SECRETS = frozenset({
    "123456", "12345678", "123456789", "1234567890123456", "admin", "admin123", "administrator", "api-key", "api_key",
    "apikey", "barnameh_password", "change-me", "change_me", "changeit", "changeme", "default", "demo", "factory",
    "factory123", "guest", "letmein", "p@ssw0rd", "pass", "passw0rd", "password", "password1", "password123",
    "postgres", "qwerty", "root", "sa", "secret", "sqlserver", "test", "timescale", "timescaledb", "user", "welcome",
    "your-api-key", "your_api_key", "your_auth_token", "your_password", "yourstrong!passw0rd", "yourstrong(!)password",
})
# fmt: on

_ODBC_PASSWORD = re.compile(r"(?:^|;)\s*(?:PWD|PASSWORD)\s*=\s*(\{[^}]*\}|[^;]*)", re.IGNORECASE)
_LEAST_LENGTH = 4


class InsecureConfigurationError(ValueError):
    """The configuration would let anybody in; the message says what to set."""


def well_known_passwords(settings: Settings) -> list[str]:
    """Names of the settings that hold a password everybody knows; never the password."""
    return [name for name, password in passwords(settings) if password.lower() in WELL_KNOWN_SECRETS]


def refuse_well_known_passwords(settings: Settings) -> None:
    """Outside the demo, no process may start with a password that stands in a manual (FEATURES, decision 10).

    Raises:
        InsecureConfigurationError: naming the setting, never its value.
    """
    if settings.rtms.source != "demo" and (known := well_known_passwords(settings)):
        raise InsecureConfigurationError(
            f"{known[0]} holds a well-known default password: change it on that server and here, then start again"
        )


def passwords(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every password of the settings with the variable it stands in, those inside addresses included."""
    addresses = {
        "FACTORY_DATABASE_URL": settings.database_url,
        "FACTORY_DATABASE__WRITER_URL": settings.database.writer_url,
        "FACTORY_DATABASE__READER_URL": settings.database.reader_url,
        "FACTORY_DATABASE__DAGSTER_URL": settings.database.dagster_url,
    }
    for name, address in addresses.items():
        if address is not None and (password := urlsplit(address.get_secret_value()).password):
            yield name, unquote(password)
    plain = {
        "FACTORY_DATABASE__WRITER_PASSWORD": settings.database.writer_password,
        "FACTORY_DATABASE__READER_PASSWORD": settings.database.reader_password,
        "FACTORY_DATABASE__DAGSTER_PASSWORD": settings.database.dagster_password,
        "FACTORY_TWILIO__AUTH_TOKEN": settings.twilio.auth_token,
        "FACTORY_SLACK__BOT_TOKEN": settings.slack.bot_token,
    }
    for name, secret in plain.items():
        if secret is not None and secret.get_secret_value():
            yield name, secret.get_secret_value()
    if settings.rtms.odbc is not None:
        for found in _ODBC_PASSWORD.finditer(settings.rtms.odbc.get_secret_value()):
            yield "FACTORY_RTMS__ODBC", found.group(1).strip().strip("{}")
    for key in settings.api.keys:
        yield "FACTORY_API__KEYS", key.partition(":")[2]


def secret_values(settings: Settings) -> list[str]:
    """Every secret of the settings, the longest first: what no log may hold."""
    hidden = {password for _, password in passwords(settings)}
    for group in type(settings).model_fields:
        branch = getattr(settings, group)
        values = [branch] if not isinstance(branch, BaseModel) else [value for _, value in branch]
        hidden.update(value.get_secret_value() for value in values if isinstance(value, SecretStr))
    # Shorter ones would tear holes into ordinary words; as passwords they are reported above.
    return sorted((secret for secret in hidden if len(secret) >= _LEAST_LENGTH), key=len, reverse=True)


def without_secrets(text: str, settings: Settings) -> str:
    """``text`` with every secret of the settings blotted out, for messages that other programs wrote."""
    for secret in secret_values(settings):
        text = text.replace(secret, "***")
    return text

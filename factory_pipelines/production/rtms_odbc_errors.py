"""What an ODBC error means: may the pull be tried again, and what can be done about it.

Drivers differ: a dropped connection is SQLSTATE 08S01 with Microsoft's driver and a bare HY000 with FreeTDS, which also
reports a bad login under several states. So SQL Server's own number, in parentheses at the end, is believed first.
"""

import re
from collections.abc import Sequence
from typing import Any

from factory_pipelines.production.rtms import RtmsError, RtmsUnavailableError, RtmsUnusableError

DRIVER_REMEDY = (
    "Install the ODBC library and a driver: `apt-get install libodbc2 tdsodbc` (Debian, Ubuntu), "
    "`dnf install unixODBC freetds` (RHEL, Fedora), or Microsoft's ODBC Driver 18; `factory doctor` lists what is found"
)
_LOGIN_REMEDY = "Check UID and PWD in FACTORY_RTMS__ODBC"
_REACH_REMEDY = (
    "Check that the server runs and that SERVER and PORT in FACTORY_RTMS__ODBC lead to it "
    "(FreeTDS wants SERVER=h;PORT=1433, not SERVER=h,1433)"
)
_DATABASE_REMEDY = "Check FACTORY_RTMS__DATABASE, and that the account may enter it"
_GRANT_REMEDY = "GRANT SELECT on the two RTMS tables to the account"
_TABLE_REMEDY = "Check FACTORY_RTMS__DATABASE, __SCHEMA_NAME, __PRODUCTION_TABLE and __SUPERVISORS_TABLE"
_COLUMN_REMEDY = "Point FACTORY_RTMS__PRODUCTION_TABLE or __SUPERVISORS_TABLE to a table or view with RTMS' own columns"
_CERTIFICATE_REMEDY = "Install the server's certificate, or add TrustServerCertificate=yes to FACTORY_RTMS__ODBC"

# SQL Server's numbers (sys.messages).
_PERMANENT_NUMBERS: dict[int, str] = {
    **dict.fromkeys((18456, 18452, 18470, 18486, 18487, 18488), _LOGIN_REMEDY),
    **dict.fromkeys((4060, 911, 916), _DATABASE_REMEDY),
    **dict.fromkeys((229, 230), _GRANT_REMEDY),
    208: _TABLE_REMEDY,
    207: _COLUMN_REMEDY,
}
_PERMANENT_STATES: dict[str, str] = {
    "28000": _LOGIN_REMEDY,
    "42S02": _TABLE_REMEDY,
    "42S22": _COLUMN_REMEDY,
    "IM002": DRIVER_REMEDY,
    "IM003": DRIVER_REMEDY,
}
_PERMANENT_WORDS: dict[str, str] = {
    "can't open lib": DRIVER_REMEDY,
    "certificate": _CERTIFICATE_REMEDY,
    "no such table": _TABLE_REMEDY,  # SQLite's driver knows one number for all of these
    "no such column": _COLUMN_REMEDY,
}
# Deadlock and lock time-out; out of memory; shutting down, starting up; severed sockets; Azure's throttling;
# FreeTDS' own network errors.
_TRANSIENT_NUMBERS = frozenset(
    {1205, 1222, 701, 802, 921, 922, 6005, 17142, 17187, 233, 10053, 10054, 10060, 10061, 10928, 10929}
    | {40143, 40197, 40501, 40540, 40613, 49918, 49919, 49920, 20003, 20004, 20006, 20009, 20017, 20047}
)
_TRANSIENT_STATES = ("08", "HYT", "40001", "40003")

_NUMBER = re.compile(r"\((-?\d+)\)")
_PART = re.compile(r"\s*([^=;]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)")
_SECRET_KEYS = ("pwd", "password", "uid", "user", "user id")


def translate(arguments: Sequence[Any], address: str) -> RtmsError:
    """The error to raise for a pyodbc error.

    Args:
        arguments: the error's ``args``: SQLSTATE and message.
        address: the connection string, whose login and password must not appear in the message.
    """
    state = str(arguments[0]) if arguments else ""
    raw = str(arguments[1]) if len(arguments) > 1 else state
    problem = f"RTMS: {redact(raw, address)}"
    numbers = {abs(int(number)) for number in _NUMBER.findall(raw)} - {0}
    remedy = _permanent_remedy(state, numbers, raw)
    if remedy is not None:
        return RtmsUnusableError(problem, remedy)
    bare = state == "HY000" and not numbers  # how FreeTDS reports a severed connection
    if bare or numbers & _TRANSIENT_NUMBERS or state.startswith(_TRANSIENT_STATES):
        return RtmsUnavailableError(problem, _REACH_REMEDY)
    return RtmsUnusableError(problem, "Trying again will not help: look the number up in SQL Server's documentation")


def _permanent_remedy(state: str, numbers: set[int], message: str) -> str | None:
    for number in numbers:
        if number in _PERMANENT_NUMBERS:
            return _PERMANENT_NUMBERS[number]
    for words, remedy in _PERMANENT_WORDS.items():
        if words in message.lower():
            return remedy
    return _PERMANENT_STATES.get(state)


def connection_parts(address: str) -> dict[str, str]:
    """A connection string's parts by lower-case name, braces taken off."""
    return {
        name.lower(): value[1:-1].replace("}}", "}") if value.startswith("{") else value.strip()
        for name, value in _PART.findall(address)
    }


def redact(message: str, address: str) -> str:
    """``message`` without login and password of ``address``."""
    parts = connection_parts(address)
    for secret in sorted({parts[key] for key in _SECRET_KEYS if parts.get(key)}, key=len, reverse=True):
        for spelled in (secret.replace("}", "}}"), secret):
            # A short login such as "sa" is hidden where it stands alone, not inside other words.
            edges = (r"(?<!\w)", r"(?!\w)") if len(secret) < 4 else ("", "")
            message = re.sub(f"{edges[0]}{re.escape(spelled)}{edges[1]}", "***", message)
    return message

"""Consents in the warehouse: recording, withdrawing, reading. Without one in force no face is enrolled or named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

if TYPE_CHECKING:
    from psycopg import Connection

_LONGEST = timedelta(days=3660)  # an "until further notice" is no consent that ends


class NoConsentError(RuntimeError):
    """Nobody may be enrolled without a consent in force."""


class ConsentError(ValueError):
    """A consent that cannot be; ``field`` is at fault."""

    def __init__(self, field: str, message: str) -> None:
        """``message`` says what to do."""
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody agrees to be recognised.

    Attributes:
        person_id: who, by employee number or code.
        purpose: for what, such as ``attendance``.
        given_at: when it was given.
        valid_until: first instant at which it no longer counts.
        recorded_by: who wrote it down.
        evidence: where the signed form is.
    """

    person_id: str
    purpose: str
    given_at: datetime
    valid_until: datetime
    recorded_by: str
    evidence: str | None = None


def record_consent(warehouse: Warehouse, consent: Consent, now: datetime) -> dict[str, Any]:
    """Writes a consent down; one for the same purpose that still runs ends as renewed. Returns its row.

    Raises:
        ConsentError: when its times are impossible.
    """
    if consent.given_at > now:
        raise ConsentError("given_at", "given_at: a consent that will be given is none yet; give the time it was given")
    if consent.valid_until <= now:
        raise ConsentError("valid_until", "valid_until: it is over already; give a time to come")
    if consent.valid_until - now > _LONGEST:
        raise ConsentError("valid_until", "valid_until: at most ten years ahead; renew it then")
    renewal = {
        "person_id": consent.person_id,
        "purpose": consent.purpose,
        "by": consent.recorded_by,
        "reason": "renewed",
        "now": now,
    }
    row = {
        "person_id": consent.person_id,
        "purpose": consent.purpose,
        "given_at": consent.given_at,
        "valid_until": consent.valid_until,
        "recorded_by": consent.recorded_by,
        "evidence": consent.evidence,
        "now": now,
    }
    with warehouse.transaction() as conn:
        fetch(conn, "identity/end_consents", renewal)
        return fetch(conn, "identity/record_consent", row)[0]


def consent_in_force(
    conn: "Connection[Any]", person_id: str, purpose: str | None, now: datetime
) -> dict[str, Any] | None:
    """The consent by which a person may be enrolled now, held until the transaction ends; None without one."""
    params = {"person_id": person_id, "purpose": purpose, "now": now}
    found = fetch(conn, "identity/consents_in_force", params)
    return found[0] if found else None


def fetch(conn: "Connection[Any]", query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of a named query within the caller's transaction."""
    from psycopg import sql
    from psycopg.rows import dict_row

    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(load_sql(query)), params).fetchall()


def run(conn: "Connection[Any]", query: str, params: Mapping[str, Any]) -> int:
    """Runs a named statement within the caller's transaction; returns how many rows it touched."""
    from psycopg import sql

    return conn.execute(sql.SQL(load_sql(query)), params).rowcount

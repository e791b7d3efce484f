"""Policy state in the warehouse: loaded and saved whole, inside the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from factory_pipelines.alerts.attention import Closed, Key, PolicyState, Watch
from factory_pipelines.alerts.breaches import Breach, Pull
from factory_pipelines.alerts.policies import SEED_LIMIT
from factory_pipelines.warehouse.queries import load_sql


def lock(conn: Connection[Any]) -> None:
    """Waits until this transaction alone may write this organization's alert state."""
    conn.execute(sql.SQL(load_sql("alerts/lock")))


def fetch(conn: Connection[Any], query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a named query within the caller's transaction."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(load_sql(query)), params).fetchall()


def load_state(conn: Connection[Any], stream: str, at: datetime) -> PolicyState:
    """What the policies remember of one stream at ``at``."""
    last_pulls = [Pull(**_pull_fields(row)) for row in fetch(conn, "alerts/last_pull", {"stream": stream})]
    watches = [_watch(row) for row in fetch(conn, "alerts/watches", {"stream": stream})]
    sent = fetch(conn, "alerts/last_sent", {"stream": stream, "after": at - SEED_LIMIT})
    return PolicyState(
        watches={watch.key: watch for watch in watches},
        last_pull=last_pulls[0] if last_pulls else None,
        last_sent={(row["rule"], row["subject"]): row["at"] for row in sent},
    )


def save_watches(
    conn: Connection[Any], stream: str, watches: Iterable[Watch], messaged: Mapping[Key, datetime]
) -> dict[Key, int]:
    """Writes the watches; returns the alert id of each.

    Args:
        conn: the caller's transaction, which holds the lock.
        stream: whose pulls they come from.
        watches: those that changed.
        messaged: when a message about each was decided, for those of this decision.
    """
    rows = [_row(watch, messaged.get(watch.key)) for watch in watches]
    saved = fetch(conn, "alerts/save_watches", {"stream": stream, "watches": Jsonb(rows)}) if rows else []
    return {(row["rule"], row["subject"]): row["alert_id"] for row in saved}


def close_watches(conn: Connection[Any], stream: str, closed: Sequence[Closed], at: datetime) -> dict[int, str]:
    """Resolves what is over and forgets what never became an alert; returns how each alert was resolved, by id."""
    if not closed:
        return {}
    rows = [{"rule": c.watch.rule, "subject": c.watch.subject, "resolution": c.resolution} for c in closed]
    resolved = fetch(conn, "alerts/close_watches", {"stream": stream, "closed": Jsonb(rows), "at": at})
    return {row["alert_id"]: row["resolution"] for row in resolved}


def add_events(conn: Connection[Any], events: Iterable[Mapping[str, Any]], *, actor: str, at: datetime) -> None:
    """Adds to the audit log; each has ``event`` and, where it applies, ``alert_id``, ``delivery_id``, ``detail``."""
    if rows := [dict(event) for event in events]:
        conn.execute(sql.SQL(load_sql("alerts/add_events")), {"events": Jsonb(rows), "actor": actor, "at": at})


def _pull_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pull_id": row["pull_id"],
        "at": row["pulled_at"],
        "production_day": row["production_day"],
        "stream": row["stream"],
    }


def _watch(row: Mapping[str, Any]) -> Watch:
    breaches = tuple(Breach(**stored) for stored in row["breaches"])
    return Watch(**{**row, "breaches": breaches, "told": frozenset(row["told"])})


def _row(watch: Watch, messaged_at: datetime | None) -> dict[str, Any]:
    worst = watch.worst
    return {
        "rule": watch.rule,
        "subject": watch.subject,
        "subject_name": worst.subject_name,
        "production_day": watch.production_day.isoformat(),
        "status": watch.status,
        "place": dict(worst.place),
        "value": worst.value,
        "threshold": worst.threshold,
        "recipient_name": worst.recipient_name,
        "recipient_phone": worst.recipient_phone,
        "breaches": [_stored(breach) for breach in watch.breaches],
        "first_seen_at": watch.first_seen_at.isoformat(),
        "last_seen_at": watch.last_seen_at.isoformat(),
        "streak": watch.streak,
        "absent": watch.absent,
        "counted_at": watch.counted_at.isoformat(),
        "opened_at": _iso(watch.opened_at),
        "escalated_at": _iso(watch.escalated_at),
        "told": sorted(watch.told),
        "last_message_at": _iso(messaged_at),
    }


def _stored(breach: Breach) -> dict[str, Any]:
    # Not dataclasses.asdict: it copies every value deeply, which is most of the time that saving takes.
    fields = {name: getattr(breach, name) for name in Breach.__slots__}
    return fields | {"place": dict(breach.place), "context": dict(breach.context)}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None

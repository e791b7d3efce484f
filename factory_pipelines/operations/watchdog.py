"""One look at the platform: what is read, decided and told. The watchdog sensor looks every minute."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from factory_pipelines.alerts.engine import raise_incident, resolve_incident
from factory_pipelines.operations.data_age import stale_data
from factory_pipelines.operations.incidents import (
    CHECK_FAILED,
    NOT_TICKING,
    OUTBOX_STALLED,
    RULES,
    RUN_FAILED,
    STALE_DATA,
    Assessment,
    Condition,
    Key,
    Known,
    Verdict,
    decide,
    outbox_stalled,
)
from factory_pipelines.operations.observations import (
    FAILURES_LOOKED_BACK,
    Declared,
    declared_instigators,
    failed_checks,
    failed_runs,
    running_instigators,
)
from factory_pipelines.operations.ticking import overdue_instigators
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines.warehouse.queries import load_sql

_log = logging.getLogger(__name__)

_OUTBOX_LIMIT = timedelta(minutes=15)
# A watchdog that did not look for this long was away, and so was the daemon: nothing else can have ticked either.
_PAUSE = timedelta(minutes=5)
# Whatever goes wrong at once: more is told at the next look.
_RAISED_AT_ONCE = 50


@dataclass(frozen=True)
class Memory:
    """What the watchdog remembers between two looks; its cursor.

    Attributes:
        awake_since: since when it looks without a pause.
        looked_at: its previous look.
        pending: since when each condition lasts.
    """

    awake_since: datetime
    looked_at: datetime
    pending: Mapping[Key, datetime] = field(default_factory=dict)

    def to_json(self) -> str:
        """As a cursor."""
        pending = [[rule, subject, at.isoformat()] for (rule, subject), at in self.pending.items()]
        looks = {"awake_since": self.awake_since.isoformat(), "looked_at": self.looked_at.isoformat()}
        return json.dumps({**looks, "pending": pending})

    @classmethod
    def of(cls, cursor: str | None, now: datetime) -> "Memory":
        """From a cursor; one that is missing or unreadable starts anew, as does a pause."""
        try:
            stored = json.loads(cursor or "")
            awake, looked = (datetime.fromisoformat(stored[name]) for name in ("awake_since", "looked_at"))
            pending = {(rule, subject): datetime.fromisoformat(at) for rule, subject, at in stored["pending"]}
            paused = now - looked > _PAUSE
        except (ValueError, KeyError, TypeError):
            return cls(now, now)
        return cls(now, now) if paused else cls(awake, now, pending)


def look(
    instance: dg.DagsterInstance,
    repository: dg.RepositoryDefinition,
    warehouse: Warehouse,
    settings: Settings,
    memory: Memory,
    now: datetime,
) -> tuple[str, Memory]:
    """Looks at everything once, raises what is new and closes what is over.

    Returns:
        What it saw and did, in words, and what to remember for the next look.
    """
    try:
        known = known_incidents(warehouse, now)
    except _cannot_know() as error:
        _log.error("the watchdog can tell nobody: %s", error)
        return f"the alerts cannot be read, so nobody can be told anything: {error}", replace(memory, looked_at=now)
    open_runs = {k.subject: k.last_seen_at for k in known.values() if k.rule == RUN_FAILED and k.is_open}
    checks = sorted(repository.asset_graph.asset_check_keys)
    declared = declared_instigators(repository)
    awake_since = memory.awake_since
    assessments = [
        _looked(RUN_FAILED, lambda: failed_runs(instance, open_runs, now)),
        _looked(CHECK_FAILED, lambda: failed_checks(instance, checks)),
        _looked(NOT_TICKING, lambda: _ticking(instance, declared, now, awake_since)),
        _looked(STALE_DATA, lambda: _staleness(warehouse, settings, now, awake_since)),
        _looked(OUTBOX_STALLED, lambda: _outbox(warehouse, now)),
    ]
    verdict = decide(assessments, list(known.values()), memory.pending, now)
    told = _carry_out(warehouse, verdict, now)
    looked_at = f"looked at {len(checks)} checks and {len(declared)} sensors and schedules"
    said = "; ".join([looked_at, told, *(f"not known: {reason}" for reason in verdict.unknown)])
    return said, Memory(memory.awake_since, now, verdict.pending)


def known_incidents(warehouse: Warehouse, now: datetime) -> dict[Key, Known]:
    """The latest alert of each incident that is open or was seen in the last two days."""
    params = {"rules": list(RULES), "since": now - 2 * FAILURES_LOOKED_BACK}
    return {
        (row["rule"], row["subject"]): Known(**row) for row in _rows(warehouse, "operations/known_incidents", params)
    }


def _looked(rule: str, assess: Callable[[], Assessment]) -> Assessment:
    try:
        return assess()
    except _cannot_know() as error:
        _log.warning("%s cannot be looked into: %s", rule, error)
        return Assessment(rule, unknown=str(error).strip().partition("\n")[0])


def _ticking(
    instance: dg.DagsterInstance, declared: Sequence[Declared], now: datetime, awake_since: datetime
) -> Assessment:
    return Assessment(
        NOT_TICKING, tuple(overdue_instigators(running_instigators(instance, declared), now, awake_since))
    )


def _staleness(warehouse: Warehouse, settings: Settings, now: datetime, awake_since: datetime) -> Assessment:
    clock = settings.plant.clock()
    day = {"day": clock.production_day(now)}
    [pull] = _rows(warehouse, "operations/newest_pull", day)
    lagging = [row["table_name"] for row in _rows(warehouse, "operations/lagging_tables", day)]
    limit = timedelta(minutes=settings.api.stale_after_min)
    return stale_data(clock, pull["newest_pull_at"], lagging, now, limit, awake_since)


def _outbox(warehouse: Warehouse, now: datetime) -> Assessment:
    [row] = _rows(warehouse, "operations/overdue_deliveries", {"before": now - _OUTBOX_LIMIT})
    return outbox_stalled(row["waiting"], row["oldest_due_at"], now, _OUTBOX_LIMIT)


def _rows(warehouse: Warehouse, query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    with warehouse.transaction() as conn, conn.cursor(row_factory=dict_row) as cursor:
        conn.execute("SET LOCAL statement_timeout = '10s'")  # a look is short, or it gives up
        return cursor.execute(sql.SQL(load_sql(query)), params).fetchall()


def _carry_out(warehouse: Warehouse, verdict: Verdict, now: datetime) -> str:
    """Raises and resolves; what the warehouse no longer takes is left for the next look."""
    try:
        for condition in verdict.raised[:_RAISED_AT_ONCE]:
            tell(warehouse, condition, now)
        for rule, subject in verdict.resolved:
            resolve_incident(warehouse, rule, subject, now)
    except _cannot_know() as error:
        _log.error("the watchdog could not tell all it saw: %s", error)
        return f"could not tell all it saw: {error}"
    return f"{_listed('raised', (c.title for c in verdict.raised[:_RAISED_AT_ONCE]))}, " + _listed(
        "resolved", (f"{rule} {subject}" for rule, subject in verdict.resolved)
    )


def tell(warehouse: Warehouse, condition: Condition, now: datetime) -> None:
    """Raises a condition as an incident, as of when it happened."""
    at = condition.occurred_at or now
    raise_incident(warehouse, condition.rule, condition.subject, condition.title, condition.body, at)


def _listed(done: str, names: Iterable[str]) -> str:
    found = list(names)
    return f"{done} {len(found)}" + (f" ({', '.join(found[:5])})" if found else "")


def _cannot_know() -> tuple[type[Exception], ...]:
    """What says that an answer is not to be had now. SQLAlchemy is imported when needed: it costs half a second."""
    from sqlalchemy.exc import SQLAlchemyError

    return WarehouseUnavailableError, psycopg.Error, SQLAlchemyError

"""The doctor's look at the warehouse, at Dagster's own storage, and at whether Dagster is at work."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from factory_pipelines.operations.findings import Finding, Status
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import Role, dagster_url, redacted, role_url
from factory_pipelines.warehouse.queries import load_sql

if TYPE_CHECKING:
    import dagster as dg

_CONNECT_S = 4
_OLDEST_POSTGRES = 160_000
_SKEW_S = 5.0
_SILENT_AFTER = timedelta(minutes=3)
_FORGOTTEN_AFTER = timedelta(days=7)
_MIGRATE = "factory migrate"
_NOT_RUNNING = Finding(
    "database", "warn", "the embedded server does not run", "`factory demo`, `factory up` or `factory db url` starts it"
)


def warehouse(settings: Settings) -> list[Finding]:
    """Reachable, recent, migrated, with its roles; the edition of TimescaleDB; what the alerts say."""
    if not _knows(settings, Role.WRITER):
        return [_NOT_RUNNING]
    try:
        with _as_role(settings, Role.WRITER) as conn:
            findings = _of_server(conn) + _of_alerts(conn, settings)
    except psycopg.Error as error:
        return [_refused("database", settings, Role.WRITER, error)]
    if any(finding.status == "fail" for finding in findings):
        return findings
    return [*findings, _reader(settings), _migrations(settings)]


def dagster(settings: Settings) -> list[Finding]:
    """Dagster's storage, its size, and whether its daemon lives."""
    if not _knows_dagster(settings):
        return []
    url = _plain_dagster_url(settings)
    try:
        heard, size = _last_heard(url)
    except psycopg.OperationalError as error:
        remedy = f"{_MIGRATE} makes its database and role; or set FACTORY_DATABASE__DAGSTER_URL"
        return [Finding("dagster storage", "fail", f"{redacted(url)}: {error}", remedy)]
    return [
        Finding("dagster storage", "ok", f"{size / (1 << 20):.0f} MiB at {redacted(url)}"),
        _daemon(settings, heard, datetime.now(UTC)),
    ]


def schedules(settings: Settings) -> list[Finding]:
    """Which sensors and schedules do not tick; nothing where the daemon does not live anyway."""
    now = datetime.now(UTC)
    if not _knows_dagster(settings):
        return []
    try:
        heard, _ = _last_heard(_plain_dagster_url(settings))
    except psycopg.OperationalError:
        return []  # said by ``dagster``
    if heard is None or now - heard > _SILENT_AFTER:
        return []
    # Dagster takes seconds to import.
    from factory_pipelines.operations.observations import known_instigators, running_instigators
    from factory_pipelines.operations.ticking import overdue_instigators

    with history(dagster_url(settings)) as instance:
        known = running_instigators(instance, known_instigators(instance, settings.plant.timezone))
    # What has been due for a week is no longer in the code: the watchdog, which has the code at hand, would have told.
    running = [i for i in known if i.due_at is None or now - i.due_at < _FORGOTTEN_AFTER]
    if overdue := overdue_instigators(running, now, awake_since=None):
        remedy = overdue[0].body.partition("\n")[2]
        return [Finding("schedules", "fail", "; ".join(condition.title for condition in overdue), remedy)]
    return [Finding("schedules", "ok", f"{len(running)} sensors and schedules tick")]


def history(address: str) -> "dg.DagsterInstance":
    """Dagster's history at a SQLAlchemy address, to be read: needs no DAGSTER_HOME, makes no tables."""
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    storage = {"postgres": {"postgres_url": address, "should_autocreate_tables": False}}
    empty = tempfile.gettempdir()
    reference = InstanceRef.from_dir(empty, overrides={"storage": storage, "telemetry": {"enabled": False}})
    return DagsterInstance.from_ref(reference)


def _has_administrator(settings: Settings) -> bool:
    """Whether there is an administrator's address; to look must not start the embedded server."""
    if settings.database_url is not None:
        return True
    from factory_pipelines.warehouse.embedded import EmbeddedServer

    return EmbeddedServer(settings.home_dir).running_url() is not None


def _knows(settings: Settings, role: Role) -> bool:
    own = settings.database.writer_url if role is Role.WRITER else settings.database.reader_url
    return own is not None or _has_administrator(settings)


@contextmanager
def _as_role(settings: Settings, role: Role) -> Iterator[psycopg.Connection[Any]]:
    url, assume = role_url(settings, role)
    with psycopg.connect(url, connect_timeout=_CONNECT_S) as conn:
        conn.execute("SELECT set_config('statement_timeout', '4s', false)")
        conn.execute(
            "SELECT set_config('factory.organization_id', %(id)s, false)", {"id": str(settings.organization_id)}
        )
        if assume is not None:
            conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(assume.value)))
        yield conn


def _refused(name: str, settings: Settings, role: Role, error: psycopg.Error) -> Finding:
    url, _ = role_url(settings, role)
    if isinstance(error, psycopg.errors.InvalidParameterValue | psycopg.errors.InsufficientPrivilege):
        return Finding(name, "fail", f"role {role} cannot be assumed: {error}", _MIGRATE)
    remedy = "Start the server, or correct FACTORY_DATABASE_URL (and FACTORY_DATABASE__WRITER_URL, __READER_URL)"
    return Finding(name, "fail", f"{redacted(url)}: {error}", remedy)


def _reader(settings: Settings) -> Finding:
    if not _knows(settings, Role.READER):
        return Finding("roles", "off", "only the writer's login is configured here")
    try:
        with _as_role(settings, Role.READER) as conn:
            conn.execute("SELECT 1")
    except psycopg.Error as error:
        return _refused("roles", settings, Role.READER, error)
    return Finding("roles", "ok", f"{Role.WRITER} and {Role.READER} can log in")


def _of_server(conn: psycopg.Connection[Any]) -> list[Finding]:
    asked = datetime.now(UTC)
    row = conn.execute(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int, clock_timestamp(),"
        " to_regprocedure('warehouse.edition()') IS NOT NULL,"
        " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')"
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    version, number, server_now, is_migrated, extension = row
    if number < _OLDEST_POSTGRES:
        return [Finding("database", "fail", f"PostgreSQL {version}", "Use PostgreSQL 16 or newer")]
    findings = [Finding("database", "ok", f"PostgreSQL {version}")]
    skew_s = abs((server_now - asked).total_seconds())
    if skew_s > _SKEW_S:
        detail = f"the database's clock differs from this machine's by {skew_s:.0f} s"
        findings.append(Finding("database clock", "warn", detail, "Switch NTP on, on both"))
    if not is_migrated:
        return [*findings, Finding("migrations", "fail", "the database is empty", _MIGRATE)]
    edition = conn.execute("SELECT warehouse.edition()").fetchone()
    assert edition is not None  # noqa: S101 - likewise
    if extension is None:
        return [*findings, Finding("timescaledb", "off", "absent; everything works, without hypertables")]
    return [*findings, Finding("timescaledb", "ok", f"{extension}, {edition[0]} edition")]


def _of_alerts(conn: psycopg.Connection[Any], settings: Settings) -> list[Finding]:
    """Open incidents of the platform and messages that reached nobody."""
    exists = conn.execute("SELECT to_regclass('alerts.alert_deliveries') IS NOT NULL").fetchone()
    if exists is None or not exists[0]:
        return []
    row = conn.execute(sql.SQL(load_sql("operations/open_trouble"))).fetchone()
    assert row is not None  # noqa: S101 - it counts
    incidents, dead, titles = row
    if not incidents and not dead:
        return [Finding("incidents", "ok", "none open, no message undelivered")]
    said = "; ".join(titles or [])
    remedy = "See them in the Dagster UI or by GET /api/rtms/alerts; docs/monitoring.md says what each means"
    return [Finding("incidents", "warn", f"{incidents} open, {dead} messages undeliverable. {said}", remedy)]


def _migrations(settings: Settings) -> Finding:
    """What is pending; only the administrator may know."""
    if not _has_administrator(settings):
        return Finding("migrations", "off", "not known without an administrator's FACTORY_DATABASE_URL")
    from factory_pipelines.warehouse.addresses import admin_url
    from factory_pipelines.warehouse.migrate import pending

    try:
        todo = pending(admin_url(settings))
    except psycopg.Error as error:
        return Finding("migrations", "warn", f"not known: {error}", "Ask with an administrator's FACTORY_DATABASE_URL")
    if todo:
        return Finding("migrations", "fail", f"pending: {', '.join(todo)}", _MIGRATE)
    return Finding("migrations", "ok", "all applied")


def _knows_dagster(settings: Settings) -> bool:
    return settings.database.dagster_url is not None or _has_administrator(settings)


def _plain_dagster_url(settings: Settings) -> str:
    return re.sub(r"^postgresql\+\w+", "postgresql", dagster_url(settings))


def _last_heard(url: str) -> tuple[datetime | None, int]:
    """When Dagster's daemon last said that it lives (None: never), and the size of its database in bytes."""
    with psycopg.connect(url, connect_timeout=_CONNECT_S) as conn:
        row = conn.execute(
            "SELECT pg_database_size(current_database()), to_regclass('daemon_heartbeats') IS NOT NULL"
        ).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        size, has_run = row
        if not has_run:
            return None, size
        heard = conn.execute("SELECT max(timestamp) AT TIME ZONE 'UTC' FROM daemon_heartbeats").fetchone()
    return (heard[0] if heard else None), size


def _daemon(settings: Settings, heard: datetime | None, now: datetime) -> Finding:
    if heard is None:
        return Finding("daemon", "off", "it has never run here")
    if now - heard <= _SILENT_AFTER:
        return Finding("daemon", "ok", f"heard {(now - heard).total_seconds():.0f} s ago")
    status: Status = "warn" if settings.rtms.source == "demo" else "fail"
    start = "factory up (a plant: docker compose up -d daemon, or systemctl restart factory-daemon)"
    return Finding("daemon", status, f"silent since {heard:%Y-%m-%d %H:%M} UTC: nothing is pulled or told", start)

"""From an empty server to the current schema, and from any earlier schema to it.

Two steps: what belongs to the server (roles, databases, extension), done as the administrator; then the migrations of
``sql/migrations`` in order, each in one transaction, as the owner.
"""

import contextlib
import io
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import psycopg
from psycopg import errors, sql

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import DAGSTER_DATABASE, Role, admin_url, with_options
from factory_pipelines.warehouse.queries import sql_root

_log = logging.getLogger(__name__)

# Any number will do: one migration at a time per database. Two databases of a server may migrate at once, so what
# belongs to the server is written only where it is not so already.
_MIGRATION_LOCK = 7_310_201

_STDOUT = Lock()  # a process has one, and two threads that redirect it would not find the way back

# Dagster opens a connection for each query of each process; the warehouse must keep its share (dagster#20325).
_DAGSTER_CONNECTIONS = 80


@dataclass(frozen=True)
class MigrationResult:
    """What ``migrate`` found and did."""

    applied: list[str]
    edition: str
    postgres_version: str


def migrate(settings: Settings, url: str | None = None, *, folder: Path | None = None) -> MigrationResult:
    """Brings the database at ``url`` (default: the configured one) to the current schema.

    Repeating it changes nothing; two at once wait for each other.

    Args:
        settings: the roles' passwords, and the address when none is given.
        url: an administrator's address.
        folder: where the migrations are; default: ``sql/migrations``.

    Raises:
        psycopg.Error: with the migration's own message; that migration is rolled back whole.
    """
    url = url or admin_url(settings)
    with psycopg.connect(url, autocommit=True, connect_timeout=settings.database.connect_timeout_s) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        _prepare_server(conn, settings)
        _prepare_database(conn)
        applied = _apply(url, folder)
        _catch_up_hypertables(conn)
        row = conn.execute("SELECT warehouse.edition(), current_setting('server_version')").fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return MigrationResult(applied=applied, edition=row[0], postgres_version=row[1])


def pending(url: str) -> list[str]:
    """Names of the migrations that the database at ``url`` lacks, in order."""
    backend, migrations = _backend(url, None)
    try:
        return [m.id for m in backend.to_apply(migrations)]
    finally:
        backend.connection.close()


def _prepare_server(conn: psycopg.Connection[Any], settings: Settings) -> None:
    passwords = {
        Role.WRITER: settings.database.writer_password,
        Role.READER: settings.database.reader_password,
        Role.DAGSTER: settings.database.dagster_password,
    }
    for role in Role:
        name = sql.Identifier(role.value)
        if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.value]).fetchone():
            kind = sql.SQL("NOLOGIN" if role is Role.OWNER else "LOGIN")
            _create(conn, sql.SQL("CREATE ROLE {} {}").format(name, kind))
        if secret := passwords.get(role):
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            conn.execute(statement.format(name, sql.Literal(secret.get_secret_value())))
        if not conn.execute(_IS_MEMBER, [role.value]).fetchone():
            conn.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    dagster = sql.Identifier(Role.DAGSTER.value)
    limit = conn.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", [Role.DAGSTER.value]).fetchone()
    if limit != (_DAGSTER_CONNECTIONS,):
        conn.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(dagster, sql.Literal(_DAGSTER_CONNECTIONS)))
    if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DAGSTER_DATABASE]).fetchone():
        _create(conn, sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DAGSTER_DATABASE), dagster))


# An administrator who is no superuser may act as a role only as its member.
_IS_MEMBER = """
SELECT FROM pg_auth_members
WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = %s)
    AND member = (SELECT oid FROM pg_roles WHERE rolname = current_user)
"""


def _create(conn: psycopg.Connection[Any], statement: sql.Composed) -> None:
    try:
        conn.execute(statement)
    except (errors.DuplicateObject, errors.DuplicateDatabase, errors.UniqueViolation):
        _log.debug("a migration of another database made it first: %s", statement.as_string(conn))


def _prepare_database(conn: psycopg.Connection[Any]) -> None:
    database = sql.Identifier(conn.info.dbname)
    owner = sql.Identifier(Role.OWNER.value)
    conn.execute(sql.SQL("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
    conn.execute(sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO {}").format(database, owner))
    conn.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(database, sql.Identifier(Role.WRITER.value)))
    conn.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner))
    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS warehouse AUTHORIZATION {}").format(owner))
    # MLflow migrates its own tables; its schema is the one place where the writer may create them.
    writer = sql.Identifier(Role.WRITER.value)
    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS mlflow AUTHORIZATION {}").format(writer))
    has_timescale = "timescaledb" in _preloaded(conn)
    installed = conn.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    if has_timescale and not installed:
        _drop_time_bucket_stand_ins(conn)
        conn.execute("CREATE EXTENSION timescaledb")
    elif not has_timescale and not installed:
        conn.execute(sql.SQL("SET ROLE {}").format(owner))
        conn.execute(_TIME_BUCKET_STAND_INS)
        conn.execute("RESET ROLE")


def _preloaded(conn: psycopg.Connection[Any]) -> set[str]:
    row = conn.execute("SELECT current_setting('shared_preload_libraries', true)").fetchone()
    return {name.strip() for name in ((row[0] if row else "") or "").split(",")}


def _apply(url: str, folder: Path | None) -> list[str]:
    backend, migrations = _backend(url, folder)
    try:
        todo = backend.to_apply(migrations)
        # yoyo prints what a statement returns; ours return nothing anybody needs to read.
        with _STDOUT, contextlib.redirect_stdout(io.StringIO()):
            for migration in todo:
                backend.apply_one(migration)
        return [m.id for m in todo]
    finally:
        backend.connection.close()


def _backend(url: str, folder: Path | None) -> tuple[Any, Any]:
    from yoyo import get_backend, read_migrations

    logging.getLogger("yoyo").setLevel(logging.WARNING)
    as_owner = with_options(
        url, {"role": Role.OWNER.value, "search_path": "warehouse,public", "client_min_messages": "warning"}
    )
    backend = get_backend(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", as_owner))
    return backend, read_migrations(str(folder or sql_root() / "migrations"))


def _drop_time_bucket_stand_ins(conn: psycopg.Connection[Any]) -> None:
    for arguments in ("interval, timestamptz", "interval, timestamptz, text", "interval, timestamp", "interval, date"):
        conn.execute(sql.SQL("DROP FUNCTION IF EXISTS public.time_bucket({})").format(sql.SQL(arguments)))


def _catch_up_hypertables(conn: psycopg.Connection[Any]) -> None:
    """Tables made before the extension was there become hypertables now."""
    if conn.execute("SELECT warehouse.edition()").fetchone() != ("none",):
        conn.execute(
            "SELECT warehouse.make_hypertable(relation::regclass, time_column, chunk) FROM warehouse.hypertable_intents"
        )


# TimescaleDB's time_bucket where the extension is absent: same origins (2000-01-03, a Monday, for fixed widths;
# January 2000 for months), so that queries give the same rows on every server.
_TIME_BUCKET_STAND_INS = """
CREATE OR REPLACE FUNCTION public.time_bucket(bucket_width interval, ts timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE
    WHEN date_part('year', bucket_width) * 12 + date_part('month', bucket_width) > 0 THEN
        timestamp '2000-01-01' + make_interval(months => (
            floor(((date_part('year', ts) - 2000) * 12 + date_part('month', ts) - 1)
                / (date_part('year', bucket_width) * 12 + date_part('month', bucket_width)))
            * (date_part('year', bucket_width) * 12 + date_part('month', bucket_width)))::int)
    ELSE date_bin(bucket_width, ts, timestamp '2000-01-03')
END;
CREATE OR REPLACE FUNCTION public.time_bucket(bucket_width interval, ts date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN public.time_bucket(bucket_width, ts::timestamp)::date;
CREATE OR REPLACE FUNCTION public.time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN public.time_bucket(bucket_width, ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
CREATE OR REPLACE FUNCTION public.time_bucket(bucket_width interval, ts timestamptz, timezone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN public.time_bucket(bucket_width, ts AT TIME ZONE timezone) AT TIME ZONE timezone;
GRANT EXECUTE ON FUNCTION public.time_bucket(interval, timestamp), public.time_bucket(interval, date),
    public.time_bucket(interval, timestamptz), public.time_bucket(interval, timestamptz, text) TO PUBLIC;
"""

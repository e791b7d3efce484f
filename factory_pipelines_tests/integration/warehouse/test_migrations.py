"""Migrations: from zero, twice, at once, failing half-way; and what the roles may do."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.alerts.tables import ALERT_DELIVERIES
from factory_pipelines.orchestration.checks import schema_differences
from factory_pipelines.orchestration.tables import Table
from factory_pipelines.production import rtms_tables, tables
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.addresses import with_login
from factory_pipelines.warehouse.migrate import migrate, pending
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import sql_root

DECLARED = [
    ALERT_DELIVERIES,
    *(t for module in (rtms_tables, tables) for t in vars(module).values() if isinstance(t, Table)),
]
NAMES = [path.stem for path in sorted((sql_root() / "migrations").glob("*.sql"))]


@pytest.fixture
def empty_url(_server_url: str) -> Iterator[str]:
    """A database in which nothing has been done yet."""
    with _empty(_server_url) as url:
        yield url


@contextmanager
def _empty(server_url: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield with_login(server_url, database=name)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.parametrize("table", DECLARED, ids=lambda t: f"{t.schema}.{t.name}")
def test_migrations_from_zero_make_the_declared_table(shared_warehouse: Warehouse, table: Table) -> None:
    assert schema_differences(shared_warehouse, table) == []


def test_an_empty_database_gets_every_migration_once_in_order(empty_url: str) -> None:
    assert pending_or_all(empty_url) == NAMES
    assert migrate(load_settings(), empty_url).applied == NAMES
    assert pending(empty_url) == []


def pending_or_all(url: str) -> list[str]:
    """Nothing can be asked of a database that lacks the owner's schema: everything is pending there."""
    with psycopg.connect(url) as conn:
        known = conn.execute("SELECT to_regclass('warehouse._yoyo_migration')").fetchone()
    return NAMES if known == (None,) else pending(url)


def test_two_migrations_at_once_do_the_work_once(empty_url: str) -> None:
    settings = load_settings()
    with ThreadPoolExecutor() as threads:
        results = list(threads.map(lambda _: migrate(settings, empty_url), range(2)))
    assert sorted((result.applied for result in results), key=len) == [[], NAMES]


def test_databases_of_one_server_may_migrate_at_once(clone: Callable[[], AbstractContextManager[str]]) -> None:
    """Roles belong to the server: altering them from several databases at once is `tuple concurrently updated`."""
    settings = load_settings()
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        urls = [stack.enter_context(clone()) for _ in range(3)]
        assert all(not result.applied for result in threads.map(lambda url: migrate(settings, url), urls * 4))


def test_a_migration_that_fails_half_way_leaves_nothing_behind(empty_url: str, tmp_path: Path) -> None:
    for name in NAMES[:1]:
        (tmp_path / f"{name}.sql").write_text((sql_root() / "migrations" / f"{name}.sql").read_text())
    (tmp_path / "0002_half.sql").write_text(
        "-- Fails at its second statement.\n-- depends: 0001_foundation\n"
        "CREATE TABLE warehouse.half (x int);\nINSERT INTO warehouse.half VALUES ('many');\n"
    )
    with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="many"):
        migrate(load_settings(), empty_url, folder=tmp_path)
    with psycopg.connect(empty_url) as conn:
        assert conn.execute("SELECT to_regclass('warehouse.half')").fetchone() == (None,)
    (tmp_path / "0002_half.sql").write_text(
        "-- Mended.\n-- depends: 0001_foundation\nCREATE TABLE warehouse.half (x int);"
    )
    assert migrate(load_settings(), empty_url, folder=tmp_path).applied == ["0002_half"]


def test_passwords_of_the_roles_come_from_the_settings(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_DATABASE__READER_PASSWORD", "it's %(odd)s \\ {really}")
    migrate(load_settings(), warehouse_url)
    with psycopg.connect(warehouse_url, autocommit=True) as conn:
        stored = conn.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'factory_reader'").fetchone()
        assert stored is not None
        assert stored[0].startswith("SCRAM-SHA-256$")
        conn.execute("ALTER ROLE factory_reader PASSWORD NULL")


def test_a_second_migration_changes_nothing(settings: Settings, warehouse_url: str) -> None:
    assert migrate(settings).applied == []
    assert pending(warehouse_url) == []


def test_the_writer_changes_rows_but_no_tables(warehouse: Warehouse) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        warehouse.execute(sql.SQL("CREATE TABLE warehouse.mine (x int)"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        warehouse.execute(sql.SQL("DELETE FROM warehouse.hypertable_intents"))


def test_the_reader_only_reads(reader: Warehouse, settings: Settings) -> None:
    row = reader.rows(sql.SQL("SELECT current_user, warehouse.current_organization() AS organization"))[0]
    assert row == {"current_user": "factory_reader", "organization": settings.organization_id}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(sql.SQL("CREATE TEMP TABLE t (x int)"))


def test_time_bucket_gives_the_same_on_every_server(reader: Warehouse) -> None:
    buckets = sql.SQL("""
        SELECT time_bucket('10 minutes', timestamptz '2026-03-29 01:07:00+00') AS ten_minutes,
               time_bucket('7 days', date '2026-11-20') AS week,
               time_bucket('1 month', timestamptz '2026-11-20 10:00:00+00') AS month,
               time_bucket('1 day', timestamptz '2026-11-20 20:00:00+00', 'Asia/Kolkata') AS plant_day
    """)
    row = {name: value.isoformat() for name, value in reader.rows(buckets)[0].items()}
    assert row == {
        "ten_minutes": "2026-03-29T01:00:00+00:00",
        "week": "2026-11-16",
        "month": "2026-11-01T00:00:00+00:00",
        "plant_day": "2026-11-20T18:30:00+00:00",
    }


def test_hypertables_are_hypertables_where_the_extension_is(warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as conn:
        wanted = {name for (name,) in conn.execute("SELECT relation FROM warehouse.hypertable_intents")}
        (edition,) = conn.execute("SELECT warehouse.edition()").fetchone()
        if edition == "none":
            assert conn.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None
            return
        rows = conn.execute(
            "SELECT hypertable_schema || '.' || hypertable_name FROM timescaledb_information.hypertables"
        )
        assert {name for (name,) in rows} == wanted


def test_tables_made_before_the_extension_become_hypertables_with_their_rows(empty_url: str, tmp_path: Path) -> None:
    """A plant starts on plain PostgreSQL and gains TimescaleDB: its tables are caught up, its rows stay."""
    (tmp_path / "0001_foundation.sql").write_text((sql_root() / "migrations" / "0001_foundation.sql").read_text())
    migrate(load_settings(), empty_url, folder=tmp_path)
    with psycopg.connect(empty_url, autocommit=True) as conn:
        # As a server without the extension leaves it: the wish is noted, the table is a plain one with rows.
        conn.execute("CREATE TABLE warehouse.readings (day date PRIMARY KEY)")
        conn.execute("ALTER TABLE warehouse.readings OWNER TO factory_owner")
        conn.execute("INSERT INTO warehouse.readings SELECT date '2025-01-01' + n FROM generate_series(0, 40) AS n")
        conn.execute("INSERT INTO warehouse.hypertable_intents VALUES ('warehouse.readings', 'day', '7 days')")
    edition = migrate(load_settings(), empty_url, folder=tmp_path).edition
    with psycopg.connect(empty_url) as conn:
        assert conn.execute("SELECT count(*) FROM warehouse.readings").fetchone() == (41,)
        if edition != "none":
            chunks = conn.execute("SELECT num_chunks FROM timescaledb_information.hypertables").fetchall()
            assert chunks in ([(6,)], [(7,)])

"""Migrations: from zero, twice, and what the roles may do."""

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.migrate import migrate, pending
from factory_pipelines.warehouse.pool import Warehouse


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

"""Backup and restore: rows, rights and hypertables come back; a damaged file leaves the warehouse as it was."""

import threading
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.backup import BackupError, backup, restore
from factory_pipelines.warehouse.migrate import pending
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError, open_warehouse

ADD = sql.SQL("""
    INSERT INTO production.operation_benchmark (production_day, new_oper_seq, benchmark_size, benchmark_pcs)
    SELECT date '2025-09-01' + n, %(operation)s, 1, n FROM generate_series(0, 29) AS n
""")
SEEN = sql.SQL("SELECT new_oper_seq, count(*) AS days FROM production.operation_benchmark GROUP BY 1 ORDER BY 1")
HYPERTABLES = "SELECT hypertable_schema || '.' || hypertable_name, num_chunks FROM timescaledb_information.hypertables"


def content(settings: Settings) -> list[tuple[str, int]]:
    door = open_warehouse(settings, Role.READER)
    try:
        return [(row["new_oper_seq"], row["days"]) for row in door.rows(SEEN)]
    finally:
        door.close()


def hypertables(url: str) -> set[tuple[str, int]]:
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT warehouse.edition()").fetchone() == ("none",):
            return set()
        return set(conn.execute(HYPERTABLES).fetchall())


def databases(url: str) -> set[str]:
    with psycopg.connect(url) as conn:
        name = conn.info.dbname
        found = conn.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name]).fetchall()
    return {suffix.removeprefix(name) for (suffix,) in found}


@pytest.fixture
def saved(warehouse: Warehouse, settings: Settings, tmp_path: Path) -> Path:
    """A backup of thirty days of one operation."""
    warehouse.execute(ADD, {"operation": "A10001-Cutting"})
    file = tmp_path / "plant.dump"
    assert backup(settings, file) == file.stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["plant.dump"]
    return file


def test_everything_comes_back(warehouse: Warehouse, settings: Settings, warehouse_url: str, saved: Path) -> None:
    before = hypertables(warehouse_url)
    warehouse.execute(ADD, {"operation": "B20002-Sewing"})
    restore(settings, saved)
    assert content(settings) == [("A10001-Cutting", 30)]
    assert hypertables(warehouse_url) == before
    assert pending(warehouse_url) == []
    assert databases(warehouse_url) == {""}
    # The pool that was there all along finds the new database, with the writer's rights and no more.
    assert warehouse.execute(ADD, {"operation": "C30003-Finishing"}) == 30
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        warehouse.execute(sql.SQL("CREATE TABLE production.mine (x int)"))


def test_a_warehouse_in_use_is_restored_all_the_same(settings: Settings, warehouse_url: str, saved: Path) -> None:
    """A dashboard that reconnects at once must not keep the old database alive."""
    done = threading.Event()

    def insist() -> None:
        door = Warehouse(warehouse_url, organization_id=settings.organization_id, connect_timeout_s=1)
        while not done.is_set():
            try:
                door.rows(SEEN)
            except (WarehouseUnavailableError, psycopg.Error):
                continue
        door.close()

    users = [threading.Thread(target=insist) for _ in range(3)]
    for user in users:
        user.start()
    try:
        restore(settings, saved)
    finally:
        done.set()
        for user in users:
            user.join()
    assert content(settings) == [("A10001-Cutting", 30)]
    assert databases(warehouse_url) == {""}


DAMAGE = {
    "cut off": lambda data: data[: len(data) // 2],
    "not ours": lambda _: b"PK\x03\x04 a spreadsheet",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_leaves_the_warehouse_as_it_was(
    damage, warehouse: Warehouse, settings: Settings, warehouse_url: str, saved: Path
) -> None:
    warehouse.execute(ADD, {"operation": "B20002-Sewing"})
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(BackupError, match="pg_restore failed"):
        restore(settings, saved)
    assert content(settings) == [("A10001-Cutting", 30), ("B20002-Sewing", 30)]
    assert databases(warehouse_url) == {""}


def test_a_file_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"nothing\.dump: no such file"):
        restore(settings, tmp_path / "nothing.dump")


def test_a_backup_that_fails_leaves_no_file_and_keeps_the_old_one(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "plant.dump").write_text("yesterday's")
    locked = tmp_path / "missing" / "plant.dump"
    with pytest.raises(BackupError, match="pg_dump failed"):
        backup(settings, locked)
    assert (tmp_path / "plant.dump").read_text() == "yesterday's"
    assert not locked.parent.exists()

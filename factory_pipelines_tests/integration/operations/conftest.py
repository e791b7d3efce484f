"""Dagster instances on a real PostgreSQL, configured as deployments are."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.operations.dagster_home import write_configuration
from factory_pipelines.warehouse.addresses import with_login


@pytest.fixture
def dagster_address(warehouse_url: str) -> Iterator[str]:
    """Address of an empty database of its own for Dagster's storage."""
    database = f"dagster_{secrets.token_hex(6)}"
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    yield with_login(warehouse_url, database=database)
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


@pytest.fixture
def instance(dagster_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance with ``dagster.yaml`` of the repository."""
    storage, home = tmp_path / "storage", tmp_path / "dagster-home"
    storage.mkdir()
    home.mkdir()
    write_configuration(home)
    monkeypatch.setenv("DAGSTER_PG_URL", dagster_address.replace("postgresql://", "postgresql+psycopg2://", 1))
    monkeypatch.setenv("DAGSTER_STORAGE_DIR", str(storage))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.from_config(str(home)) as made:
        yield made

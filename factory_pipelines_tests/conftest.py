"""Servers and fixtures for the whole suite.

``unit/`` touches no I/O; ``integration/`` talks to real servers. Every test gets its own database, cloned from a
migrated template, on the embedded PostgreSQL or on the server of ``FACTORY_TEST_DATABASE_URL``.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID

import fasteners
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.addresses import Role, with_login
from factory_pipelines.warehouse.embedded import EmbeddedServer
from factory_pipelines.warehouse.migrate import migrate
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse

TESTS = Path(__file__).parent
ORGANIZATION = UUID("11111111-1111-1111-1111-111111111111")
SHARED_DATA = TESTS.parents[1] / "shared" / "data"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's settings, or leaves its own behind."""
    for name in list(os.environ):
        if name.startswith("FACTORY_") and not name.startswith("FACTORY_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FACTORY_HOME", str(tmp_path / "home"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The suite guards its tiers: whatever asks for the database is marked, and has no place in unit/."""
    for item in items:
        if "_server_url" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)
            if TESTS / "unit" in item.path.parents:
                raise pytest.UsageError(f"{item.nodeid} uses a database: move it to integration/")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that leads the run ends the embedded server it shares with the workers."""
    home = getattr(session.config, "_factory_home", None)
    if home is not None and not hasattr(session.config, "workerinput"):
        EmbeddedServer(home).stop()
        shutil.rmtree(home, ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    """One home for the whole run, the workers' included."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config._factory_home = Path(worker["factory_home"]) if worker["factory_home"] else None
    elif not os.environ.get("FACTORY_TEST_DATABASE_URL"):
        # Directly under the temporary folder: a socket's path may have 100 characters.
        config._factory_home = Path(tempfile.mkdtemp(prefix="factory-tests-"))
        config._factory_home.chmod(0o755)
    else:
        config._factory_home = None


def pytest_configure_node(node) -> None:
    """Hands the home to each xdist worker."""
    node.workerinput["factory_home"] = str(node.config._factory_home or "")


@pytest.fixture(scope="session")
def _server_url(request: pytest.FixtureRequest) -> str:
    """Administrator's address of the test server."""
    if url := os.environ.get("FACTORY_TEST_DATABASE_URL"):
        return url
    url = EmbeddedServer(request.config._factory_home).start()
    with psycopg.connect(url, autocommit=True) as admin:
        # Nothing here outlives the run, and a new database is a hundred files to sync.
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        admin.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def _template(_server_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a migrated database, made once for all workers of this run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", secrets.token_hex(4))[:8]
    name = f"template_{run}"
    shared = tmp_path_factory.getbasetemp().parent
    with fasteners.InterProcessLock(shared / f"{name}.lock"), psycopg.connect(_server_url, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            building = f"{name}_building"
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
            migrate(load_settings(), with_login(_server_url, database=building))
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name))
            )
    return name


@pytest.fixture(scope="session")
def clone(_server_url: str, _template: str) -> Callable[..., AbstractContextManager[str]]:
    """Makes a database from a template (default: the migrated one), gives its administrator's address, and drops it."""

    @contextmanager
    def cloned(template: str = _template) -> Iterator[str]:
        name = f"test_{secrets.token_hex(6)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        with psycopg.connect(_server_url, autocommit=True) as admin:
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        url = with_login(_server_url, database=name)
        migrate(load_settings(), url)  # a copy does not inherit the privileges on the database itself
        yield url
        with psycopg.connect(_server_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    return cloned


@pytest.fixture
def warehouse_url(clone: Callable[..., AbstractContextManager[str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Administrator's address of a fresh, migrated database; ``FACTORY_DATABASE_URL`` points to it."""
    with clone() as url:
        monkeypatch.setenv("FACTORY_DATABASE_URL", url)
        yield url


@pytest.fixture(scope="module")
def shared_url(clone: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """A database that the tests of a module share: for those that only read, or keep to tables of their own."""
    with clone() as url:
        yield url


@pytest.fixture(scope="module")
def shared_warehouse(shared_url: str) -> Iterator[Warehouse]:
    """The module's database, as the writer."""
    door = Warehouse(shared_url, organization_id=ORGANIZATION, role=Role.WRITER, application_name="tests-shared")
    yield door
    door.close()


@pytest.fixture
def settings(warehouse_url: str) -> Settings:
    """Settings that point to this test's database."""
    return load_settings()


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """This test's warehouse, as the writer."""
    door = open_warehouse(settings, application_name="tests")
    yield door
    door.close()


@pytest.fixture
def reader(settings: Settings) -> Iterator[Warehouse]:
    """The same warehouse, as the reader."""
    door = open_warehouse(settings, Role.READER, application_name="tests-reader")
    yield door
    door.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data beside the checkout; tests that can do without it use golden files instead."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the data beside the checkout (../shared/data) is not on this machine")
    return SHARED_DATA

"""The door to the warehouse: who one is behind it, its time limits, and what happens when the server goes away."""

import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.embedded import EmbeddedServer
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines_tests.conftest import ORGANIZATION

OTHER = UUID("22222222-2222-2222-2222-222222222222")
ONE = sql.SQL("SELECT 1 AS one")
ADD_SUPERVISOR = sql.SQL("""
    INSERT INTO rtms.supervisors (line_name, part_name, supervisor_code, supervisor_name, source, ingested_at)
    VALUES (%(line)s, 'Sleeve', 'S1', 'A. Singh', 'test', now())
""")
SUPERVISED = sql.SQL(
    "SELECT line_name FROM rtms.supervisors WHERE organization_id = warehouse.current_organization() ORDER BY 1"
)


def test_a_session_knows_its_organization_its_role_its_zone_and_its_name(shared_warehouse: Warehouse) -> None:
    asked = sql.SQL("""
        SELECT current_user, warehouse.current_organization() AS organization, current_setting('timezone') AS zone,
               current_setting('application_name') AS name, current_setting('statement_timeout') AS patience
    """)
    assert shared_warehouse.rows(asked) == [
        {
            "current_user": "factory_writer",
            "organization": ORGANIZATION,
            "zone": "UTC",
            "name": "tests-shared",
            "patience": "5min",
        }
    ]


def test_organizations_do_not_see_each_others_rows(shared_url: str, shared_warehouse: Warehouse) -> None:
    other = Warehouse(shared_url, organization_id=OTHER, role=Role.WRITER)
    try:
        other.execute(ADD_SUPERVISOR, {"line": "theirs"})
        shared_warehouse.execute(ADD_SUPERVISOR, {"line": "ours"})
        assert other.rows(SUPERVISED) == [{"line_name": "theirs"}]
        assert shared_warehouse.rows(SUPERVISED) == [{"line_name": "ours"}]
    finally:
        other.close()


def test_a_transaction_is_kept_whole_or_not_at_all(warehouse: Warehouse) -> None:
    def twice() -> None:
        with warehouse.transaction() as conn:
            conn.execute(ADD_SUPERVISOR, {"line": "S1-1"})
            conn.execute(ADD_SUPERVISOR, {"line": "S1-1"})

    with pytest.raises(psycopg.errors.UniqueViolation):
        twice()
    assert warehouse.rows(SUPERVISED) == []
    with warehouse.transaction() as conn:
        conn.execute(ADD_SUPERVISOR, {"line": "S1-1"})
    assert warehouse.rows(SUPERVISED) == [{"line_name": "S1-1"}]
    assert warehouse.execute(ADD_SUPERVISOR, {"line": "S1-2"}) == 1


def test_a_statement_that_takes_too_long_is_the_servers_own_error(shared_url: str) -> None:
    """Not an unavailable warehouse: the server answers well enough, and trying again would take as long."""
    hasty = Warehouse(shared_url, organization_id=ORGANIZATION, statement_timeout_s=1)
    try:
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            hasty.rows(sql.SQL("SELECT pg_sleep(30)"))
        assert hasty.rows(ONE) == [{"one": 1}]
    finally:
        hasty.close()


def test_an_empty_answer_keeps_its_columns(shared_warehouse: Warehouse) -> None:
    frame = shared_warehouse.frame(sql.SQL("SELECT 1 AS pieces, 'x' AS line_name WHERE false"))
    assert list(frame.columns) == ["pieces", "line_name"]
    assert frame.empty
    assert shared_warehouse.rows(sql.SQL("SELECT 1 AS pieces WHERE false")) == []


def test_a_string_is_the_name_of_a_file_and_never_sql(shared_warehouse: Warehouse) -> None:
    columns = shared_warehouse.rows("warehouse/table_columns", {"schema": "rtms", "name": "supervisors"})
    assert "line_name" in {row["column_name"] for row in columns}
    with pytest.raises(FileNotFoundError):
        shared_warehouse.rows("SELECT 1")


def test_a_connection_cut_underway_says_so_and_the_next_one_works(warehouse: Warehouse, warehouse_url: str) -> None:
    def cut_off() -> None:
        with warehouse.transaction() as conn, psycopg.connect(warehouse_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [conn.info.backend_pid])
            conn.execute(ONE)

    with pytest.raises(WarehouseUnavailableError, match=r"went away.*factory doctor"):
        cut_off()
    assert warehouse.rows(ONE) == [{"one": 1}]


def test_connections_cut_while_idle_are_replaced_unseen(warehouse: Warehouse, warehouse_url: str) -> None:
    """The pool checks a connection before it lends it: a restarted server costs no failed query."""
    assert warehouse.rows(ONE) == [{"one": 1}]
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert warehouse.rows(ONE) == [{"one": 1}]


def test_nobody_answers_at_all(tmp_path: Path) -> None:
    absent = Warehouse(
        f"postgresql://clerk:hunter2@/factory?host={tmp_path}", organization_id=ORGANIZATION, connect_timeout_s=1
    )
    try:
        with pytest.raises(WarehouseUnavailableError, match=r"did not answer within 1 s.*factory doctor") as caught:
            absent.rows(ONE)
        assert "hunter2" not in str(caught.value)
        assert "clerk@" in str(caught.value)
    finally:
        absent.close()


def test_more_callers_than_connections_wait_for_their_turn(shared_url: str) -> None:
    narrow = Warehouse(shared_url, organization_id=ORGANIZATION, pool_max=2)
    answers: list[object] = []

    def ask() -> None:
        answers.extend(narrow.rows(sql.SQL("SELECT pg_sleep(0.02)::text, pg_backend_pid() AS pid")))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 12
        assert len({row["pid"] for row in answers}) <= 2
        assert narrow.pool_stats()["pool_max"] == 2
    finally:
        narrow.close()


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A server of this test's own, directly under the temporary folder: a socket's path may have 100 characters."""
    home = Path("/tmp") / f"factory-{secrets.token_hex(4)}"  # noqa: S108 - random, and removed below
    home.mkdir(mode=0o755)
    server = EmbeddedServer(home)
    yield server
    server.stop()
    shutil.rmtree(home)


def test_the_warehouse_comes_back_without_a_restart_of_ours(server: EmbeddedServer) -> None:
    door = Warehouse(server.start(), organization_id=ORGANIZATION, connect_timeout_s=1)
    try:
        assert door.rows(ONE) == [{"one": 1}]
        assert server.stop()
        with pytest.raises(WarehouseUnavailableError):
            door.rows(ONE)
        server.start()
        assert door.rows(ONE) == [{"one": 1}]
    finally:
        door.close()

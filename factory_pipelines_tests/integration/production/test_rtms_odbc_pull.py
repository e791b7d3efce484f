"""Pulls through pyodbc and real drivers: SQLite's for whole pulls, FreeTDS for refusals, T-SQL where a server is named.

``FACTORY_TEST_RTMS_DSN`` is an ODBC connection string of a server where the tests may create and drop a table.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from factory_pipelines.production.ingest import pull_day, pull_supervisors
from factory_pipelines.production.rtms import RTMS_COLUMNS, RtmsSource, RtmsUnavailableError, RtmsUnusableError
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.production.rtms_mssql import MssqlRtms
from factory_pipelines.settings import RtmsSettings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.conftest import SHARED_DATA
from factory_pipelines_tests.rtms_rows import DAY, NOON, SQL_TYPES, contents, read_csv, row, supervisor, write_sqlite
from factory_pipelines_tests.tds_server import tds_server

GOLDEN = Path(__file__).parents[2] / "golden" / "rtms"
EXTRACTS = [GOLDEN, *([SHARED_DATA / "rtms"] if SHARED_DATA.is_dir() else [])]
SERVERS = ["sqlite", *(address for address in [os.environ.get("FACTORY_TEST_RTMS_DSN")] if address)]


def _drivers() -> list[str]:
    try:
        import pyodbc
    except ImportError:
        return []
    return list(pyodbc.drivers())


pytestmark = pytest.mark.skipif(
    not {"SQLite3", "FreeTDS"} <= set(_drivers()),
    reason="no ODBC drivers here: apt-get install unixodbc libodbc2 libsqliteodbc tdsodbc",
)


def source(address: str, **changes: object) -> MssqlRtms:
    return MssqlRtms(RtmsSettings.model_validate({"source": "mssql", "odbc": address, **changes}))


def sqlite(path: Path, **changes: object) -> MssqlRtms:
    return source(f"DRIVER=SQLite3;DATABASE={path}", **changes)


def freetds(port: int) -> MssqlRtms:
    return source(
        f"DRIVER=FreeTDS;SERVER=127.0.0.1;PORT={port};UID=planner;PWD=s3cret!;TDS_Version=7.4", login_timeout_s=5
    )


def everything(warehouse: Warehouse, rtms: RtmsSource) -> dict[str, list[str]]:
    """All that a pull writes, but when and by which pull."""
    pull_day(warehouse, rtms, DAY, now=NOON)
    pull_supervisors(warehouse, rtms, now=NOON)
    unstable = ("pull_id", "source", "quarantine_id")
    return {
        name: [str(each) for each in contents(warehouse, name, *unstable)]
        for name in ("session_wise_production", "supervisors", "quarantine")
    }


def wipe(warehouse: Warehouse) -> None:
    from psycopg import sql

    for name in ("session_wise_production", "supervisors", "quarantine"):
        warehouse.execute(sql.SQL("DELETE FROM rtms.{}").format(sql.Identifier(name)))


@pytest.mark.parametrize("batch_rows", [1, 100_000])
@pytest.mark.parametrize("folder", EXTRACTS, ids=lambda folder: folder.parent.name)
def test_odbc_gives_the_same_tables_as_csv(warehouse: Warehouse, tmp_path: Path, folder: Path, batch_rows: int) -> None:
    (production,) = (read_csv(path) for path in folder.glob("*session_wise_production*.csv"))
    (people,) = (read_csv(path) for path in folder.glob("*supervisors*.csv"))
    write_sqlite(tmp_path / "rtms.db", production, people)
    by_csv = everything(warehouse, CsvRtms(folder))
    wipe(warehouse)
    assert everything(warehouse, sqlite(tmp_path / "rtms.db", batch_rows=batch_rows)) == by_csv
    assert len(by_csv["session_wise_production"]) == len(production)


def test_dirt_comes_through_odbc_as_it_is(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [
        *(
            row(n, EmpName=name)
            for n, name in enumerate(["O'Neil; DROP TABLE x--", "José – 漢字 🧵", "", "  two  spaces "])
        ),
        *(
            row(10, EmpCode=None),
            row(11, Eff100=None),
            row(12, S03=-4),
            row(13, LineName=None),
            row(13, LineName="T1-1"),
        ),
        row(14, TranDate="2025-09-13"),
        row(15, TranDate="2025-09-11"),
    ]
    write_sqlite(tmp_path / "rtms.db", rows, [supervisor(PhoneNumber=None)])
    result = pull_day(warehouse, sqlite(tmp_path / "rtms.db"), DAY, now=NOON)
    assert (result.rows_read, result.rows_accepted, result.rows_refused) == (9, 7, 2)
    names = {each["rtms_row_id"]: each["emp_name"] for each in contents(warehouse, "session_wise_production")}
    assert [names[n] for n in range(4)] == ["O'Neil; DROP TABLE x--", "José – 漢字 🧵", None, "two spaces"]


def test_other_table_names_however_odd(warehouse: Warehouse, tmp_path: Path) -> None:
    import sqlite3

    write_sqlite(tmp_path / "rtms.db", [row(1)])
    with closing(sqlite3.connect(tmp_path / "rtms.db")) as connection:
        connection.execute('ALTER TABLE "RTMS_SessionWiseProduction" RENAME TO "a ""b""; DROP TABLE c.d"')
    odd = sqlite(tmp_path / "rtms.db", production_table='a "b"; DROP TABLE c.d')
    assert pull_day(warehouse, odd, DAY, now=NOON).rows_accepted == 1


def test_missing_table_and_column_name_the_setting(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "rtms.db", [row(1)])
    with pytest.raises(RtmsUnusableError, match="FACTORY_RTMS__DATABASE, __SCHEMA_NAME, __PRODUCTION_TABLE"):
        next(sqlite(tmp_path / "rtms.db", production_table="nowhere").production(DAY))
    with pytest.raises(RtmsUnusableError, match="RTMS' own columns"):
        next(sqlite(tmp_path / "rtms.db", production_table="RTMS_SupervisorsDetl").production(DAY))


def test_no_supervisors(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "rtms.db", [row(1)])
    assert sqlite(tmp_path / "rtms.db").supervisors().num_rows == 0


def test_a_refused_port_is_transient_and_shows_no_secret(warehouse: Warehouse) -> None:
    waits: list[float] = []
    with pytest.raises(RtmsUnavailableError, match="Check that the server runs") as caught:
        pull_day(warehouse, freetds(port=1), DAY, now=NOON, sleep=waits.append)
    assert waits == [1, 2, 4]
    assert "s3cret!" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert caught.value.__suppress_context__


def test_a_wrong_password_is_permanent_and_shows_no_secret(warehouse: Warehouse) -> None:
    with tds_server(accepts_login=False) as port, pytest.raises(RtmsUnusableError) as caught:
        pull_day(warehouse, freetds(port), DAY, now=NOON, sleep=lambda _: pytest.fail("tried again"))
    assert "Login failed for user '***'" in str(caught.value)
    assert "Check UID and PWD in FACTORY_RTMS__ODBC" in str(caught.value)


def test_a_dropped_connection_is_transient(warehouse: Warehouse) -> None:
    waits: list[float] = []
    with (
        tds_server(accepts_login=True) as port,
        pytest.raises(RtmsUnavailableError, match=r"Communication link failure|Unexpected EOF"),
    ):
        pull_day(warehouse, freetds(port), DAY, now=NOON, sleep=waits.append)
    assert waits == [1, 2, 4]


def test_a_missing_driver_names_the_packages() -> None:
    with pytest.raises(RtmsUnusableError, match="apt-get install libodbc2 tdsodbc"):
        next(source("DRIVER={ODBC Driver 18 for SQL Servers};SERVER=127.0.0.1").production(DAY))


@pytest.fixture(params=SERVERS, ids=lambda server: "sqlite" if server == "sqlite" else "tsql")
def server_table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address of a server, and its table of the golden rows, typed as RTMS' own."""
    import pyodbc

    address = f"DRIVER=SQLite3;DATABASE={tmp_path / 'made.db'}" if request.param == "sqlite" else request.param
    name = f"factory_test_{secrets.token_hex(6)}"
    types = {**SQL_TYPES, **dict.fromkeys(("SAM", "EffPer", "UsedMin", "EffPer100", "EffPer75"), "decimal(18, 4)")}
    columns = ", ".join(f"[{column}] {types.get(column, 'nvarchar(200)')} NULL" for column in RTMS_COLUMNS)
    marks = ", ".join("?" * len(RTMS_COLUMNS))
    golden = read_csv(next(GOLDEN.glob("*session_wise_production*.csv")))
    with closing(pyodbc.connect(address, autocommit=True, timeout=10)) as connection:
        connection.execute(f"CREATE TABLE [{name}] ({columns})")
        try:
            values = [[each[column].removesuffix(".0") or None for column in RTMS_COLUMNS] for each in golden]
            connection.cursor().executemany(f"INSERT INTO [{name}] VALUES ({marks})", values)  # noqa: S608 - constants
            yield address, name
        finally:
            connection.execute(f"DROP TABLE [{name}]")


def test_every_server_gives_the_same_table_as_csv(warehouse: Warehouse, server_table: tuple[str, str]) -> None:
    address, name = server_table
    server = source(address, database="", production_table=name)
    pull_day(warehouse, CsvRtms(GOLDEN), DAY, now=NOON)
    by_csv = contents(warehouse, "session_wise_production")
    result = pull_day(warehouse, server, DAY, now=NOON)
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (0, 0, 0)
    assert contents(warehouse, "session_wise_production") == by_csv

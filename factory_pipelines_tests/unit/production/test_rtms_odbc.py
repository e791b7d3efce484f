"""What is said to SQL Server, and what its errors mean: text only, no driver."""

import re
import sys
from datetime import date

import pytest

from factory_pipelines.production.rtms import (
    RTMS_COLUMNS,
    RtmsError,
    RtmsUnavailableError,
    RtmsUnusableError,
    open_source,
)
from factory_pipelines.production.rtms_mssql import (
    MssqlRtms,
    production_statement,
    sqlite_dialect,
    supervisors_statement,
    tsql_dialect,
    with_read_only_intent,
)
from factory_pipelines.production.rtms_odbc_errors import redact, translate
from factory_pipelines.settings import RtmsSettings

DAY = date(2025, 9, 12)
ADDRESS = "DRIVER=FreeTDS;SERVER=rtms;PORT=1433;UID=sa;PWD={p;a}}ss word}"


def settings(**changes: object) -> RtmsSettings:
    return RtmsSettings.model_validate({"source": "mssql", "odbc": ADDRESS, **changes})


@pytest.mark.parametrize("dialect", [tsql_dialect(), sqlite_dialect()], ids=["tsql", "sqlite"])
def test_every_statement_is_one_select_and_nothing_else(dialect: object) -> None:
    hostile = settings(production_table="x]; DROP TABLE y--", supervisors_table='z"; DELETE FROM z;--')
    for chosen in (settings(), hostile):
        for statement in (production_statement(chosen, dialect, DAY), supervisors_statement(chosen, dialect)):
            names_removed = re.sub(r"\[(?:[^\]]|\]\])*\]|\"(?:[^\"]|\"\")*\"", "name", statement.text)
            assert names_removed.startswith("SELECT ")
            assert len(re.findall(r"\bSELECT\b", names_removed)) == 1
            assert not re.search(r"[;']|--|/\*", names_removed)
            words = set(re.findall(r"[A-Z]+", names_removed))
            assert words <= {"SELECT", "FROM", "AS", "WHERE", "AND", "CAST", "FLOAT"}


def test_tsql_names_every_column_and_the_full_table() -> None:
    statement = production_statement(settings(), tsql_dialect(), DAY)
    assert "FROM [ITR_PRO_IND].[dbo].[RTMS_SessionWiseProduction] AS" in statement.text
    assert "*" not in statement.text
    assert [name for name in RTMS_COLUMNS if f"[{name}]" not in statement.text] == []
    assert "CAST([t].[SAM] AS FLOAT(53)) AS [SAM]" in statement.text
    assert statement.text.count("?") == 2
    assert statement.parameters == (DAY, date(2025, 9, 13))


@pytest.mark.parametrize(
    ("database", "schema", "expected"),
    [
        ("ITR.PRO", "dbo", "FROM [ITR.PRO].[dbo].[t1] AS"),
        ("a]b", "dbo", "FROM [a]]b].[dbo].[t1] AS"),
        ("", "dbo", "FROM [dbo].[t1] AS"),
        ("", "", "FROM [t1] AS"),
        ("plant", "", "FROM [plant].[dbo].[t1] AS"),
    ],
)
def test_tsql_quotes_any_name(database: str, schema: str, expected: str) -> None:
    chosen = settings(database=database, schema_name=schema, production_table="t1")
    assert expected in production_statement(chosen, tsql_dialect(), DAY).text


def test_sqlite_has_plain_names() -> None:
    assert 'FROM "RTMS_SessionWiseProduction" AS' in production_statement(settings(), sqlite_dialect(), DAY).text


@pytest.mark.parametrize(
    ("address", "read_only"),
    [
        ("DRIVER={ODBC Driver 18 for SQL Server};SERVER=x", True),
        ("DSN=plant;UID=a", True),
        ("DSN=other", False),
        ("DRIVER=FreeTDS;SERVER=x", False),
        ("Driver={ODBC Driver 17 for SQL Server};ApplicationIntent=ReadOnly;", False),
    ],
)
def test_read_only_intent_is_for_microsofts_driver(address: str, read_only: bool) -> None:
    sources = {"plant": "ODBC Driver 18 for SQL Server", "other": "FreeTDS"}
    changed = with_read_only_intent(address, sources)
    assert changed == (f"{address};ApplicationIntent=ReadOnly" if read_only else address)


FREETDS, MICROSOFT = "[FreeTDS][SQL Server]", "[Microsoft][ODBC Driver 18 for SQL Server]"
NEVER, LATER = RtmsUnusableError, RtmsUnavailableError


@pytest.mark.parametrize(
    ("state", "message", "kind", "remedy"),
    [
        ("42000", f"[42000] {FREETDS}Login failed for user 'sa'. (18456) ", NEVER, "UID and PWD"),
        ("28000", f"[28000] {MICROSOFT}[SQL Server]Login failed for user 'sa'. (18456)", NEVER, "UID and PWD"),
        ("42000", f"[42000] {FREETDS}Cannot open database (4060)", NEVER, "FACTORY_RTMS__DATABASE"),
        ("42000", f"[42000] {MICROSOFT}The SELECT permission was denied (229)", NEVER, "GRANT SELECT"),
        ("42S02", f"[42S02] {MICROSOFT}Invalid object name 'x'. (208)", NEVER, "PRODUCTION_TABLE"),
        ("42S22", f"[42S22] {FREETDS}Invalid column name 'S13'. (207)", NEVER, "RTMS' own columns"),
        ("IM002", "[IM002] [unixODBC]Data source not found (0)", NEVER, "apt-get install"),
        ("01000", "[01000] [unixODBC]Can't open lib 'x' : file not found (0)", NEVER, "tdsodbc"),
        ("08001", f"[08001] {MICROSOFT}SSL Provider: certificate verify failed (-1)", NEVER, "TrustServerCertificate"),
        ("HY000", "[HY000] something nobody knows (99999)", NEVER, "number"),
        ("08S01", f"[08S01] {MICROSOFT}Communication link failure (0) (SQLFetch)", LATER, "server runs"),
        ("08S01", f"[08S01] {FREETDS}Unable to connect: Adaptive Server is unavailable (20009)", LATER, "PORT"),
        ("HYT00", f"[HYT00] {MICROSOFT}Login timeout expired (0)", LATER, "server runs"),
        ("HY000", "The driver did not supply an error!", LATER, "server runs"),
        ("40001", f"[40001] {MICROSOFT}Transaction was deadlocked (1205)", LATER, "server runs"),
        ("HY000", f"[HY000] {FREETDS}Lock request time out (1222)", LATER, "server runs"),
    ],
)  # fmt: skip
def test_errors_say_whether_trying_again_helps(state: str, message: str, kind: type[RtmsError], remedy: str) -> None:
    error = translate((state, message), ADDRESS)
    assert type(error) is kind
    assert error.retryable is (kind is RtmsUnavailableError)
    assert remedy in error.remedy
    assert "'sa'" not in str(error)


def test_login_and_password_are_hidden_however_they_are_spelled() -> None:
    message = "login of sa with p;a}ss word or {p;a}}ss word} to database mensa failed"
    assert redact(message, ADDRESS) == "login of *** with *** or {***} to database mensa failed"


def test_a_source_without_its_settings_says_which() -> None:
    with pytest.raises(RtmsUnusableError, match="Set FACTORY_RTMS__ODBC"):
        open_source(RtmsSettings.model_validate({"source": "mssql"}))
    with pytest.raises(RtmsUnusableError, match="Set FACTORY_RTMS__CSV_DIR"):
        open_source(RtmsSettings.model_validate({"source": "csv"}))
    with pytest.raises(ValueError, match="demo"):
        open_source(RtmsSettings())


def test_a_missing_odbc_library_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", None)  # what Python does when the import fails
    with pytest.raises(RtmsUnusableError, match=r"apt-get install libodbc2 tdsodbc.*dnf install unixODBC"):
        next(MssqlRtms(settings()).production(DAY))

"""RTMS in its own home: SQL Server, read through ODBC.

Every statement is a SELECT composed by SQLAlchemy Core, compiled for the server's dialect and executed by pyodbc, so
that tests run the same path on SQLite's ODBC driver. The account needs SELECT on two tables and nothing else. How
ODBC's errors are read stands in ``rtms_odbc_errors.py``.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from factory_pipelines.production.cleaning import from_python
from factory_pipelines.production.rtms import RTMS_COLUMNS, SUPERVISOR_COLUMNS, RtmsUnusableError
from factory_pipelines.production.rtms_odbc_errors import DRIVER_REMEDY, connection_parts, translate
from factory_pipelines.settings import RtmsSettings

if TYPE_CHECKING:
    import pyodbc
    from sqlalchemy.engine import Dialect

# Decimals in RTMS; as floats they cross ODBC in two thirds of the time.
_DECIMAL_COLUMNS = frozenset({"SAM", "Eff100", "Eff75", "EffPer", "UsedMin", "EffPer100", "EffPer75"})
_ARROW_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64(), date: pa.date32(), bool: pa.bool_()}
# Few enough for their Python objects to stay in the processor's cache until they are columns: far faster than 10,000.
_FETCH_ROWS = 500
_SEPARATOR = "\x1f"  # between database and schema: a dot may be part of either


@dataclass(frozen=True)
class Statement:
    """A compiled SELECT: text with ``?`` and its parameters in order."""

    text: str
    parameters: tuple[Any, ...]
    columns: tuple[str, ...]


class MssqlRtms:
    """The server as an RTMS source; each call opens its own connection and closes it."""

    name = "mssql"

    def __init__(self, settings: RtmsSettings) -> None:
        """Keeps the settings; connects on the first call.

        Raises:
            RtmsUnusableError: without a connection string.
        """
        if settings.odbc is None:
            raise RtmsUnusableError(
                "FACTORY_RTMS__SOURCE is mssql, but no server is named",
                "Set FACTORY_RTMS__ODBC, for example DRIVER=FreeTDS;SERVER=rtms;PORT=1433;UID=reader;PWD=…",
            )
        self._settings = settings
        self._address = settings.odbc

    def production(self, day: date) -> Iterator[pa.Table]:
        """The rows of ``day``, ``batch_rows`` at a time.

        Raises:
            RtmsUnavailableError: the server is away, busy, too slow or dropped the connection, also half-way.
            RtmsUnusableError: driver, login, database, table, column or rights are wrong.
        """
        with self._connection() as connection:
            statement = production_statement(self._settings, _dialect(connection), day)
            yield from self._fetch(connection, statement)

    def supervisors(self) -> pa.Table:
        """All supervisors; raises as ``production`` does."""
        with self._connection() as connection:
            statement = supervisors_statement(self._settings, _dialect(connection))
            batches = list(self._fetch(connection, statement))
        return pa.concat_tables(batches, promote_options="permissive") if batches else _no_rows(statement.columns)

    def _fetch(self, connection: "pyodbc.Connection", statement: Statement) -> Iterator[pa.Table]:
        cursor = connection.execute(statement.text, *statement.parameters)
        types = [_ARROW_TYPES.get(column[1]) for column in cursor.description]
        gathered: list[pa.Table] = []
        while rows := cursor.fetchmany(_FETCH_ROWS):
            table = _to_arrow(rows, statement.columns, types)
            del rows  # so that the next ones take their place in the cache
            if gathered and gathered[0].schema != table.schema:
                yield pa.concat_tables(gathered)
                gathered = []
            gathered.append(table)
            if len(gathered) * _FETCH_ROWS >= self._settings.batch_rows:
                yield pa.concat_tables(gathered)
                gathered = []
        if gathered:
            yield pa.concat_tables(gathered)

    @contextmanager
    def _connection(self) -> Iterator["pyodbc.Connection"]:
        """A read-only connection whose errors, until it closes, come out as ``RtmsError`` without login or password."""
        pyodbc = _pyodbc()
        address = self._address.get_secret_value()
        try:
            with closing(
                pyodbc.connect(
                    with_read_only_intent(address, pyodbc.dataSources()),
                    autocommit=True,  # FreeTDS hides the real error behind a failed rollback otherwise
                    timeout=self._settings.login_timeout_s,
                )
            ) as connection:
                connection.timeout = self._settings.query_timeout_s
                yield connection
        except pyodbc.Error as error:
            raise translate(error.args, address) from None


def production_statement(settings: RtmsSettings, dialect: "Dialect", day: date) -> Statement:
    """SELECT of the rows of ``day``: a range of TranDate, which an index serves and a time of day does not upset."""
    table = _table(settings, dialect, settings.production_table, RTMS_COLUMNS)
    columns = [
        _as_float(table.c[name], dialect) if name in _DECIMAL_COLUMNS else table.c[name] for name in RTMS_COLUMNS
    ]
    query = sa.select(*columns).where(table.c.TranDate >= day, table.c.TranDate < day + timedelta(days=1))
    return _compiled(query, dialect, RTMS_COLUMNS)


def supervisors_statement(settings: RtmsSettings, dialect: "Dialect") -> Statement:
    """SELECT of all supervisors."""
    table = _table(settings, dialect, settings.supervisors_table, SUPERVISOR_COLUMNS)
    return _compiled(sa.select(*table.c), dialect, SUPERVISOR_COLUMNS)


def with_read_only_intent(address: str, data_sources: dict[str, str]) -> str:
    """``address`` with ``ApplicationIntent=ReadOnly`` where the driver is Microsoft's; others do not know the word.

    Args:
        address: ODBC connection string.
        data_sources: the machine's data source names, each with its driver.
    """
    parts = connection_parts(address)
    driver = parts.get("driver") or data_sources.get(parts.get("dsn", ""), "")
    if "for sql server" not in driver.lower() or "applicationintent" in parts:
        return address
    return f"{address.rstrip('; ')};ApplicationIntent=ReadOnly"


def tsql_dialect() -> "Dialect":
    """T-SQL with every name in brackets and ``?`` parameters."""
    from sqlalchemy.dialects.mssql.base import MSDialect, MSIdentifierPreparer

    class Bracketed(MSIdentifierPreparer):
        def quote_schema(self, schema: str, force: Any = None) -> str:
            return ".".join(self.quote_identifier(part) for part in schema.split(_SEPARATOR))

        def quote(self, ident: str, force: Any = None) -> str:
            return self.quote_identifier(ident)

    class Tsql(MSDialect):
        preparer = Bracketed
        supports_statement_cache = False

    dialect: Dialect = Tsql(paramstyle="qmark")  # type: ignore[no-untyped-call]
    return dialect


def sqlite_dialect() -> "Dialect":
    """SQLite with ``?`` parameters."""
    from sqlalchemy.dialects.sqlite.base import SQLiteDialect

    return SQLiteDialect(paramstyle="qmark")


def _dialect(connection: "pyodbc.Connection") -> "Dialect":
    product = str(connection.getinfo(_pyodbc().SQL_DBMS_NAME))
    return sqlite_dialect() if "sqlite" in product.lower() else tsql_dialect()


def _table(settings: RtmsSettings, dialect: "Dialect", name: str, columns: Sequence[str]) -> sa.FromClause:
    home = [part for part in (settings.database, settings.schema_name) if part] if dialect.name == "mssql" else []
    if settings.database and home == [settings.database]:
        home.append("dbo")  # [database].[table] would name a schema
    typed = [sa.column(column, sa.Date) if column == "TranDate" else sa.column(column) for column in columns]
    return sa.table(name, *typed, schema=_SEPARATOR.join(home) or None).alias("t")


def _as_float(column: sa.ColumnElement[Any], dialect: "Dialect") -> sa.ColumnElement[Any]:
    # SQLite would turn a text into 0.0 here, and has no decimals to save time on.
    return sa.cast(column, sa.Float(53)).label(column.key) if dialect.name == "mssql" else column


def _compiled(query: sa.Select[Any], dialect: "Dialect", columns: Sequence[str]) -> Statement:
    compiled = query.compile(dialect=dialect)
    parameters = tuple(compiled.params[name] for name in getattr(compiled, "positiontup", None) or ())
    return Statement(str(compiled), parameters, tuple(columns))


def _to_arrow(rows: Sequence[Any], columns: Sequence[str], types: Sequence[pa.DataType | None]) -> pa.Table:
    values = zip(*rows, strict=True)
    arrays = [_array(column, arrow_type) for column, arrow_type in zip(values, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _array(values: Sequence[Any], announced: pa.DataType | None) -> pa.Array:
    try:
        if announced is not None:
            return pa.array(values, announced)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        pass  # SQLite keeps any type in any column, and texts may hold half a character
    return from_python(values)


def _no_rows(columns: Sequence[str]) -> pa.Table:
    return pa.table({name: pa.nulls(0, pa.string()) for name in columns})


def _pyodbc() -> Any:
    try:
        import pyodbc
    except ImportError as error:
        raise RtmsUnusableError(f"the ODBC library is missing ({error})", DRIVER_REMEDY) from error
    pyodbc.pooling = False  # a retry must get a fresh connection
    return pyodbc

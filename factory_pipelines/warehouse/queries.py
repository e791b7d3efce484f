"""Named SQL: ``load_sql("rtms/open_pull")`` is the text of ``sql/rtms/open_pull.sql``."""

from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def sql_root() -> Path:
    """The folder with ``migrations/`` and one folder a domain: beside the package, or inside it in a wheel."""
    for candidate in (_PACKAGE / "_sql", _PACKAGE.parent / "sql"):
        if (candidate / "migrations").is_dir():
            return candidate
    raise FileNotFoundError(f"no sql/ folder beside {_PACKAGE}: reinstall factory-pipelines")


@cache
def load_sql(name: str) -> LiteralString:
    """The text of one named query, with psycopg parameters (``%(day)s``).

    Raises:
        FileNotFoundError: when there is no such file.
    """
    # Files of this repository are as trustworthy as its code, which is what LiteralString stands for.
    text: Any = (sql_root() / f"{name}.sql").read_text(encoding="utf-8")
    return cast("LiteralString", text)

"""Named SQL: found by its name, and by nothing else."""

import pytest

from factory_pipelines.warehouse.queries import load_sql, sql_root


def test_a_query_is_the_text_of_its_file() -> None:
    assert load_sql("warehouse/table_columns") == (sql_root() / "warehouse" / "table_columns.sql").read_text()


@pytest.mark.parametrize("name", ["warehouse/nothing", "SELECT 1", ""])
def test_what_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(FileNotFoundError):
        load_sql(name)


def test_the_migrations_lie_beside_the_queries() -> None:
    assert (sql_root() / "migrations" / "0001_foundation.sql").is_file()

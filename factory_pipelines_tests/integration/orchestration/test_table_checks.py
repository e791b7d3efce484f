"""Checks of a table: a schema difference is found, a misspelt check is an error and no pass, twenty rows are shown."""

from typing import Any

import dagster as dg
import psycopg
import pytest

from factory_pipelines.orchestration.checks import schema_differences, table_checks
from factory_pipelines.orchestration.tables import Column, Table
from factory_pipelines.production.tables import OPERATION_BENCHMARK
from factory_pipelines.warehouse.pool import Warehouse

QUERY = "production/check_operation_benchmark"


def evaluate(
    warehouse: Warehouse, table: Table, *, blocking: dict[str, str], may_raise: bool = False, **tags: str
) -> dict[str, Any]:
    checks = table_checks(table, query=QUERY, blocking=blocking)
    defs = dg.Definitions(assets=[dg.AssetSpec(table.key)], asset_checks=[checks], resources={"warehouse": warehouse})
    job = dg.define_asset_job("check", selection=dg.AssetSelection.checks(checks), executor_def=dg.in_process_executor)
    resolved = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("check")
    with dg.DagsterInstance.ephemeral() as instance:
        result = resolved.execute_in_process(instance=instance, tags=tags, raise_on_error=may_raise)
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


ALL = {"values_in_range": "Possible values.", "reconciles_with_pull": "The pull's best."}
ADD = """
INSERT INTO production.operation_benchmark
    (organization_id, production_day, new_oper_seq, benchmark_size, benchmark_pcs)
SELECT '11111111-1111-1111-1111-111111111111', date '2025-09-01' + n, 'O' || n, 0, 5 FROM generate_series(0, 29) AS n
"""


def test_a_check_that_nobody_declared_is_an_error(warehouse: Warehouse, warehouse_url: str) -> None:
    """Otherwise a check renamed in the SQL file would pass for ever."""
    with psycopg.connect(warehouse_url, autocommit=True) as conn:
        conn.execute(ADD)
    day = {"dagster/partition": "2025-09-05"}
    with pytest.raises(ValueError, match=rf"{QUERY}\.sql reports checks that are not declared: values_in_range"):
        evaluate(warehouse, OPERATION_BENCHMARK, blocking={"reconciles_with_pull": "x"}, may_raise=True, **day)


def test_a_run_looks_at_its_own_days_only(warehouse: Warehouse, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as conn:
        conn.execute(ADD)
    found = evaluate(warehouse, OPERATION_BENCHMARK, blocking=ALL, **{"dagster/partition": "2025-09-05"})
    assert found["values_in_range"].metadata["failures"].value == 1
    [row] = found["values_in_range"].metadata["failing_rows"].value.records
    assert (row.data["production_day"], row.data["benchmark_size"]) == ("2025-09-05", 0)
    found = evaluate(warehouse, OPERATION_BENCHMARK, blocking=ALL, **{"dagster/partition": "2025-10-05"})
    assert all(check.passed for check in found.values())


def test_twenty_rows_are_shown_and_all_are_counted(warehouse: Warehouse, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as conn:
        conn.execute(ADD)
    span = {
        "dagster/asset_partition_range_start": "2025-09-01",
        "dagster/asset_partition_range_end": "2025-09-30",
    }
    check = evaluate(warehouse, OPERATION_BENCHMARK, blocking=ALL, **span)["values_in_range"]
    assert check.metadata["failures"].value == 30
    assert len(check.metadata["failing_rows"].value.records) == 20
    assert check.severity is dg.AssetCheckSeverity.ERROR


def declared(**changes: Column | None) -> Table:
    columns = {**OPERATION_BENCHMARK.columns, **changes}
    return Table("production", "operation_benchmark", {n: c for n, c in columns.items() if c is not None})


@pytest.mark.parametrize(
    ("table", "difference"),
    [
        (declared(mood=Column("text", "How it felt.")),
         {"column": "mood", "declared": "text NOT NULL", "found": "absent"}),
        (declared(p90_pcs=None), {"column": "p90_pcs", "declared": "absent", "found": "double precision"}),
        (declared(benchmark_size=Column("bigint", "People.")),
         {"column": "benchmark_size", "declared": "bigint NOT NULL", "found": "integer NOT NULL"}),
        (declared(best_emp_code=Column("text", "Code.")),
         {"column": "best_emp_code", "declared": "text NOT NULL", "found": "text"}),
    ],
    ids=["a column too few", "a column too many", "another type", "another nullability"],
)  # fmt: skip
def test_every_difference_from_the_declaration_is_named(
    shared_warehouse: Warehouse, table: Table, difference: dict[str, str]
) -> None:
    assert schema_differences(shared_warehouse, table) == [difference]
    check = evaluate(shared_warehouse, table, blocking=ALL)["schema_as_declared"]
    assert not check.passed
    assert check.metadata["failing_rows"].value.records[0].data == difference


def test_a_declared_table_has_no_difference(shared_warehouse: Warehouse) -> None:
    assert schema_differences(shared_warehouse, OPERATION_BENCHMARK) == []


def test_the_uis_column_schema_is_the_declaration() -> None:
    schema = OPERATION_BENCHMARK.metadata()["dagster/column_schema"]
    assert [column.name for column in schema.columns] == list(OPERATION_BENCHMARK.columns)
    assert all(column.description for column in schema.columns)

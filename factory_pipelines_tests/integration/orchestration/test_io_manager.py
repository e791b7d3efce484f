"""Frames in and out of real tables: one test for each thing the IO manager promises."""

from collections.abc import Callable
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from psycopg import sql

from factory_pipelines.orchestration.io_manager import warehouse_io_manager
from factory_pipelines.warehouse.pool import Warehouse

KEY = dg.AssetKey(["production", "operation_benchmark"])
DAYS = dg.DailyPartitionsDefinition("2025-09-01", timezone="Asia/Kolkata", hour_offset=6, end_offset=1)
Make = Callable[[date, date], pd.DataFrame]


def benchmarks(first: date, last: date, size: int = 1, **changes: Any) -> pd.DataFrame:
    """A row a day, as ``production.operation_benchmark`` has them."""
    df = pd.DataFrame({"production_day": [day.date() for day in pd.date_range(first, last)]})
    df["new_oper_seq"] = "A10001-Cutting"
    df["benchmark_pcs"] = [float("nan")] + [10.0] * (len(df) - 1)
    df["benchmark_size"] = size
    df["p90_pcs"], df["best_emp_code"], df["best_emp_name"] = 9.5, "900101", None
    return df.assign(**changes)


def asset_of(make: Make) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        metadata={"partition_expr": "production_day"},
    )
    def benchmark(context: dg.AssetExecutionContext) -> pd.DataFrame:
        keys = context.partition_key_range
        return make(date.fromisoformat(keys.start), date.fromisoformat(keys.end))

    return benchmark


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run(), ins={"frame": dg.AssetIn(KEY)})
def read_back(frame: pd.DataFrame) -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(
        metadata={"rows": len(frame), "columns": list(frame.columns), "days": sorted(map(str, frame["production_day"]))}
    )


def run(warehouse: Warehouse, *assets: Any, day: str | None = None, to: str | None = None) -> Any:
    resources = {"warehouse": warehouse, "io_manager": warehouse_io_manager}
    where: dict[str, Any] = {"partition_key": day} if day else {}
    if to is not None:
        where = {"tags": {"dagster/asset_partition_range_start": day, "dagster/asset_partition_range_end": to}}
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(assets, instance=instance, resources=resources, **where)


def stored(warehouse: Warehouse) -> list[tuple[str, int]]:
    rows = warehouse.rows(
        sql.SQL("SELECT production_day::text AS day, benchmark_size FROM production.operation_benchmark ORDER BY 1")
    )
    return [(row["day"], row["benchmark_size"]) for row in rows]


def test_a_frame_becomes_the_days_rows_and_its_count_is_told(warehouse: Warehouse) -> None:
    result = run(warehouse, asset_of(benchmarks), day="2025-09-12")
    assert stored(warehouse) == [("2025-09-12", 1)]
    [event] = result.asset_materializations_for_node("production__operation_benchmark")
    assert event.metadata["dagster/row_count"].value == 1
    assert "BETWEEN '2025-09-12' AND '2025-09-12'" in event.metadata["Query"].value


def test_a_rerun_replaces_and_does_not_double(warehouse: Warehouse) -> None:
    run(warehouse, asset_of(benchmarks), day="2025-09-12")
    run(warehouse, asset_of(lambda a, b: benchmarks(a, b, size=2)), day="2025-09-12")
    assert stored(warehouse) == [("2025-09-12", 2)]


def test_only_the_runs_days_are_replaced(warehouse: Warehouse) -> None:
    run(warehouse, asset_of(benchmarks), day="2025-09-01", to="2025-09-05")
    run(warehouse, asset_of(lambda a, b: benchmarks(a, b, size=2)), day="2025-09-02", to="2025-09-04")
    assert stored(warehouse) == [(f"2025-09-0{n}", 2 if 2 <= n <= 4 else 1) for n in range(1, 6)]


def test_an_empty_frame_empties_the_day_and_nothing_else(warehouse: Warehouse) -> None:
    run(warehouse, asset_of(benchmarks), day="2025-09-01", to="2025-09-02")
    run(warehouse, asset_of(lambda a, b: benchmarks(a, b).head(0)), day="2025-09-02")
    assert stored(warehouse) == [("2025-09-01", 1)]


def test_a_downstream_asset_reads_its_partition_without_the_organization(warehouse: Warehouse) -> None:
    run(warehouse, asset_of(benchmarks), day="2025-09-01", to="2025-09-09")
    upstream = dg.AssetSpec(KEY, partitions_def=DAYS, metadata={"partition_expr": "production_day"})
    for to, days in ((None, ["2025-09-03"]), ("2025-09-05", ["2025-09-03", "2025-09-04", "2025-09-05"])):
        result = run(warehouse, upstream, read_back, day="2025-09-03", to=to)
        event, *_ = result.asset_materializations_for_node("read_back")  # one for each partition of the range
        assert event.metadata["days"].value == days
        assert event.metadata["columns"].value == list(benchmarks(date(2025, 9, 1), date(2025, 9, 1)).columns)


REFUSED: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "a missing column": (
        lambda df: df.drop(columns=["p90_pcs", "best_emp_name"]),
        r"production\.operation_benchmark: the frame lacks best_emp_name, p90_pcs",
    ),
    "an unknown column": (
        lambda df: df.assign(mood="good"),
        r"production\.operation_benchmark has no column mood",
    ),
    "the organization's column": (
        lambda df: df.assign(organization_id="11111111-1111-1111-1111-111111111111"),
        r"has no column organization_id",
    ),
    "an unknown key": (lambda df: df.assign(new_oper_seq=None), "null value in column"),
    "a doubled key": (lambda df: pd.concat([df, df]), "duplicate key"),
    "a wrong type": (lambda df: df.assign(benchmark_size="many"), "benchmark_size: 'many' is no whole number"),
}


@pytest.mark.parametrize(("spoil", "message"), REFUSED.values(), ids=REFUSED)
def test_a_frame_that_does_not_fit_is_refused_and_the_old_rows_stay(
    warehouse: Warehouse, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    run(warehouse, asset_of(benchmarks), day="2025-09-12")
    with pytest.raises(Exception, match=message):
        run(warehouse, asset_of(lambda a, b: spoil(benchmarks(a, b, size=2))), day="2025-09-12")
    assert stored(warehouse) == [("2025-09-12", 1)]


def test_the_columns_may_come_in_any_order(warehouse: Warehouse) -> None:
    run(warehouse, asset_of(lambda a, b: benchmarks(a, b).iloc[:, ::-1]), day="2025-09-12")
    assert stored(warehouse) == [("2025-09-12", 1)]


def test_an_asset_without_partitions_is_its_whole_table(warehouse: Warehouse) -> None:
    @dg.asset(key=KEY)
    def whole() -> pd.DataFrame:
        return benchmarks(date(2025, 9, 1), date(2025, 9, 3))

    for _ in range(2):
        run(warehouse, whole)
    assert len(stored(warehouse)) == 3

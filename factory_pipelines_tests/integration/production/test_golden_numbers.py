"""Every figure of the golden days equals what a few lines of pandas make of the same files."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from psycopg import sql

from factory_pipelines.warehouse.pool import Warehouse

from .golden import (
    COMPUTED,
    DIRTY,
    EDGES,
    GOLDEN,
    LEVELS,
    ORDINARY,
    RAW,
    accepted_rows,
    band_of,
    checked_job,
    checks_of,
    code_location,
    efficiency_of,
    open_writer,
    run_days,
    run_supervisors,
)

FILE = GOLDEN / "golden_session_wise_production.csv"


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return accepted_rows(FILE)


@pytest.fixture(scope="module")
def golden(clone: Callable[[], AbstractContextManager[str]]) -> Iterator[Warehouse]:
    """The three days, pulled and computed in one run."""
    with clone() as url, open_writer(url) as warehouse:
        defs = code_location(warehouse)
        assert run_supervisors(defs).success
        outcome = run_days(defs, EDGES, DIRTY, RAW | COMPUTED)
        assert outcome.success, outcome
        yield warehouse


def table(warehouse: Warehouse, name: str) -> pd.DataFrame:
    statement = sql.SQL("SELECT * FROM {} WHERE organization_id = warehouse.current_organization()")
    return warehouse.frame(statement.format(sql.Identifier(*name.split("."))))


def of_row(df: pd.DataFrame, employee: str) -> dict[str, Any]:
    [row] = df[df["emp_name"] == employee].replace({np.nan: None}).to_dict("records")
    return row


def test_the_raw_table_holds_what_the_contract_accepts(golden: Warehouse, expected: pd.DataFrame) -> None:
    raw = table(golden, "rtms.session_wise_production")
    assert sorted(raw["rtms_row_id"]) == sorted(expected["rtms_row_id"])
    assert raw["prodn_pcs"].sum() == expected["prodn_pcs"].sum()
    assert "900127" in set(raw["emp_code"])
    assert set(raw["line_name"]) == {"S1-1", "S1-2", "S2-1"}
    pulls = table(golden, "rtms.pulls").set_index("production_day").sort_index()
    counts = pulls[["rows_read", "rows_accepted", "rows_refused", "rows_collapsed"]]
    assert counts.values.tolist() == [[28, 28, 0, 0], [30, 30, 0, 0], [16, 10, 5, 1]]


def test_refused_rows_are_kept_with_their_reasons(golden: Warehouse) -> None:
    refused = table(golden, "rtms.quarantine")
    reasons = {row["row"]["EmpName"]: " ".join(row["reasons"]) for row in refused.to_dict("records")}
    assert set(reasons) == {"Negative", "No number", "No line", "Contradicts"}
    assert "ProdnPcs" in reasons["Negative"]
    assert "ProdnPcs" in reasons["No number"]
    assert "LineName" in reasons["No line"]
    assert set(refused["production_day"]) == {date(2025, 9, 12)}


def test_efficiency_relative_efficiency_and_band_of_every_row(golden: Warehouse, expected: pd.DataFrame) -> None:
    ours = table(golden, "production.employee_efficiency").set_index("rtms_row_id").sort_index()
    theirs = expected.set_index("rtms_row_id").sort_index()
    best = theirs.groupby(["production_day", "new_oper_seq"])["prodn_pcs"].transform("max")
    efficiency = 100 * theirs["prodn_pcs"] / theirs["eff100"].where(theirs["eff100"] > 0)
    relative = 100 * theirs["prodn_pcs"] / best.where(best > 0)
    pd.testing.assert_series_equal(ours["efficiency_pct"], efficiency, check_names=False)
    pd.testing.assert_series_equal(ours["relative_efficiency_pct"], relative, check_names=False)
    assert ours["benchmark_pcs"].tolist() == best.tolist()
    assert [b if isinstance(b, str) else None for b in ours["band"]] == [band_of(e) for e in efficiency]
    for column in (*LEVELS, "emp_name"):
        assert ours[column].replace({np.nan: None}).tolist() == theirs[column].tolist(), column


@pytest.mark.parametrize(
    ("employee", "band"),
    [
        ("Edge at Excellent", "Excellent"),
        ("Edge below Excellent", "Good"),
        ("Edge 94.99", "Good"),
        ("Edge at Good", "Good"),
        ("Edge below Good", "Needs Improvement"),
        ("Edge 84.99", "Needs Improvement"),
        ("Edge at Needs", "Needs Improvement"),
        ("Edge below Needs", "Critical"),
        ("Waiting One", "Critical"),
        ("Target unknown", None),
        ("Target zero", None),
        ("Impossible pace", "Excellent"),
    ],
)
def test_bands_are_half_open_and_unknown_without_a_target(golden: Warehouse, employee: str, band: str | None) -> None:
    row = of_row(table(golden, "production.employee_efficiency"), employee)
    assert row["band"] == band
    assert (row["efficiency_pct"] is None) == (band is None)


def test_benchmarks_of_one_of_nothing_and_of_a_tie(golden: Warehouse) -> None:
    best = table(golden, "production.operation_benchmark").replace({np.nan: None})
    best = best[best["production_day"] == date(2025, 9, 10)].set_index("new_oper_seq")
    alone = of_row(table(golden, "production.employee_efficiency"), "Alone")
    assert (alone["relative_efficiency_pct"], alone["benchmark_size"]) == (100.0, 1)
    assert best.loc["B20002-Not yet", "benchmark_pcs"] == 0
    assert of_row(table(golden, "production.employee_efficiency"), "Waiting One")["relative_efficiency_pct"] is None
    tie = best.loc["C30002-Tie"]
    assert (tie["best_emp_name"], tie["benchmark_pcs"], tie["benchmark_size"]) == ("Tie First", 60, 2)
    assert tie["p90_pcs"] == pytest.approx(np.percentile([60, 60, 20], 90))
    # Two devices without a code are two people; RTMS' spelling makes two operations.
    assert best.loc["C30001-Nobody", "benchmark_size"] == 3
    assert {"Z90001-Pack", "z90001-pack"} <= set(best.index)


@pytest.mark.parametrize("depth", range(1, 9), ids=LEVELS)
def test_every_level_is_the_sum_of_its_rows(golden: Warehouse, expected: pd.DataFrame, depth: int) -> None:
    path = ["production_day", *LEVELS[:depth]]
    ours = table(golden, "production.efficiency_by_level")
    ours = ours[ours["level"] == LEVELS[depth - 1]]
    found = {
        tuple(None if pd.isna(value) else value for value in key): values
        for key, *values in zip(
            ours[path].itertuples(index=False, name=None),
            ours["prodn_pcs"], ours["row_count"], ours["used_min"], ours["efficiency_pct"], ours["band"], strict=True,
        )
    }  # fmt: skip
    assert len(found) == len(ours)
    members = {
        tuple(None if pd.isna(value) else value for value in key): df
        for key, df in expected.groupby(path, dropna=False)
    }
    assert found.keys() == members.keys()
    for key, df in members.items():
        pieces, rows, used_min, efficiency, band = found[key]
        assert (pieces, rows, used_min) == (df["prodn_pcs"].sum(), len(df), df["used_min"].sum())
        wanted = efficiency_of(df)
        assert (None if pd.isna(efficiency) else efficiency) == (None if wanted is None else pytest.approx(wanted))
        assert (band if isinstance(band, str) else None) == band_of(wanted)
    below = ours[LEVELS[depth:]]
    assert below.isna().all().all(), "columns below the level stay empty"


def test_line_output_counts_final_operations_only(golden: Warehouse, expected: pd.DataFrame) -> None:
    lines = ["production_day", "unit_code", "floor_name", "line_name"]
    ours = table(golden, "production.line_output").set_index(lines).sort_index()
    for key, df in expected.groupby(lines):
        final = df[df["is_final"]]
        row = ours.loc[key]
        assert row["prodn_pcs"] == df["prodn_pcs"].sum()
        assert row["efficiency_pct"] == pytest.approx(efficiency_of(df))
        if final.empty:
            assert pd.isna(row["output_pcs"])
        else:
            assert row["output_pcs"] == final["prodn_pcs"].sum()
    day = date(2025, 9, 10)
    output = ours["output_pcs"]
    assert output[(day, "U15-2", "FLOOR-2", "S1-1")] == 250
    assert pd.isna(output[(day, "U15-2", "FLOOR-2", "S1-2")]), "no final operation: unknown, and not zero"
    assert output[(day, "U15-2", "FLOOR-3", "S2-1")] == 90
    assert output[(day, "U15-3", "FLOOR-2", "S1-1")] == 250, "a line of the same name in another unit"


def test_the_runs_checks_tell_the_ordinary_day_from_the_others(golden: Warehouse) -> None:
    """The module's run passed its blocking checks; warnings speak of the edges and the dirt, and only of them."""
    with_warnings = {day: _warnings(golden, day) for day in (EDGES, ORDINARY, DIRTY)}
    assert with_warnings == {
        EDGES: {"production/line_output: output_known"},
        ORDINARY: set(),
        DIRTY: {
            "rtms/session_wise_production: few_rows_refused",
            "rtms/session_wise_production: sessions_add_up",
            "production/employee_efficiency: implausible_efficiency",
        },
    }


def _warnings(warehouse: Warehouse, day: str) -> set[str]:
    with dg.DagsterInstance.ephemeral() as instance:
        checks = checks_of(checked_job(code_location(warehouse), RAW | COMPUTED), instance, day)
    return {name for name, check in checks.items() if not check.passed}

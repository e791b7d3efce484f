"""The anonymised extract of a real day through source `csv`, against an independent calculation of the same file."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from psycopg import sql

from factory_pipelines.alerts.breaches import Pull
from factory_pipelines.production.lookout import breaches_of
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

from .golden import accepted_rows, code_location, efficiency_of, open_writer, run_days, run_supervisors, state_of

DAY = "2025-09-12"


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> pd.DataFrame:
    return accepted_rows(shared_data / "rtms" / "rtms_session_wise_production.csv")


@pytest.fixture(scope="module")
def plant(shared_data: Path, clone: Callable[[], AbstractContextManager[str]]) -> Iterator[Warehouse]:
    with clone() as url, open_writer(url) as warehouse:
        defs = code_location(warehouse, shared_data / "rtms")
        assert run_supervisors(defs).success
        outcome = run_days(defs, DAY)
        assert outcome.success, outcome
        yield warehouse


def test_all_377_rows_are_pulled_and_none_is_lost(plant: Warehouse, expected: pd.DataFrame) -> None:
    [pull] = plant.rows(sql.SQL("SELECT rows_read, rows_accepted, rows_refused FROM rtms.pulls"))
    assert pull == {"rows_read": 377, "rows_accepted": 377, "rows_refused": 0}
    [raw] = plant.rows(sql.SQL("SELECT count(*) AS n, sum(prodn_pcs) AS p FROM rtms.session_wise_production"))
    assert raw == {"n": len(expected), "p": expected["prodn_pcs"].sum()}


def test_overall_efficiency_is_the_sum_over_the_sum(plant: Warehouse, expected: pd.DataFrame) -> None:
    level = "SELECT efficiency_pct, band FROM production.efficiency_by_level WHERE level = 'unit_code'"
    [unit] = plant.rows(sql.SQL(level))
    assert unit["efficiency_pct"] == pytest.approx(efficiency_of(expected), rel=1e-12)
    assert unit["efficiency_pct"] == pytest.approx(36.7818908, abs=1e-6)
    assert unit["band"] == "Critical"


def test_the_seeds_rule_finds_exactly_the_breaches_that_pandas_finds(plant: Warehouse, expected: pd.DataFrame) -> None:
    efficiency = 100 * expected["prodn_pcs"] / expected["eff100"]
    best = expected.groupby("new_oper_seq")["prodn_pcs"].transform("max")
    low = expected[(efficiency < 85) & (100 * expected["prodn_pcs"] / best < 85)]
    assert len(low) > 100
    found = breaches_of(plant, Settings(), Pull(1, datetime(2025, 9, 12, 12, tzinfo=UTC), date(2025, 9, 12)))
    ours = sorted((b.subject, b.place["new_oper_seq"], b.context["device_id"], round(b.value, 9)) for b in found)
    theirs = sorted(
        (f"emp:{code}" if code else f"device:{device}", operation, device, round(value, 9))
        for code, device, operation, value in zip(
            low["emp_code"], low["device_id"], low["new_oper_seq"], efficiency[low.index], strict=True
        )
    )
    assert ours == theirs


def test_the_run_repeated_changes_nothing(plant: Warehouse, shared_data: Path) -> None:
    before = state_of(plant)
    assert run_days(code_location(plant, shared_data / "rtms"), DAY).success
    assert state_of(plant) == before

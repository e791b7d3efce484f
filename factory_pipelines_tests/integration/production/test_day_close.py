"""The nightly job as it is: pull, tables, patterns, training, forecast and text of a day, in one run."""

import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from psycopg import sql

from factory_pipelines.production.automation import closed_day
from factory_pipelines.production.charts import lines_of_day, people_by_band
from factory_pipelines.production.resources import open_registry
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

from .golden import DIRTY, EDGES, GOLDEN, ORDINARY, QUIET, code_location, run_days


def count(warehouse: Warehouse, table: str) -> int:
    query = sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier("production", table))
    return warehouse.rows(query)[0]["n"]


def test_a_day_is_closed_in_one_run_also_with_hardly_any_history(warehouse: Warehouse, tmp_path: Path) -> None:
    """Two days are no history to train on: the job says so, and still forecasts, explains and passes its checks."""
    yesterday = closed_day(Settings(), datetime.now(UTC))
    folder = moved_to(tmp_path, {EDGES: yesterday - timedelta(days=1), ORDINARY: yesterday})
    defs = code_location(warehouse, folder, models=open_registry)
    assert run_days(defs, str(yesterday - timedelta(days=1))).success
    job = defs.resolve_job_def("close_production_day")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=str(yesterday), run_config=QUIET, raise_on_error=False
        )
        checks = [c for c in result.get_asset_check_evaluations() if not c.passed]
        assert result.success, [(c.asset_key, c.check_name, c.metadata) for c in checks]
    assert count(warehouse, "efficiency_forecast") > 0
    assert warehouse.rows(sql.SQL("SELECT DISTINCT served_by FROM production.efficiency_forecast")) == [
        {"served_by": "seasonal_naive"}
    ]
    [insight] = warehouse.rows(sql.SQL("SELECT * FROM production.insights"))
    assert insight["written_by"] == "template"
    assert insight["summary"]
    assert insight["production_day"] == yesterday


def moved_to(folder: Path, days: dict[str, date]) -> Path:
    """The golden days as if they were these: a forecast needs lines that worked lately."""
    text = (GOLDEN / "golden_session_wise_production.csv").read_text()
    for day, other in days.items():
        text = text.replace(f",{day},", f",{other},")
    (folder / "moved_session_wise_production.csv").write_text(text)
    return folder


@pytest.mark.parametrize("day", [ORDINARY, "2025-12-24"], ids=["a day", "a day without production"])
def test_the_plots_of_a_day_are_pictures(warehouse: Warehouse, day: str) -> None:
    assert run_days(code_location(warehouse), EDGES, DIRTY).success
    at = pd.Timestamp(day).date()
    for plot in (people_by_band(warehouse, at), *lines_of_day(warehouse, at, with_trend=True).values()):
        picture = base64.b64decode(plot.value.partition("base64,")[2].rstrip(")"))
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 200_000, "the event log keeps every one of them"

"""The scoreboard as Dagster runs it: rows kept, a table and two plots to see, and checks that tell a missed bar."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from psycopg import sql

from factory_pipelines.demo.assets import SCOREBOARD, keep, scoreboard
from factory_pipelines.demo.definitions import SCOREBOARD_CHECKS
from factory_pipelines.demo.scores import Score
from factory_pipelines.warehouse.pool import Warehouse


@pytest.fixture(autouse=True)
def _small_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_DEMO__SCALE", "0.1")


def checks_of(warehouse: Warehouse) -> dict[str, dg.AssetCheckEvaluation]:
    job = dg.Definitions(
        assets=[scoreboard],
        asset_checks=[SCOREBOARD_CHECKS],
        jobs=[
            dg.define_asset_job(
                "checks",
                selection=dg.AssetSelection.checks_for_assets(SCOREBOARD.key),
                executor_def=dg.in_process_executor,
            )
        ],
        resources={"warehouse": warehouse},
    ).resolve_job_def("checks")
    return {found.check_name: found for found in job.execute_in_process().get_asset_check_evaluations()}


def test_a_run_keeps_its_scores_and_shows_them(warehouse: Warehouse, reader: Warehouse) -> None:
    result = dg.materialize([scoreboard], resources={"warehouse": warehouse})
    shown = result.asset_materializations_for_node("demo__scoreboard")[0].metadata
    kept = reader.rows(sql.SQL("SELECT name FROM demo.scoreboard"))
    assert shown["dagster/row_count"].value == len(kept)
    assert {record.data["name"] for record in shown["scores"].value.records} >= {
        "alert_messages_saved",
        "forecast_error",
    }
    for plot in ("messages", "forecast_against_truth"):
        assert "data:image/png;base64," in shown[plot].value
    checks = checks_of(warehouse)
    assert checks["schema_as_declared"].passed
    assert not checks["nothing_unknown"].passed  # an empty warehouse leaves most of it unknown
    assert checks["nothing_unknown"].severity == dg.AssetCheckSeverity.WARN


def test_only_the_latest_scoreboard_is_judged(warehouse: Warehouse) -> None:
    now = datetime(2025, 11, 20, 9, tzinfo=UTC)
    keep(warehouse, [Score("precision", 70.0, "%", 80.0, False, "too low")], now)
    missed = checks_of(warehouse)["bars_met"]
    assert not missed.passed
    assert missed.metadata["failures"].value == 1
    keep(warehouse, [Score("precision", 90.0, "%", 80.0, True, "fine")], now + timedelta(hours=1))
    assert checks_of(warehouse)["bars_met"].passed

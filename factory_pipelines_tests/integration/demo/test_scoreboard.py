"""The scoreboard on real tables: it says 100 % where they are right, and notices each way in which they are not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from psycopg import sql

from factory_pipelines.demo.assets import keep
from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.resources import open_factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.demo.scoreboard import compute_scoreboard, gather, last_complete_days, score_all
from factory_pipelines.production.ingest import pull_day
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.copy import copy_frame
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

NOW = datetime(2025, 11, 19, 20, 0, tzinfo=UTC)
FIRST, LAST = date(2025, 11, 3), date(2025, 11, 18)

Scores = Callable[[], dict[str, dict[str, Any]]]


@pytest.fixture
def settings(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FACTORY_DEMO__SCALE", "0.25")
    return load_settings()


@pytest.fixture
def factory(settings: Settings) -> Factory:
    return open_factory(settings)


@pytest.fixture
def pulled(warehouse: Warehouse, factory: Factory) -> None:
    """Two weeks as the real pull and the real transformations make them."""
    source = DemoRtms(factory, now=lambda: NOW)
    for day in factory.clock.working_days(FIRST, LAST):
        pull_day(warehouse, source, day, now=NOW)
    for table in ("operation_benchmark", "employee_efficiency", "line_output"):
        rebuild_days(warehouse, sql.Identifier("production", table), FIRST, LAST, f"production/{table}")


@pytest.fixture
def scores(warehouse: Warehouse, settings: Settings) -> Scores:
    return lambda: {score["name"]: score for score in compute_scoreboard(warehouse, settings, NOW)}


def test_an_empty_warehouse_is_unknown_not_wrong(scores: Scores) -> None:
    board = scores()
    from_tables = (
        "pieces_pulled_exactly",
        "line_output_exact",
        "refused_rows_exact",
        "forecast_error",
        "backtest_error",
    )
    for name in from_tables:
        assert board[name]["value"] is None
        assert board[name]["met"] is None
    assert board["long_breaches_delivered"]["value"] == 100.0
    assert set(next(iter(board.values()))) == {"name", "value", "unit", "bar", "met", "detail"}


@pytest.mark.usefixtures("pulled")
def test_right_tables_score_full(scores: Scores) -> None:
    board = scores()
    exact = ("pieces_pulled_exactly", "pieces_computed_exactly", "line_output_exact", "refused_rows_exact")
    for name in exact:
        assert board[name]["value"] == 100.0, board[name]
        assert board[name]["met"] is True


@pytest.mark.usefixtures("pulled")
@pytest.mark.parametrize(
    ("damage", "noticed_by"),
    [
        (
            sql.SQL(
                "UPDATE rtms.session_wise_production SET prodn_pcs = prodn_pcs + 1 WHERE rtms_row_id = "
                "(SELECT min(rtms_row_id) FROM rtms.session_wise_production)"
            ),
            {"pieces_pulled_exactly"},
        ),
        (
            sql.SQL(
                "DELETE FROM rtms.session_wise_production WHERE production_day = '2025-11-05' AND line_name = 'S1-1'"
            ),
            {"pieces_pulled_exactly"},
        ),
        (
            sql.SQL("DELETE FROM production.line_output WHERE production_day = '2025-11-05' AND line_name = 'S1-1'"),
            {"pieces_computed_exactly", "line_output_exact"},
        ),
        (
            sql.SQL("UPDATE production.line_output SET output_pcs = NULL WHERE production_day = '2025-11-05'"),
            {"line_output_exact"},
        ),
        (
            sql.SQL("DELETE FROM rtms.quarantine"),
            {"refused_rows_exact"},
        ),
    ],
)
def test_every_damage_is_noticed(warehouse: Warehouse, scores: Scores, damage: sql.SQL, noticed_by: set[str]) -> None:
    warehouse.execute(damage)
    missed = {name for name, score in scores().items() if score["met"] is False}
    assert missed == noticed_by


def test_a_day_pulled_before_its_end_is_left_out(warehouse: Warehouse, factory: Factory, scores: Scores) -> None:
    noon = factory.clock.session_window(LAST, 5)[0]
    pull_day(warehouse, DemoRtms(factory, now=lambda: noon), LAST, now=noon)
    board = scores()
    assert board["pieces_pulled_exactly"]["value"] is None
    assert "1 days whose last pull" in board["pieces_pulled_exactly"]["detail"]


def test_a_forecast_is_held_against_the_simulated_future(
    warehouse: Warehouse, factory: Factory, scores: Scores
) -> None:
    days = factory.clock.next_working_days(LAST, 7)
    rows = [
        {
            "made_on": LAST,
            "production_day": day,
            "horizon": horizon,
            **{name: line[name] for name in ("unit_code", "floor_name", "line_name")},
            "efficiency_pct": line["efficiency_pct"] + 1.5,
            "lo_80": line["efficiency_pct"] - (1.0 if horizon > 1 else -1.0),
            "hi_80": line["efficiency_pct"] + 3.0,
            "lo_95": line["efficiency_pct"] - 2.0,
            "hi_95": line["efficiency_pct"] + 4.0,
            "served_by": "lightgbm",
        }
        for horizon, day in enumerate(days, start=1)
        for line in factory.truth(day).line_output.to_dict("records")
    ]
    with warehouse.transaction() as conn:
        copy_frame(conn, sql.Identifier("production", "efficiency_forecast"), pd.DataFrame(rows))
    board = scores()
    assert board["forecast_error"]["value"] == pytest.approx(1.5, abs=0.01)
    assert board["forecast_error"]["met"] is True
    assert board["forecast_coverage_80"]["value"] == pytest.approx(600 / 7, abs=0.01)
    assert board["forecast_coverage_95"]["value"] == 100.0
    assert board["backtest_error"]["value"] is None


def test_scores_are_kept_and_readable(warehouse: Warehouse, reader: Warehouse, settings: Settings) -> None:
    keep(warehouse, score_all(gather(warehouse, settings, NOW)), NOW)
    keep(warehouse, score_all(gather(warehouse, settings, NOW)), NOW + timedelta(hours=1))
    count = sql.SQL("SELECT count(*) AS rows, count(DISTINCT computed_at) AS times FROM demo.scoreboard")
    kept = reader.rows(count)[0]
    assert kept["times"] == 2
    assert kept["rows"] == 2 * len(score_all(gather(reader, settings, NOW)))


def test_last_complete_days_skip_rest_and_today(factory: Factory) -> None:
    # The 16th was a Sunday; NOW is the small hours of the 20th in the plant, so still the production day of the 19th.
    assert last_complete_days(factory.clock, NOW, 3) == [date(2025, 11, 15), date(2025, 11, 17), date(2025, 11, 18)]

"""Patterns and insights from tables that were really pulled and computed in the warehouse."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from psycopg import sql

from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.production.figures import unknown_numbers
from factory_pipelines.production.forecast import forecast
from factory_pipelines.production.ingest import pull_day
from factory_pipelines.production.insights import build_facts, template_text
from factory_pipelines.production.patterns import HISTORY_DAYS, PATTERN_COLUMNS, patterns_on, read_history
from factory_pipelines.settings import PlantSettings
from factory_pipelines.warehouse.copy import copy_frame
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

CLOCK = PlantSettings().clock()
LAST = date(2025, 9, 12)
DAYS = CLOCK.working_days(date(2025, 8, 28), LAST)
NOW = datetime(2025, 9, 13, tzinfo=UTC)


@pytest.fixture
def filled(warehouse: Warehouse) -> Iterator[Warehouse]:
    """Two weeks of the demo factory, up to the efficiency tables."""
    source = DemoRtms(Factory(seed=7, scale=0.3, clock=CLOCK), now=lambda: NOW)
    for day in DAYS:
        pull_day(warehouse, source, day, now=NOW)
    for name in ("operation_benchmark", "employee_efficiency", "line_output"):
        rebuild_days(warehouse, sql.Identifier("production", name), DAYS[0], LAST, f"production/{name}")
    return warehouse


def patterns_of(warehouse: Warehouse) -> pd.DataFrame:
    window = {"first": DAYS[0], "last": LAST}
    history = read_history(
        sessions=warehouse.frame("production/pattern_sessions", window),
        people=warehouse.frame("production/pattern_people", window),
        styles=warehouse.frame("production/pattern_styles", window),
    )
    return patterns_on(history, LAST, DAYS[-HISTORY_DAYS:])


def test_patterns_agree_with_a_plain_calculation_and_fit_their_table(filled: Warehouse) -> None:
    found = patterns_of(filled)
    assert set(found["pattern"]) == {"hour_of_day", "drift", "repeat_offender", "style_changeover"}
    assert set(found["scope"]) == {"line", "operation"}
    with filled.transaction() as conn:
        copy_frame(conn, sql.Identifier("production", "patterns"), found)
    again = filled.frame("production/facts_patterns", {"day": LAST})
    assert len(again) == len(found)
    assert list(again.columns) == PATTERN_COLUMNS

    offenders = found[(found["pattern"] == "repeat_offender") & (found["scope"] == "line")]
    rows = filled.frame("production/pattern_people", {"first": DAYS[-10], "last": LAST})
    expected = 0
    for _, person in rows.groupby(["unit_code", "floor_name", "line_name", "emp_code"]):
        days = person.groupby("production_day")[["prodn_pcs", "eff100"]].sum()
        expected += (days["prodn_pcs"] / days["eff100"] < 0.85).sum() >= 3
    assert len(offenders) == expected > 0


def test_the_text_about_a_real_day_holds_only_facts(filled: Warehouse) -> None:
    daily = filled.frame("production/line_history", {"made_on": LAST})
    ahead = forecast(daily, CLOCK, made_on=LAST, model=None).frame
    with filled.transaction() as conn:
        copy_frame(conn, sql.Identifier("production", "patterns"), patterns_of(filled))
        copy_frame(conn, sql.Identifier("production", "efficiency_forecast"), ahead)
    day = {"day": LAST}
    facts = build_facts(
        LAST,
        lines=filled.frame("production/facts_lines", day),
        operations=filled.frame("production/facts_operations", day),
        people=filled.frame("production/facts_people", day),
        patterns=filled.frame("production/facts_patterns", day),
        forecast=filled.frame("production/facts_forecast", day),
    )
    (whole,) = filled.frame("production/facts_lines", day).query("production_day == @LAST").agg({"eff100": "sum"})
    rows = filled.frame("production/pattern_styles", {"first": LAST, "last": LAST})
    assert whole == rows["eff100"].sum()
    assert facts["overall"]["efficiency_pct"] == round(100 * rows["prodn_pcs"].sum() / rows["eff100"].sum(), 1)
    assert facts["people"] == sum(facts["bands"].values())
    insight = template_text(facts)
    for sentence in [insight.summary, *insight.recommendations, *insight.predictions.values()]:
        assert unknown_numbers(sentence, facts) == [], sentence
    assert len(insight.recommendations) >= 4
    assert len(insight.predictions) > 1

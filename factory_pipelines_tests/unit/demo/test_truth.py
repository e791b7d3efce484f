from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.truth import Minutes
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines_tests.unit.demo.conftest import WORKDAY


def test_clean_rows_are_the_shown_rows_without_the_false_ones(factory: Factory, clock: PlantClock) -> None:
    for day in clock.working_days(WORKDAY - timedelta(days=20), WORKDAY):
        truth, frame = factory.truth(day), factory.production(day)
        false = truth.dirt.loc[truth.dirt["must_refuse"] | (truth.dirt["kind"] == "doubled_row"), "position"]
        shown = frame.drop(index=false)
        assert sorted(shown["RowId"].astype("int64")) == sorted(truth.rows["row_id"])
        assert shown["ProdnPcs"].sum() == truth.rows["prodn_pcs"].sum()


def test_line_output_counts_final_pieces_only(factory: Factory) -> None:
    truth = factory.truth(WORKDAY)
    final = truth.rows[truth.rows["is_final"]].groupby("line_name")["prodn_pcs"].sum()
    assert truth.line_output.set_index("line_name")["output_pcs"].to_dict() == final.to_dict()
    assert (truth.line_output["output_pcs"] < truth.line_output["prodn_pcs"]).all()


def test_spells_agree_with_what_each_moment_says(factory: Factory, clock: PlantClock) -> None:
    """The spells are added up minute by minute, the moments by integrals: two roads to one truth."""
    first = clock.session_window(WORKDAY, 1)[0]
    spells = factory.truth(WORKDAY).underperformance()
    for minutes in (25, 95, 140, 285, 330, 500, 640):
        at = first + timedelta(minutes=minutes)
        now = factory.truth(WORKDAY, at).rows
        working = now[(now["start_at"] < at) & (now["end_at"] >= at)]
        below = set(working.loc[working["true_efficiency_pct"] < 85 - 1e-6, "row_id"])
        # The spell's minute that ends at this moment.
        moment = at - timedelta(minutes=1)
        told = set(spells.loc[(spells["start_at"] <= moment) & (spells["end_at"] > moment), "row_id"])
        assert below == told & set(now["row_id"])


def test_truth_until_a_moment_knows_nothing_of_later(factory: Factory, clock: PlantClock) -> None:
    at = clock.session_window(WORKDAY, 6)[0]
    truth = factory.truth(WORKDAY, at)
    assert truth.underperformance()["end_at"].max() <= at
    assert truth.slumps["start_at"].max() < at


def test_there_are_long_slumps_and_blips(factory: Factory) -> None:
    slumps = factory.truth(WORKDAY).slumps
    length = (slumps["end_at"] - slumps["start_at"]).dt.total_seconds() / 60
    assert length[slumps["kind"] == "sustained"].between(45, 150).all()
    assert length[slumps["kind"] == "blip"].between(5, 25).all()
    assert slumps["kind"].value_counts().min() > 5
    spells = factory.truth(WORKDAY).underperformance()["minutes"]
    assert (spells >= 30).sum() > 20
    assert (spells < 30).sum() > 20


def test_true_efficiency_is_what_pieces_say_within_one_piece(factory: Factory) -> None:
    rows = factory.truth(WORKDAY).rows
    counted = rows["prodn_pcs"] * rows["sam"] / rows["used_min"] * 100
    one_piece = rows["sam"] / rows["used_min"] * 100
    assert ((rows["true_efficiency_pct"] - counted).between(-1e-6, one_piece)).all()


def test_lines_differ_from_day_to_day_but_remember(factory: Factory, clock: PlantClock) -> None:
    days = clock.working_days(WORKDAY - timedelta(days=60), WORKDAY)
    table = pd.concat(factory.truth(day).line_output.assign(day=day) for day in days)
    wide = table.pivot_table(index="day", columns="line_name", values="efficiency_pct")
    yesterday = (wide - wide.shift(1)).abs().mean().mean()
    last_week = (wide - wide.shift(6)).abs().mean().mean()
    assert 1.0 < yesterday < last_week
    assert wide.std().between(2, 9).all()


@pytest.mark.parametrize("minute", [0, 1, 59, 60, 417, 720])
def test_minutes_and_instants(clock: PlantClock, minute: int) -> None:
    minutes = Minutes(clock, WORKDAY)
    assert minutes.of(minutes.at(minute)) == minute
    assert minutes.series(np.array([minute]))[0] == minutes.at(minute)


def test_minutes_outside_the_sessions(clock: PlantClock) -> None:
    minutes = Minutes(clock, WORKDAY)
    begins, ends = clock.window(WORKDAY)
    assert (minutes.of(begins), minutes.of(ends), minutes.of(None)) == (0, 720, 720)
    assert minutes.of(begins - timedelta(days=3)) == 0


def test_the_future_is_as_certain_as_the_past(factory: Factory, clock: PlantClock) -> None:
    again = Factory(seed=7, scale=1.0, clock=clock)
    day = date(2034, 5, 3)
    pd.testing.assert_frame_equal(factory.truth(day).line_output, again.truth(day).line_output)

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory_pipelines.production.figures import unknown_numbers
from factory_pipelines.production.insights import Insight, template_text
from factory_pipelines_tests.unit.production.insight_tables import (
    EARLIER,
    facts,
    forecast_rows,
    line_rows,
    operation_rows,
    pattern_rows,
    person_rows,
)


def sentences(insight: Insight) -> list[str]:
    return [insight.summary, *insight.recommendations, *insight.predictions, *insight.predictions.values()]


def test_the_template_tells_the_day() -> None:
    insight = template_text(facts())
    assert insight.written_by == "template"
    assert insight.model is None
    assert insight.summary == (
        "Overall efficiency on 2025-09-12 was 87.3 %, down 2.7 points from 90.0 % on 2025-09-11. "
        "3 people were measured: 1 Excellent, 1 Good, 0 Needs Improvement, 1 Critical. "
        "Best line: S2-1 with 94.6 %; weakest line: S1-1 with 80.0 %. "
        "1 needs attention (below 85 %)."
    )
    assert insight.recommendations == (
        "Look at Operator 001 on line S1-1 first: 60.0 %.",
        "Talk to 001 Operator 001 (line S1-1): below 85 % on 80.0 % of 5 days worked.",
        "Check method and balance of A1-Collar: 71.0 % with 3 people.",
        "Find out what line S1-1 lacks in hour 5: over 28 days it is 12.3 points weaker than usual in its unit.",
        "Plan a break or relief on line S1-1: output falls 1.3 % an hour through the day.",
        "Prepare changeovers of line S1-1 better: NEW 77 cost 15.0 points on its first day.",
    )
    assert insight.predictions == {
        "all lines": "87.5 % expected on average over 3 production days (learned model).",
        "S1-1": "82.0 % expected on 2025-09-13, 80 % interval 77.0 to 87.0 %.",
        "S2-1": "93.0 % expected on 2025-09-13, 80 % interval 88.0 to 98.0 %.",
    }


def test_facts_are_json_and_sums_over_sums() -> None:
    lines = pd.concat([line_rows({"S1-1": 50.0}, target=300.0), line_rows({"S2-1": 100.0}, target=100.0)])
    found = facts(lines=lines)
    assert json.loads(json.dumps(found)) == found
    assert found["overall"]["efficiency_pct"] == 62.5


def test_the_naive_is_named_where_it_is_served() -> None:
    insight = template_text(facts(forecast=forecast_rows({"S1-1": 82.0}, served_by="seasonal_naive")))
    assert "same weekday of last week" in insight.predictions["all lines"]


def test_a_day_without_anything_invents_nothing() -> None:
    nothing = facts(
        lines=line_rows({}),
        operations=operation_rows({}),
        people=person_rows({}),
        patterns=pattern_rows(),
        forecast=forecast_rows({}),
    )
    insight = template_text(nothing)
    assert insight.summary == "No efficiency is known for 2025-09-12: there are no rows with a target."
    assert insight.recommendations == ("Nothing stands out; keep going.",)
    assert insight.predictions == {}
    assert nothing["overall"]["efficiency_pct"] is None


def test_unknown_values_are_passed_over() -> None:
    found = facts(
        lines=pd.concat([line_rows({"S1-1": None, "S2-1": 90.0}), line_rows({"S2-1": None}, EARLIER)]),
        people=person_rows({"001": None, "002": 90.0}),
        forecast=forecast_rows({"S1-1": None, "S2-1": 90.0}),
    )
    assert found["overall"]["previous_efficiency_pct"] is None
    assert found["people_without_efficiency"] == 1
    insight = template_text(found)
    assert insight.summary.startswith("Overall efficiency on 2025-09-12 was 90.0 %. ")
    assert "S1-1" not in insight.predictions
    assert "nan" not in " ".join(sentences(insight)).lower()


def test_lines_with_the_same_name_are_told_apart() -> None:
    twice = line_rows({"S1-1": 80.0})
    both = pd.concat([twice, twice.assign(floor_name="F2", efficiency_pct=95.0)], ignore_index=True)
    ranked = facts(lines=both)["lines"]
    assert [row["line"] for row in ranked["worst"]] == ["U1 / F1 / S1-1", "U1 / F2 / S1-1"]


@pytest.mark.parametrize(("change", "words"), [(90.0, "the same as"), (91.0, "down"), (89.0, "up")])
def test_the_trend_in_words(change: float, words: str) -> None:
    lines = pd.concat([line_rows({"S1-1": 90.0}), line_rows({"S1-1": change}, EARLIER)])
    assert words in template_text(facts(lines=lines)).summary


PERCENT = st.one_of(st.none(), st.floats(0, 300, allow_nan=False))
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
SIGNED = st.floats(-200, 200, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.dictionaries(NAMES, PERCENT, max_size=6),
    before=st.dictionaries(NAMES, PERCENT, max_size=3),
    people=st.dictionaries(NAMES, PERCENT, max_size=8),
    operations=st.dictionaries(NAMES, st.floats(0, 300, allow_nan=False), max_size=6),
    forecast=st.dictionaries(NAMES, PERCENT, max_size=5),
    values=st.tuples(SIGNED, SIGNED, SIGNED, SIGNED),
    offender=NAMES,
)
def test_every_number_in_the_text_is_a_fact(
    lines: dict[str, float | None],
    before: dict[str, float | None],
    people: dict[str, float | None],
    operations: dict[str, float],
    forecast: dict[str, float | None],
    values: tuple[float, float, float, float],
    offender: str,
) -> None:
    found = facts(
        lines=pd.concat([line_rows(lines), line_rows(before, EARLIER)]),
        people=person_rows(people),
        operations=operation_rows(operations),
        forecast=forecast_rows(forecast),
        patterns=pattern_rows(
            ("U / F / L9", "repeat_offender", f"{offender}: …", abs(values[0]), "pct_of_days_worked", 5, None),
            ("U / F / L9", "hour_of_day", "…", values[1], "pct_of_mean_hour", 28, 5),
            ("U / F / L9", "drift", "…", values[2], "pct_of_mean_hour_per_hour", 90, None),
            (
                "U / F / L9",
                "style_changeover",
                f"{offender} from 2025-09-01: …",
                values[3],
                "efficiency_points",
                5,
                None,
            ),
        ),
    )
    insight = template_text(found)
    for sentence in sentences(insight):
        assert unknown_numbers(sentence, found) == [], sentence

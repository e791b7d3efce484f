"""Usual days and unusual crowds: what they are made of, and that nothing of the future is in them."""

from datetime import date, timedelta

import numpy as np
import pytest

from factory_pipelines.occupancy.patterns import (
    Counts,
    CrowdRule,
    ProfileRule,
    alarm_threshold,
    crowds,
    day_ahead,
    most_likely,
    profiles,
    scores,
    slot_ahead,
)

RULE = ProfileRule()
FIRST = date(2025, 9, 1)  # a Monday


def weeks(count: int, *, seed: int = 3) -> tuple[Counts, list[int], list[str]]:
    """Counts of whole weeks: busy from 8 to 17 on five days, nearly nobody at the weekend."""
    days = [FIRST + timedelta(days=n) for n in range(7 * count)]
    kinds = ["rest_day" if day.weekday() >= 5 else "workday" for day in days]
    rate = np.full((len(days), 24), 0.2)
    for place, kind in enumerate(kinds):
        if kind == "workday":
            rate[place, 8:17] = 20 + place % 7
    return np.random.default_rng(seed).poisson(rate).astype(float), [d.weekday() for d in days], kinds


def test_a_usual_day_is_that_of_its_weekday_and_kind() -> None:
    counts, weekdays, kinds = weeks(8)
    monday = day_ahead(counts, weekdays, kinds, 0, "workday", RULE)
    sunday = day_ahead(counts, weekdays, kinds, 6, "rest_day", RULE)
    assert np.abs(monday[9:16] - 21).max() < 4
    assert (sunday < 1).all()
    assert (day_ahead(counts, weekdays, kinds, 2, "holiday", RULE) < 1).all()


def test_nothing_of_the_future_is_in_a_forecast() -> None:
    counts, weekdays, kinds = weeks(6)
    other = counts.copy()
    other[30:] = 999.0
    before, after = (profiles(one, weekdays, kinds, RULE) for one in (counts, other))
    np.testing.assert_array_equal(before[:31], after[:31])  # the 31st is made from the 30 days before it
    assert not np.allclose(before[31:], after[31:], equal_nan=True)
    other = counts.copy()
    other[20, 12:] = 0.0
    expected = profiles(counts, weekdays, kinds, RULE)
    slots = [slot_ahead(one, expected, RULE)[20] for one in (counts, other)]
    np.testing.assert_array_equal(slots[0][:13], slots[1][:13])


def test_a_conference_does_not_become_usual() -> None:
    counts, weekdays, kinds = weeks(8)
    usual = day_ahead(counts, weekdays, kinds, 1, "workday", RULE)
    counts[-6, 10:13] = 400.0  # the last Tuesday
    assert np.abs(day_ahead(counts, weekdays, kinds, 1, "workday", RULE) - usual).max() < 4


def test_what_is_unknown_counts_for_nothing() -> None:
    counts, weekdays, kinds = weeks(8)
    usual = day_ahead(counts, weekdays, kinds, 0, "workday", RULE)
    counts[::3] = np.nan
    counts[:, 3] = np.nan
    thinned = day_ahead(counts, weekdays, kinds, 0, "workday", RULE)
    assert np.isnan(thinned[3])
    assert not np.isnan(np.delete(thinned, 3)).any()
    assert np.abs(np.delete(thinned - usual, 3)).max() < 4
    assert np.isnan(day_ahead(counts[:0], [], [], 0, "workday", RULE)).all()
    assert np.isnan(slot_ahead(np.full((1, 4), np.nan), np.full((1, 4), np.nan), RULE)).all()


def test_a_busier_day_is_expected_to_stay_busier() -> None:
    expected = np.full((1, 24), 10.0)
    doubled = slot_ahead(np.full((1, 24), 20.0), expected, RULE)[0]
    assert doubled[0] == 10
    assert (np.diff(doubled) > 0).all()
    assert 14 < doubled[-1] < 20
    assert (slot_ahead(expected, expected, RULE) == 10).all()


@pytest.mark.parametrize(("rate", "people"), [(0.2, 0), (0.6, 0), (1.0, 1), (2.5, 2), (2.7, 3), (21.6, 21)])
def test_the_likeliest_number_is_the_median_of_a_poisson(rate: float, people: int) -> None:
    assert most_likely(np.array([rate]))[0] == people


def test_a_crowd_is_a_run_of_slots_and_a_coffee_break_does_not_end_it() -> None:
    usual = np.full(48, 5.0)
    came, left = usual.copy(), usual.copy()
    came[20:22], left[24:26] = 60.0, 60.0
    flows = {"entries": (came, usual), "exits": (left, usual)}
    (crowd,) = crowds(flows, CrowdRule())
    assert (crowd.first, crowd.last, crowd.people_over) == (20, 25, 110.0)
    assert len(crowds(flows, CrowdRule(gap_slots=1))) == 2
    assert crowds({"entries": (usual, usual)}, CrowdRule()) == []
    # Fewer than usual is no crowd, and what nobody counted is none either.
    unknown = np.full(48, np.nan)
    for counts, expected in ((usual / 5, usual), (unknown, usual), (came, unknown)):
        assert scores({"entries": (counts, expected)}).max() == 0


def test_the_threshold_lets_through_what_a_week_can_bear() -> None:
    rule = CrowdRule(alarms_per_week=2)
    past = [float(n) for n in range(1, 21)]
    threshold = alarm_threshold(past, 4, rule)
    assert threshold == 12
    assert sum(score > threshold for score in past) == 8
    assert alarm_threshold(past[:8], 4, rule) is None
    assert alarm_threshold(past, 0.4, rule) is None
    assert alarm_threshold([score / 10 for score in past], 4, rule) == rule.least_score

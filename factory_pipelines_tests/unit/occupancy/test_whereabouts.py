"""The badges' witness: who is inside, how surely, from which evidence."""

from datetime import datetime

import pytest

from factory_pipelines.occupancy.habits import Habits
from factory_pipelines.occupancy.whereabouts import Evidence, People, Whereabouts
from factory_pipelines_tests.unit.occupancy.plant import at, punch, shift


def only(people: People, when: datetime) -> Whereabouts | None:
    found = people.inside(when)
    assert len(found) <= 1
    return found[0] if found else None


DAY = (shift("A"),)


def people(plans=DAY, *punches) -> People:
    found = People(plans, Habits(), {"A": "hall"})
    for one in punches:
        found.take(one)
    return found


def test_a_punch_in_says_inside_until_the_shift_is_over() -> None:
    one = only(people(DAY, punch("A", at(7, 55))), at(12))
    assert one is not None
    assert one.probability > 0.99
    assert (one.evidence, one.area_id, one.since) == (Evidence.PUNCHED_IN, "hall", at(7, 55))


def test_a_forgotten_punch_out_fades_after_the_shift() -> None:
    somebody = people(DAY, punch("A", at(7, 55)))
    sure = [only(somebody, at(17, minute)).probability for minute in (0, 10, 30, 59)]  # type: ignore[union-attr]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.99 > 0.2 > sure[-1]
    assert only(somebody, at(17, 30)).evidence is Evidence.PAST_SHIFT_END  # type: ignore[union-attr]
    assert only(somebody, at(3, day=10)) is None


def test_overtime_that_is_usual_is_believed() -> None:
    usual = Habits(departures=tuple(0.0 if n < 12 else min((n - 11) / 36, 1.0) for n in range(48)))
    somebody = People([shift("A")], usual, {})
    somebody.take(punch("A", at(7, 55)))
    assert only(somebody, at(18)).probability > 0.95  # type: ignore[union-attr]


def test_who_punched_out_at_the_end_is_not_inside() -> None:
    assert only(people(DAY, punch("A", at(7, 55)), punch("A", at(17, 1), "out")), at(17, 5)) is None


def test_who_went_to_lunch_may_be_back_without_a_punch() -> None:
    somebody = people(DAY, punch("A", at(7, 55)), punch("A", at(12), "out"))
    assert only(somebody, at(12, 5)) is None
    one = only(somebody, at(14))
    assert one is not None
    assert (one.evidence, one.probability) == (Evidence.NOT_BACK, Habits().forget_in)


def test_who_is_due_and_has_not_punched_may_have_forgotten() -> None:
    assert only(people(), at(7)) is None
    one = only(people(), at(11))
    assert one is not None
    forgot = 0.02 * 0.95
    assert one.evidence is Evidence.ROSTER
    assert one.probability == pytest.approx(forgot / (forgot + 0.05), rel=0.01)


def test_nobody_is_due_on_a_day_of_rest() -> None:
    assert only(people((shift("A", is_expected=False),)), at(11)) is None


def test_punches_before_the_first_one_known_may_have_been_made() -> None:
    somebody = People([shift("A")], Habits(), {}, known_since=at(9))
    assert only(somebody, at(11)).probability == pytest.approx(0.95)  # type: ignore[union-attr]


def test_an_echo_changes_nothing() -> None:
    somebody = people(DAY, punch("A", at(7, 55), None), punch("A", at(7, 56), None))
    assert only(somebody, at(9)).evidence is Evidence.PUNCHED_IN  # type: ignore[union-attr]


def test_punches_without_a_direction_take_turns() -> None:
    somebody = people(DAY, punch("A", at(7, 55), None), punch("A", at(17, 2), None))
    assert only(somebody, at(17, 10)) is None


def test_the_first_punch_of_a_shift_at_its_end_is_a_departure() -> None:
    assert only(people(DAY, punch("A", at(17, 2), None)), at(17, 3)) is None


def test_in_since_yesterday_and_in_again_is_a_forgotten_departure() -> None:
    plans = (shift("A"), shift("A", day=10))
    somebody = people(plans, punch("A", at(7, 55), None), punch("A", at(7, 57, day=10), None))
    one = only(somebody, at(9, day=10))
    assert one is not None
    assert (one.evidence, one.since) == (Evidence.PUNCHED_IN, at(7, 57, day=10))


def test_a_night_shift_is_inside_after_midnight() -> None:
    somebody = people((shift("A", 22, 6),), punch("A", at(21, 55)))
    assert only(somebody, at(3, day=10)).probability > 0.99  # type: ignore[union-attr]


def test_a_badge_that_nobody_knows_is_somebody_all_the_same() -> None:
    one = only(people((), punch("stranger", at(9))), at(10))
    assert one is not None
    assert one.employee_id == "stranger"
    assert only(people((), punch("stranger", at(9))), at(9, day=10)) is None


def test_punches_out_of_order_are_refused_by_name() -> None:
    somebody = people(DAY, punch("A", at(9)))
    with pytest.raises(ValueError, match="sort them"):
        somebody.take(punch("A", at(8), "out"))

"""How tall people look is learnt where they walked, and nowhere else."""

import pytest

from factory_pipelines.vision.stature import Statures


def learnt(*places: tuple[float, float], times: int = 50) -> Statures:
    statures = Statures()
    for _ in range(times):
        statures.learn(places)
    return statures


def test_nothing_is_known_before_enough_was_seen() -> None:
    assert Statures().at(0.8) is None
    assert Statures().feet_below(0.2) is None
    assert learnt((0.8, 0.3), times=20).at(0.8) is None


def test_a_height_is_known_where_people_walked() -> None:
    statures = learnt((0.6, 0.25), (0.9, 0.4))
    assert statures.at(0.61) == 0.25
    assert statures.at(0.91) == 0.4
    assert statures.at(0.3) is None
    assert statures.at(0.75) is None, "too far from both"


def test_between_two_neighbours_it_is_between_theirs() -> None:
    assert learnt((0.65, 0.3), (0.78, 0.4)).at(0.72) == pytest.approx(0.35)


def test_one_who_is_taken_for_two_changes_no_median() -> None:
    statures = learnt((0.8, 0.3))
    statures.learn([(0.8, 0.6)] * 5)
    assert statures.at(0.8) == 0.3


def test_feet_are_found_below_a_head() -> None:
    statures = learnt((0.6, 0.25), (0.9, 0.4))
    assert statures.feet_below(0.36) == pytest.approx(0.61)
    assert statures.feet_below(0.5) == pytest.approx(0.9)


def test_feet_beyond_the_picture_are_learnt_at_its_edge() -> None:
    assert learnt((1.2, 0.5)).at(1.0) == 0.5

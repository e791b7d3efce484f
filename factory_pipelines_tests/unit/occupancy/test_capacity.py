"""An alert of an area over capacity begins above it, and ends well below it."""

import pytest

from factory_pipelines.occupancy.capacity import Change, judge_capacity


@pytest.mark.parametrize(
    ("people", "is_open", "change"),
    [
        (100.0, False, None),
        (100.4, False, None),
        (100.6, False, Change.BEGINS),
        (100.6, True, None),
        (99.0, True, None),
        (95.0, True, Change.ENDS),
        (None, True, None),
        (None, False, None),
    ],
)
def test_it_begins_above_the_capacity_and_ends_at_the_release(
    people: float | None, is_open: bool, change: Change | None
) -> None:
    assert judge_capacity(people, 100, is_open=is_open, release_pct=95.0) is change


def test_an_area_without_a_capacity_has_no_alert() -> None:
    assert judge_capacity(1000.0, None, is_open=False, release_pct=95.0) is None
    assert judge_capacity(1000.0, None, is_open=True, release_pct=95.0) is Change.ENDS

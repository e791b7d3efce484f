"""Lines are crossed once, whatever happens upon them; zones hold what stands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory_pipelines.vision.lines import Line, LineCounter, Point, Zone

# Upwards in the middle of a square picture: the right hand is the right side, and a body of 0.4 makes a band of ±0.1.
LINE = Line("door", (0.5, 1.0), (0.5, 0.0))
TALL = 0.4


def crossings(points: list[Point], line: Line = LINE, height: float = TALL, aspect: float = 1.0) -> list[str]:
    counter = LineCounter(line)
    return [way for point in points if (way := counter.step(1, point, height, aspect)) is not None]


def across(*xs: float) -> list[Point]:
    return [(x, 0.6) for x in xs]


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        ((0.2, 0.45, 0.55, 0.8), ["in"]),
        ((0.8, 0.55, 0.45, 0.2), ["out"]),
        ((0.2, 0.8), ["in"]),
        ((0.2, 0.45, 0.55, 0.48, 0.57, 0.43, 0.8), ["in"]),
        ((0.2, 0.45, 0.55, 0.48, 0.57, 0.43, 0.2), []),
        ((0.2, 0.8, 0.2, 0.8), ["in", "out", "in"]),
        ((0.5, 0.55, 0.8), []),
        ((0.5, 0.8, 0.2), ["out"]),
        ((0.2, 0.59), []),
    ],
    ids=[
        "in", "out", "in one leap", "loiters and goes in", "loiters and turns back", "to and fro", "begins on the line",
        "begins on the line and comes back", "stays in the band",
    ],
)  # fmt: skip
def test_a_line_is_crossed_when_its_band_is_left_beyond_it(xs: tuple[float, ...], expected: list[str]) -> None:
    assert crossings(across(*xs)) == expected


@given(st.lists(st.floats(0.41, 0.59), max_size=40), st.booleans())
def test_whatever_is_done_upon_the_line_counts_once_or_not_at_all(within: list[float], goes_on: bool) -> None:
    assert crossings(across(0.2, *within, 0.8 if goes_on else 0.2)) == (["in"] if goes_on else [])


def test_the_right_hand_is_in_whichever_way_the_line_lies() -> None:
    downwards = [(0.5, 0.2), (0.5, 0.8)]
    assert crossings(downwards, Line("floor", (0.0, 0.5), (1.0, 0.5))) == ["in"]
    assert crossings(downwards, Line("floor", (1.0, 0.5), (0.0, 0.5))) == ["out"]
    assert crossings([(0.2, 0.3), (0.8, 0.7)], Line("slant", (0.2, 0.8), (0.8, 0.2))) == ["in"]


def test_who_walks_around_the_end_has_not_crossed() -> None:
    short = Line("gate", (0.5, 0.9), (0.5, 0.6))
    assert crossings([(0.2, 0.3), (0.8, 0.3)], short) == []
    assert crossings([(0.2, 0.3), (0.8, 0.3), (0.8, 0.7), (0.2, 0.7)], short) == ["out"]


def test_the_band_is_wider_for_who_is_near() -> None:
    assert crossings(across(0.2, 0.57), height=0.2) == ["in"]
    assert crossings(across(0.2, 0.57), height=0.4) == []


def test_a_wide_picture_is_no_square() -> None:
    # Half a picture's width from the line is 0.89 of its height.
    assert crossings(across(0.4, 0.56), height=0.4, aspect=16 / 9) == ["in"]


def test_tracks_are_counted_apart_and_forgotten() -> None:
    counter = LineCounter(LINE)
    counter.step(1, (0.2, 0.5), TALL, 1.0)
    counter.step(2, (0.8, 0.5), TALL, 1.0)
    assert counter.step(2, (0.2, 0.5), TALL, 1.0) == "out"
    counter.keep([2])
    assert counter.step(1, (0.8, 0.5), TALL, 1.0) is None, "a number that was forgotten begins anew"


@pytest.mark.parametrize(
    ("start", "end", "margin", "message"),
    [
        ((0.5, 1.2), (0.5, 0.0), 0.2, r"line door: \(0.5, 1.2\) lies outside the picture; give shares of it"),
        ((0.5, 0.5), (0.5, 0.5), 0.2, "line door: start and end are the same point"),
        ((0.5, 1.0), (0.5, 0.0), 0.0, "line door: margin must be a share between 0 and 2"),
    ],
)
def test_a_line_that_cannot_be_is_refused(start: Point, end: Point, margin: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Line("door", start, end, margin)


def test_a_zone_holds_what_lies_within_its_corners() -> None:
    corner = Zone("corner", ((0.0, 0.0), (0.6, 0.0), (0.6, 0.3), (0.3, 0.3), (0.3, 0.6), (0.0, 0.6)))
    assert corner.holds((0.1, 0.5))
    assert corner.holds((0.5, 0.1))
    assert not corner.holds((0.5, 0.5)), "the notch is outside"
    assert not corner.holds((0.7, 0.1))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (((0.1, 0.1), (0.5, 0.5)), "zone hall: an area has at least 3 corners, not 2"),
        (((0.1, 0.1), (0.3, 0.3), (0.5, 0.5)), "zone hall: its corners lie on one line"),
        (((0.1, 0.1), (0.3, -0.3), (0.5, 0.5)), r"zone hall: \(0.3, -0.3\) lies outside the picture"),
    ],
)
def test_a_zone_that_cannot_be_is_refused(points: tuple[Point, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Zone("hall", points)

"""Who is who: tracks keep their numbers past one another, behind pillars and through what the detector misses."""

from datetime import UTC, datetime, timedelta

import pytest

from factory_pipelines.vision.tracker import Followed, Tracker
from factory_pipelines.vision.types import Box, Detection

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
FRAME = Box(0, 0, 200, 100)
FPS = 5


def seen(x: float, feet: float = 80, *, height: float = 40, width: float = 12, label: str = "person") -> Detection:
    return Detection(Box(x - width / 2, feet - height, x + width / 2, feet), label, 0.8)


def follow(pictures: list[list[Detection]], tracker: Tracker | None = None) -> list[list[Followed]]:
    tracker = tracker or Tracker()
    return [
        tracker.step(found, START + timedelta(seconds=number / FPS), FRAME) for number, found in enumerate(pictures)
    ]


def confirmed(step: list[Followed]) -> dict[int, Followed]:
    return {one.track.track_id: one for one in step if one.track.is_confirmed}


def middle(one: Followed) -> float:
    return one.track.box.centre[0]


def test_a_track_is_believed_at_its_third_picture() -> None:
    steps = follow([[seen(20)], [seen(26)], [seen(32)], [seen(38)]])
    assert [[one.track.is_confirmed for one in step] for step in steps] == [[False], [False], [True], [True]]
    assert {one.track.track_id for step in steps for one in step} == {1}


def test_what_appears_once_is_never_believed_and_soon_forgotten() -> None:
    steps = follow([[seen(20)], [], [], [], []])
    assert not any(confirmed(step) for step in steps)
    assert steps[-1] == []


def test_a_track_goes_on_behind_a_pillar_and_keeps_its_number() -> None:
    walk = [seen(20 + 6 * n) for n in range(20)]
    pictures = [[one] if not 8 <= n < 13 else [] for n, one in enumerate(walk)]
    steps = follow(pictures)
    assert set(confirmed(steps[-1])) == {1}
    hidden = steps[10][0]
    assert not hidden.is_seen
    assert middle(hidden) == pytest.approx(20 + 6 * 10, abs=4), "it is expected to walk on"
    assert hidden.track.confidence < steps[7][0].track.confidence


def test_a_track_that_stays_away_is_given_up() -> None:
    steps = follow([[seen(20 + 6 * n)] for n in range(5)] + [[]] * 12)
    assert steps[-1] == []


def test_a_track_that_walks_out_of_the_picture_has_left() -> None:
    steps = follow([[seen(150 + 9 * n)] for n in range(5)] + [[]] * 3)
    assert steps[-1] == []


def one_blob(first: Detection, second: Detection) -> Detection:
    boxes = first.box, second.box
    union = Box(
        min(b.x1 for b in boxes), min(b.y1 for b in boxes), max(b.x2 for b in boxes), max(b.y2 for b in boxes)
    )  # fmt: skip
    return Detection(union, "person", 0.8)


def test_two_who_pass_one_another_as_one_blob_come_out_on_their_own_sides() -> None:
    pictures = []
    for n in range(40):
        right, left = seen(20 + 4 * n, 80), seen(180 - 4 * n, 84, height=44)
        touch = right.box.intersection(left.box) > 0
        pictures.append([one_blob(right, left)] if touch else [right, left])
    assert sum(len(found) == 1 for found in pictures) >= 3
    last = confirmed(follow(pictures)[-1])
    assert set(last) == {1, 2}
    assert middle(last[1]) == pytest.approx(20 + 4 * 39, abs=3)
    assert middle(last[2]) == pytest.approx(180 - 4 * 39, abs=3)


def test_while_merged_both_are_seen_and_say_so() -> None:
    apart = [[seen(40 + 5 * n), seen(120 - 5 * n)] for n in range(7)]
    together = [[one_blob(seen(75), seen(85))]]
    step = follow(apart + together)[-1]
    assert [(one.is_seen, one.is_merged) for one in step] == [(True, True), (True, True)]


def test_who_stops_in_a_blob_stays_in_it() -> None:
    stands = seen(100)
    coming = [[stands, seen(40 + 6 * n)] for n in range(8)]
    both_stand = [[one_blob(stands, seen(90))]] * 10
    goes_on = [[stands, seen(90 - 6 * n)] for n in range(4, 8)]
    steps = follow(coming + both_stand + goes_on)
    assert set(confirmed(steps[17])) == {1, 2}
    assert middle(confirmed(steps[-1])[2]) == pytest.approx(90 - 6 * 7, abs=4)
    assert len(confirmed(steps[-1])) == 2


def test_a_fragment_of_a_body_is_nobody_new() -> None:
    whole = [[seen(20 + 6 * n)] for n in range(6)]
    x = 20 + 6 * 6
    parts = [[Detection(Box(x - 6, 40, x + 6, 60), "person", 0.8), Detection(Box(x - 5, 62, x + 5, 80), "person", 0.8)]]
    step = follow(whole + parts)[-1]
    assert len(step) == 1
    assert step[0].track.box.y2 == pytest.approx(80, abs=2)


def test_hidden_legs_do_not_lift_the_feet() -> None:
    whole = [[seen(20 + 6 * n)] for n in range(12)]
    upper = [[Detection(Box(x - 6, 40, x + 6, 60), "person", 0.8)] for x in (92, 98, 104)]
    step = follow(whole + upper)[-1]
    assert step[0].track.box.y2 == pytest.approx(80, abs=3)


def test_the_label_is_voted() -> None:
    labels = ["object", "person", "person", "vehicle", "person"]
    steps = follow([[seen(20 + 6 * n, label=label)] for n, label in enumerate(labels)])
    assert steps[-1][0].track.label == "person"


def test_time_that_runs_backwards_begins_anew_with_new_numbers() -> None:
    tracker = Tracker()
    follow([[seen(20 + 6 * n)] for n in range(5)], tracker)
    earlier = tracker.step([seen(50)], START - timedelta(hours=1), FRAME)
    assert [(one.track.track_id, one.track.is_confirmed) for one in earlier] == [(2, False)]


def test_twice_the_same_moment_is_no_error() -> None:
    tracker = Tracker()
    for _ in range(4):
        step = tracker.step([seen(50)], START, FRAME)
    assert [one.track.track_id for one in step] == [1]


def test_nothing_at_all() -> None:
    assert follow([[], [], []]) == [[], [], []]

"""Rendered scenes: the same picture always, the truth as it is drawn, crossings as the schedule says."""

import numpy as np
import pytest

from factory_pipelines.demo import drawing
from factory_pipelines.demo.scenes import ACROSS, ALONG, GATE, SLOT_REACH_S, SLOT_S, Scene, Step, View, Walk, Weather
from factory_pipelines.demo.traffic import Habits, one_by_one, passages, people, vehicles

SMALL = (256, 144)
CALM = Weather(noise=0.0, shadows=0.0)
VIEWS = pytest.mark.parametrize("view", [ACROSS, ALONG], ids=lambda view: view.name)


def side(view: View, place: tuple[float, float]) -> float:
    """How far beyond the line, ``in`` is positive."""
    return place[1] - view.line[0][1] if view is ALONG else place[0] - view.line[0][0] * 16 / 9


@VIEWS
def test_a_picture_is_the_same_whenever_and_wherever_it_is_drawn(view: View) -> None:
    one, other = (Scene(view, people(view, 3, 20), size=SMALL, weather=Weather(flicker=0.1)) for _ in range(2))
    for at_s in (1000.0, 10.2, 1000.2):
        other.picture(at_s)
    assert np.array_equal(one.picture(1000.0), other.picture(1000.0))
    assert not np.array_equal(one.picture(1000.0), one.picture(1000.2))


@VIEWS
def test_every_walk_is_on_the_side_that_its_crossing_says(view: View) -> None:
    habits = Habits(loiter_share=0.5)
    schedule = people(view, 5, 20, habits)
    walks = [walk for slot in range(10) for walk in schedule(slot)]
    assert len(walks) > 150
    turned = [walk for walk in walks if walk.crossing is None]
    assert 0.1 < len(turned) / len(walks) < 0.3
    for walk in walks:
        first, last = (side(view, walk.place(at_s)) for at_s in (walk.begins_s, walk.ends_s))
        assert first * last < 0 if walk.crossing else first * last > 0
        if walk.crossing:
            assert (last > 0) == (walk.crossing.direction == "in")
            assert abs(side(view, walk.place(walk.crossing.at_s))) < 1e-9
            after = side(view, walk.place(walk.crossing.at_s + 1.0))
            assert (after > 0) == (walk.crossing.direction == "in"), "it is the last time"


@VIEWS
def test_walks_begin_after_their_slot_does_and_end_before_it_is_forgotten(view: View) -> None:
    for schedule in (people(view, 5, 30, Habits(loiter_share=0.3)), one_by_one(view, 5, 7.0)):
        for slot in range(-2, 5):
            for walk in schedule(slot):
                assert slot * SLOT_S <= walk.begins_s
                assert walk.ends_s <= slot * SLOT_S + SLOT_REACH_S


@VIEWS
def test_people_who_come_singly_never_hide_one_another(view: View) -> None:
    scene = Scene(view, one_by_one(view, 5, 25.0, Habits(loiter_share=0.5)), size=SMALL)
    assert max(len(scene.sights(at_s)) for at_s in np.arange(0.0, 1500.0, 0.5)) == 1


def test_given_passages_are_crossed_at_their_second() -> None:
    given = [(1000.5, "in"), (1003.25, "out"), (4000.0, "in")]
    scene = Scene(ALONG, passages(ALONG, 1, given), size=SMALL)  # type: ignore[arg-type]
    assert [(one.at_s, one.direction) for one in scene.crossings(0.0, 1e4)] == given
    assert scene.sights(1003.25)
    assert scene.crossings(1000.5, 1003.25) == scene.crossings(0.0, 1e4)[:1]


@VIEWS
def test_the_truth_is_where_something_is_drawn(view: View) -> None:
    schedule = one_by_one(view, 2, 30.0)
    scene = Scene(view, schedule, size=SMALL, weather=CALM)
    empty = Scene(view, lambda _slot: (), size=SMALL, weather=CALM).picture(0.0)
    at_s = scene.crossings(0.0, 300.0)[0].at_s
    changed = np.argwhere((scene.picture(at_s) != empty).any(axis=2))
    (sight,) = scene.sights(at_s)
    left, top, right, bottom = sight.box
    (y1, x1), (y2, x2) = changed.min(axis=0), changed.max(axis=0)
    assert left - 3 <= x1
    assert x2 <= right + 3
    assert y1 == pytest.approx(top, abs=4)
    assert y2 == pytest.approx(bottom, abs=4)


def test_who_is_nearer_hides_who_is_further_and_a_pillar_both() -> None:
    def stands(actor: int, y: float) -> Walk:
        return Walk(actor, "person", (Step(0.0, 0.8, y), Step(50.0, 0.8, y)), None)

    walks = [stands(1, 0.9), stands(2, 0.7)]
    alone = Scene(ACROSS, lambda slot: walks[:1] if slot == 0 else (), size=SMALL, weather=CALM).picture(1.0)
    both = Scene(ACROSS, lambda slot: walks if slot == 0 else (), size=SMALL, weather=CALM).picture(1.0)
    torso = (slice(92, 100), slice(112, 118))
    assert np.array_equal(alone[torso], both[torso])
    hidden = View("across", ACROSS.line, ACROSS.height_at, pillars=((0.8, 0.4, 0.95),))
    scenes = [Scene(hidden, lambda slot, w=w: w if slot == 0 else (), size=SMALL, weather=CALM) for w in (walks, [])]
    assert np.array_equal(scenes[0].picture(1.0), scenes[1].picture(1.0))


def test_light_and_shadow_do_what_they_say() -> None:
    plain = Scene(ACROSS, lambda _slot: (), size=SMALL, weather=CALM)
    dimmed = Weather(noise=0.0, lamps=0.4, lamp_every_s=100.0)
    dark = Scene(ACROSS, lambda _slot: (), size=SMALL, weather=dimmed)
    assert dark.picture(150.0).mean() == pytest.approx(0.6 * plain.picture(0.0).mean(), rel=0.01)
    noisy = Scene(ACROSS, lambda _slot: (), size=SMALL, weather=Weather(noise=5.0)).picture(0.0).astype(float)
    assert (noisy - plain.picture(0.0)).std() == pytest.approx(5.0, rel=0.05)


def test_vehicles_carry_plates_that_a_painter_fills() -> None:
    asked = []

    def paint(text: str, width: int, height: int) -> drawing.Image:
        asked.append(text)
        return np.full((height, width, 3), (0, 255, 0), np.uint8)

    scene = Scene(GATE, vehicles(4, 30.0, ["KA01AB1234", "22BH1234AA"]), size=(640, 360), paint_plate=paint)
    crossing = scene.crossings(0.0, 300.0)[0]
    assert (crossing.label, crossing.direction) == ("vehicle", "in")
    picture = scene.picture(crossing.at_s)
    (sight,) = scene.sights(crossing.at_s)
    assert asked == [sight.plate]
    assert sight.plate in {"KA01AB1234", "22BH1234AA"}
    green = np.argwhere((picture[..., 1] > 200) & (picture[..., 0] < 60) & (picture[..., 2] < 60))
    assert sight.plate_box is not None
    left, top, right, bottom = sight.plate_box
    assert green.min(axis=0) == pytest.approx((top, left), abs=1)
    assert green.max(axis=0) == pytest.approx((bottom, right), abs=2)
    assert right - left > 60, "wide enough to be read"


def test_a_plate_at_the_edge_of_the_picture_is_cut() -> None:
    def paint(_text: str, width: int, height: int) -> drawing.Image:
        return np.zeros((height, width, 3), np.uint8)

    steps = (Step(0.0, -0.1, 1.05), Step(10.0, 1.9, 1.2))
    walk = Walk(1, "vehicle", steps, None, plate="KA01AB1234")
    scene = Scene(GATE, lambda slot: (walk,) if slot == 0 else (), size=(320, 180), paint_plate=paint)
    for at_s in np.arange(0.0, 10.0, 0.25):
        assert scene.picture(float(at_s)).shape == (180, 320, 3)

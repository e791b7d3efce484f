"""One camera's scene: from pictures or detections to crossings and zone counts, through everything cameras do."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from factory_pipelines.demo.scenes import ACROSS, Scene, Step, Walk, Weather
from factory_pipelines.demo.traffic import one_by_one
from factory_pipelines.vision.lines import Line, Zone
from factory_pipelines.vision.motion import MotionDetector
from factory_pipelines.vision.scene import SceneResult, SceneWatcher
from factory_pipelines.vision.types import Box, Detection, Image
from factory_pipelines_tests.watched import moment, watcher_of

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DOOR = Line("door", (0.5, 1.0), (0.5, 0.0))
LEFT = Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


class Blind:
    """A detector that is never asked: the scene is given detections."""

    def predict(self, images: Sequence[Image]) -> list[list[Detection]]:
        return [[] for _ in images]


def person(x: float, size: tuple[int, int], label: str = "person") -> Detection:
    """Somebody at a share of the width, half as tall as the picture."""
    width, height = size
    half = 0.07 * height
    return Detection(Box(x * width - half, 0.3 * height, x * width + half, 0.8 * height), label, 0.9)


def walk(watcher: SceneWatcher, xs: Sequence[float], label: str = "person") -> list[SceneResult]:
    size = (640, 360)
    return [watcher.follow([person(x, size, label)], size, START + timedelta(seconds=n / 5)) for n, x in enumerate(xs)]


def test_a_crossing_says_who_when_where_and_which_way() -> None:
    watcher = SceneWatcher("c", Blind(), lines=[DOOR])
    results = walk(watcher, np.linspace(0.2, 0.8, 21).tolist(), label="forklift")
    (crossing,) = [one for result in results for one in result.crossings]
    number = next(n for n, result in enumerate(results) if result.crossings)
    assert (crossing.line, crossing.direction, crossing.label, crossing.track_id) == ("door", "in", "forklift", 1)
    assert crossing.at == START + timedelta(seconds=number / 5)
    assert crossing.box == results[number].tracks[0].box
    assert crossing.confidence == pytest.approx(0.9)
    assert crossing.box.centre[0] > 0.5 * 640


def test_zones_count_who_stands_in_them_by_their_feet() -> None:
    watcher = SceneWatcher("c", Blind(), zones=[LEFT, Zone("lorries", LEFT.points, labels=("vehicle",))])
    counts = [result.zone_counts for result in walk(watcher, [0.2, 0.25, 0.3, 0.4, 0.55, 0.6, 0.65])]
    assert counts[0] == {"left": 0, "lorries": 0}, "not believed yet"
    assert counts[3] == {"left": 1, "lorries": 0}
    assert counts[-1] == {"left": 0, "lorries": 0}


def test_a_change_of_resolution_is_no_change_of_scene() -> None:
    watcher = SceneWatcher("c", Blind(), lines=[DOOR])
    first = [watcher.follow([person(0.2 + 0.03 * n, (640, 360))], (640, 360), moment(n / 5)) for n in range(8)]
    then = [watcher.follow([person(0.2 + 0.03 * n, (1920, 1080))], (1920, 1080), moment(n / 5)) for n in range(8, 20)]
    crossings = [one for result in first + then for one in result.crossings]
    assert [(one.track_id, one.direction) for one in crossings] == [(1, "in")]
    assert then[0].tracks[0].box.y2 == pytest.approx(0.8 * 1080, abs=3)


def test_another_shape_of_picture_is_another_view() -> None:
    watcher = SceneWatcher("c", Blind(), lines=[DOOR])
    walk(watcher, [0.2, 0.25, 0.3, 0.35])
    result = watcher.follow([person(0.7, (360, 640))], (360, 640), START + timedelta(seconds=1))
    assert [(one.track_id, one.is_confirmed) for one in result.tracks] == [(2, False)]
    assert result.crossings == ()


def test_a_gap_of_minutes_is_bridged_by_nobody() -> None:
    watcher = SceneWatcher("c", Blind(), lines=[DOOR])
    walk(watcher, [0.2, 0.25, 0.3, 0.35])
    size = (640, 360)
    later = [watcher.follow([person(0.7, size)], size, START + timedelta(minutes=5, seconds=n / 5)) for n in range(5)]
    assert [one for result in later for one in result.crossings] == []


def test_two_lines_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="camera c: two lines have one name; give each its own"):
        SceneWatcher("c", Blind(), lines=[DOOR, DOOR])


@pytest.mark.parametrize("shape", [(1, 1), (720, 1280), (1, 500)])
def test_pictures_of_every_size_after_one_another(shape: tuple[int, int]) -> None:
    watcher = SceneWatcher("c", MotionDetector(), lines=[DOOR], zones=[LEFT])
    rng = np.random.default_rng(2)
    for n, size in enumerate([shape, (180, 320), shape, (1, 1), shape]):
        result = watcher.step(rng.integers(0, 255, (*size, 3), np.uint8), moment(n / 5))
        assert result.crossings == ()


def test_a_scene_replayed_gives_the_same() -> None:
    def once() -> list[SceneResult]:
        scene = Scene(ACROSS, one_by_one(ACROSS, 1, 15.0), size=(256, 144), weather=Weather(flicker=0.05))
        watcher, begin_s = watcher_of(scene), scene.crossings(60.0, 120.0)[0].at_s - 8
        return [watcher.step(scene.picture(begin_s + n / 5), moment(n / 5)) for n in range(60)]

    first = once()
    assert first == once()
    assert any(result.crossings for result in first)


def test_who_stands_for_a_minute_is_still_counted_in_the_zone() -> None:
    steps = (Step(3.0, -0.1, 0.9), Step(7.0, 0.5, 0.9), Step(1e6, 0.5, 0.9))
    scene = Scene(ACROSS, lambda slot: (Walk(1, "person", steps, None),) if slot == 0 else (), size=(256, 144))
    watcher = SceneWatcher("c", MotionDetector(), zones=[LEFT])
    counts = [watcher.step(scene.picture(n / 5), moment(n / 5)).zone_counts["left"] for n in range(5 * 60)]
    assert counts[:10] == [0] * 10
    assert counts[45:] == [1] * (300 - 45)


def test_light_that_stays_changed_leaves_nobody_behind() -> None:
    """A loiterer is held in view while lamps go out; nothing of that may stay when the loiterer has gone."""
    walk = Walk(
        1, "person", (Step(3.0, -0.1, 0.9), Step(7.0, 0.5, 0.9), Step(25.0, 0.5, 0.9), Step(29.0, -0.1, 0.9)), None
    )
    weather = Weather(flicker=0.06, lamps=0.3, lamp_every_s=15.0)
    scene = Scene(ACROSS, lambda slot: (walk,) if slot == 0 else (), size=(256, 144), weather=weather)
    watcher = SceneWatcher("c", MotionDetector(), zones=[LEFT])
    results = [watcher.step(scene.picture(n / 5), moment(n / 5)) for n in range(5 * 45)]
    assert all(result.zone_counts["left"] == 1 for result in results[45:120])
    assert all(result.detections == () for result in results[32 * 5 :])


def test_what_was_taken_away_is_not_held() -> None:
    """A cupboard stood there when the camera began: the hole it leaves is learnt, and is nobody for long."""
    watcher = SceneWatcher("c", MotionDetector(), zones=[LEFT])
    hall = Scene(ACROSS, lambda _slot: (), size=(256, 144))
    results = []
    for n in range(5 * 40):
        picture = hall.picture(n / 5)
        if n < 50:
            picture[60:120, 60:80] = (40, 60, 160)
        results.append(watcher.step(picture, moment(n / 5)))
    assert any(result.detections for result in results[51:60])
    assert all(result.detections == () for result in results[-50:])

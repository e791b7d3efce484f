"""The default detector: what moves is found, what merely changes its light is not, and no picture breaks it."""

import numpy as np
import pytest

from factory_pipelines.demo.scenes import ACROSS, GATE, Scene, Step, Walk, Weather
from factory_pipelines.demo.traffic import one_by_one
from factory_pipelines.vision.motion import MotionDetector
from factory_pipelines.vision.types import Box, Detection, Image

SMALL = (320, 180)


def empty(seconds: int = 0, **weather: float) -> Scene:
    return Scene(ACROSS, lambda _slot: (), size=SMALL, weather=Weather(**weather))


def one_person(**weather: float) -> Scene:
    """Somebody who crosses the line at second 60."""
    return Scene(ACROSS, one_by_one(ACROSS, 1, 60.0), size=SMALL, weather=Weather(**weather))


def standing(label: str = "person", since_s: float = 5.0) -> Scene:
    steps = (Step(0.0, -0.5, 0.9), Step(since_s, 0.9, 0.9), Step(1e6, 0.9, 0.9))
    walk = Walk(1, label, steps, None)  # type: ignore[arg-type]
    return Scene(GATE if label == "vehicle" else ACROSS, lambda slot: (walk,) if slot == 0 else (), size=SMALL)


def detected(detector: MotionDetector, scene: Scene, since_s: float, until_s: float) -> list[list[Detection]]:
    times = np.arange(round(since_s * 5), round(until_s * 5)) / 5
    return [detector.predict([scene.picture(float(at_s))])[0] for at_s in times]


def crossing_s(scene: Scene) -> float:
    return scene.crossings(0.0, 600.0)[0].at_s


def test_a_walker_is_found_where_they_are() -> None:
    scene = one_person()
    at_s = crossing_s(scene)
    found = detected(MotionDetector(), scene, at_s - 9, at_s + 1)[-1]
    (sight,) = scene.sights(at_s + 0.8)
    assert [one.label for one in found] == ["person"]
    assert found[0].box.iou(Box(*sight.box)) > 0.6
    assert found[0].box.y2 == pytest.approx(sight.box[3], abs=5)
    assert found[0].confidence > 0.5


def test_boxes_are_in_pixels_of_the_picture_as_given() -> None:
    small, large = one_person(), one_person()
    large.__init__(ACROSS, small.schedule, size=(1280, 720))  # type: ignore[misc]
    at_s = crossing_s(small)
    boxes = [detected(MotionDetector(), scene, at_s - 2, at_s + 1)[-1][0].box for scene in (small, large)]
    assert boxes[1].x1 / 1280 == pytest.approx(boxes[0].x1 / 320, abs=0.02)
    assert boxes[1].y2 / 720 == pytest.approx(boxes[0].y2 / 180, abs=0.02)


@pytest.mark.parametrize(
    "weather",
    [{"noise": 6.0}, {"flicker": 0.12}, {"lamps": 0.5, "lamp_every_s": 4.0}, {"flicker": 0.1, "lamps": 0.3}],
    ids=["noise", "flicker", "lamps switched", "both"],
)
def test_an_empty_hall_shows_nothing_whatever_the_light_does(weather: dict[str, float]) -> None:
    assert [found for found in detected(MotionDetector(), empty(**weather), 0, 20) if found] == []


def test_a_walker_is_found_while_the_light_changes() -> None:
    at_s = crossing_s(one_person())
    scene = one_person(lamps=0.5, lamp_every_s=at_s)
    found = detected(MotionDetector(), scene, at_s - 6, at_s + 2)
    assert all(len(one) == 1 for one in found[-15:]), "before, at and after the lamp goes out"


def test_a_shadow_is_not_part_of_who_casts_it() -> None:
    at_s = crossing_s(one_person())
    widths = []
    for shadows in (True, False):
        found = detected(MotionDetector(shadows=shadows), one_person(), at_s - 6, at_s + 1)[-5:]
        widths.append(np.mean([one.box.width for each in found for one in each]))
    assert widths[0] < 0.9 * widths[1]


def test_who_stands_becomes_background_unless_held() -> None:
    scene = standing()
    box = Box(140, 88, 180, 168)
    forgetful, holding = MotionDetector(), MotionDetector()
    detected(forgetful, scene, 0, 6)
    detected(holding, scene, 0, 6)
    holding.hold([box])
    assert not any(detected(forgetful, scene, 6, 42)[-10:])
    assert all(detected(holding, scene, 6, 42)[-10:])


def test_a_vehicle_is_told_by_its_size_and_shape() -> None:
    found = detected(MotionDetector(), standing("vehicle"), 0, 5)[-1]
    assert [one.label for one in found] == ["vehicle"]


def test_when_nearly_everything_differs_the_background_is_learnt_anew() -> None:
    detector = MotionDetector()
    detected(detector, empty(), 0, 4)
    elsewhere = Scene(GATE, lambda _slot: (), size=SMALL, seed=99)
    turned = np.ascontiguousarray(255 - elsewhere.picture(0.0))
    assert not any(detector.predict([turned])[0] for _ in range(40)), "a camera that was turned shows no motion"
    person = turned.copy()
    person[60:130, 100:122] = 0
    assert [one.label for one in detector.predict([person])[0]] == ["person"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (15, 15), (17, 4001)])
def test_a_picture_of_any_shape_is_looked_at(shape: tuple[int, int]) -> None:
    detector = MotionDetector()
    rng = np.random.default_rng(1)
    for _ in range(5):
        (found,) = detector.predict([rng.integers(0, 255, (*shape, 3), np.uint8)])
        assert all(0 <= one.box.x1 <= one.box.x2 <= shape[1] for one in found)


def test_a_picture_that_is_none_says_what_one_is() -> None:
    grey: Image = np.zeros((90, 160), np.uint8)
    with pytest.raises(ValueError, match=r"height × width × 3 bytes, not \(90, 160\) uint8"):
        MotionDetector().predict([grey])


def test_a_learning_rate_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"learning_rate must lie between 0 and 1, not be 2; 0.002 is usual"):
        MotionDetector(learning_rate=2)


def test_the_same_pictures_give_the_same_detections() -> None:
    at_s = crossing_s(one_person())
    runs = [detected(MotionDetector(), one_person(flicker=0.1), at_s - 4, at_s) for _ in range(2)]
    assert runs[0] == runs[1]

"""The plate reader around its models: what it refuses, what it takes, where it looks."""

import numpy as np
import pytest

from factory_pipelines.vision.plates import PlateReader
from factory_pipelines.vision.plates_alpr import AlprDetector, AlprOcr
from factory_pipelines.vision.types import Box, Image
from factory_pipelines_tests.unit.vision.plate_scripts import Boxes, Texts, region, scripted

PICTURE = np.full((120, 200, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((0, 0, 3), np.uint8), "too_small"),
        (np.zeros((0, 40), np.uint8), "too_small"),
        (np.zeros((1, 1, 3), np.uint8), "too_small"),
        (np.zeros((7, 600, 3), np.uint8), "too_small"),
    ],
    ids=["empty", "empty and grey", "1 × 1", "a strip"],
)
def test_a_picture_without_room_for_a_letter_is_counted(picture: Image, reason: str) -> None:
    reader = scripted("KA01AB1234")
    assert reader.read(picture) == []
    assert reader.refusals == {reason: 1}


@pytest.mark.parametrize("shape", [(120, 200), (120, 200, 1), (120, 200, 4), (120, 200, 3)])
def test_grey_and_alpha_are_taken_as_they_come(shape: tuple[int, ...]) -> None:
    detector = Boxes(Box(10, 10, 110, 30))
    [read] = PlateReader(detector, Texts(["KA01AB1234"])).read(np.full(shape, 90, np.uint8))
    assert read.text == "KA01AB1234"
    assert detector.sizes == [(120, 200, 3)]


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (np.zeros((9, 9, 3)), "float64"),
        (np.zeros((9, 9, 2), np.uint8), r"\(9, 9, 2\)"),
        (None, "NoneType"),
        (np.zeros((2, 9, 9, 3), np.uint8), r"\(2, 9, 9, 3\)"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(picture: Image, says: str) -> None:
    with pytest.raises(ValueError, match=f"image: {says}.* is no picture; give "):
        scripted("KA01AB1234").read(picture)


def test_every_refusal_has_its_reason() -> None:
    assert PlateReader(nothing := Boxes(), Texts(["KA01AB1234"])).read(PICTURE) == []
    assert nothing.enlarged == [1.0, 1.5]  # the second look
    for reader, reason in [
        (PlateReader(Boxes(), Texts(["X"])), "no_text"),
        (PlateReader(Boxes(Box(10, 10, 110, 14)), Texts(["KA01AB1234"])), "no_text"),
        (scripted(None), "unreadable"),
        (scripted("OK"), "not_a_plate"),
        (scripted("HORNOKPLEASESOUND"), "not_a_plate"),
    ]:
        reader.read(PICTURE)
        assert reader.refusals == {reason: 1}


def test_boxes_are_those_of_the_whole_picture() -> None:
    [read] = scripted("KA01AB1234").read(PICTURE, [Box(50, 40, 190, 110)])
    assert read.box == Box(60, 50, 160, 70)
    assert read.alternatives[0].text == read.text
    assert read.char_confidences == (0.95,) * 10


def test_regions_beyond_the_picture_are_cut_or_refused() -> None:
    detector = Boxes(Box(0, 0, 100, 20))
    reader = PlateReader(detector, Texts(["KA01AB1234"]))
    reader.read(PICTURE, [Box(-50, -50, 60, 60), Box(300, 300, 400, 400), Box(150, 20, 140, 10)])
    assert detector.sizes == [(60, 60, 3)]
    assert reader.refusals == {"too_small": 2}


def test_the_same_plate_in_two_regions_is_one_reading() -> None:
    assert [read.text for read in scripted("KA01AB1234").read(PICTURE, [Box(0, 0, 150, 90), Box(5, 5, 180, 99)])] == [
        "KA01AB1234"
    ]


def test_half_a_plate_makes_it_look_for_the_other_row() -> None:
    reader = PlateReader(Boxes(Box(10, 30, 80, 50)), Texts(["MH12DE", "1433"]), second_look=False)
    best = reader.read(PICTURE)[0]
    assert (best.text, best.line_count) == ("MH12DE1433", 2)


class _Coordinates:
    def __init__(self, box: Box) -> None:
        self.x1, self.y1, self.x2, self.y2 = int(box.x1), int(box.y1), int(box.x2), int(box.y2)


class _Plate:
    """As fast-alpr 0.4 answers."""

    def __init__(self, box: Box) -> None:
        self.bounding_box, self.confidence = _Coordinates(box), 0.8


class _Text:
    def __init__(self, text: str, confidence: float | list[float]) -> None:
        self.text, self.confidence = text, confidence


class _Model:
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def predict(self, image: Image) -> object:
        return self.answer


def test_fast_alpr_answers_behind_the_same_protocols() -> None:
    reader = PlateReader(
        AlprDetector(_Model([_Plate(Box(20, 20, 90, 50))])), AlprOcr(_Model(_Text("ka01ab1234_", [0.9] * 11)))
    )
    [read] = reader.read(PICTURE)
    assert read.text == "KA01AB1234"
    assert read.confidence == pytest.approx(0.9**10)
    assert read.box == Box(20, 20, 90, 50)


@pytest.mark.parametrize("answer", [None, _Text("___", [0.1] * 3), _Text("", 0.0)])
def test_fast_alpr_may_read_nothing(answer: object) -> None:
    said = AlprOcr(_Model(answer)).read_line(PICTURE, region(Box(20, 20, 90, 50)))
    assert said.guesses == ()

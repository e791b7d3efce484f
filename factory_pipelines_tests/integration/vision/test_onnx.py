"""Models of every format, built by hand: planted boxes come out again, in pixels of the camera's picture."""

from pathlib import Path

import numpy as np
import pytest

from factory_pipelines.vision.onnx import ModelError, OnnxConfig, OnnxDetector
from factory_pipelines.vision.onnx_formats import Format
from factory_pipelines.vision.types import Detection
from factory_pipelines_tests.integration.vision import models
from factory_pipelines_tests.integration.vision.models import Planted

CLASSES = ("person", "vehicle", "forklift")
# In the input, which is 96 × 96: a picture of 64 × 48 becomes 96 × 72 there.
PERSON = Planted((12, 22, 24, 52), 0, 0.9)
SHADOWED = Planted((13, 27, 25, 55), 0, 0.7)  # the same person again, less sure
VEHICLE = Planted((40, 20, 88, 60), 1, 0.8)
FORKLIFT = Planted((41, 21, 89, 62), 2, 0.75)  # another class at the same place
DOUBTFUL = Planted((60, 62, 70, 80), 0, 0.3)
PLANTED = [SHADOWED, PERSON, VEHICLE, FORKLIFT, DOUBTFUL]
RED_PICTURE = np.full((48, 64, 3), (0, 0, 255), np.uint8)


def saved(folder: Path, format_: Format, planted: list[Planted], batch: int | None = None) -> OnnxConfig:
    path = folder / f"{format_}.onnx"
    if format_ == "yolox":
        models.save(path, *models.yolox(planted, 3), batch=batch, red_channel=2, full=255.0)
    elif format_ == "rtdetr":
        models.save(path, *models.rtdetr(planted, 3), batch=batch)
    else:
        models.save(path, *models.ultralytics(planted, 3), batch=batch)
    return OnnxConfig(path, format_, CLASSES)


def reference(format_: Format, one: Planted) -> tuple[float, float, float, float]:
    """Where a planted box lies in the picture, by hand: the way into the model's input, backwards."""
    x1, y1, x2, y2 = one.box
    if format_ == "rtdetr":  # stretched
        return x1 * 64 / 96, y1 * 48 / 96, x2 * 64 / 96, y2 * 48 / 96
    top = 0 if format_ == "yolox" else 12  # grey below, or above and below
    return x1 / 1.5, max(0.0, (y1 - top) / 1.5), x2 / 1.5, min(48.0, (y2 - top) / 1.5)


def redness(format_: Format) -> float:
    """Mean of the input's red plane: a quarter of a letterboxed input is grey."""
    return 1.0 if format_ == "rtdetr" else 0.75 + 0.25 * 114 / 255


def as_tuple(found: Detection) -> tuple[float, float, float, float]:
    return found.box.x1, found.box.y1, found.box.x2, found.box.y2


@pytest.mark.parametrize("format_", ["yolov8", "yolo11", "yolox", "rtdetr"])
def test_planted_boxes_come_out_where_they_are_in_the_picture(format_: Format, tmp_path: Path) -> None:
    detector = OnnxDetector(saved(tmp_path, format_, PLANTED))
    (found,) = detector.predict([RED_PICTURE])
    # RT-DETR gives each thing once by itself: nothing is suppressed.
    expected = [PERSON, VEHICLE, FORKLIFT] + ([SHADOWED] if format_ == "rtdetr" else [])
    expected.sort(key=lambda one: -one.score)
    assert [one.label for one in found] == [CLASSES[one.number] for one in expected]
    for seen, planted in zip(found, expected, strict=True):
        assert as_tuple(seen) == pytest.approx(reference(format_, planted), abs=0.02)
        assert seen.confidence == pytest.approx(planted.score * redness(format_), abs=0.002)


def test_the_authors_rtdetr_gives_labels_boxes_and_scores(tmp_path: Path) -> None:
    path = models.save_authors_rtdetr(tmp_path / "authors.onnx", PLANTED)
    (found,) = OnnxDetector(OnnxConfig(path, "rtdetr", CLASSES)).predict([RED_PICTURE])
    expected = [PERSON, VEHICLE, FORKLIFT, SHADOWED]
    assert [as_tuple(one) for one in found] == [pytest.approx(reference("rtdetr", one), abs=0.02) for one in expected]
    assert [one.confidence for one in found] == pytest.approx([0.9, 0.8, 0.75, 0.7])


@pytest.mark.parametrize("batch", [None, 1, 2, 4])
def test_pictures_of_several_cameras_go_through_together(batch: int | None, tmp_path: Path) -> None:
    detector = OnnxDetector(saved(tmp_path, "yolov8", [PERSON, VEHICLE], batch))
    black = np.zeros_like(RED_PICTURE)
    tall = np.full((96, 24, 3), (0, 0, 255), np.uint8)
    shown = detector.predict([RED_PICTURE, black, tall])
    assert [len(found) for found in shown] == [2, 0, 1], "by its own redness, whatever is beside it"
    # A quarter of the input is the picture's, in its middle: the vehicle begins left of it and ends right of it.
    assert as_tuple(shown[2][0]) == pytest.approx((4.0, 20.0, 24.0, 60.0))
    assert detector.predict([]) == []


def test_only_classes_to_keep_are_reported(tmp_path: Path) -> None:
    config = saved(tmp_path, "yolov8", PLANTED)
    keep = OnnxConfig(config.path, "yolov8", CLASSES, keep=frozenset({"vehicle"}), min_confidence=0.1)
    assert [one.label for one in OnnxDetector(keep).predict([RED_PICTURE])[0]] == ["vehicle"]


def test_the_threshold_and_the_overlap_are_as_configured(tmp_path: Path) -> None:
    path = saved(tmp_path, "yolov8", PLANTED).path
    loose = OnnxConfig(path, "yolov8", CLASSES, min_confidence=0.1, max_overlap=0.95)
    strict = OnnxConfig(path, "yolov8", CLASSES, min_confidence=0.75, max_overlap=0.5)
    assert len(OnnxDetector(loose).predict([RED_PICTURE])[0]) == 5
    assert [one.label for one in OnnxDetector(strict).predict([RED_PICTURE])[0]] == ["person"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_a_picture_of_any_shape_goes_through(shape: tuple[int, int], tmp_path: Path) -> None:
    found = OnnxDetector(saved(tmp_path, "yolox", [PERSON])).predict([np.full((*shape, 3), 200, np.uint8)])
    assert len(found) == 1


@pytest.mark.parametrize(
    ("format_", "classes", "given"),
    [
        ("yolov8", 3, "yolox"),
        ("yolov8", 3, "rtdetr"),
        ("yolox", 3, "yolo11"),
        ("rtdetr", 3, "yolov8"),
        ("yolov8", 2, "yolov8"),
        ("yolox", 80, "yolox"),
    ],
)
def test_a_model_of_the_wrong_shape_says_so_before_any_camera_runs(
    format_: Format, classes: int, given: Format, tmp_path: Path
) -> None:
    path = saved(tmp_path, format_, [PERSON]).path
    names = tuple(f"class_{number}" for number in range(classes))
    with pytest.raises(ModelError, match=rf"{format_}.onnx: the outputs have the shape .*; format {given} with"):
        OnnxDetector(OnnxConfig(path, given, names))


def test_what_is_no_model_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such file; give the path"):
        OnnxDetector(OnnxConfig(tmp_path / "none.onnx", "yolov8", CLASSES))
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError, match=r"text.onnx: onnxruntime cannot read this file"):
        OnnxDetector(OnnxConfig(tmp_path / "text.onnx", "yolov8", CLASSES))


def test_classes_that_cannot_be_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "yolov8", [PERSON]).path
    with pytest.raises(ModelError, match="keep names lorry, which classes does not list"):
        OnnxDetector(OnnxConfig(path, "yolov8", CLASSES, keep=frozenset({"lorry"})))
    with pytest.raises(ModelError, match="classes is empty"):
        OnnxDetector(OnnxConfig(path, "yolov8", ()))

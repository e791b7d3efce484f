"""Boxes: what they measure and where they stand."""

import pytest

from factory_pipelines.vision.types import Box


def test_a_box_knows_its_size_and_where_it_touches_the_ground() -> None:
    box = Box(10, 20, 30, 60)
    assert (box.width, box.height, box.area) == (20, 40, 800)
    assert box.centre == (20, 40)
    assert box.bottom_centre == (20, 60)


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        (Box(0, 0, 10, 10), 1.0),
        (Box(5, 0, 15, 10), 50 / 150),
        (Box(10, 0, 20, 10), 0.0),
        (Box(20, 20, 30, 30), 0.0),
        (Box(3, 3, 3, 3), 0.0),
    ],
    ids=["itself", "half", "touching", "apart", "without area"],
)
def test_iou(other: Box, iou: float) -> None:
    assert Box(0, 0, 10, 10).iou(other) == pytest.approx(iou)
    assert other.iou(Box(0, 0, 10, 10)) == pytest.approx(iou)


def test_two_empty_boxes_share_nothing() -> None:
    assert Box(1, 1, 1, 1).iou(Box(1, 1, 1, 1)) == 0.0

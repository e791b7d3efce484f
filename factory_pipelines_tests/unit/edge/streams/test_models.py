"""A model that several cameras share."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from factory_pipelines.edge.streams.models import SharedModel
from factory_pipelines.vision.types import Box, Detection, Image


class Slow:
    """Sees one thing in each picture, as wide as the picture's first pixel says; the first batch takes its time."""

    def __init__(self) -> None:
        self.may_go_on = Event()
        self.sizes: list[int] = []

    def predict(self, images: Sequence[Image]) -> list[list[Detection]]:
        self.sizes.append(len(images))
        self.may_go_on.wait(10)
        if any(image[0, 0, 0] == 255 for image in images):
            raise ValueError("no such picture")
        return [[Detection(Box(0, 0, float(image[0, 0, 0]), 1), "person", 0.9)] for image in images]


def picture(value: int) -> Image:
    return np.full((2, 2, 3), value, np.uint8)


@pytest.fixture
def slow() -> Slow:
    return Slow()


def test_pictures_that_came_meanwhile_go_through_together_and_come_back_to_their_own(slow: Slow) -> None:
    shared = SharedModel(slow, name="slow")
    with ThreadPoolExecutor(8) as cameras:
        asked = [cameras.submit(shared.predict, [picture(value)]) for value in range(8)]
        while len(slow.sizes) < 1:
            time.sleep(0.005)
        slow.may_go_on.set()
        widths = [future.result(10)[0][0].box.width for future in asked]
    assert widths == list(range(8))
    assert sum(slow.sizes) == 8
    assert shared.batches < 8
    shared.close()


def test_a_failure_is_the_askers_and_the_next_is_served(slow: Slow) -> None:
    slow.may_go_on.set()
    shared = SharedModel(slow, name="slow")
    with pytest.raises(ValueError, match="no such picture"):
        shared.predict([picture(255)])
    assert shared.predict([picture(3)])[0][0].box.width == 3
    shared.close()


def test_a_closed_model_tells_whoever_asks(slow: Slow) -> None:
    shared = SharedModel(slow, name="slow")
    shared.close()
    with pytest.raises(RuntimeError, match="closed"):
        shared.predict([picture(1)])

"""The models of the RapidOCR wheel: what they read, and that nothing is ever fetched."""

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from factory_pipelines.demo.plate_images import paint_plate
from factory_pipelines.demo.plate_photos import plate_photos
from factory_pipelines.edge.streams.plate_reads import Look, look_at
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.vision.plates import PlateReader
from factory_pipelines.vision.plates_alpr import alpr_reader
from factory_pipelines.vision.plates_ocr import PlateModelError, crop_reader, photo_reader, wheel_model
from factory_pipelines.vision.types import Box

# Asks the interpreter itself about every socket, download and file that a reader opens.
_WATCHED = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(("socket.", "urllib.")) else None)
import numpy as np
from factory_pipelines.vision.plates_ocr import crop_reader
crop_reader().read(np.full((64, 128, 3), 90, np.uint8))
sys.exit(f"{seen}" if seen else 0)
"""


@pytest.fixture(scope="module")
def crops() -> PlateReader:
    return crop_reader()


def test_nothing_is_fetched_nor_even_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", _WATCHED], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_missing_model_says_what_to_install() -> None:
    with pytest.raises(PlateModelError, match=r"carries no telepathy model: install rapidocr 3\.4"):
        wheel_model("telepathy")
    with pytest.raises(PlateModelError, match="pip install fast-alpr"):
        alpr_reader()


def test_drawn_plates_are_read_with_their_place(crops: PlateReader) -> None:
    india = grammar_for("IN")
    right = 0
    photos = [plate_photos(21, number)[0] for number in range(8)]
    for photo in photos:
        readings = crops.read(photo.image)
        look = look_at(readings, india)
        if isinstance(look, Look) and look.read.text == photo.plate.text:
            right += 1
            x, y = readings[0].box.centre
            assert np.hypot(*(photo.corners.mean(axis=0) - (x, y))) < photo.weather.plate_px / 2
    assert {photo.row_count for photo in photos} == {1, 2}
    assert right >= 7  # the figure that counts is the benchmark's


@pytest.mark.parametrize(("width", "height", "rows"), [(200, 48, 1), (140, 90, 2)], ids=["one row", "two rows"])
def test_a_plate_in_the_street_is_found_where_it_hangs(crops: PlateReader, width: int, height: int, rows: int) -> None:
    street = np.full((480, 640, 3), (120, 118, 110), np.uint8)
    street[200 : 200 + height, 300 : 300 + width] = paint_plate("MH12DE1433", width, height)
    best = crops.read(street, [Box(250, 150, 550, 350)])[0]
    assert (best.text, best.line_count) == ("MH12DE1433", rows)
    assert best.box.iou(Box(300, 200, 300 + width, 200 + height)) > 0.4
    assert best.confidence > 0.85


def test_sixty_megapixels_are_read_like_any_picture(crops: PlateReader) -> None:
    picture = np.full((7_500, 8_000), 110, np.uint8)
    grey = cv2.cvtColor(paint_plate("MH12DE1433", 3_000, 700), cv2.COLOR_BGR2GRAY)
    picture[3_000:3_700, 2_000:5_000] = grey
    assert crops.read(picture)[0].text == "MH12DE1433"


def test_a_blank_wall_says_nothing(crops: PlateReader) -> None:
    before = crops.refusals["no_text"]
    assert crops.read(np.full((200, 300, 3), 90, np.uint8)) == []
    assert crops.refusals["no_text"] == before + 1


def test_photographs_of_european_cars(shared_data: Path) -> None:
    folder = shared_data / "plates_eu"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[12:108:20]
    reader = photo_reader()
    right = [reader.read(cv2.imread(str(folder / row["file"])))[0].text == row["plate"] for row in rows]
    assert sum(right) >= len(rows) - 2

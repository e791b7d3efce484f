"""Drawn plates and their photographs."""

from typing import get_args

import numpy as np
import pytest

from factory_pipelines.demo.plate_images import Format, any_plate, draw_plate, paint_plate, rows_of
from factory_pipelines.demo.plate_photos import any_weather, next_weather, plate_photos, put_on
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.plates import Plate, parse

INDIA = grammar_for("IN")


@pytest.mark.parametrize("kind", get_args(Format))
def test_every_published_format_is_drawn_and_is_a_plate_of_the_gate(kind: Format) -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        plate = any_plate(rng, kind)
        assert parse(plate.text, INDIA) == Plate(plate.text, plate.format)
        for row_count in (1, 2):
            rows = rows_of(plate, row_count)
            assert len(rows) == row_count
            assert "".join(rows).replace(" ", "") == plate.text


def test_all_formats_come() -> None:
    rng = np.random.default_rng(5)
    seen = {any_plate(rng).format for _ in range(600)}
    assert seen == set(get_args(Format))


def test_a_plate_has_ink_on_its_ground() -> None:
    rng = np.random.default_rng(1)
    plate = any_plate(rng, "standard")
    for row_count, shape in ((1, (240, 1000, 3)), (2, None)):
        image = draw_plate(plate, row_count, rng)
        assert shape is None or image.shape == shape
        ink = (np.abs(image.astype(int) - plate.ink).sum(axis=2) < 60).mean()
        assert 0.04 < ink < 0.4
    with pytest.raises(ValueError, match="1 or 2 rows, not 3"):
        draw_plate(plate, 3, rng)


def test_the_painter_gives_the_size_asked_for_always_the_same() -> None:
    long, square = paint_plate("KA01AB1234", 150, 36), paint_plate("KA01AB1234", 90, 60)
    assert long.shape == (36, 150, 3)
    assert square.shape == (60, 90, 3)
    assert (paint_plate("KA01AB1234", 150, 36) == long).all()
    assert (paint_plate("KA01AB1235", 150, 36) != long).any()
    assert paint_plate("TAXI", 20, 10).shape == (10, 20, 3)


def test_a_vehicle_is_the_same_whenever_it_is_asked_for() -> None:
    first, again = plate_photos(4, 2, frame_count=3), plate_photos(4, 2, frame_count=3)
    assert all((one.image == other.image).all() for one, other in zip(first, again, strict=True))
    assert len({photo.plate.text for photo in first}) == 1
    assert (plate_photos(4, 2)[0].image == first[0].image).all()
    assert plate_photos(4, 3)[0].plate != first[0].plate


def test_the_plate_is_where_the_truth_says() -> None:
    for number in range(12):
        [photo] = plate_photos(9, number)
        height, width = photo.image.shape[:2]
        assert (photo.corners > 0).all()
        assert (photo.corners < (width, height)).all()
        across = np.linalg.norm(photo.corners[1] - photo.corners[0])
        assert across == pytest.approx(photo.weather.plate_px, rel=0.45)


def test_weather_is_a_spread_not_a_best_case() -> None:
    rng = np.random.default_rng(2)
    weather = [any_weather(rng) for _ in range(400)]
    assert 0.15 < np.mean([one.light < 0.45 for one in weather]) < 0.35
    assert np.std([one.yaw_deg for one in weather]) > 10
    for name in ("motion", "mud", "glare", "shadow"):
        assert 0.05 < np.mean([getattr(one, name) > 0 for one in weather]) < 0.5
    assert next_weather(weather[0], rng) != weather[0]


def test_a_plate_beyond_the_edge_of_the_picture_is_cut_off() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    flat = np.full((20, 100, 3), 255, np.uint8)
    put_on(image, flat, np.array([[20, 10], [90, 10], [90, 24], [20, 24]], np.float32))
    assert image[15, 30].tolist() == [255, 255, 255]
    assert image[15, 10].tolist() == [0, 0, 0]

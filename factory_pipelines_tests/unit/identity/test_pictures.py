"""What is a picture, and what is taken out of it."""

import io

import pytest
from PIL import Image

from factory_pipelines.identity.pictures import LONGEST_SIDE_PX, PictureError, PictureLimits, pixels, read_picture
from factory_pipelines_tests.bad_pictures import BAD_PICTURES
from factory_pipelines_tests.drawn_faces import drawn_face

LIMITS = PictureLimits.of(10, 25)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_what_is_no_picture_is_refused(name: str) -> None:
    data, code = BAD_PICTURES[name]
    with pytest.raises(PictureError) as refused:
        read_picture(data, LIMITS)
    assert refused.value.code == code


def test_size_is_judged_before_anything_is_read() -> None:
    with pytest.raises(PictureError, match=r"10\.0 MB, at most 10 MB") as refused:
        read_picture(b"\x00" * 10_000_001, LIMITS)
    assert refused.value.code == "too_large"


def test_a_bomb_is_refused_from_its_header() -> None:
    """60 million pixels that are really there, in 60 kB: nothing is decoded."""
    bomb = encoded(Image.new("L", (10_000, 6_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(PictureError, match="10000 × 6000 pixels, at most 25 million"):
        read_picture(bomb, LIMITS)


def test_a_picture_leaves_without_place_camera_and_comment() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera's maker"
    exif.get_ifd(0x8825)[2] = (12.0, 58.0, 17.0)  # GPS latitude
    data = encoded(Image.open(io.BytesIO(drawn_face(1))), exif=exif, comment=b"somebody's name")
    assert b"somebody" in data
    again = read_picture(data, LIMITS).jpeg
    assert b"somebody" not in again
    assert not Image.open(io.BytesIO(again)).getexif()


def test_a_picture_taken_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(encoded(Image.new("RGB", (300, 200)), exif=exif), LIMITS)
    assert (picture.width_px, picture.height_px) == (200, 300)


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"), ("CMYK", "JPEG")]
)
def test_any_kind_of_colour_is_taken(mode: str, kind: str) -> None:
    picture = read_picture(encoded(Image.new(mode, (200, 100)), kind), LIMITS)
    assert pixels(picture).shape == (100, 200, 3)


def test_a_large_picture_is_scaled_down() -> None:
    picture = read_picture(encoded(Image.new("RGB", (5000, 4000))), LIMITS)
    assert max(picture.width_px, picture.height_px) == LONGEST_SIDE_PX

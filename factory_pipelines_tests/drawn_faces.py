"""Drawn faces: no person's, and still found by a face detector. The same number, the same face."""

import cv2
import numpy as np


def drawn_face(number: int, *, size_px: int = 400, noise: float = 0.0, shift_px: int = 0, light: float = 1.0) -> bytes:
    """JPEG of face ``number``; ``noise`` (grey levels), ``shift_px`` and ``light`` make another photo of it."""
    rng = np.random.default_rng(number)
    image = np.full((size_px, size_px, 3), int(rng.integers(90, 140)), np.uint8)
    skin = np.array([rng.integers(120, 170), rng.integers(150, 190), rng.integers(190, 235)], float)
    width, height = int(size_px * rng.uniform(0.22, 0.28)), int(size_px * rng.uniform(0.31, 0.38))
    x, y = size_px // 2 + shift_px, size_px // 2 + shift_px // 2
    cv2.ellipse(image, (x, y), (width, height), 0, 0, 360, skin.tolist(), -1, cv2.LINE_AA)
    hair = (x, y - int(height * rng.uniform(0.5, 0.65)))
    cv2.ellipse(image, hair, (int(width * 1.05), int(height * 0.5)), 0, 180, 360, (30, 30, 35), -1, cv2.LINE_AA)
    _eyes(image, rng, (x, y), (width, height), skin)
    nose_end = (x, y + int(height * rng.uniform(0.2, 0.32)))
    bright = np.clip(skin * 1.1, 0, 255).tolist()
    cv2.line(image, (x, y - height // 8), nose_end, bright, int(width * rng.uniform(0.1, 0.18)), cv2.LINE_AA)
    nostrils = (int(width * rng.uniform(0.14, 0.24)), int(height * 0.05))
    cv2.ellipse(image, nose_end, nostrils, 0, 0, 360, (skin * 0.65).tolist(), -1, cv2.LINE_AA)
    mouth = (x, y + int(height * rng.uniform(0.5, 0.62)))
    lips = (int(width * rng.uniform(0.28, 0.46)), int(height * rng.uniform(0.04, 0.09)))
    cv2.ellipse(image, mouth, lips, 0, 0, 360, (70, 60, 140), -1, cv2.LINE_AA)
    if rng.random() < 0.4:
        cv2.ellipse(image, (x, y + int(height * 0.75)), (width // 2, height // 5), 0, 0, 360, (40, 40, 45), -1)
    image = cv2.GaussianBlur(image, (0, 0), size_px * 0.008)
    grain = np.random.default_rng([number, abs(shift_px), int(noise)]).normal(0, noise, image.shape)
    return _jpeg(np.clip(image * light + grain, 0, 255).astype(np.uint8))


def plain_wall(size_px: int = 400) -> bytes:
    """A picture without a face."""
    return _jpeg(np.full((size_px, size_px, 3), 127, np.uint8))


def _eyes(image, rng, centre, size, skin) -> None:
    (x, y), (width, height) = centre, size
    level = y - int(height * rng.uniform(0.1, 0.22))
    apart = int(width * rng.uniform(0.4, 0.52))
    brow = rng.uniform(0.03, 0.07)
    for side in (-1, 1):
        eye = (x + side * apart, level)
        cv2.ellipse(image, eye, (int(width * 0.28), int(height * 0.11)), 0, 0, 360, (skin * 0.55).tolist(), -1)
        cv2.ellipse(image, eye, (int(width * 0.17), int(height * 0.05)), 0, 0, 360, (225, 225, 225), -1, cv2.LINE_AA)
        cv2.circle(image, eye, int(height * 0.05), (20, 20, 20), -1, cv2.LINE_AA)
        left = (eye[0] - int(width * 0.25), level - int(height * 0.16))
        right = (eye[0] + int(width * 0.25), level - int(height * rng.uniform(0.14, 0.2)))
        cv2.line(image, left, right, (25, 25, 30), max(3, int(height * brow)), cv2.LINE_AA)


def _jpeg(image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return data.tobytes()

"""Takes the lighting of the whole picture out of it, so that flicker and a lamp switched on are no motion.

The picture is compared with a slow memory of itself on a coarse grid. Where most cells have become brighter or darker
by the same factor, per colour, that was the light, and it is divided out. Where they disagree, something large is in
view, and the last factor stands.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from factory_pipelines.vision.types import Image

_GRID = (32, 18)
# Cells darker or brighter than this say nothing about a factor.
_DARK, _BRIGHT = 16.0, 250.0
# A factor is believed when this share of the cells agrees with it within this tolerance.
_AGREEING, _TOLERANCE = 0.5, 0.08
_LOW, _HIGH = 0.1, 10.0

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class Lighting:
    """The memory of one camera's light.

    Attributes:
        rate: share of a picture in the memory. Pictures in remembered light drift at this rate.
    """

    rate: float
    _memory: Floats | None = None
    _factors: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def flatten(self, image: Image) -> Image:
        """The picture as it would be in remembered light."""
        import cv2

        cells = cv2.resize(image, _GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._memory is None:
            self._memory = cells
            return image
        factors = _factors(cells.reshape(-1, 3), self._memory.reshape(-1, 3))
        if factors is not None:
            self._factors = factors
            self._memory += self.rate * (cells - self._memory)
        if all(abs(factor - 1) < 0.004 for factor in self._factors):  # less than one step of 256
            return image
        values = np.arange(256, dtype=np.float32)[:, None] * np.array(self._factors, dtype=np.float32)
        table = np.clip(np.rint(values), 0, 255).astype(np.uint8)[None]
        return np.asarray(cv2.LUT(image, table), dtype=np.uint8)

    def restart(self) -> None:
        """Forgets the light."""
        self._memory, self._factors = None, (1.0, 1.0, 1.0)


def _factors(now: Floats, before: Floats) -> tuple[float, float, float] | None:
    """What to multiply the colours of ``now`` with to get ``before``; None when too few cells agree."""
    lowest, highest = np.minimum(now, before).min(axis=1), np.maximum(now, before).max(axis=1)
    useful = (lowest > _DARK) & (highest < _BRIGHT)
    if np.count_nonzero(useful) < _AGREEING / 2 * len(useful):
        return None
    ratios = before[useful] / now[useful]
    middle = np.sort(ratios, axis=0)[len(ratios) // 2]
    agreeing = np.count_nonzero(np.abs(ratios / middle - 1) < _TOLERANCE, axis=0)
    if agreeing.min() < _AGREEING * len(ratios):
        return None
    blue, green, red = (min(max(float(factor), _LOW), _HIGH) for factor in middle)
    return blue, green, red

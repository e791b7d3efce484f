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
        rate: how fast it follows, a picture; the background model's own rate keeps the two together.
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
        factors = [_factor(cells[..., colour], self._memory[..., colour]) for colour in range(3)]
        if None not in factors:
            self._factors = (float(factors[0] or 1), float(factors[1] or 1), float(factors[2] or 1))
            self._memory += self.rate * (cells - self._memory)
        if all(abs(factor - 1) < 0.004 for factor in self._factors):  # less than one step of 256
            return image
        values = np.arange(256, dtype=np.float32)[:, None] * np.array(self._factors, dtype=np.float32)
        table = np.clip(np.rint(values), 0, 255).astype(np.uint8)[None]
        return np.asarray(cv2.LUT(image, table), dtype=np.uint8)

    def restart(self) -> None:
        """Forgets the light."""
        self._memory, self._factors = None, (1.0, 1.0, 1.0)


def _factor(now: Floats, before: Floats) -> float | None:
    """What to multiply ``now`` with to get ``before``; None when too few cells agree."""
    useful = (now > _DARK) & (now < _BRIGHT) & (before > _DARK) & (before < _BRIGHT)
    if useful.mean() < _AGREEING / 2:
        return None
    ratios = before[useful] / now[useful]
    factor = float(np.median(ratios))
    agreeing = np.mean(np.abs(ratios / factor - 1) < _TOLERANCE)
    return min(max(factor, _LOW), _HIGH) if agreeing >= _AGREEING else None

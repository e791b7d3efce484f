"""How tall people look to one camera, learnt from those who walk alone.

Height grows with nearness, and nearness with how low the feet are in the picture: medians by the height of the feet,
and a straight line through them.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

_BANDS, _REMEMBERED, _ENOUGH = 12, 120, 40


@dataclass(slots=True)
class Statures:
    """Heights seen so far, as shares of the picture's height."""

    _bands: tuple[deque[float], ...] = field(
        default_factory=lambda: tuple(deque(maxlen=_REMEMBERED) for _ in range(_BANDS))
    )
    _line: tuple[float, float] | None = None
    _known: tuple[int, int] = (0, -1)

    def learn(self, seen: Iterable[tuple[float, float]]) -> None:
        """Takes in people who stood alone and whole in a picture: where their feet were, and their height."""
        changed = False
        for feet, height in seen:
            self._bands[min(_BANDS - 1, max(0, int(feet * _BANDS)))].append(height)
            changed = True
        if changed:
            self._line = self._fitted()

    def at(self, feet: float) -> float | None:
        """Usual height of somebody whose feet are there; None where too few people were seen so far."""
        if self._line is None or not self._known[0] - 1 <= int(feet * _BANDS) <= self._known[1] + 1:
            return None
        return max(0.02, self._line[0] + self._line[1] * feet)

    def feet_below(self, head: float) -> float | None:
        """Where the feet of somebody are whose head is there."""
        if self._line is None:
            return None
        # feet = head + intercept + slope × feet
        return (head + self._line[0]) / max(0.2, 1 - self._line[1])

    def _fitted(self) -> tuple[float, float] | None:
        known = [(n, band) for n, band in enumerate(self._bands) if len(band) >= _ENOUGH]
        if not known:
            return None
        self._known = known[0][0], known[-1][0]
        middles = np.array([(n + 0.5) / _BANDS for n, _ in known])
        heights = np.array([np.median(band) for _, band in known])
        if len(known) < 3:
            return float(heights.mean()), 0.0
        slope, intercept = np.polyfit(middles, heights, 1)
        return float(intercept), float(slope)

"""How tall people look to one camera, learnt from those who walk alone.

Height grows with nearness, and nearness with how low the feet are in the picture: so medians are kept for bands of the
feet's height. Nothing is supposed about bands where nobody walked: a person taken for two would be counted twice.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

_BANDS, _REMEMBERED, _ENOUGH = 16, 120, 40


@dataclass(slots=True)
class Statures:
    """Heights seen so far, as shares of the picture's height."""

    _seen: tuple[deque[float], ...] = field(
        default_factory=lambda: tuple(deque(maxlen=_REMEMBERED) for _ in range(_BANDS))
    )
    _medians: dict[int, float] = field(default_factory=dict)

    def learn(self, seen: Iterable[tuple[float, float]]) -> None:
        """Takes in people who stood alone and whole in a picture: where their feet were, and their height."""
        for feet, height in seen:
            band = _band(feet)
            self._seen[band].append(height)
            if len(self._seen[band]) >= _ENOUGH:
                self._medians[band] = median(self._seen[band])

    def at(self, feet: float) -> float | None:
        """Usual height of somebody whose feet are there; None where too few people were seen so far."""
        band = _band(feet)
        if band in self._medians or not {band - 1, band + 1} <= self._medians.keys():
            return self._medians.get(band)
        return (self._medians[band - 1] + self._medians[band + 1]) / 2

    def feet_below(self, head: float) -> float | None:
        """Where the feet of somebody are whose head is there: in the band whose usual height fits best."""
        if not self._medians:
            return None
        fitting = min(self._medians, key=lambda band: abs((band + 0.5) / _BANDS - self._medians[band] - head))
        return head + self._medians[fitting]


def _band(feet: float) -> int:
    return min(_BANDS - 1, max(0, int(feet * _BANDS)))

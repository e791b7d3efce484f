"""Randomness without state: a value is a pure function of the seed, a stream's name and integer keys.

A stateful generator would make one day depend on how many numbers the days before it drew. Here every number is hashed
from its own coordinates (with the finaliser of SplitMix64), so any day, past or future, is computed alone and always
the same.
"""

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)


class Noise:
    """Reproducible noise, addressed by stream and keys.

    Args:
        seed: two factories with different seeds have nothing in common.
    """

    def __init__(self, seed: int) -> None:
        self._seed = np.uint64(seed & 0xFFFF_FFFF_FFFF_FFFF)

    def uniform(self, stream: str, *keys: npt.ArrayLike) -> Floats:
        """Numbers in [0, 1), one for each element of the broadcast integer ``keys``."""
        # 53 bits fill a double's mantissa exactly, so that 1.0 is never reached.
        return (self._hash(stream, *keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def between(self, stream: str, low: float, high: float, *keys: npt.ArrayLike) -> Floats:
        """Numbers in [low, high)."""
        return low + (high - low) * self.uniform(stream, *keys)

    def integers(self, stream: str, low: int, high: int, *keys: npt.ArrayLike) -> Ints:
        """Whole numbers from ``low`` to ``high``, both included."""
        return (low + np.floor(self.uniform(stream, *keys) * (high - low + 1))).astype(np.int64)

    def chance(self, stream: str, probability: npt.ArrayLike, *keys: npt.ArrayLike) -> Bools:
        """True with the given probability."""
        return self.uniform(stream, *keys) < np.asarray(probability)

    def normal(self, stream: str, *keys: npt.ArrayLike) -> Floats:
        """Standard normal numbers (Box and Muller's transformation of two uniforms)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(stream, *keys)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(stream + "/angle", *keys)), dtype=np.float64)

    def autoregressive(self, stream: str, ids: Ints, day: int, *, phi: float, sd: float, memory: int = 40) -> Floats:
        """An AR(1) process for each of ``ids``, at one day, without walking there from the first day.

        The process is written as its moving average over the last ``memory`` innovations; what lies further back weighs
        less than ``phi ** memory``.

        Args:
            stream: name of the process.
            ids: one process for each.
            day: ordinal of the day.
            phi: correlation of one day with the next.
            sd: standard deviation of the process itself.
            memory: innovations kept.
        """
        lags = np.arange(memory)
        innovations = self.normal(stream, ids[:, None], day - lags[None, :])
        return np.asarray(sd * np.sqrt(1.0 - phi**2) * (innovations @ phi**lags), dtype=np.float64)

    def _hash(self, stream: str, *keys: npt.ArrayLike) -> npt.NDArray[np.uint64]:
        with np.errstate(over="ignore"):  # wrapping around is what a hash does
            state: Any = _mix(np.asarray(self._seed ^ np.uint64(zlib.crc32(stream.encode()))) + _STEP)
            for key in keys:
                state = _mix(state + _STEP + np.asarray(key, dtype=np.int64).astype(np.uint64) * _MULTIPLIER_1)
        return np.asarray(state, dtype=np.uint64)


def _mix(value: Any) -> Any:
    value = (value ^ (value >> np.uint64(30))) * _MULTIPLIER_1
    value = (value ^ (value >> np.uint64(27))) * _MULTIPLIER_2
    return value ^ (value >> np.uint64(31))

"""When to try again: soon, never at once, never all cameras together, and rarely where it keeps failing."""

import random
import time
from collections import deque
from collections.abc import Callable

FLOOR_S = 0.5
# With a knock and the time to open a stream, below the three seconds in which a camera that recovered must be back.
CEILING_S = 1.2
TIRED_S = 15.0
_GROWTH = 1.6
_JITTER = 0.25


class RestartBudget:
    """So many restarts within a window; whoever has spent them is to be left alone for a while."""

    def __init__(self, limit: int = 12, window_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` counts seconds."""
        self.limit = limit
        self.window_s = window_s
        self._clock = clock
        self._spent_at: deque[float] = deque()

    def try_spend(self) -> bool:
        """Takes one restart out of the budget; False when it is spent."""
        now = self._clock()
        while self._spent_at and now - self._spent_at[0] > self.window_s:
            self._spent_at.popleft()
        if len(self._spent_at) >= self.limit:
            return False
        self._spent_at.append(now)
        return True


class Backoff:
    """How long one camera waits before its next attempt.

    The wait grows from ``FLOOR_S`` to ``CEILING_S`` and varies, so that cameras that fell together do not come back
    together. Opening the stream spends a budget, knocking does not: a camera that answers, and fails a dozen times in a
    minute, is asked every ``TIRED_S`` only.
    """

    def __init__(self, rng: random.Random, budget: RestartBudget) -> None:
        """``rng`` makes the jitter."""
        self._rng = rng
        self._budget = budget
        self._wait_s = FLOOR_S

    def succeeded(self) -> None:
        """Pictures come: the next failure is a first one."""
        self._wait_s = FLOOR_S

    def after_opening_s(self) -> float:
        """Seconds to wait after a stream that was opened, or nearly, has failed."""
        if self._budget.try_spend():
            return self.after_knocking_s()
        return TIRED_S * self._rng.uniform(1, 1 + _JITTER)

    def after_knocking_s(self) -> float:
        """Seconds to wait after a knock that nobody answered."""
        wait_s = self._wait_s
        self._wait_s = min(wait_s * _GROWTH, CEILING_S)
        return wait_s * self._rng.uniform(1 - _JITTER, 1)

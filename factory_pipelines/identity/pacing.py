"""How often, and whether at all, an outside service is asked: a shared rate and a circuit breaker."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Literal, TypeVar

_R = TypeVar("_R")


class SharedRate:
    """A token bucket for all threads of a process: each takes its turn, and waits for it outside the lock."""

    def __init__(
        self,
        per_s: float,
        *,
        burst: int = 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``per_s`` turns a second, and ``burst`` at once after a pause; ``clock`` and ``sleep`` count seconds."""
        self._gap_s = 1.0 / per_s
        self._burst_s = (burst - 1) * self._gap_s
        self._clock = clock
        self._sleep = sleep
        self._next_s = clock()
        self._lock = Lock()

    def take(self) -> float:
        """Waits for the next turn; returns how long that took, in seconds."""
        with self._lock:
            now = self._clock()
            turn_s = max(self._next_s, now - self._burst_s)
            self._next_s = turn_s + self._gap_s
        wait_s = turn_s - now
        if wait_s > 0:
            self._sleep(wait_s)
        return max(wait_s, 0.0)


class CircuitOpenError(RuntimeError):
    """The service failed several times in a row and is left alone for a while."""


class CircuitBreaker:
    """Leaves a failing service alone: after ``failures`` failed calls in a row nobody calls for ``pause_s``.

    Then one call is let through; its success closes the circuit, its failure opens it for another pause.
    """

    def __init__(
        self,
        failures: int,
        pause_s: float,
        *,
        counts: Callable[[BaseException], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``counts`` says whether an exception speaks against the service; others say that it is there."""
        self._most = failures
        self._pause_s = pause_s
        self._counts = counts
        self._clock = clock
        self._failed = 0
        self._open_until_s: float | None = None
        self._is_probing = False
        self._lock = Lock()

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """``closed``: calls pass; ``open``: none does; ``half_open``: the pause is over, the next call tries."""
        if self._open_until_s is None:
            return "closed"
        return "open" if self._clock() < self._open_until_s else "half_open"

    def call(self, function: Callable[[], _R]) -> _R:
        """Calls ``function``, or does not.

        Raises:
            CircuitOpenError: while the service is left alone, and while another thread tries it.
        """
        self._admit()
        try:
            result = function()
        except BaseException as error:
            self._note(failed=self._counts(error))
            raise
        self._note(failed=False)
        return result

    def _admit(self) -> None:
        with self._lock:
            if self._open_until_s is None:
                return
            wait_s = self._open_until_s - self._clock()
            if wait_s > 0 or self._is_probing:
                raise CircuitOpenError(f"the service failed {self._failed} times in a row: left alone for now")
            self._is_probing = True

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._is_probing = False
            self._failed = self._failed + 1 if failed else 0
            if not failed:
                self._open_until_s = None
            elif self._failed >= self._most:
                self._open_until_s = self._clock() + self._pause_s

"""What the matcher's calls came to, counted over all threads, for metrics."""

from collections import Counter
from threading import Lock
from typing import Literal

Outcome = Literal["ok", "no_face", "away", "refused", "not_called"]


class Tally:
    """Calls by operation and outcome, retries by operation and reason, seconds waited for the shared rate."""

    def __init__(self) -> None:
        """All counts begin at the start of the process."""
        self._calls: Counter[tuple[str, str]] = Counter()
        self._retries: Counter[tuple[str, str]] = Counter()
        self._paced_s = 0.0
        self._lock = Lock()

    def called(self, operation: str, outcome: Outcome) -> None:
        """One call ended: ``not_called`` where the circuit was open."""
        with self._lock:
            self._calls[operation, outcome] += 1

    def retried(self, operation: str, reason: str) -> None:
        """One retry."""
        with self._lock:
            self._retries[operation, reason] += 1

    def paced(self, wait_s: float) -> None:
        """So long was waited for the shared rate."""
        with self._lock:
            self._paced_s += wait_s

    def calls(self) -> dict[tuple[str, str], int]:
        """Calls by operation and outcome."""
        with self._lock:
            return dict(self._calls)

    def retries(self) -> dict[tuple[str, str], int]:
        """Retries by operation and reason."""
        with self._lock:
            return dict(self._retries)

    @property
    def paced_s(self) -> float:
        """Seconds that threads waited for the shared rate, together."""
        return self._paced_s

"""The newest picture of one camera: who looks late sees the newest one, and nothing ever queues up."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Condition

from factory_pipelines.vision.types import Image


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        seq: counts the pictures of this camera from 1; a gap means pictures nobody looked at in time.
        image: height × width × 3, blue, green, red; shared by all who look, so nobody writes into it.
        captured_at: when it was taken, or arrived.
        captured_s: the same on the clock of the slot, for ages.
    """

    seq: int
    image: Image
    captured_at: datetime
    captured_s: float


class LatestFrame:
    """A slot of one picture between one who takes pictures and any number who look at them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` counts seconds."""
        self._clock = clock
        self._changed = Condition()
        self._frame: Frame | None = None
        self._seq = 0
        self._seen_seq = 0
        self._is_closed = False
        self.overwritten = 0  # pictures replaced before anybody saw them

    def put(self, image: Image, captured_at: datetime, *, wait_s: float | None = None) -> Frame | None:
        """Replaces the picture.

        Args:
            image: not written to by anybody from now on.
            captured_at: when it was taken.
            wait_s: for a clip of which every picture counts: first waits so long for somebody to see the last one.

        Returns:
            The frame, or None where nobody saw the last one in time and it still stands.
        """
        with self._changed:
            if wait_s is not None and not self._changed.wait_for(self._may_replace, wait_s):
                return None
            if self._frame is not None and self._seen_seq < self._seq:
                self.overwritten += 1
            self._seq += 1
            frame = self._frame = Frame(self._seq, image, captured_at, self._clock())
            self._changed.notify_all()
            return frame

    def get(self, after_seq: int, timeout_s: float) -> Frame | None:
        """The newest picture after ``after_seq``, waited for; None when none comes in time or the slot is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._seq > after_seq, timeout_s)
            if self._frame is None or self._frame.seq <= after_seq:
                return None
            self._seen_seq = self._seq
            self._changed.notify_all()
            return self._frame

    def peek(self, after_seq: int, timeout_s: float) -> Frame | None:
        """As ``get``, for a look that does not count as one: nobody who waits to be seen is let go by it."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._seq > after_seq, timeout_s)
            return None if self._frame is None or self._frame.seq <= after_seq else self._frame

    @property
    def latest(self) -> Frame | None:
        """The newest picture, whoever has seen it; for a look that does not count as one."""
        return self._frame

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _may_replace(self) -> bool:
        return self._is_closed or self._seen_seq == self._seq

"""The simulated factory behind the protocol of an RTMS source."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import pandas as pd

from factory_pipelines.demo.factory import Factory

_BATCH_ROWS = 10_000


class DemoRtms:
    """RTMS of a factory that never was: past days are complete, today is partial, the future is empty.

    Args:
        factory: the simulated factory.
        now: the present moment, with a zone.
    """

    name = "demo"

    def __init__(self, factory: Factory, now: Callable[[], datetime]) -> None:
        self._factory = factory
        self._now = now

    def production(self, day: date) -> Iterator[pd.DataFrame]:
        """Rows of one production day as RTMS shows them now, in batches; none for a day without production."""
        now = self._now()
        today = self._factory.clock.production_day(now)
        if day > today:
            return
        frame = self._factory.production(day, until=now if day == today else None)
        for first in range(0, len(frame), _BATCH_ROWS):
            yield frame.iloc[first : first + _BATCH_ROWS].reset_index(drop=True)

    def supervisors(self) -> pd.DataFrame:
        """Who answers for which part of which line."""
        return self._factory.supervisors()

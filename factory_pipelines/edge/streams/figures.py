"""What came of each camera, minute by minute: the raw facts of its availability."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from factory_pipelines.edge.streams.stream import StreamStatus
from factory_pipelines.plant.clock import PlantClock

# A worker that was suspended for longer (a machine asleep) was not there to look.
_LONGEST_STEP_S = 5.0


@dataclass
class _Minute:
    watched_s: float = 0.0
    fresh_s: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    reason: str | None = None


class MinuteFigures:
    """Adds up looks at the cameras, and gives a record for each camera and finished minute."""

    def __init__(self, clock: PlantClock, started_at: datetime) -> None:
        """``started_at`` tells this worker's minutes from those of the one before it."""
        self._clock = clock
        self._started_at = started_at
        self._minute: datetime | None = None
        self._looked_at: datetime | None = None
        self._minutes: dict[str, _Minute] = {}
        self._totals: dict[str, dict[str, int]] = {}

    def look(
        self, statuses: Iterable[StreamStatus], looked_at_counts: Mapping[str, tuple[int, int]], now: datetime
    ) -> list[dict[str, Any]]:
        """Counts one look; returns the records of the minute that has ended with it, if one has.

        Args:
            statuses: of all cameras, at this moment.
            looked_at_counts: per camera, pictures processed and failed since the worker's start.
            now: the present.
        """
        minute = now.replace(second=0, microsecond=0)
        finished = [] if self._minute in (None, minute) else self.finish()
        step_s = 0.0 if self._looked_at is None else (now - self._looked_at).total_seconds()
        self._minute, self._looked_at = minute, now
        watched_s = step_s if 0 < step_s <= _LONGEST_STEP_S else 0.0
        for status in statuses:
            self._add(status, *looked_at_counts.get(status.name, (0, 0)), watched_s)
        return finished

    def finish(self) -> list[dict[str, Any]]:
        """The records of the minute so far, which is over with this."""
        if self._minute is None:
            return []
        wall = self._minute.astimezone(self._clock.zone)
        about = {
            "minute_start": self._minute,
            "worker_started_at": self._started_at,
            "production_day": self._clock.production_day(self._minute),
            "hour_start": wall.replace(minute=0),
        }
        records = [
            {
                **about,
                "camera_name": name,
                "watched_s": round(minute.watched_s, 3),
                "fresh_s": round(minute.fresh_s, 3),
                **minute.counts,
                "reason": minute.reason,
            }
            for name, minute in sorted(self._minutes.items())
        ]
        self._minutes = {}
        self._minute = None
        return records

    def _add(self, status: StreamStatus, processed: int, failed: int, watched_s: float) -> None:
        minute = self._minutes.setdefault(status.name, _Minute())
        room_s = max(60.0 - minute.watched_s, 0.0)
        minute.watched_s += min(watched_s, room_s)
        if status.is_fresh:
            minute.fresh_s += min(watched_s, room_s)
        elif status.reason is not None:
            minute.reason = status.reason
        totals = {
            "captured_count": status.captured,
            "processed_count": processed,
            "damaged_count": status.damaged,
            "overwritten_count": status.overwritten,
            "failed_count": failed,
            "reconnect_count": status.reconnects,
        }
        before = self._totals.get(status.name, {})
        for name, total in totals.items():
            # A camera that was configured anew counts from zero again.
            grown = total - before.get(name, 0)
            minute.counts[name] = minute.counts.get(name, 0) + (grown if grown >= 0 else total)
        self._totals[status.name] = totals

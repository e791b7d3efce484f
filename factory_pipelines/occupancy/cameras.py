"""What cameras say of areas that have no doors to count: the newest count of each, as long as none is silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from factory_pipelines.occupancy.doors import Count

_LEAST_SD = 0.5
_SHARE_SD = 0.05


class CameraCount(NamedTuple):
    """People a camera sees at a moment, or (``people`` None) a sign of its life; ``alive_until`` as of a crossing."""

    at: datetime
    camera_id: str
    people: int | None
    key: str
    alive_until: datetime | None = None


@dataclass(slots=True)
class CameraView:
    """The cameras of one area; takes counts in order of time. ``max_silence`` of each: how long it may say nothing."""

    max_silence: Mapping[str, timedelta]
    _newest: dict[str, int] = field(default_factory=dict)
    _last_sign: dict[str, datetime] = field(default_factory=dict)

    def take(self, count: CameraCount) -> None:
        """The next count or sign of life; after a silence only a new count says anything."""
        before = self._last_sign.get(count.camera_id)
        if before is not None and count.at - before > self.max_silence[count.camera_id]:
            self._newest.pop(count.camera_id, None)
        self._last_sign[count.camera_id] = count.alive_until or count.at
        if count.people is not None:
            self._newest[count.camera_id] = count.people

    def silent(self, at: datetime) -> list[str]:
        """Cameras without a sign of life for too long."""
        signs = self._last_sign
        return sorted(c for c, longest in self.max_silence.items() if c not in signs or at - signs[c] > longest)

    def read(self, at: datetime) -> Count | None:
        """People seen by all cameras of the area together; None where one is silent or has not counted yet."""
        if not self.max_silence or self.silent(at) or len(self._newest) < len(self.max_silence):
            return None
        people = sum(self._newest.values())
        return Count(float(people), _LEAST_SD + _SHARE_SD * people)

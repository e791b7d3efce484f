"""From detections of single pictures to tracks: who is who from one picture to the next.

Each step predicts every track (``kalman.py``), finds which detection shows it (``matching.py``), and corrects it
(``paths.py``). A track is believed after ``confirm_hits`` pictures; one that is not seen goes on unseen for
``max_lost_s`` and takes up its number again where it reappears.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from factory_pipelines.vision.matching import match
from factory_pipelines.vision.paths import Path, share
from factory_pipelines.vision.types import Box, Detection, Track


@dataclass(frozen=True, slots=True)
class Followed:
    """A track after a step, and how it was seen.

    Attributes:
        track: the track.
        is_seen: in this picture, alone or merged with others; otherwise its box is a prediction.
        is_merged: it shares its detection with other tracks.
    """

    track: Track
    is_seen: bool
    is_merged: bool


@dataclass(slots=True)
class Tracker:
    """Follows what one camera's detector finds. Boxes may have any unit; it is the same in every step.

    Attributes:
        confirm_hits: pictures that must show a track before it is believed.
        max_lost_s: how long a believed track is expected back.
        max_tentative_s: how long one that is not yet believed is.
        gate: greatest distance between prediction and detection, in sizes of the track, beyond its uncertainty.
    """

    confirm_hits: int = 3
    max_lost_s: float = 2.0
    max_tentative_s: float = 0.5
    gate: float = 0.5
    _paths: list[Path] = field(default_factory=list)
    _last_id: int = 0
    _stepped_at: datetime | None = None

    def step(self, detections: Sequence[Detection], at: datetime, frame: Box) -> list[Followed]:
        """All tracks after one more picture, oldest first; those that are not yet believed are marked.

        Args:
            detections: what the picture shows.
            at: when it was taken. Where time runs backwards, as after a camera's clock is set, tracks begin anew.
            frame: the edges of the picture: a track that is expected beyond them has left.
        """
        elapsed_s = (at - self._stepped_at).total_seconds() if self._stepped_at else 0.0
        if elapsed_s < 0:
            self.restart()
            elapsed_s = 0.0
        self._stepped_at = at
        for path in self._paths:
            path.predict(elapsed_s)
        matches = match(self._paths, detections, self.gate)
        merged = set()
        for number, owners in matches.owners.items():
            if len(owners) == 1:
                owners[0].take(matches.boxes[number], detections[number], at, frame)
            else:
                share(owners, matches.boxes[number], at)
                merged |= {path.track_id for path in owners}
        for detection in matches.unclaimed:
            self._last_id += 1
            self._paths.append(Path.begin(self._last_id, detection, at))
        self._judge(at, frame)
        return [_followed(path, at, path.track_id in merged) for path in self._paths]

    def restart(self) -> None:
        """Forgets all tracks; their numbers are not used again."""
        self._paths = []

    def _judge(self, at: datetime, frame: Box) -> None:
        """Believes what was seen often enough and forgets what left or was not seen for too long."""
        kept = []
        for path in self._paths:
            path.is_confirmed = path.is_confirmed or path.hits >= self.confirm_hits
            if path.seen_at != at:
                path.miss()
                patience_s = self.max_lost_s if path.is_confirmed else self.max_tentative_s
                if (at - path.seen_at).total_seconds() > patience_s or not _is_inside(path.box.centre, frame):
                    continue
            kept.append(path)
        self._paths = kept


def _is_inside(point: tuple[float, float], frame: Box) -> bool:
    return frame.x1 <= point[0] <= frame.x2 and frame.y1 <= point[1] <= frame.y2


def _followed(path: Path, at: datetime, is_merged: bool) -> Followed:
    return Followed(path.track(), path.seen_at == at, is_merged)

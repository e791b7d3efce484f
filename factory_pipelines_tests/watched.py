"""Rendered scenes watched by the default detector, and what was counted against what was true."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from factory_pipelines.demo.scenes import Scene, TrueCrossing
from factory_pipelines.vision.lines import Line
from factory_pipelines.vision.motion import MotionDetector
from factory_pipelines.vision.scene import SceneWatcher

_MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
# The band's far side is left some tenths of a second after the line itself.
_TOLERANCE_S = 2.5


@dataclass(frozen=True)
class Event:
    """A crossing as it was counted, ``at_s`` in the scene's seconds."""

    at_s: float
    direction: str
    label: str
    track_id: int


@dataclass(frozen=True)
class Verdict:
    """Counted against true: per direction, true crossings that nothing was counted for, and events without one."""

    true: Counter[str]
    counted: Counter[str]
    missed: list[TrueCrossing]
    made_up: list[Event]


def moment(at_s: float) -> datetime:
    """The time of a scene's second."""
    return _MIDNIGHT + timedelta(seconds=at_s)


def watcher_of(scene: Scene, camera_id: str = "camera") -> SceneWatcher:
    """A watcher with the default detector and the scene's line."""
    return SceneWatcher(camera_id, MotionDetector(), lines=[Line("door", *scene.view.line)])


def watched(scene: Scene, since_s: float, until_s: float, *, fps: float = 5.0) -> list[Event]:
    """What is counted from one second to another."""
    watcher = watcher_of(scene)
    events = []
    for number in range(round((until_s - since_s) * fps)):
        at_s = since_s + number / fps
        crossings = watcher.step(scene.picture(at_s), moment(at_s)).crossings
        events += [Event(at_s, one.direction, one.label, one.track_id) for one in crossings]
    return events


def judged(events: Sequence[Event], true: Sequence[TrueCrossing]) -> Verdict:
    """Each true crossing with the event nearest to it in time, of its direction; each event is used once."""
    left = list(events)
    missed = []
    for one in true:
        near = [e for e in left if e.direction == one.direction and abs(e.at_s - one.at_s) <= _TOLERANCE_S]
        if near:
            left.remove(min(near, key=lambda event: abs(event.at_s - one.at_s)))
        else:
            missed.append(one)
    return Verdict(Counter(t.direction for t in true), Counter(e.direction for e in events), missed, left)

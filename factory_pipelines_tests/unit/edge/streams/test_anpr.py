"""Tracks, reads and decisions at a gate's camera, with a gate that writes down what it is asked."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.anpr import GateCameras, PlateRules, PlateWatcher
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.decisions import Direction, GateRules, Sighting, decide
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.lists import PlateIndex
from factory_pipelines.gate.service import Answer
from factory_pipelines.vision.scene import SceneResult
from factory_pipelines.vision.types import Box, Crossing, Image, Track
from factory_pipelines_tests.unit.vision.plate_scripts import scripted

NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
PICTURE = np.full((300, 400, 3), 90, np.uint8)
GATE = CameraConfig(name="north", source_url="rtsp://camera/1", role="gate", gate_id="main")
INDIA = grammar_for("IN")


class WrittenDown:
    """A gate without a database."""

    def __init__(self) -> None:
        self.rules = GateRules(INDIA)
        self.asked: list[tuple[list[Read], str, int | None, Direction | None, str]] = []
        self.is_full = False

    def decide(
        self,
        reads: list[Read],
        *,
        gate_id: str,
        track_id: int | None,
        direction: Direction | None,
        at: datetime,
        source: str,
    ) -> Answer:
        if self.is_full:
            raise OSError("no space left on device")
        self.asked.append((reads, gate_id, track_id, direction, source))
        decision = decide(Sighting(reads, at, gate_id, track_id, direction), self.rules, PlateIndex())
        return Answer(decision, f"event-{len(self.asked)}", True, 0.1)


class Kept:
    """Evidence, in memory."""

    def __init__(self) -> None:
        self.pictures: list[tuple[int, tuple[int, ...]]] = []

    def __call__(self, camera: CameraConfig, track_id: int, at: datetime, image: Image) -> str | None:
        self.pictures.append((track_id, image.shape))
        return "plates/2026-03-02/x.jpg"


def tracked(track_id: int, *, width: float = 200, label: str = "vehicle", is_confirmed: bool = True) -> Track:
    return Track(track_id, Box(20, 20, 20 + width, 220), label, 0.9, is_confirmed)


Play = Callable[..., list[Answer]]


def player(watcher: PlateWatcher, camera: CameraConfig = GATE) -> Play:
    """Shows pictures, five in a second, from where the last ended."""
    seq = 0

    def play(tracks: Sequence[Track], pictures: int = 1, crossings: Sequence[Crossing] = ()) -> list[Answer]:
        nonlocal seq
        answers = []
        for _ in range(pictures):
            seq += 1
            at = NOW + timedelta(seconds=0.2 * seq)
            result = SceneResult((), tuple(tracks), tuple(crossings), {})
            answers += watcher(camera, Frame(seq, PICTURE, at, 0.2 * seq), result)
        return answers

    return play


def test_a_vehicle_is_decided_once_when_its_reads_agree() -> None:
    gate, kept = WrittenDown(), Kept()
    play = player(PlateWatcher(gate, scripted("KA01AB1234"), kept))
    answers = play([tracked(7)], 30)
    assert [answer.decision.plate_number for answer in answers] == ["KA01AB1234"]
    [(reads, gate_id, track_id, direction, source)] = gate.asked
    assert 2 <= len(reads) <= 4
    assert (gate_id, track_id, direction, source) == ("main", 7, None, "camera:north")
    assert len(kept.pictures) == len(reads)
    assert kept.pictures[0] == (7, (26, 106, 3))  # the plate and a little around it
    assert play([], 20) == []


def test_reads_that_disagree_wait_for_more_and_decide_nothing_valid() -> None:
    gate = WrittenDown()
    watcher = PlateWatcher(
        gate, scripted(*["KA01AB1234", "MH12DE1433"] * 20), Kept(), PlateRules(enough_reads=6, max_looks=40)
    )
    [answer] = player(watcher)([tracked(7)], 30)
    assert not answer.decision.valid
    assert watcher.reads == 6
    assert len(gate.asked[0][0]) == 1  # a doubtful one, for what has not settled
    assert watcher.refusals[answer.decision.reason or ""] == 1


def test_a_vehicle_that_leaves_is_decided_by_what_was_read() -> None:
    gate = WrittenDown()
    play = player(PlateWatcher(gate, scripted("KA01AB1234"), Kept()))
    assert play([tracked(7)]) == []
    assert len(play([], 20)) == 1
    assert len(gate.asked[0][0]) == 1


def test_a_vehicle_without_a_read_is_counted_and_forgotten() -> None:
    gate = WrittenDown()
    watcher = PlateWatcher(gate, scripted(None), Kept(), PlateRules(max_looks=5))
    play = player(watcher)
    play([tracked(7)], 12)
    play([], 20)
    assert gate.asked == []
    assert watcher.refusals == {"unreadable": 5, "unread": 1}


def test_the_direction_is_that_of_the_line_crossed() -> None:
    gate = WrittenDown()
    play = player(PlateWatcher(gate, scripted("KA01AB1234"), Kept()))
    crossing = Crossing("gate", 7, "vehicle", "in", 0.9, NOW, Box(0, 0, 1, 1))
    play([tracked(7)], 1, [crossing])
    play([], 20)
    assert gate.asked[0][3] == "in"


def test_one_vehicle_a_picture_is_looked_at_and_each_gets_its_turn() -> None:
    gate, kept = WrittenDown(), Kept()
    play = player(PlateWatcher(gate, scripted("KA01AB1234"), kept))
    play([tracked(1, width=100), tracked(2), tracked(3, label="person"), tracked(4, is_confirmed=False)], 4)
    assert [track_id for track_id, _ in kept.pictures] == [2, 1, 2, 1]


def test_what_is_no_plate_here_is_counted_by_the_reason_of_the_grammar() -> None:
    watcher = PlateWatcher(WrittenDown(), scripted("WOBVW99"), Kept(), PlateRules(max_looks=3))
    player(watcher)([tracked(7)], 9)
    assert watcher.refusals == {"format": 3}


def test_a_gate_that_cannot_write_is_asked_again_with_the_next_picture() -> None:
    gate = WrittenDown()
    gate.is_full = True
    watcher = PlateWatcher(gate, scripted("KA01AB1234"), Kept(), PlateRules(enough_reads=2))
    play = player(watcher)
    play([tracked(7)])
    with pytest.raises(OSError, match="no space"):
        play([tracked(7)], 1)
    gate.is_full = False
    assert len(play([tracked(7)])) == 1


@pytest.mark.parametrize("camera", [GATE.model_copy(update={"role": "view"})])
def test_other_cameras_are_left_alone(camera: CameraConfig) -> None:
    opened = []

    def open_reader() -> object:
        opened.append(1)
        return scripted("KA01AB1234")

    gates: list[WrittenDown] = []
    cameras = GateCameras(lambda: gates[0] if gates else None, Kept(), open_reader)  # type: ignore[arg-type]
    result = SceneResult((), (tracked(7),), (), {})
    cameras(camera, Frame(1, PICTURE, NOW, 0.0), result)
    cameras(GATE, Frame(1, PICTURE, NOW, 0.0), result)  # the gate is not there yet
    assert not opened
    gates.append(WrittenDown())
    cameras(GATE, Frame(1, PICTURE, NOW, 0.0), result)
    cameras(GATE, Frame(2, PICTURE, NOW, 0.2), None)
    assert len(opened) == 1
    assert cameras.watchers()["north"].reads == 1

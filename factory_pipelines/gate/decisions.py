"""What the gate does about a read: three layers, one vehicle once, and never open on a guess.

1. the confidence is above the threshold (0.85); 2. the text is a plate; 3. the lists say whose. Only an exact,
authorised plate that is not also blocked opens. One that resembles a listed plate is a warning for the guard, no more.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from factory_pipelines.gate.agreement import Agreement, Read, agree
from factory_pipelines.gate.grammar import Grammar
from factory_pipelines.gate.lists import PlateIndex, Standing, Status
from factory_pipelines.gate.plates import NoPlate, Plate, Reason, parse

Direction = Literal["in", "out"]


class ReadError(ValueError):
    """A read that no camera can have made, such as a confidence of 1.7."""


@dataclass(frozen=True, slots=True)
class GateRules:
    """How the gate decides.

    Attributes:
        grammar: what plates look like here.
        min_confidence: a read counts when its confidence is above this.
        min_reads: with several reads of one vehicle, fewer usable ones decide nothing.
        open_min_reads: an authorised plate opens when at least so many reads agree on it.
        same_vehicle: within this time the same plate, or the same track, at the same gate is the same vehicle.
    """

    grammar: Grammar
    min_confidence: float = 0.85
    min_reads: int = 2
    open_min_reads: int = 1
    same_vehicle: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One vehicle as a camera reports it.

    Attributes:
        reads: what OCR saw, one read a frame; one is enough where only one was made.
        at: when.
        gate_id: which gate.
        track_id: the camera's number for the vehicle; None where it does not track.
        direction: which way it went, where that is known.
    """

    reads: Sequence[Read]
    at: datetime
    gate_id: str = "main"
    track_id: int | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate decided.

    Attributes:
        valid: the read passed confidence and format.
        plate_number: the plate; None when the read is not valid.
        confidence: of the single read as given, of several the calibrated agreement; None where there was none.
        status: whose it is; UNKNOWN also for whatever is not valid.
        should_trigger_gate_event: valid, and not a repetition of the same vehicle.
        alert_message: for a blocked vehicle.
        opens: the barrier may open.
        reason: why the read was not valid.
        detail: the same, in words.
        warning: what the guard should look at; never a reason to open.
        resembles: the listed plate that the warning is about.
        format: format of the plate.
        corrections: look-alikes that were put right.
        read_count: reads that counted.
        list_entry_id: the line of the lists that decided.
        repetition: the same vehicle was decided upon a moment ago.
    """

    valid: bool
    plate_number: str | None
    confidence: float | None
    status: Status
    should_trigger_gate_event: bool
    alert_message: str | None
    opens: bool
    reason: Reason | None = None
    detail: str | None = None
    warning: str | None = None
    resembles: str | None = None
    format: str | None = None
    corrections: int = 0
    read_count: int = 1
    list_entry_id: int | None = None
    repetition: bool = False


def recognise(sighting: Sighting, rules: GateRules) -> tuple[Plate | NoPlate, float | None, int]:
    """Layers one and two: the plate, its confidence and how many reads it rests on; or why there is none.

    Raises:
        ReadError: when there is no read, or a confidence is no number from 0 to 1.
    """
    reads = sighting.reads
    if not reads:
        raise ReadError("a sighting needs at least one read")
    for read in reads:
        if not (math.isfinite(read.confidence) and 0.0 <= read.confidence <= 1.0):
            raise ReadError(f"confidence {read.confidence} is no number from 0 to 1")
    if len(reads) == 1:
        found: Plate | NoPlate = parse(reads[0].text, rules.grammar)
        confidence: float | None = reads[0].confidence
        count = 1
    else:
        agreed = agree(reads, rules.grammar, min_reads=rules.min_reads)
        if isinstance(agreed, Agreement):
            found, confidence, count = agreed.plate, agreed.confidence, agreed.read_count
        else:
            return agreed, None, len(reads)
    # The reason that helps most comes first: what is no plate stays none, however sure the OCR is.
    if isinstance(found, Plate) and confidence is not None and not confidence > rules.min_confidence:
        detail = f"confidence {confidence:.2f} is not above {rules.min_confidence:.2f}"
        return NoPlate("confidence", detail, found.text), confidence, count
    return found, confidence, count


def decide(sighting: Sighting, rules: GateRules, index: PlateIndex) -> Decision:
    """All three layers, for a vehicle that was not seen before.

    Raises:
        ReadError: when the sighting holds no usable confidence.
    """
    found, confidence, count = recognise(sighting, rules)
    if isinstance(found, NoPlate):
        return Decision(
            False, None, confidence, "UNKNOWN", False, None, False, found.reason, found.detail, read_count=count
        )
    decision = _unlisted(found, confidence, count, sighting.at, index)
    return with_standing(decision, index.standing(found.text, sighting.at), rules)


def with_standing(decision: Decision, now_known: Standing, rules: GateRules) -> Decision:
    """The decision with what the lists (the database, where it can be asked) say of its plate: whether it opens."""
    if not decision.valid or decision.plate_number is None:
        return decision
    entry = now_known.entry
    warning = resembles = None
    enough = decision.read_count >= rules.open_min_reads
    if now_known.status == "UNKNOWN":
        warning, resembles = decision.warning, decision.resembles
    elif now_known.status == "AUTHORIZED" and not enough:
        warning = f"authorised, but {decision.read_count} read is too little to open by: look before you decide"
    return replace(
        decision,
        status=now_known.status,
        opens=now_known.status == "AUTHORIZED" and enough,
        alert_message=_alert(decision.plate_number, now_known),
        list_entry_id=entry.entry_id if entry else None,
        warning=warning,
        resembles=resembles,
    )


def _unlisted(plate: Plate, confidence: float | None, count: int, at: datetime, index: PlateIndex) -> Decision:
    """The decision for a plate that is on no list, with what it resembles."""
    warning = resembles = None
    near = index.resembling(plate.text, at)
    if near is not None:
        resembles = near.plate
        what = "blocked" if near.status == "BLOCKED" else "authorised"
        warning = f"{plate.text} is unknown and resembles {what} {near.plate}: look before you decide"
    return Decision(
        valid=True,
        plate_number=plate.text,
        confidence=confidence,
        status="UNKNOWN",
        should_trigger_gate_event=True,
        alert_message=None,
        opens=False,
        warning=warning,
        resembles=resembles,
        format=plate.format,
        corrections=plate.corrections,
        read_count=count,
    )


def _alert(plate: str, known: Standing) -> str | None:
    if known.status != "BLOCKED" or known.entry is None:
        return None
    return f"BLOCKED vehicle {plate} at the gate: {known.entry.reason} (entered by {known.entry.officer})"


def _like(one: str, other: str) -> bool:
    """Whether two readings may be of one plate: cameras count their tracks anew after a restart."""
    if abs(len(one) - len(other)) > 1:
        return False
    return len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) <= 2


@dataclass(slots=True)
class _Seen:
    plate: str
    status: Status
    at: datetime
    direction: Direction | None


@dataclass(slots=True)
class RecentVehicles:
    """Who was at which gate within the last moments. Not thread-safe: the caller holds a lock.

    A repetition triggers no second event. Within one track the stricter decision stays: once blocked, a later read
    of the same vehicle does not open.
    """

    same_vehicle: timedelta
    limit: int = 10_000
    _by_plate: "OrderedDict[tuple[str, str], _Seen]" = field(default_factory=OrderedDict)
    _by_track: "OrderedDict[tuple[str, int], _Seen]" = field(default_factory=OrderedDict)

    def remember(self, decision: Decision, sighting: Sighting) -> None:
        """Notes a decided vehicle; what was no plate is not a vehicle."""
        if decision.plate_number is None:
            return
        seen = _Seen(decision.plate_number, decision.status, sighting.at, sighting.direction)
        self._keep(self._by_plate, (sighting.gate_id, decision.plate_number), seen)
        if sighting.track_id is not None:
            self._keep(self._by_track, (sighting.gate_id, sighting.track_id), seen)

    def judge(self, decision: Decision, sighting: Sighting) -> Decision:
        """``decision`` as it stands beside what was decided a moment ago."""
        if not decision.valid or decision.plate_number is None:
            return decision
        same_plate = self._fresh(self._by_plate.get((sighting.gate_id, decision.plate_number)), sighting)
        same_track = None
        if sighting.track_id is not None:
            same_track = self._fresh(self._by_track.get((sighting.gate_id, sighting.track_id)), sighting)
        if same_track is not None and same_track.status == "BLOCKED" and decision.opens:
            return replace(
                decision,
                opens=False,
                should_trigger_gate_event=True,
                warning=f"the same vehicle was read as blocked {same_track.plate} a moment ago: look before you decide",
                resembles=same_track.plate,
            )
        # Another reading of the same vehicle is news only when it says something else about it.
        repeated = same_plate is not None and same_plate.status == decision.status
        rephrased = (
            same_track is not None
            and same_track.status == decision.status
            and _like(same_track.plate, decision.plate_number)
        )
        if repeated or rephrased:
            return replace(decision, should_trigger_gate_event=False, repetition=True)
        return decision

    def _fresh(self, seen: _Seen | None, sighting: Sighting) -> _Seen | None:
        if seen is None or abs(sighting.at - seen.at) > self.same_vehicle:
            return None
        if sighting.direction and seen.direction and sighting.direction != seen.direction:
            return None  # in and out again is two passages
        return seen

    def _keep(self, shelf: "OrderedDict[tuple[str, Any], _Seen]", key: tuple[str, Any], seen: _Seen) -> None:
        shelf[key] = seen
        shelf.move_to_end(key)
        while len(shelf) > self.limit:
            shelf.popitem(last=False)

"""What may be asked of the gate over HTTP, and what the answers look like. The seed's names are kept to the letter."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from factory_pipelines.gate.agreement import MAX_READS, Read
from factory_pipelines.gate.service import Answer

ListKind = Literal["authorized", "blocked", "temporary"]
Status = Literal["AUTHORIZED", "BLOCKED", "UNKNOWN"]
Direction = Literal["in", "out"]

# Generous to what a camera may deliver; what is longer is no read of a plate but somebody trying the door.
_Text = Annotated[str, Field(max_length=256)]
_Confidence = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
# One line with something to see in it.
_Words = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
_GateId = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]


def _number(value: object) -> object:
    # Left alone, `true` would be track 1 and "5" track 5.
    if isinstance(value, bool | str):
        raise ValueError("write a whole number")
    return value


_TrackId = Annotated[int, BeforeValidator(_number), Field(ge=0, le=2**63 - 1)]


class OneRead(BaseModel):
    """What OCR saw in one frame."""

    model_config = ConfigDict(extra="forbid")

    text: _Text = Field(examples=["KA 01 AB 1234"])
    confidence: _Confidence


def _one_or_the_other(schema: dict[str, Any]) -> None:
    """Says in the document what the validator below demands."""
    for name in ("ocr_text", "ocr_confidence", "reads"):
        branches = schema["properties"][name].pop("anyOf")
        schema["properties"][name].update(branches[0])
        schema["properties"][name].pop("default", None)
    schema["oneOf"] = [{"required": ["ocr_text", "ocr_confidence"]}, {"required": ["reads"]}]
    schema["not"] = {"anyOf": [{"required": ["reads", one]} for one in ("ocr_text", "ocr_confidence")]}


class PlateQuestion(BaseModel):
    """One read of a vehicle, or all reads of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_one_or_the_other)

    ocr_text: _Text | None = Field(None, description="What OCR read.", examples=["KA 01 AB 1234"])
    ocr_confidence: _Confidence | None = Field(None, description="How sure it was, 0 to 1.", examples=[0.92])
    vehicle_track_id: _TrackId | None = Field(None, description="The camera's number for the vehicle.")
    gate_id: _GateId = Field("main", description="Which gate.")
    direction: Direction | None = Field(None, description="Which way the vehicle went, where that is known.")
    reads: list[OneRead] | None = Field(
        None,
        min_length=1,
        max_length=MAX_READS,
        description="Instead of ocr_text: the reads of several frames, to agree on one plate.",
    )

    @model_validator(mode="after")
    def _one_or_several(self) -> "PlateQuestion":
        single = self.ocr_text is not None and self.ocr_confidence is not None
        given = self.model_fields_set & {"ocr_text", "ocr_confidence", "reads"}
        if (self.reads is None and not single) or any(getattr(self, name) is None for name in given):
            raise ValueError("give ocr_text and ocr_confidence, or reads")
        if self.reads is not None and (self.ocr_text is not None or self.ocr_confidence is not None):
            raise ValueError("give ocr_text and ocr_confidence or reads, not both")
        return self

    def as_reads(self) -> list[Read]:
        """The reads, one or several."""
        if self.reads is not None:
            return [Read(read.text, read.confidence) for read in self.reads]
        return [Read(self.ocr_text or "", self.ocr_confidence or 0.0)]


class PlateAnswer(BaseModel):
    """What the gate decided; the first six fields are the seed's."""

    valid: bool = Field(description="Confidence and format passed.")
    plate_number: str | None = Field(description="The plate; null when not valid.", examples=["KA01AB1234"])
    confidence: float | None = Field(description="Of the read; of several reads, the calibrated agreement.")
    status: Status
    should_trigger_gate_event: bool = Field(description="Valid, and not the same vehicle as a moment ago.")
    alert_message: str | None = Field(description="For a blocked vehicle.")
    opens: bool = Field(description="The barrier may open. True for an exact, authorised plate alone.")
    reason: str | None = Field(description="Why it is not valid; for programs.", examples=["format"])
    detail: str | None = Field(description="The same, for people.")
    warning: str | None = Field(description="What the guard should look at; never a reason to open.")
    resembles: str | None = Field(description="The listed plate that the warning is about.")
    plate_format: str | None = Field(examples=["standard"])
    corrections: int = Field(description="Look-alikes that were put right by position.")
    read_count: int = Field(description="Reads that the decision rests on.")
    is_repetition: bool
    confirmed: bool = Field(description="The database agreed; false: from memory, because it is away.")
    vehicle_track_id: int | None
    event_id: str = Field(description="The decision in gate.gate_events.")

    @classmethod
    def of(cls, answer: Answer, track_id: int | None) -> "PlateAnswer":
        """The answer as the caller sees it."""
        decision = answer.decision
        return cls(
            valid=decision.valid,
            plate_number=decision.plate_number,
            confidence=decision.confidence,
            status=decision.status,
            should_trigger_gate_event=decision.should_trigger_gate_event,
            alert_message=decision.alert_message,
            opens=decision.opens,
            reason=decision.reason,
            detail=decision.detail,
            warning=decision.warning,
            resembles=decision.resembles,
            plate_format=decision.format,
            corrections=decision.corrections,
            read_count=decision.read_count,
            is_repetition=decision.repetition,
            confirmed=answer.confirmed,
            vehicle_track_id=track_id,
            event_id=answer.event_id,
        )


class Registration(BaseModel):
    """A plate for a list."""

    model_config = ConfigDict(extra="forbid")

    plate_number: _Text = Field(examples=["KA01AB1234"])
    reason: _Words = Field(examples=["Stolen vehicle"])
    officer: _Words = Field(examples=["Officer_Smith"])
    valid_from: AwareDatetime | None = Field(None, description="Default: now. With a zone.")
    valid_until: AwareDatetime | None = Field(
        None, description="First instant at which it no longer counts; a temporary line needs it."
    )


class Withdrawal(BaseModel):
    """The end of a line."""

    model_config = ConfigDict(extra="forbid")

    plate_number: _Text
    reason: _Words
    officer: _Words


class Settlement(BaseModel):
    """What became of an unknown plate that enters no list."""

    model_config = ConfigDict(extra="forbid")

    settlement: _Words = Field(examples=["visitor, turned away"])
    officer: _Words


class ListLine(BaseModel):
    """A line of a list."""

    entry_id: int
    plate_number: str
    kind: ListKind
    reason: str
    officer: str
    valid_from: datetime
    valid_until: datetime | None
    entered_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "ListLine":
        """A row of gate.vehicle_list."""
        return cls(plate_number=row["plate"], **{name: value for name, value in row.items() if name != "plate"})


class ListLines(BaseModel):
    """Lines, the newest first."""

    count: int
    lines: list[ListLine]


class UnknownPlate(BaseModel):
    """A plate that nobody knows yet."""

    plate_number: str
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int
    last_gate_id: str
    resembles: str | None


class UnknownPlates(BaseModel):
    """The queue, the latest first."""

    count: int
    plates: list[UnknownPlate]


class GateStatistics(BaseModel):
    """The seed's figures, and what the gates saw lately."""

    blocked_vehicles: int
    authorized_vehicles: int
    temporary_vehicles: int
    ocr_threshold: float
    plate_profile: str
    hours: int = Field(description="The figures below are of so many hours.")
    reads: int
    passages: int = Field(description="Valid reads that were no repetition.")
    authorized_passages: int
    blocked_passages: int
    unknown_passages: int
    repetitions: int
    opened: int
    rejected: int
    rejected_by_reason: dict[str, int]
    unconfirmed: int = Field(description="Decided while the database was away.")
    unknown_waiting: int = Field(description="Plates in the queue of unknown ones.")
    events_waiting: int = Field(description="Events on this process's disk that the database has not got yet.")


class GateEvent(BaseModel):
    """One decision."""

    event_id: str
    decided_at: datetime
    gate_id: str
    direction: Direction | None
    vehicle_track_id: int | None
    raw_text: str
    read_count: int
    confidence: float | None
    valid: bool
    plate_number: str | None
    status: Status
    reason: str | None
    opened: bool
    is_repetition: bool
    warning: str | None
    confirmed: bool


class GateEvents(BaseModel):
    """Decisions, the newest first."""

    count: int
    events: list[GateEvent]

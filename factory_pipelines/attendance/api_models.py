"""What the attendance routes take and give."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from factory_pipelines.plant.codes import CODE_PATTERN

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


def _iso_day(value: object) -> object:
    # Without this, "0" would be a valid day: the first of January 1970.
    if isinstance(value, str) and not _ISO_DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


def _wall_time(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_CLOCK[1:-1], value):
        raise ValueError("a wall time is written HH:MM or HH:MM:SS")
    return value


def whole(value: object) -> object:
    """A JSON number without a fraction as an int: 5.0 is one, "5" and true are none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Day = Annotated[date, BeforeValidator(_iso_day)]
WallTime = Annotated[time, BeforeValidator(_wall_time), WithJsonSchema({"type": "string", "pattern": _CLOCK})]


# Said in the document only: `read_event` decides, so that a bad event is kept and its neighbours in a list are taken.
_Code = Annotated[str, WithJsonSchema({"type": "string", "pattern": CODE_PATTERN, "maxLength": 100})]
_Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class ShiftData(BaseModel):
    """A shift as the caller knows it; used where the roster has none."""

    model_config = ConfigDict(extra="forbid")

    start_time: WallTime = Field(examples=["08:00:00"])
    end_time: WallTime = Field(examples=["17:00:00"], description="At or before the start: on the next day.")
    grace_period_minutes: Annotated[int, Field(ge=0, le=240, strict=True), BeforeValidator(whole)] = 0


class PunchIn(BaseModel):
    """One event. Times are checked one by one, so that a bad one is kept and refused by itself."""

    model_config = ConfigDict(extra="forbid")

    employee_id: Annotated[int, Field(strict=True)] | str = Field(examples=[123])
    source: str | None = Field(None, max_length=100, description="Default: `api`.")
    device: str | None = Field(None, max_length=100)
    shift_data: ShiftData | None = None


class CheckInOfMany(PunchIn):
    """Somebody comes; one event of a list, refused by itself."""

    check_in_time: str = Field(examples=["2025-01-15T08:03:45"], description="Without an offset: plant time.")


class CheckIn(CheckInOfMany):
    """Somebody comes."""

    employee_id: Annotated[int, Field(strict=True)] | _Code = Field(examples=[123])
    check_in_time: _Time = Field(examples=["2025-01-15T08:03:45"], description="Without an offset: plant time.")


class CheckOutOfMany(PunchIn):
    """Somebody leaves; one event of a list, refused by itself."""

    check_out_time: str = Field(examples=["2025-01-15T17:00:00"], description="Without an offset: plant time.")


class CheckOut(CheckOutOfMany):
    """Somebody leaves."""

    employee_id: Annotated[int, Field(strict=True)] | _Code = Field(examples=[123])
    check_out_time: _Time = Field(examples=["2025-01-15T17:00:00"], description="Without an offset: plant time.")


class PunchAnswer(BaseModel):
    """What one event means, as far as is known now (seed 001)."""

    employee_id: str
    time: datetime
    status: str = Field(description="PRESENT, LATE or EARLY_EXIT; the flags say more.", examples=["PRESENT"])
    is_late: bool
    is_early_exit: bool
    grace_period_applied: bool
    flagged_for_review: bool
    skipped_duplicate: bool = Field(description="Known already, or the device's echo.")
    shift_id: str | None = Field(description="The shift it belongs to; None: see `exception`.")
    production_day: date | None
    exception: str | None = Field(description="Why it waits in the exceptions queue; None when it does not.")


class Refused(BaseModel):
    """An event that is no punch; it is kept in `attendance.refusals`."""

    index: int = Field(description="Place in what was sent, from 0.")
    field: str
    code: str = Field(examples=["time_invalid", "time_in_future"])
    detail: str


class BatchAnswer(BaseModel):
    """What became of a batch: received = accepted + duplicates + refused."""

    received: int
    accepted: int
    duplicates: int
    refused: list[Refused]


class SummaryQuestion(BaseModel):
    """Which days."""

    model_config = ConfigDict(extra="forbid")

    first_day: Day
    last_day: Day


class SummaryAnswer(BaseModel):
    """A person's days added up; the first five figures are seed 001's."""

    employee_id: str
    first_day: date
    last_day: date
    total_days: int = Field(description="Shifts attended.")
    on_time: int
    late: int
    early_exits: int
    on_time_percentage: float | None
    absent: int
    pending: int
    flagged_for_review: int
    presence_s: int
    paid: list[dict[str, Any]] = Field(description="Seconds by category and multiplier, adjustments included.")


class Watermark(BaseModel):
    """Everything of a source up to here has arrived."""

    model_config = ConfigDict(extra="forbid")

    reported_until: _Time = Field(examples=["2025-01-15T18:00:00"])


class WatermarkAnswer(BaseModel):
    """The source's watermark: the latest it has ever said."""

    source: str
    reported_until: datetime

"""What the roster routes take and give: people, shift patterns, overtime rules, and who works what."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from factory_pipelines.attendance.api_models import Day, WallTime, whole
from factory_pipelines.plant.codes import CODE_PATTERN, TEXT_PATTERN
from factory_pipelines.plant.shifts import DayType

Code = Annotated[str, Field(min_length=1, max_length=100, pattern=CODE_PATTERN, examples=["E00042"])]
_Name = Annotated[str, Field(max_length=200, pattern=TEXT_PATTERN)]
_DayMinutes = Annotated[int, Field(ge=0, le=1440, strict=True), BeforeValidator(whole)]
_WeekMinutes = Annotated[int, Field(ge=0, le=10_080, strict=True), BeforeValidator(whole)]
_Weekday = Annotated[int, Field(ge=0, le=6, strict=True), BeforeValidator(whole)]
_Multiplier = Annotated[str, Field(pattern=r"^([0-9]|10)(\.[0-9]{1,3})?$")]  # text: money is no float


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Employee(_Strict):
    """Somebody whose punches are known."""

    employee_id: Code
    employee_name: _Name | None = None
    overtime_rule: Code | None = Field(None, description="Default: the engine's rule.", examples=["house"])


class BreakTime(_Strict):
    """Time within a shift in which nobody works."""

    minutes: _DayMinutes
    start: WallTime | None = Field(None, description="None: deducted wherever it was taken.")
    is_paid: bool = Field(False, strict=True)
    after_minutes: _DayMinutes = Field(0, description="Without a start: from this presence on.")


class Shift(_Strict):
    """A way to work a day; times are wall times of the plant."""

    shift_id: Code = Field(examples=["night"])
    shift_name: _Name | None = Field(None, description="Default: its id.")
    segments: list[tuple[WallTime, WallTime]] = Field(
        min_length=1,
        max_length=10,
        examples=[[["22:00", "06:00"]]],
        description="From–to; an end at or before its start is on the next day.",
    )
    grace_in_min: _DayMinutes = 0
    grace_out_min: _DayMinutes = 0
    window_before_min: _DayMinutes = Field(240, description="Punches this long before the start belong to it.")
    window_after_min: _DayMinutes = Field(360, description="Punches this long after the end belong to it.")
    breaks: list[BreakTime] = Field([], max_length=20)
    required_min: _DayMinutes | None = Field(None, description="Flexible work: so many minutes within the segments.")


class Rule(_Strict):
    """When presence is overtime; what is not given keeps the engine's default. Limits in minutes."""

    rule_name: Code = Field(examples=["house"])
    before_after_min: _DayMinutes | None = None
    after_after_min: _DayMinutes | None = 0
    counts_from_first_minute: bool = Field(True, strict=True)
    daily_after_min: _DayMinutes | None = None
    weekly_after_min: _WeekMinutes | None = None
    daily_cap_min: _DayMinutes | None = None
    weekly_cap_min: _WeekMinutes | None = None
    week_starts_on: _Weekday = Field(0, description="Monday = 0.")
    multipliers: dict[DayType, _Multiplier] = Field({}, examples=[{"workday": "1.5"}])

    def definition(self) -> dict[str, Any]:
        """What differs from the default, as `attendance.overtime_rules` keeps it."""
        return self.model_dump(mode="json", exclude={"rule_name"}, exclude_unset=True)


class Assignment(_Strict):
    """Who works which shifts from when on."""

    employee_id: Code
    first_day: Day = Field(description="The day of the cycle's first shift.")
    last_day: Day | None = Field(None, description="None: until further notice.")
    cycle: list[Code | None] = Field(
        min_length=1,
        max_length=366,
        examples=[["day", "day", "night", None]],
        description="Shift of the first day, of the day after …, over and over; None is a day off.",
    )
    is_expected: bool | None = Field(None, strict=True, description="None: on working days only.")


class Withdrawn(_Strict):
    """An assignment that was a mistake."""

    employee_id: Code
    first_day: Day
    cycle: list[Code | None] = Field(min_length=1, max_length=366)


class Saved(BaseModel):
    """What became of it; days that were computed already are computed again with the next run."""

    received: int
    changed: int = Field(description="Those that were new or different.")


class Employees(BaseModel):
    """People, in order of their codes."""

    employees: list[Employee]


class Shifts(BaseModel):
    """All shift patterns."""

    shifts: list[Shift]


class Rules(BaseModel):
    """All overtime rules."""

    rules: list[Rule]


class Assignments(BaseModel):
    """Assignments, in order of person and first day."""

    assignments: list[Assignment]

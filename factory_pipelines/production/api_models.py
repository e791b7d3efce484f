"""What may be asked of production over HTTP, and what the answers look like (FP-2, FP-6).

Names given by the seed (``overall_efficiency``, ``UnitCode`` …) are kept exactly; what the seed leaves open has the
warehouse's column names, with their units.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from factory_pipelines.plant.hierarchy import Level

LEVEL_NAMES = [level.api_name for level in Level]

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(value: object) -> object:
    # Without this, "0" would be a valid day: the first of January 1970.
    if isinstance(value, str) and not _ISO_DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


_Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Day = Annotated[date, BeforeValidator(_iso_day)]


class HierarchyFilter(BaseModel):
    """A day, and the members of the hierarchy to look at; every name is compared as it stands."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    day: _Day | None = Field(None, description="Production day; default: the newest that was pulled.")
    unit_code: _Name | None = Field(None, alias="UnitCode", description="Only this unit.")
    floor_name: _Name | None = Field(None, alias="FloorName", description="Only this floor.")
    line_name: _Name | None = Field(None, alias="LineName", description="Only this line.")
    style_no: _Name | None = Field(None, alias="StyleNo", description="Only this style.")
    part_name: _Name | None = Field(None, alias="PartName", description="Only this part.")
    new_oper_seq: _Name | None = Field(None, alias="NewOperSeq", description="Only this operation.")
    device_id: _Name | None = Field(None, alias="DeviceID", description="Only this device.")
    emp_name: _Name | None = Field(None, alias="EmpName", description="Only employees of this name.")
    emp_code: _Name | None = Field(None, alias="EmpCode", description="Only the employee with this code.")

    def columns(self) -> dict[str, str | None]:
        """The filter by warehouse column; None where it does not restrict."""
        return self.model_dump(include=set(_FILTER_COLUMNS))


_FILTER_COLUMNS = (*(level.value for level in Level), "emp_name")


class AnalysisQuestion(HierarchyFilter):
    """Parameters of ``GET /api/rtms/analyze``."""

    limit: int = Field(1000, ge=1, le=5000, description="Rows in each list of people; the counts count everybody.")
    members_limit: int = Field(100, ge=0, le=1000, description="Members listed for each level of the hierarchy.")


class HierarchyQuestion(HierarchyFilter):
    """Parameters of ``GET /api/rtms/hierarchy/{level}``."""

    limit: int = Field(100, ge=1, le=1000, description="Members in one answer.")
    offset: int = Field(0, ge=0, le=1_000_000, description="Members to skip.")


class Freshness(BaseModel):
    """How old the answer is, and whether something newer is on its way."""

    pull_id: int = Field(description="The newest pull of the day.")
    pulled_at: datetime = Field(description="When that pull was finished.")
    age_s: float = Field(description="Seconds since then.")
    source: str = Field(description="RTMS source of the pull.", examples=["demo"])
    is_current: bool = Field(
        description="Whether the answer shows the newest pull; false while the tables are being computed from it."
    )
    is_stale: bool = Field(description="Whether the running day's newest pull is older than it should be.")


class Performer(BaseModel):
    """One employee on one operation and device."""

    emp_code: str | None
    emp_name: str | None
    unit_code: str
    floor_name: str
    line_name: str
    style_no: str
    part_name: str
    new_oper_seq: str
    device_id: str
    prodn_pcs: int
    eff100: float | None = Field(description="Target pieces at 100 % for the minutes worked so far.")
    efficiency_pct: float = Field(description="prodn_pcs / eff100 × 100.")
    relative_efficiency_pct: float | None = Field(description="prodn_pcs over the best of the operation × 100.")
    benchmark_pcs: int | None
    benchmark_size: int = Field(description="People behind the benchmark: 1 is a comparison with oneself.")
    band: str = Field(examples=["Good"])
    is_alert_breach: bool = Field(description="Below both thresholds of the alert rule; what is unknown is not low.")


class RelativeEmployee(BaseModel):
    """One employee against the operation's best."""

    emp_code: str | None
    emp_name: str | None
    line_name: str
    device_id: str
    prodn_pcs: int
    relative_efficiency_pct: float | None


class RelativeOperation(BaseModel):
    """One operation: its best, and everybody against it."""

    benchmark_pcs: int | None = Field(description="Highest ProdnPcs: 100 %.")
    benchmark_size: int
    p90_pcs: float | None = Field(description="90th percentile of ProdnPcs, which resists one outlier.")
    best_emp_code: str | None
    best_emp_name: str | None
    row_count: int
    below_threshold_count: int = Field(description="Rows below the relative threshold of the alert rule.")
    employees: list[RelativeEmployee]


class AiInsights(BaseModel):
    """What the day means, in words. Written once for the whole day, whatever the filter."""

    summary: str | None = Field(description="None until it is written.")
    recommendations: list[Any]
    predictions: dict[str, Any]
    written_by: Literal["template", "llm"] | None
    model: str | None
    note: str | None = Field(description="Why a template wrote it although a model was asked.")
    created_at: datetime | None
    is_current: bool = Field(description="Whether it was written after the newest pull.")


class Totals(BaseModel):
    """Everybody who passes the filter, summed."""

    prodn_pcs: int
    eff100: float | None
    row_count: int
    rows_without_target: int
    employee_count: int
    underperformer_count: int
    overperformer_count: int
    bands: dict[str, int]


class AiAnalysis(BaseModel):
    """The seed's analysis."""

    overall_efficiency: float | None = Field(description="Sum of pieces over sum of targets, %.", examples=[87.3])
    underperformers: list[Performer] = Field(description="Efficiency below the alert threshold, the lowest first.")
    overperformers: list[Performer] = Field(description="Band Excellent (95 % and more), the highest first.")
    relative_efficiency: dict[str, RelativeOperation] = Field(description="By operation (NewOperSeq).")
    ai_insights: AiInsights
    totals: Totals


class Member(BaseModel):
    """One member of a level."""

    name: str | None = Field(description="Its own name; None for an employee whom RTMS does not name.")
    path: dict[str, str | None] = Field(description="Where it belongs, from UnitCode down to itself.")
    emp_code: str | None = None
    prodn_pcs: int
    eff100: float | None
    efficiency_pct: float | None
    band: str | None
    row_count: int


class LevelMembers(BaseModel):
    """The members of one level, the first of them listed."""

    member_count: int
    members: list[Member]
    more: str | None = Field(description="Where the rest is, when not all are listed.")


class AnalysisData(BaseModel):
    """The whole analysis of a production day."""

    production_day: date
    as_of: datetime | None = Field(description="End of the pull that the figures show; None before the first.")
    written_by: Literal["template", "llm"] | None = Field(description="Who wrote ai_insights.")
    freshness: Freshness
    ai_analysis: AiAnalysis
    hierarchy: dict[str, LevelMembers] = Field(description="All eight levels, by name.")


class AnalysisAnswer(BaseModel):
    """Answer of ``GET /api/rtms/analyze``."""

    status: Literal["success"]
    data: AnalysisData


class HierarchyData(BaseModel):
    """One page of one level."""

    production_day: date
    as_of: datetime | None
    freshness: Freshness
    level: str = Field(examples=["LineName"])
    member_count: int = Field(description="Members that pass the filter, on all pages.")
    limit: int
    offset: int
    members: list[Member]


class HierarchyAnswer(BaseModel):
    """Answer of ``GET /api/rtms/hierarchy/{level}``."""

    status: Literal["success"]
    data: HierarchyData


class Evaluation(BaseModel):
    """What the alert policy made of the newest pull."""

    ignored: str | None = Field(description="Why nothing was decided, such as a pull that was decided upon before.")
    breach_count: int = Field(description="Rows below both thresholds.")
    opened: int
    escalated: int
    resolved: int
    messages: int = Field(description="Messages that entered the outbox.")


class EvaluationAnswer(BaseModel):
    """Answer of ``POST /api/rtms/alerts/evaluate``."""

    status: Literal["success"] = "success"
    data: Evaluation

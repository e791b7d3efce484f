"""What may be asked of the alerts over HTTP, and what the answers look like."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from factory_pipelines.alerts.ledger import AlertFilter

AlertStatus = Literal["pending", "open", "acknowledged", "resolved"]
DeliveryStatus = Literal["queued", "sending", "sent", "delivered", "dead"]

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(value: object) -> object:
    # Without this, "0" would be a valid day: the first of January 1970.
    if isinstance(value, str) and not _ISO_DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Limit = Annotated[int, Field(ge=1, le=1000)]


class AlertQuestion(BaseModel):
    """Which alerts; every name is compared as it stands."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    status: list[AlertStatus] = Field(
        ["open", "acknowledged"],
        description="Default: what is going on. `pending` is a breach that is not sustained yet.",
    )
    day: Annotated[date, BeforeValidator(_iso_day)] | None = Field(None, description="Only this production day.")
    rule: _Name | None = Field(None, description="Only this rule, such as `production.low_efficiency`.")
    unit_code: _Name | None = Field(None, alias="UnitCode", description="Only this unit.")
    floor_name: _Name | None = Field(None, alias="FloorName", description="Only this floor.")
    line_name: _Name | None = Field(None, alias="LineName", description="Only this line.")
    part_name: _Name | None = Field(None, alias="PartName", description="Only this part.")
    new_oper_seq: _Name | None = Field(None, alias="NewOperSeq", description="Only this operation.")
    limit: _Limit = Field(200, description="At most so many, the newest.")

    def filter(self) -> AlertFilter:
        """The same, as the ledger takes it."""
        levels = ("unit_code", "floor_name", "line_name", "part_name", "new_oper_seq")
        place = {level: name for level in levels if (name := getattr(self, level)) is not None}
        return AlertFilter(tuple(self.status), rule=self.rule, production_day=self.day, place=place, limit=self.limit)


class Alert(BaseModel):
    """One alert: a sustained breach, or an incident of the platform."""

    alert_id: int
    status: AlertStatus
    rule: str = Field(examples=["production.low_efficiency"])
    subject: str = Field(description="Stable key of who or what is concerned.", examples=["emp:900101"])
    subject_name: str = Field(examples=["Operator 001"])
    production_day: date | None = Field(description="None for incidents of the platform.")
    place: dict[str, str] = Field(description="Where the worst breach is, by hierarchy level.")
    value: float | None = Field(description="For low efficiency: percent, of the worst operation, as last seen.")
    threshold: float | None
    operations: int = Field(description="Operations on which the subject is in breach.")
    recipient_name: str | None = Field(description="The supervisor of the line and part.")
    title: str | None = Field(description="Of an incident.")
    body: str | None = Field(description="Of an incident: what happened and what to do.")
    occurrences: int = Field(description="Looks that saw it.")
    message_count: int = Field(description="Messages that speak of it.")
    first_seen_at: datetime
    last_seen_at: datetime
    opened_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    escalated_at: datetime | None
    resolved_at: datetime | None
    resolution: Literal["recovered", "end_of_day", "by_hand", "incident_over"] | None


class AlertList(BaseModel):
    """Alerts, the newest first."""

    alert_count: int
    alerts: list[Alert]


class AlertsAnswer(BaseModel):
    """Answer of ``GET /api/rtms/alerts``."""

    status: Literal["success"] = "success"
    data: AlertList


class Acting(BaseModel):
    """Who acts; the key's name when nobody is given."""

    model_config = ConfigDict(extra="forbid")

    by: _Name | None = Field(None, description="Who has seen it.", examples=["Asha"])


class Acted(BaseModel):
    """What the alert is now."""

    alert_id: int
    status: Literal["open", "acknowledged", "resolved"]
    changed: bool = Field(description="False when it was so already.")


class ActedAnswer(BaseModel):
    """Answer to acknowledging or resolving."""

    status: Literal["success"] = "success"
    data: Acted


class DeliveryQuestion(BaseModel):
    """Which messages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: list[DeliveryStatus] | None = Field(None, description="Default: all; `dead` are the dead letters.")
    doubtful: bool = Field(False, description="Only those that may have been sent more than once.")
    limit: _Limit = Field(200, description="At most so many, the newest.")


class Delivery(BaseModel):
    """One message and what became of it."""

    delivery_id: int
    kind: Literal["alert", "digest", "incident"]
    status: DeliveryStatus
    recipient_name: str | None = Field(description="None: the operators.")
    phone_ends_in: str | None
    recipient_problem: str | None = Field(description="Why it went to the operators instead.")
    channel: str | None = Field(examples=["whatsapp"])
    attempt_count: int
    doubtful: bool
    provider_message_id: str | None
    provider_status: str | None
    error_code: str | None = Field(description="The provider's, of the last failure.", examples=["63016"])
    error_text: str | None
    body: str
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    alert_ids: list[int]


class DeliveryList(BaseModel):
    """Messages, the newest first."""

    delivery_count: int
    deliveries: list[Delivery]


class DeliveriesAnswer(BaseModel):
    """Answer of ``GET /api/rtms/alerts/deliveries``."""

    status: Literal["success"] = "success"
    data: DeliveryList


class Requeued(BaseModel):
    """The message is tried again."""

    delivery_id: int


class RequeuedAnswer(BaseModel):
    """Answer to requeueing a dead letter."""

    status: Literal["success"] = "success"
    data: Requeued


class Round(BaseModel):
    """What one round did."""

    opened: int
    escalated: int
    sent: int
    found: int = Field(description="Doubtful ones that the provider turned out to have.")
    retried: int
    dead: int
    doubtful: int = Field(description="Newly flagged: it may have been sent.")
    delivered: int = Field(description="Earlier messages that were learned to have arrived.")


class RoundAnswer(BaseModel):
    """Answer of ``POST /api/rtms/alerts/deliver``."""

    status: Literal["success"] = "success"
    data: Round

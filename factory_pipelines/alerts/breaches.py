"""What a breach is: one subject found on the wrong side of one rule by one pull."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

LOW_EFFICIENCY = "production.low_efficiency"

PLACE_LEVELS = ("unit_code", "floor_name", "line_name", "part_name", "new_oper_seq")


@dataclass(frozen=True, slots=True)
class Pull:
    """One look at the source.

    Attributes:
        pull_id: grows with every pull of the stream.
        at: when the source was read, with a zone.
        production_day: the day that was read.
        stream: whose pulls these are; ids are compared within one stream only.
    """

    pull_id: int
    at: datetime
    production_day: date
    stream: str = "rtms"

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"pull {self.pull_id} at {self.at.isoformat()} has no zone")


@dataclass(frozen=True, slots=True)
class Breach:
    """One subject in breach of one rule, at one place.

    Attributes:
        rule: ``domain.rule``, such as ``production.low_efficiency``.
        subject: stable key of who or what is in breach (``emp:900101``, ``device:RT900649`` when the code is missing).
        subject_name: how people call it.
        recipient_name: who is responsible; None when nobody is named.
        recipient_phone: that person's number as the source has it, raw; None when there is none.
        value: the measured value, in the rule's unit.
        threshold: the limit it is compared with, in the same unit.
        place: where, by hierarchy level (the keys are those of ``PLACE_LEVELS``).
        severity_gap: how far beyond the limit, positive; the largest is the worst.
        context: further facts worth keeping beside the alert.
    """

    rule: str
    subject: str
    subject_name: str
    recipient_name: str | None
    recipient_phone: str | None
    value: float
    threshold: float
    place: Mapping[str, str]
    severity_gap: float
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What an alert is about: the rule and the subject, wherever it happens."""
        return self.rule, self.subject

    @property
    def badness(self) -> tuple[float, str, tuple[str, ...], str, str]:
        """Sort key, worst first; total, so that the order in which breaches arrive never matters."""
        where = tuple(self.place.get(level, "") for level in PLACE_LEVELS)
        return -self.severity_gap, self.subject, where, self.recipient_name or "", self.recipient_phone or ""


def is_low(
    efficiency_pct: float | None,
    relative_efficiency_pct: float | None,
    *,
    efficiency_threshold_pct: float,
    relative_threshold_pct: float,
) -> bool:
    """The seed's rule: efficiency below its threshold and relative efficiency below its own. Unknown is not low.

    Formula source: seed 000, "WhatsApp Alert Logic", steps 1 to 4. All figures in percent.
    """
    if efficiency_pct is None or relative_efficiency_pct is None:
        return False
    # NaN compares false, which is what "unknown is not low" asks for.
    return efficiency_pct < efficiency_threshold_pct and relative_efficiency_pct < relative_threshold_pct


def efficiency_breach(
    row: Mapping[str, Any], *, efficiency_threshold_pct: float, relative_threshold_pct: float
) -> Breach | None:
    """The breach in one row of ``production.employee_efficiency``, or None.

    Args:
        row: that table's columns, plus ``supervisor_name`` and ``phone_number`` of the line and part (None: unknown).
        efficiency_threshold_pct: percent of the target.
        relative_threshold_pct: percent of the operation's best.
    """
    efficiency = row["efficiency_pct"]
    if not is_low(
        efficiency,
        row["relative_efficiency_pct"],
        efficiency_threshold_pct=efficiency_threshold_pct,
        relative_threshold_pct=relative_threshold_pct,
    ):
        return None
    code, device = _text(row.get("emp_code")), _text(row.get("device_id"))
    return Breach(
        rule=LOW_EFFICIENCY,
        subject=f"emp:{code}" if code else f"device:{device}",
        subject_name=_text(row.get("emp_name")) or code or f"device {device}",
        recipient_name=_text(row.get("supervisor_name")),
        recipient_phone=_text(row.get("phone_number")),
        value=float(efficiency),
        threshold=efficiency_threshold_pct,
        place={level: text for level in PLACE_LEVELS if (text := _text(row.get(level)))},
        severity_gap=efficiency_threshold_pct - float(efficiency),
        context={
            "relative_efficiency_pct": f"{float(row['relative_efficiency_pct']):.1f}",
            **{name: text for name in ("style_no", "device_id") if (text := _text(row.get(name)))},
        },
    )


def _text(value: object) -> str | None:
    """Trimmed text, or None for what frames and databases call nothing (None, NaN, NA, blank)."""
    if value is None or value != value or not isinstance(value, str):
        return None
    return value.strip() or None

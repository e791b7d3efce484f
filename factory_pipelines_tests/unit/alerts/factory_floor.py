"""Breaches and pulls for tests, with defaults that do not matter."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from factory_pipelines.alerts.breaches import LOW_EFFICIENCY, Breach, Pull

DAY = date(2026, 3, 2)
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
PLACE = {
    "unit_code": "Unit-A",
    "floor_name": "Floor-1",
    "line_name": "Line-3",
    "part_name": "Collar",
    "new_oper_seq": "OP-001",
}


def breach(
    subject: str = "emp:1",
    value: float = 78.5,
    *,
    supervisor: str | None = "Asha",
    phone: str | None = "9876543210",
    name: str | None = None,
    **place: str,
) -> Breach:
    return Breach(
        rule=LOW_EFFICIENCY,
        subject=subject,
        subject_name=name or f"Worker {subject.removeprefix('emp:')}",
        recipient_name=supervisor,
        recipient_phone=phone,
        value=value,
        threshold=85.0,
        place=PLACE | place,
        severity_gap=85.0 - value,
    )


def pull(number: int, minutes: float | None = None, *, day: date = DAY, stream: str = "rtms") -> Pull:
    """Pull ``number``, ten minutes after the one before unless said otherwise."""
    after = 10.0 * (number - 1) if minutes is None else minutes
    return Pull(number, START + timedelta(minutes=after), day, stream)


def names(message_items: Sequence) -> list[str]:
    return [item.breach.subject for item in message_items]

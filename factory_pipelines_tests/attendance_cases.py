"""Reads the golden cases of attendance, and runs one through the engine."""

from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from factory_pipelines.plant.attendance import AttendancePolicy, judge
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.overtime import Minutes, OvertimeRule, measure, pay_lines, settle_week
from factory_pipelines.plant.punches import Direction, Punch, Reading, read_punches
from factory_pipelines.plant.shifts import Break, ShiftCalendar, ShiftPattern

FOLDER = Path(__file__).parent / "golden" / "attendance"


def load_cases() -> list[dict[str, Any]]:
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text("utf-8"))]


def pattern_of(shift_id: str, given: dict[str, Any]) -> ShiftPattern:
    segments = tuple(
        (wall_time.fromisoformat(a), wall_time.fromisoformat(b)) for a, b in (s.split("-") for s in given["segments"])
    )
    breaks = tuple(
        Break(
            b["minutes"],
            wall_time.fromisoformat(b["start"]) if "start" in b else None,
            b.get("is_paid", False),
            b.get("after_minutes", 0),
        )
        for b in given.get("breaks", [])
    )
    return ShiftPattern(
        shift_id,
        segments,
        grace_in_min=given.get("grace_in", 0),
        grace_out_min=given.get("grace_out", 0),
        window_before_min=given.get("window_before", 240),
        window_after_min=given.get("window_after", 360),
        breaks=breaks,
        required_min=given.get("required_min"),
    )


def rule_of(given: dict[str, Any]) -> OvertimeRule:
    flags = {k: v for k, v in given.items() if k == "counts_from_first_minute"}
    return OvertimeRule(**{f"{k}_min": v for k, v in given.items() if k not in flags}, **flags)


def run_case(case: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """What the engine says of each shift of the case's roster, and its exceptions, as the case writes them."""
    zone = ZoneInfo(case.get("zone", "Asia/Kolkata"))
    holidays = frozenset(date.fromisoformat(str(d)) for d in case.get("holidays", []))
    calendar = ShiftCalendar(PlantClock(zone, holidays=holidays))
    patterns = {name: pattern_of(name, given) for name, given in case["shifts"].items()}
    roster = [line.split() for line in case["roster"]]
    shifts = [calendar.plan(patterns[name], date.fromisoformat(day)) for day, name in roster]
    reading = read_punches([_punch(text, zone, n) for n, text in enumerate(case["punches"])], shifts)
    policy = AttendancePolicy(grace_counts_as_late=case.get("grace_counts_as_late", False))
    until = case.get("reported_until", "2030-01-01 00:00")
    reported = None if until is None else _instant(until, zone)
    found = _facts(reading, rule_of(case.get("rule", {})), policy, reported, zone)
    return found, [f"{_wall(p.at, zone)} {reason}" for p, reason in reading.exceptions]


def _facts(
    reading: Reading, rule: OvertimeRule, policy: AttendancePolicy, reported: datetime | None, zone: ZoneInfo
) -> list[dict[str, Any]]:
    bins = settle_week([(s.planned.day_type, measure(s, rule)) for s in reading.shifts], rule)
    found, left = [], None
    for shift, minutes in zip(reading.shifts, bins, strict=True):
        verdict = judge(shift, reported_until=reported, left_before=left, policy=policy)
        left = shift.last_out or left
        assert_conserved(minutes)
        found.append(
            {
                "status": verdict.status.value,
                "is_late": verdict.is_late,
                "is_early_exit": verdict.is_early_exit,
                "grace_period_applied": verdict.grace_period_applied,
                "late": _minutes(verdict.late),
                "early": _minutes(verdict.early),
                "flags": [flag.value for flag in verdict.flags],
                "in": _wall(shift.first_in, zone),
                "out": _wall(shift.last_out, zone),
                "sessions": len(shift.sessions),
                "roles": [role.value for _, role in shift.roles],
                "production_day": shift.planned.production_day,
                "day_type": shift.planned.day_type.value,
                "pay": [[c, s // 60, str(m)] for c, s, m in pay_lines(shift.planned.day_type, minutes, rule)],
                **{name: getattr(minutes, name) / 60 for name in Minutes.__dataclass_fields__},
                **{f"{name}_s": getattr(minutes, name) for name in Minutes.__dataclass_fields__},
            }
        )
    return found


def assert_conserved(minutes: Minutes) -> None:
    assert minutes.presence + minutes.paid_gap == minutes.regular + minutes.overtime + minutes.unpaid
    assert min(getattr(minutes, name) for name in Minutes.__dataclass_fields__) >= 0


def _punch(text: str, zone: ZoneInfo, number: int) -> Punch:
    day, wall, *direction = text.split()
    return Punch(_instant(f"{day} {wall}", zone), Direction(direction[0]) if direction else None, str(number))


def _instant(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _wall(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _minutes(length: timedelta | None) -> float | None:
    return None if length is None else length / timedelta(minutes=1)

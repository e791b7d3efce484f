"""One person on one shift: late or not, early or not, present or absent.

Late and early exit are independent flags; ``status`` shows one of them: ABSENT before LATE before EARLY_EXIT before
PRESENT; PENDING while it cannot be known.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from factory_pipelines.plant.punches import Role, ShiftPunches
from factory_pipelines.plant.shifts import overlap

_NONE = timedelta()


class Status(StrEnum):
    """What a shift of a person is called."""

    PRESENT = "PRESENT"
    LATE = "LATE"
    EARLY_EXIT = "EARLY_EXIT"
    ABSENT = "ABSENT"
    PENDING = "PENDING"  # not over, or its sources have not reported that far
    NOT_EXPECTED = "NOT_EXPECTED"  # a rest day or holiday without punches


class Flag(StrEnum):
    """Why a person should look at a shift."""

    MISSING_OUT = "missing_out"
    MISSING_IN = "missing_in"
    REPEATED_IN = "repeated_in"
    SUPERSEDED_OUT = "superseded_out"
    SHORT_REST = "short_rest"


_FLAG_OF_ROLE = {
    Role.OUT_WITHOUT_IN: Flag.MISSING_IN,
    Role.REPEATED_IN: Flag.REPEATED_IN,
    Role.SUPERSEDED_OUT: Flag.SUPERSEDED_OUT,
}


@dataclass(frozen=True, slots=True)
class AttendancePolicy:
    """What counts as late, and how much rest people need.

    Attributes:
        grace_counts_as_late: an arrival within the grace is LATE too (the switch of decision 1).
        min_rest: shorter than this between two shifts is flagged.
    """

    grace_counts_as_late: bool = False
    min_rest: timedelta = timedelta(hours=11)


DEFAULT_POLICY = AttendancePolicy()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one person on one shift. Unknown is None, never zero.

    Attributes:
        status: by the precedence of this module.
        is_late: arrived after start and grace; None while nobody arrived.
        is_early_exit: left before end and grace, or before the required minutes of flexible work; None while in.
        grace_period_applied: arrived after the start but within the grace.
        late: arrival after the start, from the first second and not from the end of the grace; zero when on time.
        early: departure before the end; zero when not early.
        flags: why somebody should look at it, in order of the alphabet.
    """

    status: Status
    is_late: bool | None
    is_early_exit: bool | None
    grace_period_applied: bool
    late: timedelta | None
    early: timedelta | None
    flags: tuple[Flag, ...]


def judge(
    shift: ShiftPunches,
    *,
    reported_until: datetime | None,
    left_before: datetime | None = None,
    policy: AttendancePolicy = DEFAULT_POLICY,
) -> Verdict:
    """Judges one shift of one person.

    Args:
        shift: the shift with its punches.
        reported_until: all sources have delivered their punches up to here; None: nothing is known of them. Nobody is
            absent, and no OUT is missing, before this has passed the shift.
        left_before: last departure from an earlier shift, for the rest between.
        policy: what counts as late.
    """
    planned = shift.planned
    arrived, left = shift.first_in, shift.last_out
    over = reported_until is not None and reported_until >= planned.end
    if arrived is None:
        return _without_presence(shift, over=over)
    late, early = _lateness(shift, arrived), _earliness(shift, left)
    grace = timedelta(minutes=planned.pattern.grace_in_min)
    is_late = late > (_NONE if policy.grace_counts_as_late else grace)
    is_early = None if early is None else early > timedelta(minutes=planned.pattern.grace_out_min)
    flags = _flags(shift, window_over=reported_until is not None and reported_until >= planned.window_end)
    if left_before is not None and _NONE <= arrived - left_before < policy.min_rest:
        flags.add(Flag.SHORT_REST)
    status = Status.LATE if is_late else Status.EARLY_EXIT if is_early else Status.PRESENT
    return Verdict(status, is_late, is_early, _NONE < late <= grace, late, early, tuple(sorted(flags)))


def _without_presence(shift: ShiftPunches, *, over: bool) -> Verdict:
    if shift.roles:  # somebody left without having come: here, but since when is not known
        return Verdict(Status.PRESENT, None, None, False, None, None, (Flag.MISSING_IN,))
    status = Status.PENDING if not over else Status.ABSENT
    if not shift.planned.is_expected:
        status = Status.NOT_EXPECTED
    return Verdict(status, None, None, False, None, None, ())


def _lateness(shift: ShiftPunches, arrived: datetime) -> timedelta:
    if shift.planned.pattern.required_min is not None:
        return _NONE  # flexible: come when you like
    return max(arrived - shift.planned.start, _NONE)


def _earliness(shift: ShiftPunches, left: datetime | None) -> timedelta | None:
    if left is None:
        return None
    planned = shift.planned
    if planned.pattern.required_min is None:
        return max(planned.end - left, _NONE)
    worked = overlap(shift.sessions, planned.start, planned.end)
    return max(timedelta(minutes=planned.pattern.required_min) - worked, _NONE)


def _flags(shift: ShiftPunches, *, window_over: bool) -> set[Flag]:
    found = {_FLAG_OF_ROLE[role] for _, role in shift.roles if role in _FLAG_OF_ROLE}
    if shift.open_since is not None and window_over:
        found.add(Flag.MISSING_OUT)
    return found

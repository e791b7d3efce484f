"""When an area is over its capacity, with hysteresis: an alert that begins at the limit does not end at the limit."""

from enum import StrEnum


class Change(StrEnum):
    """What becomes of an area's alert."""

    BEGINS = "begins"
    ENDS = "ends"


def judge_capacity(people: float | None, capacity: int | None, *, is_open: bool, release_pct: float) -> Change | None:
    """Whether an alert begins or ends; None where it stays as it is.

    Args:
        people: the expected number inside; unknown changes nothing.
        capacity: how many may be inside; None: nobody has said, and an alert of before ends.
        is_open: whether there is an alert.
        release_pct: it ends when no more than this share of the capacity is inside.
    """
    if capacity is None:
        return Change.ENDS if is_open else None
    if people is None:
        return None
    if not is_open and round(people) > capacity:
        return Change.BEGINS
    if is_open and people <= capacity * release_pct / 100.0:
        return Change.ENDS
    return None

"""Which sensors and schedules are dead or keep failing. Pure: who reads the ticks passes them in.

The watchdog sensor asks, and so do ``factory doctor`` and the edge, because a dead daemon cannot report itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from factory_pipelines.operations.incidents import NOT_TICKING, Condition

# Late by this many intervals is dead, within these bounds: a daily schedule is missed soon, a busy sensor may pause.
INTERVALS = 5
LEAST, MOST = timedelta(minutes=5), timedelta(minutes=30)

FAILURES = 3
"""So many failed ticks in a row are an incident; what ticks less than hourly is reported at the first."""


@dataclass(frozen=True, slots=True)
class Instigator:
    """A sensor or schedule that should be running.

    Attributes:
        name: as in the UI.
        kind: which of the two.
        interval: between two ticks.
        last_tick_at: when its newest tick began; None: there is none.
        due_at: when the tick after that was due; None when nobody knows since when it should have been ticking.
        failures: how many of its newest ticks failed in a row.
        error: what the newest failed tick said.
    """

    name: str
    kind: Literal["sensor", "schedule"]
    interval: timedelta
    last_tick_at: datetime | None
    due_at: datetime | None
    failures: int = 0
    error: str | None = None

    @property
    def tolerance(self) -> timedelta:
        """How late a tick may be."""
        return min(max(self.interval * INTERVALS, LEAST), MOST)


def overdue_instigators(
    instigators: Iterable[Instigator], now: datetime, awake_since: datetime | None = None
) -> list[Condition]:
    """The ones that are dead, and the ones that keep failing.

    Args:
        instigators: those that should be running; whoever stopped one meant it.
        now: the present.
        awake_since: since when the platform runs without a pause: nothing can have ticked before.
    """
    found = []
    for instigator in instigators:
        limit = FAILURES if instigator.interval < timedelta(hours=1) else 1
        if instigator.due_at is None:
            found.append(_never_ticked(instigator))
        elif now - max(instigator.due_at, awake_since or instigator.due_at) > instigator.tolerance:
            found.append(_late(instigator, now))
        elif instigator.failures >= limit:
            found.append(_failing(instigator))
    return found


def _never_ticked(instigator: Instigator) -> Condition:
    return _condition(
        instigator, "has not ticked yet", "It has never ticked.", patience=instigator.tolerance + instigator.interval
    )


def _late(instigator: Instigator, now: datetime) -> Condition:
    seen = "never" if instigator.last_tick_at is None else f"{instigator.last_tick_at:%Y-%m-%d %H:%M} UTC"
    assert instigator.due_at is not None  # noqa: S101 - only called for what was due
    minutes = int((now - instigator.due_at) / timedelta(minutes=1))
    return _condition(instigator, "does not tick", f"Its last tick was {seen}; the next is {minutes} minutes late.")


def _failing(instigator: Instigator) -> Condition:
    said = f"Its newest ticks failed. The last one said: {(instigator.error or 'nothing')[:600]}"
    return _condition(instigator, "keeps failing", said)


def _condition(instigator: Instigator, trouble: str, said: str, patience: timedelta = timedelta()) -> Condition:
    remedy = (
        "See its ticks in the Dagster UI under Automation. When none tick, the daemon is down: start it again "
        "(`docker compose up -d daemon`, `systemctl restart factory-daemon`, or `factory up`)."
    )
    return Condition(
        NOT_TICKING,
        instigator.name,
        f"{instigator.kind.capitalize()} {instigator.name} {trouble}",
        f"{said}\n{remedy}",
        patience=patience,
    )

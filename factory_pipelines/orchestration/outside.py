"""Dagster as processes without it see it: what of its clock and its runs may be asked for. Imports none of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class KnownSchedule:
    """A schedule that Dagster keeps: its cron line, whether it is switched on, and when it is due next."""

    name: str
    cron: str
    is_on: bool
    next_tick_at: datetime


@dataclass(frozen=True, slots=True)
class SchedulerReport:
    """Whether Dagster's scheduler lives, and all schedules it keeps.

    Attributes:
        heard_at: when the scheduler last said that it lives; None: it has never run here.
        is_alive: whether that is recent.
        schedules: by name.
    """

    heard_at: datetime | None
    is_alive: bool
    schedules: Mapping[str, KnownSchedule]


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended.

    Attributes:
        run_id: as in the Dagster UI; None when there is none, because it could not even begin.
        success: whether all steps and blocking checks passed.
        said: what was said of it, for people.
        metadata: of the materialization; None when nothing was materialized.
    """

    run_id: str | None
    success: bool
    said: str
    metadata: Mapping[str, Any] | None


class OrchestratorUnavailableError(ConnectionError):
    """Dagster cannot be asked now; trying again later may help."""


class Orchestrator(Protocol):
    """Whoever can ask Dagster."""

    def scheduler(self, now: datetime) -> SchedulerReport:
        """The state of the scheduler.

        Raises:
            OrchestratorUnavailableError: when Dagster's storage does not answer.
        """

    def run_hour(self, asset: str, hour: datetime, now: datetime) -> RunReport:
        """Materializes the partition of ``asset`` (``schema/table``, by production hours) that ``hour`` lies in.

        Raises:
            OrchestratorUnavailableError: when Dagster's storage does not answer.
            ValueError: when there is no such hour.
        """

"""Dagster, asked by the edge: its clock read from its storage, its runs made by a process of their own.

Dagster is imported when it is first asked for: an edge that nobody asks never pays for it. A run has a process to
itself, so that neither its memory nor its failure is the edge's.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from factory_pipelines.orchestration.outside import (
    KnownSchedule,
    OrchestratorUnavailableError,
    RunReport,
    SchedulerReport,
)
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import dagster_url

if TYPE_CHECKING:
    import dagster as dg

# The scheduler says every half minute that it lives.
_SILENT_AFTER = timedelta(minutes=3)
_LONGEST_RUN_S = 300
_CONNECT_S = 3
_RUN = re.compile(r"^run ([0-9a-f-]{36}): (\w+)$", re.MULTILINE)
_REMEDY = "`factory doctor` says what is wrong; a plant's edge needs FACTORY_DATABASE__DAGSTER_URL"


class DagsterOrchestrator:
    """The Dagster of these settings (see ``orchestration.outside.Orchestrator``)."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before the first question."""
        self._settings = settings

    def scheduler(self, now: datetime) -> SchedulerReport:
        """The state of the scheduler, as Dagster's own storage tells it."""
        from factory_pipelines.operations.observations import known_schedules, scheduler_heard_at

        if not self._has_run():
            return SchedulerReport(None, False, {})
        with self._history() as instance:
            heard_at = scheduler_heard_at(instance)
            known = known_schedules(instance, self._settings.plant.timezone, now)
        alive = heard_at is not None and now - heard_at <= _SILENT_AFTER
        schedules = {name: KnownSchedule(name, cron, is_on, due) for name, cron, is_on, due in known}
        return SchedulerReport(heard_at, alive, schedules)

    def run_hour(self, asset: str, hour: datetime, now: datetime) -> RunReport:
        """Runs ``factory run`` for the partition of ``hour``, and reads from Dagster's storage what it did."""
        from factory_pipelines.orchestration.partitions import PRODUCTION_HOURS

        first = PRODUCTION_HOURS.time_window_for_partition_key(PRODUCTION_HOURS.get_first_partition_key() or "").start
        if not first <= hour <= now:
            raise ValueError(f"there are hours from {first:%Y-%m-%d %H:%M} on until now")
        key = PRODUCTION_HOURS.get_partition_key_for_timestamp(hour.timestamp())
        command = [str(Path(sys.executable).parent / "factory"), "run", f'key:"{asset}"', "--partition", key]
        try:
            done = subprocess.run(  # noqa: S603 - our own program; the hour is a partition key by now
                command, capture_output=True, text=True, timeout=_LONGEST_RUN_S, check=False
            )
        except subprocess.TimeoutExpired:
            return RunReport(None, False, f"the run did not end within {_LONGEST_RUN_S} s and was stopped", None)
        said = _RUN.search(done.stdout)
        if said is None:
            return RunReport(None, False, (done.stderr or done.stdout).strip()[-600:], None)
        complaints = done.stderr.strip()
        return RunReport(said[1], said[2] == "ok", complaints[-600:] or said[2], self._materialized(said[1]))

    def _materialized(self, run_id: str) -> dict[str, Any] | None:
        from dagster import DagsterEventType

        with self._history() as instance:
            entries = instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
            for entry in entries:
                if entry.dagster_event is not None:
                    materialization = entry.dagster_event.step_materialization_data.materialization
                    return {name: value.value for name, value in materialization.metadata.items()}
        return None

    def _has_run(self) -> bool:
        """Whether Dagster has made its tables, which it does when it first runs."""
        # Dagster itself would try again for half a minute before it gave up.
        plain = re.sub(r"^postgresql\+\w+", "postgresql", dagster_url(self._settings))
        try:
            with psycopg.connect(plain, connect_timeout=_CONNECT_S) as conn:
                row = conn.execute(
                    "SELECT to_regclass('daemon_heartbeats') IS NOT NULL AND to_regclass('instigators') IS NOT NULL"
                ).fetchone()
        except psycopg.OperationalError as error:
            reason = str(error).strip().partition("\n")[0]
            raise OrchestratorUnavailableError(f"Dagster's storage does not answer ({reason}): {_REMEDY}") from error
        return bool(row and row[0])

    @contextmanager
    def _history(self) -> Iterator["dg.DagsterInstance"]:
        from sqlalchemy.exc import SQLAlchemyError

        from factory_pipelines.operations.doctor_database import history

        try:
            with history(dagster_url(self._settings)) as instance:
                yield instance
        except SQLAlchemyError as error:
            reason = str(error).strip().partition("\n")[0]
            raise OrchestratorUnavailableError(f"Dagster's storage does not answer ({reason}): {_REMEDY}") from error

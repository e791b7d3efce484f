"""What Dagster knows of its own health, read for ``incidents``: failed runs, failed checks, sensors and schedules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus

# Dagster names none of these publicly; imported here only, so that a release which moves one is one loud import error.
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorTick,
    SensorInstigatorData,
    TickStatus,
)
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.dagster_run import RunRecord
from dagster._core.storage.tags import PARTITION_NAME_TAG, WILL_RETRY_TAG
from dagster._utils.schedules import schedule_execution_time_iterator

from factory_pipelines.operations.incidents import (
    CHECK_FAILED,
    RUN_FAILED,
    Assessment,
    Condition,
    assets_of,
    check_failed,
    run_failed,
    run_subject,
)
from factory_pipelines.operations.ticking import FAILURES, Instigator

# The sensor that reports failed runs has this long before the watchdog does it in its place.
SENSOR_GRACE = timedelta(minutes=5)
FAILURES_LOOKED_BACK = timedelta(hours=24)
_RUNS_LOOKED_AT = 50
_EVENTS_LOOKED_AT = 500
_TICKS_LOOKED_AT = FAILURES + 2
_BLOCKED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True, slots=True)
class Declared:
    """A sensor or schedule of the code: its interval (sensors) or its cron and zone (schedules)."""

    name: str
    runs_by_default: bool
    every: timedelta | None = None
    cron: str | Sequence[str] | None = None
    zone: str | None = None


def declared_instigators(repository: dg.RepositoryDefinition) -> list[Declared]:
    """All sensors and schedules of a code location."""
    sensors = [
        Declared(
            sensor.name,
            sensor.default_status is dg.DefaultSensorStatus.RUNNING,
            every=timedelta(seconds=sensor.minimum_interval_seconds or 30),
        )
        for sensor in repository.sensor_defs
    ]
    schedules = [
        Declared(
            schedule.name,
            schedule.default_status is dg.DefaultScheduleStatus.RUNNING,
            cron=schedule.cron_schedule,
            zone=schedule.execution_timezone,
        )
        for schedule in repository.schedule_defs
    ]
    return sensors + schedules


def known_instigators(instance: dg.DagsterInstance, zone: str) -> list[Declared]:
    """Those that Dagster has a state of, for who has no code location at hand; the code may no longer have them.

    Args:
        instance: Dagster's.
        zone: of the schedules: the plant's.
    """
    known = []
    for state in instance.all_instigator_state():
        data: Any = state.instigator_data
        if isinstance(data, SensorInstigatorData):
            every = timedelta(seconds=data.min_interval or 30)
            known.append(Declared(state.instigator_name, runs_by_default=True, every=every))
        else:
            known.append(Declared(state.instigator_name, runs_by_default=True, cron=data.cron_schedule, zone=zone))
    return known


def known_schedules(instance: dg.DagsterInstance, zone: str, now: datetime) -> list[tuple[str, str, bool, datetime]]:
    """Schedules that Dagster keeps: name, cron line, whether it is switched on, and when it is due next.

    Args:
        instance: Dagster's.
        zone: of the schedules: the plant's.
        now: the present.
    """
    found = []
    for state in instance.all_instigator_state():
        cron = getattr(state.instigator_data, "cron_schedule", None)
        if isinstance(cron, str):
            due = next(schedule_execution_time_iterator(now.timestamp() + 1, cron, zone))
            is_on = state.status is not InstigatorStatus.STOPPED
            found.append((state.instigator_name, cron, is_on, due))
    return found


def scheduler_heard_at(instance: dg.DagsterInstance) -> datetime | None:
    """When the part of Dagster's daemon that starts schedules last said that it lives; None: never."""
    heartbeat = instance.get_daemon_heartbeats().get("SCHEDULER")
    return None if heartbeat is None else datetime.fromtimestamp(heartbeat.timestamp, UTC)


def running_instigators(instance: dg.DagsterInstance, declared: Iterable[Declared]) -> list[Instigator]:
    """Those of ``declared`` that should be ticking now, with their newest ticks."""
    states = {state.instigator_name: state for state in instance.all_instigator_state()}
    running = [d for d in declared if _should_run(d, states.get(d.name))]
    ticks = _newest_ticks(instance, [states[d.name] for d in running if d.name in states])
    return [_instigator(d, states.get(d.name), ticks.get(d.name, ())) for d in running]


def _should_run(declared: Declared, state: InstigatorState | None) -> bool:
    if state is None or state.status is InstigatorStatus.DECLARED_IN_CODE:
        return declared.runs_by_default
    return state.status is InstigatorStatus.RUNNING


def _newest_ticks(
    instance: dg.DagsterInstance, states: Sequence[InstigatorState]
) -> Mapping[str, Sequence[InstigatorTick]]:
    if not states:
        return {}
    if not instance.supports_batch_tick_queries:
        return {
            s.instigator_name: instance.get_ticks(s.instigator_origin_id, s.selector_id, limit=_TICKS_LOOKED_AT)
            for s in states
        }
    found = instance.get_batch_ticks([s.selector_id for s in states], limit=_TICKS_LOOKED_AT)
    return {s.instigator_name: found.get(s.selector_id, ()) for s in states}


def _instigator(declared: Declared, state: InstigatorState | None, ticks: Sequence[InstigatorTick]) -> Instigator:
    newest = sorted(ticks, key=lambda tick: tick.timestamp, reverse=True)
    last = max((tick.timestamp for tick in newest), default=None)
    since = max(filter(None, [last, _started_at(state)]), default=None)
    interval, due_at = _rhythm(declared, since)
    ended = [tick for tick in newest if tick.status is not TickStatus.STARTED]
    failures = next((n for n, tick in enumerate(ended) if tick.status is not TickStatus.FAILURE), len(ended))
    error = ended[0].error if failures else None
    return Instigator(
        declared.name,
        "sensor" if declared.every is not None else "schedule",
        interval,
        _at(last),
        due_at,
        failures,
        error.message.strip() if error else None,
    )


def _started_at(state: InstigatorState | None) -> float | None:
    data: Any = state.instigator_data if state is not None else None
    started: float | None = getattr(data, "last_sensor_start_timestamp", None) or getattr(data, "start_timestamp", None)
    return started


def _rhythm(declared: Declared, since: float | None) -> tuple[timedelta, datetime | None]:
    """The interval between ticks, and when the first one after ``since`` was due."""
    if declared.every is not None:
        return declared.every, None if since is None else datetime.fromtimestamp(since, UTC) + declared.every
    assert declared.cron is not None  # noqa: S101 - a schedule has one
    # A schedule's tick carries the time it was evaluated for; a second later is after it.
    times = schedule_execution_time_iterator(
        (since if since is not None else datetime.now(UTC).timestamp()) + 1, declared.cron, declared.zone
    )
    first, second = next(times).astimezone(UTC), next(times).astimezone(UTC)
    return second - first, None if since is None else first


def _at(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def failed_checks(instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]) -> Assessment:
    """Blocking checks whose newest evaluation failed as an error; a warning tells nobody.

    A check that is being evaluated, or was never, is undecided.
    """
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    conditions, undecided = [], []
    for key in keys:
        record = latest.get(key)
        if record is None or record.status is AssetCheckExecutionRecordStatus.PLANNED or record.event is None:
            undecided.append(f"{key.asset_key.to_user_string()}:{key.name}")
        elif condition := _failed_check(record.event, None):
            conditions.append(condition)
    return Assessment(CHECK_FAILED, tuple(conditions), frozenset(undecided))


def _failed_check(event: dg.EventLogEntry, partition: str | None) -> Condition | None:
    evaluation: Any = event.dagster_event.event_specific_data if event.dagster_event else None
    if evaluation.passed or not evaluation.blocking or evaluation.severity is not dg.AssetCheckSeverity.ERROR:
        return None
    at = datetime.fromtimestamp(event.timestamp, UTC)
    asset = evaluation.asset_key.to_user_string()
    return check_failed(asset, evaluation.check_name, at, partition, evaluation.description)


def failed_runs(instance: dg.DagsterInstance, is_open_since: Mapping[str, datetime], now: datetime) -> Assessment:
    """Failures of the last day that no later success has made good, in case the sensor that reports them could not.

    Args:
        instance: Dagster's.
        is_open_since: subjects with an open alert, and when each was last seen failing.
        now: the present.
    """
    filters = dg.RunsFilter(
        statuses=[DagsterRunStatus.FAILURE], updated_after=now - FAILURES_LOOKED_BACK, updated_before=now - SENSOR_GRACE
    )
    newest: dict[str, Condition] = {}
    for record in instance.get_run_records(filters, limit=_RUNS_LOOKED_AT):
        for condition in conditions_of(instance, record):
            known = newest.get(condition.subject)
            if known is None or _when(known) < _when(condition):
                newest[condition.subject] = condition
    conditions = [c for c in newest.values() if c.rule == RUN_FAILED and not recovered(instance, c.subject, _when(c))]
    unmended = [s for s, at in is_open_since.items() if not recovered(instance, s, at)]
    return Assessment(RUN_FAILED, tuple(conditions), frozenset(unmended))


def _when(condition: Condition) -> datetime:
    assert condition.occurred_at is not None  # noqa: S101 - a failure has its time
    return condition.occurred_at


def conditions_of(instance: dg.DagsterInstance, record: RunRecord) -> list[Condition]:
    """What a failed run has to report: its failed blocking checks when they alone stopped it, else the run itself.

    Nothing when Dagster will start it again by itself: then the second try decides.
    """
    run = record.dagster_run
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return []
    records = instance.get_records_for_run(
        run.run_id,
        of_type={DagsterEventType.STEP_FAILURE, DagsterEventType.ASSET_CHECK_EVALUATION},
        limit=_EVENTS_LOOKED_AT,
    ).records
    entries = [r.event_log_entry for r in records]
    errors = [_root_error(e) for e in entries if e.dagster_event and e.dagster_event.is_step_failure]
    evaluations = [e for e in entries if e.dagster_event and not e.dagster_event.is_step_failure]
    partition = run.tags.get(PARTITION_NAME_TAG)
    checks = [condition for entry in evaluations if (condition := _failed_check(entry, partition))]
    if checks and errors and all(error is not None and error.cls_name == _BLOCKED for error in errors):
        return checks
    said = next((error.message.strip() for error in errors if error is not None), None)
    subject = run_subject(run.job_name, _missing(instance, run.run_id))
    return [run_failed(subject, run.run_id, said, ended_at(record), partition)]


def _missing(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The assets that a run was to materialize and did not: a re-execution from the failure makes only these."""
    events = instance.event_log_storage
    planned = events.get_asset_keys_for_run(run_id, DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    made = events.get_asset_keys_for_run(run_id, DagsterEventType.ASSET_MATERIALIZATION)
    return [key.to_user_string() for key in planned - made]


def _root_error(entry: dg.EventLogEntry) -> Any:
    event = entry.dagster_event
    error = event.step_failure_data.error if event is not None else None
    while error is not None and error.cause is not None:
        error = error.cause
    return error


def ended_at(record: RunRecord) -> datetime:
    """When the run ended (or was last heard of)."""
    if record.end_time is not None:
        return datetime.fromtimestamp(record.end_time, UTC)
    return record.update_timestamp.replace(tzinfo=record.update_timestamp.tzinfo or UTC)


def recovered(instance: dg.DagsterInstance, subject: str, since: datetime) -> bool:
    """Whether what failed at ``since`` has succeeded after it: the job, or each of the assets by whatever job."""
    keys = [dg.AssetKey.from_user_string(key) for key in assets_of(subject)]
    if keys:
        events = instance.event_log_storage.get_latest_materialization_events(keys)
        found = [events.get(key) for key in keys]
        return all(event is not None and event.timestamp > since.timestamp() for event in found)
    filters = dg.RunsFilter(job_name=subject, statuses=[DagsterRunStatus.SUCCESS], updated_after=since)
    return any(ended_at(record) > since for record in instance.get_run_records(filters, limit=5))

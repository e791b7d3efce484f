"""The platform watches itself: what failed is told once, and what is over is closed.

What looks at Dagster's history is imported by the ticks that need it: its inner modules are slow to load.
"""

from datetime import UTC, datetime

import dagster as dg

from factory_pipelines.operations.incidents import RUN_FAILED, is_news
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse


@dg.run_failure_sensor(
    name="failed_runs",
    monitor_all_code_locations=True,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="One alert for each job that fails, however often; or for each blocking check that stopped it.",
)
def failed_runs_sensor(context: dg.RunFailureSensorContext, warehouse: dg.ResourceParam[Warehouse]) -> None:
    """Tells the operators about one failed run, unless it has succeeded since."""
    from factory_pipelines.operations.observations import conditions_of, recovered
    from factory_pipelines.operations.watchdog import known_incidents, tell

    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    if record is None:
        return  # deleted meanwhile
    known = known_incidents(warehouse, datetime.now(UTC))
    for condition in conditions_of(context.instance, record):
        at = condition.occurred_at
        over = condition.rule == RUN_FAILED and at is not None and recovered(context.instance, condition.subject, at)
        if not over and is_news(condition, known.get(condition.key)):
            tell(warehouse, condition, datetime.now(UTC))


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="recovered_runs",
    monitor_all_code_locations=True,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes the alert of a job, or of a set of assets, that has succeeded since it failed.",
)
def recovered_runs_sensor(context: dg.RunStatusSensorContext, warehouse: dg.ResourceParam[Warehouse]) -> None:
    """Closes whatever the successful run has made good."""
    from factory_pipelines.alerts.engine import resolve_incident
    from factory_pipelines.operations.observations import recovered
    from factory_pipelines.operations.watchdog import known_incidents

    now = datetime.now(UTC)
    for known in known_incidents(warehouse, now).values():
        if (
            known.rule == RUN_FAILED
            and known.is_open
            and recovered(context.instance, known.subject, known.last_seen_at)
        ):
            resolve_incident(warehouse, RUN_FAILED, known.subject, now)


@dg.sensor(
    name="watchdog",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Stale data, failed checks, dead sensors and schedules, a stalled outbox: one alert for each.",
)
def watchdog(context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.SensorResult:
    """One look at the platform. What it cannot know it says, and leaves as it was."""
    from factory_pipelines.operations.watchdog import Memory, look

    now = datetime.now(UTC)
    memory = Memory.of(context.cursor, now)
    repository = context.repository_def
    if repository is None:
        return dg.SensorResult(skip_reason="no code location to watch", cursor=memory.to_json())
    said, memory = look(context.instance, repository, warehouse, load_settings(), memory, now)
    return dg.SensorResult(skip_reason=said, cursor=memory.to_json())

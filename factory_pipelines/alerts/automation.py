"""When the outbox is delivered: when something is due, and once an hour so that silence is known to be silence."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from factory_pipelines.alerts.assets import DELIVERIES
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

_HEARTBEAT = timedelta(hours=1)

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

DELIVERY_JOB = dg.define_asset_job(
    "deliver_alerts",
    selection=dg.AssetSelection.assets(DELIVERIES),
    description="Sends what is in the outbox and asks what became of it. Safe to repeat, and to run twice at once.",
    executor_def=dg.in_process_executor,
)


@dg.sensor(
    job=DELIVERY_JOB,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a delivery run when a message, an escalation or a status is due; at least once an hour.",
)
def outbox_sensor(
    context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.SensorResult | dg.SkipReason:
    """Looks, and asks for one run at a time. The cursor is the time of the last request."""
    from factory_pipelines.alerts.ledger import due_work

    now = datetime.now(UTC)
    under_way = context.instance.get_runs_count(dg.RunsFilter(job_name=DELIVERY_JOB.name, statuses=_UNDER_WAY))
    if under_way:
        return dg.SkipReason("a delivery run is under way")
    settings = load_settings()
    work = due_work(warehouse, settings.alerts, clock=settings.plant.clock(), now=now)
    if not work.anything and now - _last_request(context.cursor) < _HEARTBEAT:
        return dg.SkipReason("nothing is due")
    # No run key: Dagster never runs a key twice, and the outbox takes care of repetition itself.
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=now.isoformat())


def _last_request(cursor: str | None) -> datetime:
    """The time in the cursor; a damaged one costs one run, not an outage."""
    try:
        at = datetime.fromisoformat(cursor or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

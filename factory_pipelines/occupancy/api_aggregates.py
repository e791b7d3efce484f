"""Hours, days and months over HTTP, and the clock that makes them: read from Dagster, run by Dagster."""

from datetime import datetime, timedelta
from threading import Lock
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import AwareDatetime

from factory_pipelines.occupancy.api_models import (
    Aggregation,
    Hours,
    Job,
    Months,
    OccupancyDays,
    RangeQuestion,
    SchedulerStatus,
)
from factory_pipelines.occupancy.scheduler import JOBS, ScheduledJob, trigger_text
from factory_pipelines.orchestration.outside import Orchestrator, OrchestratorUnavailableError, SchedulerReport

router = APIRouter(prefix="/api/v1/occupancy", tags=["occupancy"])

_HOURLY_ASSET = "occupancy/occupancy_hourly"
_MOST_HOURLY_DAYS = 93
_MOST_DAYS = 3660
_AN_INSTANT = timedelta(microseconds=1)
_RANGE_ANSWERS: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such area, or no such door or camera in it."},
    409: {"description": "The range ends before it begins, or is too long."},
}
_one_at_a_time = Lock()

_Asked = Annotated[RangeQuestion, Query()]


@router.get("/hourly", summary="Hours of an area, a door or a camera", responses=_RANGE_ANSWERS)
def hourly(request: Request, asked: _Asked) -> Hours:
    """Up to 93 production days. An hour that nobody observed has null figures, and `observed_min` 0."""
    rows = _rows(request, "occupancy/hours_of", asked, _MOST_HOURLY_DAYS)
    return Hours(area_id=asked.area_id, source_id=asked.source_id, hours=rows)


@router.get("/daily", summary="Production days of an area, a door or a camera", responses=_RANGE_ANSWERS)
def daily(request: Request, asked: _Asked) -> OccupancyDays:
    """Hours added up; averages weighted by the minutes observed."""
    rows = _rows(request, "occupancy/days_of", asked, _MOST_DAYS)
    return OccupancyDays(area_id=asked.area_id, source_id=asked.source_id, days=rows)


@router.get("/monthly", summary="Months of an area, a door or a camera", responses=_RANGE_ANSWERS)
def monthly(request: Request, asked: _Asked) -> Months:
    """All months that the days asked for lie in, each as a whole."""
    rows = _rows(request, "occupancy/months_of", asked, _MOST_DAYS)
    return Months(area_id=asked.area_id, source_id=asked.source_id, months=rows)


@router.get(
    "/scheduler-status",
    summary="Do the jobs run by themselves, and when next?",
    responses={503: {"description": "Dagster's storage does not answer."}},
)
def scheduler_status(request: Request) -> SchedulerStatus:
    """Read from Dagster: `running` is false, and nothing is due, when its scheduler is dead."""
    app = request.app.state
    try:
        report = app.orchestrator.scheduler(app.clock())
    except OrchestratorUnavailableError as error:
        raise _away(error) from error
    # Where Dagster has never run, it keeps no schedules: these are the ones it will.
    known = [job for job in JOBS if job.job_id in report.schedules or not report.schedules]
    return SchedulerStatus(
        running=report.is_alive,
        last_heard_at=report.heard_at,
        jobs=[_job(job, report, app.plant_clock.zone) for job in known],
    )


@router.post(
    "/trigger-aggregation",
    summary="Compute an hour now",
    responses={
        409: {"description": "There is no such hour yet, or another aggregation is being made."},
        503: {"description": "Dagster's storage does not answer."},
    },
)
def trigger_aggregation(
    request: Request,
    hour: Annotated[
        AwareDatetime | None, Query(description="Any instant of the hour; default: the last hour that is over.")
    ] = None,
) -> Aggregation:
    """A run of Dagster for this hour and for every hour that late events have touched; answers when it is over.

    It takes some seconds: the run has a process of its own. Its day follows with the job at two minutes past.
    """
    app = request.app.state
    now: datetime = app.clock()
    clock = app.plant_clock
    (running, _), *_ = clock.hours(now, now + _AN_INSTANT)
    (start, _), *_ = clock.hours(hour or running - _AN_INSTANT, (hour or running - _AN_INSTANT) + _AN_INSTANT)
    orchestrator: Orchestrator = app.orchestrator
    if not _one_at_a_time.acquire(blocking=False):
        detail = "another aggregation is being made; ask again when it is over"
        raise HTTPException(409, {"code": "aggregation_running", "detail": detail})
    try:
        report = orchestrator.run_hour(_HOURLY_ASSET, start, now)
    except ValueError as error:
        raise HTTPException(409, {"code": "hour_invalid", "detail": f"hour: {error}", "field": "hour"}) from error
    except OrchestratorUnavailableError as error:
        raise _away(error) from error
    finally:
        _one_at_a_time.release()
    written = report.metadata or {}
    return Aggregation(
        success=report.success,
        hour=start.astimezone(clock.zone).hour,
        records_processed=written.get("events", 0),
        aggregate_created=written.get("dagster/row_count", 0) > 0,
        hour_start=start,
        run_id=report.run_id,
        detail=report.said,
    )


def _job(job: ScheduledJob, report: SchedulerReport, zone: Any) -> Job:
    kept = report.schedules.get(job.job_id)
    due = kept.next_tick_at.astimezone(zone) if kept is not None and kept.is_on and report.is_alive else None
    return Job(id=job.job_id, name=job.name, next_run_time=due, trigger=trigger_text(kept.cron if kept else job.cron))


def _rows(request: Request, query: str, asked: RangeQuestion, most_days: int) -> Any:
    if asked.last_day < asked.first_day:
        raise _conflict("last_day", "give a day from first_day on")
    if (asked.last_day - asked.first_day).days >= most_days:
        raise _conflict("last_day", f"give at most {most_days} days")
    warehouse = request.app.state.warehouse
    params = asked.model_dump() | {"source_id": asked.source_id or ""}
    if not warehouse.rows("occupancy/is_series", params)[0]["is_there"]:
        what = f"source_id: no {asked.source_id} in" if asked.source_id else "area_id: no"
        field = "source_id" if asked.source_id else "area_id"
        detail = f"{what} {asked.area_id}; /api/v1/occupancy/areas and /sources name them all"
        raise HTTPException(404, {"code": "not_found", "detail": detail, "field": field})
    return warehouse.rows(query, params)


def _conflict(field: str, remedy: str) -> HTTPException:
    return HTTPException(409, {"code": "range_invalid", "detail": f"{field}: {remedy}", "field": field})


def _away(error: OrchestratorUnavailableError) -> HTTPException:
    return HTTPException(503, {"code": "dagster_unavailable", "detail": str(error)}, {"Retry-After": "5"})

"""The last hour of production as the ten-minute pulls would have seen it, so that a fresh demo has alerts to show."""

from datetime import datetime, timedelta

from psycopg import sql

from factory_pipelines.alerts.breaches import Pull
from factory_pipelines.alerts.engine import evaluate
from factory_pipelines.demo.resources import open_factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.ingest import pull_day, pull_supervisors
from factory_pipelines.production.lookout import breaches_of
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

_PULLS = 7
_EVERY = timedelta(minutes=10)


def pull_last_hour(warehouse: Warehouse, settings: Settings, now: datetime) -> int:
    """Pulls and judges the last hour of production, ten minutes apart; returns the breaches of the last pull.

    Outside working hours that is the end of the last working day.
    """
    clock = settings.plant.clock()
    end = _last_productive_moment(clock, now)
    day = clock.production_day(end)
    factory = open_factory(settings)
    pull_supervisors(warehouse, DemoRtms(factory, lambda: end), now=end - _PULLS * _EVERY)
    breaches = 0
    for number in range(_PULLS):
        at = end - (_PULLS - 1 - number) * _EVERY
        result = pull_day(warehouse, DemoRtms(factory, lambda at=at: at), day, now=at)  # type: ignore[misc]
        for table in ("operation_benchmark", "employee_efficiency"):
            rebuild_days(warehouse, sql.Identifier("production", table), day, day, f"production/{table}")
        pull = Pull(result.pull_id or number, at, day)
        found = breaches_of(warehouse, settings, pull)
        evaluate(warehouse, pull, found, settings.alerts, clock=clock, now=at)
        breaches = len(found)
    return breaches


def _last_productive_moment(clock: PlantClock, now: datetime) -> datetime:
    """``now`` when the plant has worked for two hours today, else the end of the last working day."""
    today = clock.production_day(now)
    if clock.is_working_day(today) and now > clock.session_window(today, 2)[1]:
        return min(now, clock.session_window(today, 12)[1])
    day = today - timedelta(days=1)
    while not clock.is_working_day(day):
        day -= timedelta(days=1)
    return clock.session_window(day, 12)[1]

"""Who is in breach as of a pull, and what the alert policy makes of it: the same for Dagster, the API and the demo."""

from datetime import datetime

from factory_pipelines.alerts.breaches import Breach, Pull, efficiency_breach
from factory_pipelines.alerts.engine import EvaluationResult, evaluate, pass_time
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse


def evaluate_latest(warehouse: Warehouse, settings: Settings, now: datetime) -> EvaluationResult:
    """Decides upon the latest pull of the production day running at ``now``; without one, upon what time makes due.

    A pull whose efficiency table is still being computed waits for its turn. The Dagster asset and the API call this.
    """
    clock = settings.plant.clock()
    rows = warehouse.rows("production/latest_pull", {"day": clock.production_day(now)})
    if not rows:
        return pass_time(warehouse, settings.alerts, clock=clock, now=now)
    pull = Pull(rows[0]["pull_id"], rows[0]["started_at"], rows[0]["production_day"])
    return evaluate(warehouse, pull, breaches_of(warehouse, settings, pull), settings.alerts, clock=clock, now=now)


def breaches_of(warehouse: Warehouse, settings: Settings, pull: Pull) -> list[Breach]:
    """Every row of the pull's day below both thresholds, with the supervisor of its line and part."""
    rules = settings.alerts
    found = (
        efficiency_breach(
            row,
            efficiency_threshold_pct=rules.efficiency_threshold_pct,
            relative_threshold_pct=rules.relative_threshold_pct,
        )
        for row in warehouse.rows("production/efficiency_with_supervisor", {"day": pull.production_day})
    )
    return [breach for breach in found if breach is not None]

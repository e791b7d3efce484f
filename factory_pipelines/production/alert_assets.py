"""From efficiency to alerts: who is in breach as of the latest pull, handed to the alert policies."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from factory_pipelines.alerts.breaches import Breach, Pull, efficiency_breach
from factory_pipelines.alerts.engine import EvaluationResult, evaluate, pass_time
from factory_pipelines.production.assets import OWNERS, employee_efficiency, supervisors
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse

ALERTS_KEY = dg.AssetKey(["production", "efficiency_alerts"])


@dg.asset(
    key=ALERTS_KEY,
    deps=[employee_efficiency, supervisors],
    group_name="production",
    kinds={"python", "postgres"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/table_name": "alerts.alerts"},
    automation_condition=dg.AutomationCondition.any_deps_updated() & ~dg.AutomationCondition.in_progress(),
)
def efficiency_alerts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Who is below the thresholds as of the latest pull of the running day, and what the policy makes of it.

    Alerts and messages are written together; evaluating a pull twice changes nothing.
    """
    result = evaluate_latest(warehouse, load_settings(), datetime.now(UTC))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": result.breaches,
            "opened": result.opened,
            "escalated": result.escalated,
            "resolved": result.resolved,
            "messages": result.messages,
            "without_a_phone": result.unaddressed,
            "ignored": result.ignored or "no",
        }
    )


def evaluate_latest(warehouse: Warehouse, settings: Settings, now: datetime) -> EvaluationResult:
    """Decides upon the latest pull of the production day running at ``now``, then upon what time alone makes due.

    Both the Dagster sensor and the API call this.
    """
    clock = settings.plant.clock()
    rows = warehouse.rows("production/latest_pull", {"day": clock.production_day(now)})
    waiting = pass_time(warehouse, settings.alerts, clock=clock, now=now)
    if not rows:
        return waiting
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

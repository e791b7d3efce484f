"""From efficiency to alerts: who is in breach as of the latest pull, handed to the alert policies."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from factory_pipelines.alerts.tables import EVALUATIONS
from factory_pipelines.production.assets import OWNERS, employee_efficiency, supervisors
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

ALERTS_KEY = dg.AssetKey(["production", "efficiency_alerts"])


@dg.asset(
    key=ALERTS_KEY,
    deps=[employee_efficiency, supervisors],
    group_name="production",
    kinds={"python", "postgres"},
    owners=OWNERS,
    code_version="1",
    metadata=EVALUATIONS.metadata(),
    automation_condition=dg.AutomationCondition.any_deps_updated() & ~dg.AutomationCondition.in_progress(),
)
def efficiency_alerts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Who is below the thresholds as of the latest pull of the running day, and what the policy makes of it.

    Alerts and messages are written together; evaluating a pull twice changes nothing.
    """
    from factory_pipelines.production.lookout import evaluate_latest

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

"""The outbox as a Dagster asset: materializing it delivers what is due."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.alerts import ledger
from factory_pipelines.alerts.checks import message_table
from factory_pipelines.alerts.tables import ALERT_DELIVERIES
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

DELIVERIES = dg.AssetKey(["alerts", "deliveries"])

# Messages one run tries to send; the sensor asks for another run when more are due.
_MESSAGES_A_RUN = 200

_SHOWN = 30


def deliveries_asset(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset ``alerts/deliveries``, downstream of whatever finds breaches."""

    @dg.asset(
        key=DELIVERIES,
        metadata=ALERT_DELIVERIES.metadata(),
        group_name="alerts",
        kinds={"postgres", "whatsapp"},
        owners=["team:platform"],
        deps=list(upstream),
        code_version="1",
    )
    def deliveries(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
        """Messages to supervisors and operators: escalates what is due, sends, and asks what became of them."""
        return _deliver(warehouse)

    return deliveries


def _deliver(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    from factory_pipelines.alerts.channels import build_channels
    from factory_pipelines.alerts.engine import pass_time
    from factory_pipelines.alerts.outbox import DeliveryRules, deliver_due
    from factory_pipelines.alerts.receipts import refresh_statuses

    settings = load_settings()
    channels = build_channels(settings)
    rules = DeliveryRules.of(settings.alerts)
    started = _now()
    decided = pass_time(warehouse, settings.alerts, clock=settings.plant.clock(), now=started)
    round_ = deliver_due(warehouse, channels, now=_now, rules=rules, limit=_MESSAGES_A_RUN)
    receipts = refresh_statuses(warehouse, channels, _now(), rules=rules)
    day = ledger.delivery_statistics(warehouse, started - timedelta(days=1))
    latest = ledger.list_deliveries(warehouse, since=started - timedelta(days=1), limit=_SHOWN)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": day["messages"],
            "policy": settings.alerts.policy,
            "channel": channels.people.name,
            "operators_channel": channels.operators.name,
            **{f"round_{name}": count for name, count in asdict(round_).items()},
            **{f"receipts_{name}": count for name, count in asdict(receipts).items()},
            "escalated": decided.escalated,
            **{f"last_24h_{name}": value for name, value in day.items() if value is not None and name != "messages"},
            "messages": message_table(latest),
        }
    )


def _now() -> datetime:
    return datetime.now(UTC)

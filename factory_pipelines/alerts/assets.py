"""The outbox as a Dagster asset: materializing it delivers what is due."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

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
    from factory_pipelines.alerts import ledger
    from factory_pipelines.alerts.channels import build_channels
    from factory_pipelines.alerts.rounds import run_round

    settings = load_settings()
    channels = build_channels(settings)
    done = run_round(warehouse, channels, settings, now=_now, limit=_MESSAGES_A_RUN)
    yesterday = _now() - timedelta(days=1)
    day = ledger.delivery_statistics(warehouse, yesterday)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": day["messages"],
            "policy": settings.alerts.policy,
            "channel": channels.people.name,
            "operators_channel": channels.operators.name,
            **{f"round_{name}": count for name, count in asdict(done.delivered).items()},
            **{f"receipts_{name}": count for name, count in asdict(done.receipts).items()},
            "escalated": done.decided.escalated,
            **{f"last_24h_{name}": value for name, value in day.items() if value is not None and name != "messages"},
            "messages": message_table(ledger.list_deliveries(warehouse, since=yesterday, limit=_SHOWN)),
        }
    )


def _now() -> datetime:
    return datetime.now(UTC)

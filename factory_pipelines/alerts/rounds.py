"""One round of everything: what time makes due, what must be sent, what became of what was sent.

The Dagster asset and the API call this; repeating it is safe, also at the same time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from factory_pipelines.alerts.channels import Channels
from factory_pipelines.alerts.engine import EvaluationResult, pass_time
from factory_pipelines.alerts.outbox import DeliveryResult, DeliveryRules, deliver_due
from factory_pipelines.alerts.receipts import RefreshResult, refresh_statuses
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What time made due, what was sent, and what was learned of earlier messages."""

    decided: EvaluationResult
    delivered: DeliveryResult
    receipts: RefreshResult


def run_round(
    warehouse: Warehouse, channels: Channels, settings: Settings, *, now: Callable[[], datetime], limit: int = 200
) -> RoundResult:
    """Opens and escalates what is due without a pull, sends what is in the outbox, asks what became of it.

    Args:
        warehouse: where state and outbox are, in the writer's role.
        channels: where messages go.
        settings: the alert rules and the plant's clock.
        now: the clock.
        limit: messages this round tries to send.
    """
    rules = DeliveryRules.of(settings.alerts)
    decided = pass_time(warehouse, settings.alerts, clock=settings.plant.clock(), now=now())
    delivered = deliver_due(warehouse, channels, now=now, rules=rules, limit=limit)
    receipts = refresh_statuses(warehouse, channels, now(), rules=rules)
    return RoundResult(decided, delivered, receipts)

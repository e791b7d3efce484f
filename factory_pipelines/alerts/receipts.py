"""What became of messages the provider has; and dead letters sent again by hand."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from factory_pipelines.alerts import store
from factory_pipelines.alerts.channels import Channels, NotNowError, Receipt, RefusedError
from factory_pipelines.alerts.outbox import FIRST_STATUS_LOOK, DeliveryRules, next_wait_s
from factory_pipelines.warehouse.pool import Warehouse

# A message that is on its way for longer is left as sent: the phone is off, or its owner shares no receipts.
LAST_STATUS_LOOK = timedelta(hours=24)


class DeliveryUnknownError(LookupError):
    """There is no such delivery."""


class DeliveryNotDeadError(RuntimeError):
    """The delivery is not a dead letter: it needs no requeueing."""


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """Counts of one round: messages asked about, arrived, failed at the provider, and left for later."""

    asked: int = 0
    delivered: int = 0
    failed: int = 0
    unanswered: int = 0


def refresh_statuses(
    warehouse: Warehouse,
    channels: Channels,
    now: datetime,
    *,
    rules: DeliveryRules | None = None,
    limit: int = 100,
    randomness: random.Random | None = None,
) -> RefreshResult:
    """Asks the providers about messages that are on their way and due for a look."""
    counts: Counter[str] = Counter()
    for row in warehouse.rows("alerts/to_refresh", {"now": now, "limit": limit}):
        channel = channels.named(row["channel"])
        receipt = None
        if channel is not None:
            counts["asked"] += 1
            try:
                receipt = channel.status(row["provider_message_id"])
            except (NotNowError, RefusedError):
                counts["unanswered"] += 1
        if receipt is None or receipt.state == "sent":
            _look_again(warehouse, row["delivery_id"], row["sent_at"], now)
        if receipt is not None:
            counts[receipt.state] += 1
            record_status(warehouse, receipt, now, rules=rules, randomness=randomness)
    return RefreshResult(counts["asked"], counts["delivered"], counts["failed"], counts["unanswered"])


def record_status(
    warehouse: Warehouse,
    receipt: Receipt,
    now: datetime,
    *,
    rules: DeliveryRules | None = None,
    randomness: random.Random | None = None,
) -> bool:
    """Records what the provider says of one message; says whether the message is known.

    Reports arrive late and out of order: one that is behind what is known changes nothing. A message that failed at the
    provider is sent again where that can help, else it is a dead letter.
    """
    rules = rules or DeliveryRules()
    with warehouse.transaction() as conn:
        found = store.fetch(conn, "alerts/by_provider_id", {"provider_message_id": receipt.message_id})
        if not found:
            return False
        failures = found[0]["failures"]
        last = receipt.permanent or failures >= rules.max_attempts
        wait = next_wait_s(max(failures, 1), rules, randomness or random.SystemRandom())
        status = receipt.state if receipt.state != "failed" else "dead" if last else "queued"
        params = {
            "delivery_id": found[0]["delivery_id"],
            "status": status,
            "provider_status": receipt.provider_status,
            "error_code": receipt.error_code or (receipt.provider_status if receipt.state == "failed" else None),
            "error_text": receipt.error_text,
            "next_attempt_at": now + timedelta(seconds=wait),
            "now": now,
        }
        store.fetch(conn, "alerts/record_status", params)
    return True


def requeue(warehouse: Warehouse, delivery_id: int, by: str, now: datetime) -> None:
    """Gives a dead letter another full set of attempts; a doubtful one is looked up first where that is possible.

    Raises:
        DeliveryUnknownError: when there is no such delivery.
        DeliveryNotDeadError: when it is not a dead letter.
    """
    with warehouse.transaction() as conn:
        found = store.fetch(conn, "alerts/requeue", {"delivery_id": delivery_id, "now": now})
        if not found:
            raise DeliveryUnknownError(f"there is no delivery {delivery_id}")
        if found[0]["status"] != "dead":
            raise DeliveryNotDeadError(f"delivery {delivery_id} is {found[0]['status']}, not a dead letter")
        store.add_events(conn, [{"event": "requeued", "delivery_id": delivery_id}], actor=by, at=now)


def _look_again(warehouse: Warehouse, delivery_id: int, sent_at: datetime, now: datetime) -> None:
    age = now - sent_at
    at = now + max(FIRST_STATUS_LOOK, age) if age < LAST_STATUS_LOOK else None
    warehouse.execute("alerts/look_again", {"delivery_id": delivery_id, "at": at})

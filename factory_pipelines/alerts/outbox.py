"""The outbox: what must be said is written down with the decision, and delivered from there until it is done or dead.

An attempt is committed *before* the provider is called. A process that dies in between leaves an attempt without a
result; when its lease runs out the delivery is flagged doubtful, the provider is asked where it can be, and only then
is the message sent again. So nothing is lost, and what may have been sent twice says so.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from factory_pipelines.alerts import store
from factory_pipelines.alerts.attention import Recipient
from factory_pipelines.alerts.channels import (
    Channel,
    Channels,
    NotNowError,
    Outgoing,
    Receipt,
    RefusedError,
    SendError,
    UncertainError,
)
from factory_pipelines.settings import AlertSettings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

# A first look at what became of a message; every later look waits as long again as it has been on its way.
FIRST_STATUS_LOOK = timedelta(minutes=2)

# So many failures in a row on one channel, and the rest of its messages wait for the next round.
FAILURES_THAT_END_A_ROUND = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """One message for the outbox.

    Attributes:
        dedupe_key: the outbox takes each key once.
        kind: ``alert``, ``digest`` or ``incident``.
        recipient: who it is for.
        body: free text.
        alert_ids: the alerts it speaks of.
        pull_id: the pull it comes from; None for incidents.
        template: the approved template that says the same; None when there is none.
        variables: that template's variables.
    """

    dedupe_key: str
    kind: str
    recipient: Recipient
    body: str
    alert_ids: tuple[int, ...]
    pull_id: int | None = None
    template: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """How patient the outbox is.

    Attributes:
        max_attempts: sends tried before a delivery is a dead letter.
        first_wait_s: wait after the first failure; it doubles from there.
        longest_wait_s: no wait is longer, unless the provider asks for it.
        lease_s: an attempt without a result for this long is given up as doubtful; longer than any call to a provider.
    """

    max_attempts: int = 8
    first_wait_s: float = 30.0
    longest_wait_s: float = 3600.0
    lease_s: float = 120.0

    @classmethod
    def of(cls, alerts: AlertSettings) -> "DeliveryRules":
        """The rules of these settings."""
        return cls(max_attempts=alerts.max_attempts)


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What one round did; counts of deliveries.

    Attributes:
        sent: taken by the provider in this round (``delivered`` ones included).
        found: doubtful ones that the provider turned out to have.
        retried: failed for now, waiting for their next attempt.
        dead: given up.
        doubtful: newly flagged: an attempt ended without a known result.
    """

    sent: int = 0
    found: int = 0
    retried: int = 0
    dead: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    """A delivery this process may send, until its lease ends."""

    attempt_id: int
    attempt_no: int
    failures: int
    needs_lookup: bool
    message: Outgoing


def enqueue(conn: Connection[Any], drafts: Iterable[Draft], now: datetime) -> int:
    """Writes messages into the outbox within the caller's transaction; returns how many were new."""
    waiting = {draft.dedupe_key: draft for draft in drafts}
    if not waiting:
        return 0
    rows = [_row(draft) for draft in waiting.values()]
    taken = store.fetch(conn, "alerts/enqueue", {"drafts": Jsonb(rows), "now": now})
    links = [
        {"delivery_id": row["delivery_id"], "alert_id": alert_id}
        for row in taken
        for alert_id in waiting[row["dedupe_key"]].alert_ids
    ]
    conn.execute(sql.SQL(load_sql("alerts/link_alerts")), {"links": Jsonb(links)})
    return len(taken)


def deliver_due(
    warehouse: Warehouse,
    channels: Channels,
    *,
    now: Callable[[], datetime],
    rules: DeliveryRules | None = None,
    limit: int = 100,
    randomness: random.Random | None = None,
) -> DeliveryResult:
    """Sends what is due, oldest first; several processes may do so at once.

    Args:
        warehouse: where the outbox is.
        channels: where messages go.
        now: the clock.
        rules: patience; the defaults of ``DeliveryRules`` when None.
        limit: attempts in this round.
        randomness: spreads the retries; a fresh source when None.
    """
    rules = rules or DeliveryRules()
    randomness = randomness or random.SystemRandom()
    counts: Counter[str] = Counter()
    for row in _flag_expired(warehouse, rules, now()):
        counts["doubtful"] += 1
        counts["dead"] += row["status"] == "dead"
    failures = {True: 0, False: 0}  # in a row, on the people's and on the operators' channel
    for _ in range(limit):
        open_routes = {has_phone for has_phone, count in failures.items() if count < FAILURES_THAT_END_A_ROUND}
        claim = _claim(warehouse, rules, open_routes, now())
        if claim is None:
            break
        route = claim.message.to is not None
        outcome, failure = _attempt(warehouse, channels.route(claim.message.to), claim, rules, now, randomness)
        counts.update(outcome)
        failures[route] = failures[route] + 1 if isinstance(failure, (NotNowError, UncertainError)) else 0
        if isinstance(failure, NotNowError) and failure.retry_after_s is not None:
            failures[route] = FAILURES_THAT_END_A_ROUND  # the provider asks for quiet
    return DeliveryResult(**{name: counts[name] for name in DeliveryResult.__slots__})


def next_wait_s(failures: int, rules: DeliveryRules, randomness: random.Random) -> float:
    """Seconds until the next attempt after ``failures`` failures: doubling, capped, and spread over its upper half."""
    longest = min(rules.longest_wait_s, rules.first_wait_s * 2.0 ** min(failures - 1, 30))
    return longest * randomness.uniform(0.5, 1.0)


def _flag_expired(warehouse: Warehouse, rules: DeliveryRules, now: datetime) -> list[dict[str, Any]]:
    return warehouse.rows("alerts/flag_expired", {"now": now, "max_attempts": rules.max_attempts})


def _claim(warehouse: Warehouse, rules: DeliveryRules, open_routes: set[bool], now: datetime) -> _Claim | None:
    params = {
        "now": now,
        "lease_until": now + timedelta(seconds=rules.lease_s),
        "to_people": True in open_routes,
        "to_operators": False in open_routes,
    }
    rows = warehouse.rows("alerts/claim", params)
    if not rows:
        return None
    row = rows[0]
    # What could not be sent to its recipient says so to the operators who get it instead.
    heading = (
        f"For {row['recipient_name'] or 'nobody'} ({row['recipient_problem']}):\n\n" if row["recipient_problem"] else ""
    )
    return _Claim(
        attempt_id=row["attempt_id"],
        attempt_no=row["attempt_count"],
        failures=row["attempt_count"] - row["attempts_allowed_from"],
        needs_lookup=row["needs_lookup"],
        message=Outgoing(
            row["delivery_id"], row["recipient_phone"], heading + row["body"], row["template"], row["variables"]
        ),
    )


def _attempt(
    warehouse: Warehouse,
    channel: Channel,
    claim: _Claim,
    rules: DeliveryRules,
    now: Callable[[], datetime],
    randomness: random.Random,
) -> tuple[list[str], SendError | None]:
    """One attempt, its result recorded; returns what to count, and how it failed when it did."""
    try:
        if claim.needs_lookup and channel.can_look_up and _found(warehouse, channel, claim, now):
            return ["found"], None
        receipt = channel.send(claim.message)
    except RefusedError as error:
        _record(warehouse, channel, claim, now(), status="dead", outcome="permanent", error=error)
        return ["dead"], error
    except (NotNowError, UncertainError) as error:
        doubtful = isinstance(error, UncertainError)
        dead = claim.failures >= rules.max_attempts
        wait = next_wait_s(claim.failures, rules, randomness)
        if isinstance(error, NotNowError) and error.retry_after_s is not None:
            wait = max(wait, error.retry_after_s)
        at = now()
        _record(
            warehouse,
            channel,
            claim,
            at,
            status="dead" if dead else "queued",
            outcome="doubtful" if doubtful else "transient",
            error=error,
            doubtful=doubtful,
            needs_lookup=doubtful or claim.needs_lookup,
            next_attempt_at=at + timedelta(seconds=wait),
        )
        return ["dead" if dead else "retried"] + ["doubtful"] * doubtful, error
    _record_receipt(warehouse, channel, claim, receipt, now())
    return ["sent"], None


def _found(warehouse: Warehouse, channel: Channel, claim: _Claim, now: Callable[[], datetime]) -> bool:
    """Whether the provider has the doubtful message; then that is what became of it."""
    facts = {"delivery_id": claim.message.delivery_id, "phone": claim.message.to}
    [row] = warehouse.rows("alerts/lookup_facts", facts)
    receipt = channel.find(claim.message, row["since"], frozenset(row["known"]))
    if receipt is None or receipt.state == "failed":
        return False  # what failed at the provider was not received: sending again is right
    return _record_receipt(warehouse, channel, claim, receipt, now(), outcome="found")


def _record_receipt(
    warehouse: Warehouse, channel: Channel, claim: _Claim, receipt: Receipt, at: datetime, outcome: str = "sent"
) -> bool:
    on_its_way = receipt.state != "delivered" and receipt.message_id is not None
    return _record(
        warehouse,
        channel,
        claim,
        at,
        status="delivered" if receipt.state == "delivered" else "sent",
        outcome=outcome,
        receipt=receipt,
        next_status_at=at + FIRST_STATUS_LOOK if on_its_way else None,
    )


def _record(
    warehouse: Warehouse,
    channel: Channel,
    claim: _Claim,
    at: datetime,
    *,
    status: str,
    outcome: str,
    receipt: Receipt | None = None,
    error: SendError | None = None,
    doubtful: bool = False,
    needs_lookup: bool = False,
    next_attempt_at: datetime | None = None,
    next_status_at: datetime | None = None,
) -> bool:
    """Writes an attempt's result; False when a message found at the provider already belongs to another delivery.

    An attempt whose lease ran out meanwhile still tells what happened, but interferes with nobody who has claimed the
    delivery since.
    """
    params = {
        "attempt_id": claim.attempt_id,
        "attempt_no": claim.attempt_no,
        "delivery_id": claim.message.delivery_id,
        "at": at,
        "channel": channel.name,
        "status": status,
        "outcome": outcome,
        "provider_message_id": receipt.message_id if receipt else None,
        "provider_status": receipt.provider_status if receipt else None,
        "error_code": error.code if error else None,
        "error_text": error.text if error else None,
        "doubtful": doubtful,
        "needs_lookup": needs_lookup,
        "next_attempt_at": next_attempt_at,
        "next_status_at": next_status_at,
    }
    with warehouse.transaction() as conn:
        if outcome == "found":
            store.lock(conn)
            if store.fetch(conn, "alerts/is_recorded", {"provider_message_id": params["provider_message_id"]}):
                return False
        conn.execute(sql.SQL(load_sql("alerts/record_result")), params)
    return True


def _row(draft: Draft) -> dict[str, Any]:
    recipient = {f"recipient_{name}": value for name, value in asdict(draft.recipient).items()}
    return recipient | {
        "dedupe_key": draft.dedupe_key,
        "kind": draft.kind,
        "pull_id": draft.pull_id,
        "body": draft.body,
        "template": draft.template,
        "variables": dict(draft.variables),
    }

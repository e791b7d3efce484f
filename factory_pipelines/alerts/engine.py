"""The policies, wired to the warehouse: state, outbox and audit log change in one transaction, or not at all.

Every function takes the organization's alert lock first, so concurrent evaluators, an acknowledging supervisor and a
repeated run come one after the other, and the second sees what the first decided.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection, sql

from factory_pipelines.alerts import store
from factory_pipelines.alerts.attention import OPERATORS_KEY, Decision, PolicyState, Recipient
from factory_pipelines.alerts.breaches import Breach, Pull
from factory_pipelines.alerts.messages import clipped, printable, render
from factory_pipelines.alerts.outbox import Draft, enqueue
from factory_pipelines.alerts.policies import POLICIES, day_over, tick
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import AlertSettings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

_log = logging.getLogger(__name__)

PLATFORM = "platform"


class AlertUnknownError(LookupError):
    """There is no such alert."""


class AlertOverError(RuntimeError):
    """The alert is resolved: there is nothing left to acknowledge or resolve."""


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What one evaluation did.

    Attributes:
        ignored: why the pull was not evaluated (already done, older, a past day); None when it was.
        breaches: how many were given.
        opened: breaches that became alerts.
        escalated: alerts that were escalated.
        resolved: alerts that are over.
        messages: messages that entered the outbox.
        unaddressed: those of them whose recipient has no usable phone number; they go to the operators.
    """

    ignored: str | None = None
    breaches: int = 0
    opened: int = 0
    escalated: int = 0
    resolved: int = 0
    messages: int = 0
    unaddressed: int = 0


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert's status after somebody acted on it; ``changed`` is False when it already was so."""

    alert_id: int
    status: Literal["open", "acknowledged", "resolved"]
    changed: bool
    occurrences: int = 1


def evaluate(
    warehouse: Warehouse,
    pull: Pull,
    breaches: Iterable[Breach],
    rules: AlertSettings,
    *,
    clock: PlantClock,
    now: datetime,
) -> EvaluationResult:
    """Decides upon one pull with the configured policy; deciding again changes nothing.

    Args:
        warehouse: where state and outbox are.
        pull: which pull; one whose time lies ahead of ``now`` is counted as of ``now``.
        breaches: all breaches the pull shows; whoever is missing is not in breach.
        rules: thresholds, patience and policy.
        clock: the plant's clock; messages carry its wall time.
        now: the present.
    """
    found = list(breaches)
    seen = Pull(pull.pull_id, min(pull.at, now), pull.production_day, pull.stream)
    with warehouse.transaction() as conn:
        store.lock(conn)
        before = store.load_state(conn, seen.stream, seen.at)
        decision = POLICIES[rules.policy](before, seen, found, rules)
        if decision.ignored is not None:
            _log.info("alerts: %s", decision.ignored)
            return EvaluationResult(ignored=decision.ignored, breaches=len(found))
        result = _save(conn, seen.stream, before, decision, rules, clock, now, len(found))
        _save_evaluation(conn, decision.state.last_pull or seen, result, rules, now)
    return result


def pass_time(warehouse: Warehouse, rules: AlertSettings, *, clock: PlantClock, now: datetime) -> EvaluationResult:
    """What is due without a pull: breaches old enough, escalations, alerts of a day that is over. Of all streams."""
    total = EvaluationResult()
    today = clock.production_day(now)
    with warehouse.transaction() as conn:
        store.lock(conn)
        for row in store.fetch(conn, "alerts/streams", {}):
            before = store.load_state(conn, row["stream"], now)
            decision = tick(before, now, today, rules) if rules.policy == "digest" else day_over(before, today)
            if decision.ignored is None:
                total = _sum(total, _save(conn, row["stream"], before, decision, rules, clock, now, 0))
    return total


def acknowledge(warehouse: Warehouse, alert_id: int, by: str, now: datetime) -> AlertState:
    """Records that ``by`` has seen the alert: it sends nothing more. Doing it again changes nothing.

    Raises:
        AlertUnknownError: when there is no such alert.
        AlertOverError: when it is resolved.
    """
    return _act(warehouse, alert_id, "acknowledged", by, now)


def resolve(warehouse: Warehouse, alert_id: int, by: str, now: datetime) -> AlertState:
    """Ends the alert by hand; a breach that goes on becomes a new alert when it is sustained again.

    Raises:
        AlertUnknownError: when there is no such alert.
        AlertOverError: when it is resolved.
    """
    return _act(warehouse, alert_id, "resolved", by, now)


def raise_incident(warehouse: Warehouse, rule: str, subject: str, title: str, body: str, now: datetime) -> AlertState:
    """Tells the operators about an incident of the platform, once while it lasts; raising it again counts it.

    Args:
        warehouse: where state and outbox are.
        rule: what kind, such as ``platform.run_failed``.
        subject: stable key of what is concerned, such as the job's name.
        title: one line.
        body: what happened and what to do.
        now: the present.
    """
    title, body = printable(title), printable(body)
    params = {"stream": PLATFORM, "rule": rule, "subject": subject, "title": title, "body": body, "now": now}
    with warehouse.transaction() as conn:
        store.lock(conn)
        [row] = store.fetch(conn, "alerts/raise_incident", params)
        alert_id, is_new = row["alert_id"], row["occurrences"] == 1
        event = {"event": "opened" if is_new else "raised_again", "alert_id": alert_id, "detail": title}
        store.add_events(conn, [event], actor=PLATFORM, at=now)
        if is_new:
            text = clipped(f"⚠️ {title}\n\n{body}")
            operators = Recipient(OPERATORS_KEY, None, None, None)
            enqueue(conn, [Draft(f"incident:{alert_id}", "incident", operators, text, (alert_id,))], now)
    return AlertState(alert_id, row["status"], changed=is_new, occurrences=row["occurrences"])


def resolve_incident(warehouse: Warehouse, rule: str, subject: str, now: datetime) -> bool:
    """Ends an incident; says whether there was one."""
    params = {"stream": PLATFORM, "rule": rule, "subject": subject, "now": now}
    with warehouse.transaction() as conn:
        store.lock(conn)
        over = store.fetch(conn, "alerts/resolve_incident", params)
        events = [{"event": "resolved", "alert_id": row["alert_id"], "detail": "incident_over"} for row in over]
        store.add_events(conn, events, actor=PLATFORM, at=now)
    return bool(over)


def _act(
    warehouse: Warehouse, alert_id: int, status: Literal["acknowledged", "resolved"], by: str, now: datetime
) -> AlertState:
    with warehouse.transaction() as conn:
        store.lock(conn)
        found = store.fetch(conn, "alerts/alert_status", {"alert_id": alert_id})
        # A pending watch is not an alert yet: nobody was told of it.
        if not found or found[0]["status"] == "pending":
            raise AlertUnknownError(f"there is no alert {alert_id}")
        if found[0]["status"] == "resolved":
            raise AlertOverError(f"alert {alert_id} was resolved at {found[0]['resolved_at']:%Y-%m-%d %H:%M:%S %Z}")
        if found[0]["status"] == status:
            return AlertState(alert_id, status, changed=False)
        query = "alerts/acknowledge" if status == "acknowledged" else "alerts/resolve"
        conn.execute(sql.SQL(load_sql(query)), {"alert_id": alert_id, "by": by, "now": now})
        store.add_events(conn, [{"event": status, "alert_id": alert_id}], actor=by, at=now)
    return AlertState(alert_id, status, changed=True)


def _save(
    conn: Connection[Any],
    stream: str,
    before: PolicyState,
    decision: Decision,
    rules: AlertSettings,
    clock: PlantClock,
    now: datetime,
    breaches: int,
) -> EvaluationResult:
    """Writes one decision: what is over, what changed, what happened, what must be said."""
    resolved = store.close_watches(conn, stream, decision.closed, now)
    changed = [watch for key, watch in decision.state.watches.items() if before.watches.get(key) != watch]
    messaged = {key: message.at for message in decision.messages for key in message.keys}
    alert_ids = store.save_watches(conn, stream, changed, messaged)
    events: list[dict[str, Any]] = [{"event": "opened", "alert_id": alert_ids[key]} for key in decision.opened]
    events += [{"event": "escalated", "alert_id": alert_ids[key]} for key in decision.escalated]
    events += [{"event": "resolved", "alert_id": alert, "detail": why} for alert, why in resolved.items()]
    store.add_events(conn, events, actor=f"policy:{rules.policy}", at=now)
    drafts = []
    for message in decision.messages:
        text = render(message, clock.zone, rules.digest_lines)
        about = tuple(alert_ids[key] for key in message.keys)
        drafts.append(
            Draft(
                message.dedupe_key,
                message.kind,
                message.recipient,
                text.body,
                about,
                message.pull_id,
                text.template,
                text.variables,
            )
        )
    enqueue(conn, drafts, now)
    return EvaluationResult(
        breaches=breaches,
        opened=len(decision.opened),
        escalated=len(decision.escalated),
        resolved=len(resolved),
        messages=len(drafts),
        unaddressed=sum(draft.recipient.problem is not None for draft in drafts),
    )


def _save_evaluation(
    conn: Connection[Any], pull: Pull, result: EvaluationResult, rules: AlertSettings, now: datetime
) -> None:
    params = {
        "stream": pull.stream,
        "pull_id": pull.pull_id,
        "production_day": pull.production_day,
        "pulled_at": pull.at,
        "evaluated_at": now,
        "policy": rules.policy,
        "breach_count": result.breaches,
        "opened_count": result.opened,
        "resolved_count": result.resolved,
        "escalated_count": result.escalated,
        "message_count": result.messages,
        "unaddressed_count": result.unaddressed,
    }
    conn.execute(sql.SQL(load_sql("alerts/save_evaluation")), params)


def _sum(one: EvaluationResult, other: EvaluationResult) -> EvaluationResult:
    return EvaluationResult(
        opened=one.opened + other.opened,
        escalated=one.escalated + other.escalated,
        resolved=one.resolved + other.resolved,
        messages=one.messages + other.messages,
        unaddressed=one.unaddressed + other.unaddressed,
    )

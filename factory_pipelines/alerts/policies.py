"""When somebody is told: pure functions from what is remembered and what a pull saw to what is decided.

``seed`` is the rule of seed 000 to the letter. ``digest`` has an attention budget: it waits until a breach is
sustained, writes one message per supervisor and pull, stays silent about what is known or acknowledged, escalates what
nobody acknowledges, and takes two clean looks before it calls a breach over.

What both do with the irregular:

- The same pull twice, or one that is older than the last: ignored, with the reason.
- A pull of a past production day (a backfill): ignored; supervisors hear about today.
- A pull whose clock is behind the last one: counted at the last one's time; durations never shrink.
- A pull that is missing: nothing is known, so nothing recovers; ``tick`` still opens and escalates what is due.
- Two pulls within ``pull_gap_min`` (a run repeated by hand): one sighting.
- A breach flapping around its limit: one absence keeps the watch, two in a row end it; flapping for ``sustained_min``
  is reported.
- A person on several operations: one watch, the worst operation first; each supervisor concerned hears of it once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from factory_pipelines.alerts.attention import (
    Closed,
    Decision,
    Item,
    Key,
    Message,
    PolicyState,
    Recipient,
    Watch,
    escalation_recipient,
    recipient_of,
)
from factory_pipelines.alerts.breaches import Breach, Pull
from factory_pipelines.settings import AlertSettings

# Seed 000, "Rate limit: Max 1 alert per employee per 5 minutes".
SEED_LIMIT = timedelta(minutes=5)

# Looks in a row without the breach before it counts as over.
RECOVERY_LOOKS = 2

Policy = Callable[[PolicyState, Pull, Iterable[Breach], AlertSettings], Decision]


def digest(state: PolicyState, pull: Pull, breaches: Iterable[Breach], rules: AlertSettings) -> Decision:
    """The default policy: sustained breaches, at most one message per supervisor and pull."""
    if (reason := _reason_to_ignore(state, pull)) is not None:
        return Decision(state, ignored=reason)
    at = _not_before(state, pull.at)
    watches, closed = _look(state, pull.production_day, at, breaches, rules)
    key = f"digest:{pull.stream}:{pull.pull_id}"
    decision = _attend(watches, at, pull.pull_id, key, rules)
    return replace(decision, state=PolicyState(decision.state.watches, replace(pull, at=at)), closed=closed)


def tick(state: PolicyState, now: datetime, production_day: date, rules: AlertSettings) -> Decision:
    """What ``digest`` does when time passes without a pull: opens what is old, escalates, closes a day that is over."""
    if state.last_pull is None:
        return Decision(state, ignored="nothing was pulled yet")
    at = _not_before(state, now)
    watches, closed = _of_day(state.watches, production_day)
    key = f"digest:{state.last_pull.stream}:{state.last_pull.pull_id}:tick-{at.timestamp():.6f}"
    decision = _attend(watches, at, state.last_pull.pull_id, key, rules)
    return replace(decision, state=replace(state, watches=decision.state.watches), closed=closed)


def day_over(state: PolicyState, production_day: date) -> Decision:
    """Ends what belongs to an earlier day than ``production_day``, and does nothing else."""
    watches, closed = _of_day(state.watches, production_day)
    return Decision(replace(state, watches=watches), closed=closed)


def seed(state: PolicyState, pull: Pull, breaches: Iterable[Breach], rules: AlertSettings) -> Decision:
    """The seed's rule: each employee in breach, one message, at most one per employee per 5 minutes.

    It knows neither acknowledgement nor escalation; a person on several operations is reported for the worst.
    """
    if (reason := _reason_to_ignore(state, pull)) is not None:
        return Decision(state, ignored=reason)
    at = _not_before(state, pull.at)
    watches, closed = _look(state, pull.production_day, at, breaches, rules)
    last_sent = {key: sent for key, sent in state.last_sent.items() if at - sent < SEED_LIMIT}
    messages: list[Message] = []
    opened: list[Key] = []
    for key, watch in sorted(watches.items()):
        if watch.absent:
            continue
        if watch.status == "pending":
            opened.append(key)
            watch = replace(watch, status="open", opened_at=at)
        if key not in last_sent:
            last_sent[key] = at
            recipient = recipient_of(watch.worst, rules.default_country_code)
            watch = replace(watch, told=watch.told | {recipient.key})
            item = Item(watch.worst, len(watch.breaches) - 1, watch.first_seen_at)
            name = f"seed:{pull.stream}:{pull.pull_id}:{watch.rule}:{watch.subject}"
            messages.append(Message(name, "alert", recipient, (item,), (), at, pull.pull_id))
        watches[key] = watch
    after = PolicyState(watches, replace(pull, at=at), last_sent)
    return Decision(after, tuple(messages), tuple(opened), (), closed)


POLICIES: Mapping[str, Policy] = {"digest": digest, "seed": seed}


def acknowledged(state: PolicyState, key: Key) -> PolicyState:
    """The state after somebody acknowledged one open alert; unchanged when there is none."""
    watch = state.watches.get(key)
    if watch is None or watch.status != "open":
        return state
    return replace(state, watches={**state.watches, key: replace(watch, status="acknowledged")})


def is_due(watch: Watch, at: datetime, rules: AlertSettings) -> bool:
    """Whether a pending watch is sustained: seen in enough pulls in a row, or for long enough."""
    if watch.status != "pending" or watch.absent:
        return False
    return watch.streak >= rules.sustained_pulls or at - watch.first_seen_at >= timedelta(minutes=rules.sustained_min)


def needs_escalation(watch: Watch, at: datetime, rules: AlertSettings) -> bool:
    """Whether an open watch has waited too long for an acknowledgement."""
    if watch.status != "open" or watch.absent or watch.escalated_at is not None or watch.opened_at is None:
        return False
    return at - watch.opened_at >= timedelta(minutes=rules.escalate_after_min)


def _reason_to_ignore(state: PolicyState, pull: Pull) -> str | None:
    last = state.last_pull
    if last is None:
        return None
    if pull.stream != last.stream:
        raise ValueError(f"a pull of stream {pull.stream!r} was given the state of {last.stream!r}")
    if pull.pull_id == last.pull_id:
        return f"pull {pull.pull_id} is already decided"
    if pull.pull_id < last.pull_id:
        return f"pull {pull.pull_id} is older than pull {last.pull_id}, which is already decided"
    if pull.production_day < last.production_day:
        return f"pull {pull.pull_id} reads {pull.production_day}, a day before {last.production_day}"
    return None


def _not_before(state: PolicyState, at: datetime) -> datetime:
    return at if state.last_pull is None else max(at, state.last_pull.at)


def _of_day(watches: Mapping[Key, Watch], day: date) -> tuple[dict[Key, Watch], tuple[Closed, ...]]:
    """Splits the watches into those of ``day`` and those that ended with an earlier one."""
    kept = {key: watch for key, watch in watches.items() if watch.production_day >= day}
    ended = tuple(Closed(watch, "end_of_day") for key, watch in sorted(watches.items()) if key not in kept)
    return kept, ended


def _look(
    state: PolicyState, day: date, at: datetime, breaches: Iterable[Breach], rules: AlertSettings
) -> tuple[dict[Key, Watch], tuple[Closed, ...]]:
    """The watches after one look: seen again, new, absent, or over."""
    seen: dict[Key, list[Breach]] = defaultdict(list)
    for breach in breaches:
        seen[breach.key].append(breach)
    gap = timedelta(minutes=rules.pull_gap_min)
    before, ended = _of_day(state.watches, day)
    watches: dict[Key, Watch] = {}
    recovered: list[Closed] = []
    for key, found in seen.items():
        ordered = tuple(sorted(found, key=lambda breach: breach.badness))
        watches[key] = _sighted(before[key], ordered, at, gap) if key in before else _new(ordered, day, at)
    for key in sorted(before.keys() - seen.keys()):
        missed = _missed(before[key], at, gap)
        if missed.absent < RECOVERY_LOOKS:
            watches[key] = missed
        else:
            recovered.append(Closed(missed, "recovered"))
    return watches, (*ended, *recovered)


def _new(breaches: tuple[Breach, ...], day: date, at: datetime) -> Watch:
    rule, subject = breaches[0].key
    return Watch(rule, subject, day, "pending", at, at, streak=1, absent=0, counted_at=at, breaches=breaches)


def _sighted(watch: Watch, breaches: tuple[Breach, ...], at: datetime, gap: timedelta) -> Watch:
    watch = replace(watch, breaches=breaches, last_seen_at=at)
    if watch.absent:
        return replace(watch, streak=1, absent=0, counted_at=at)
    if at - watch.counted_at >= gap:
        return replace(watch, streak=watch.streak + 1, counted_at=at)
    return watch


def _missed(watch: Watch, at: datetime, gap: timedelta) -> Watch:
    if watch.absent == 0:
        return replace(watch, streak=0, absent=1, counted_at=at)
    if at - watch.counted_at >= gap:
        return replace(watch, absent=watch.absent + 1, counted_at=at)
    return watch


def _attend(
    watches: Mapping[Key, Watch], at: datetime, pull_id: int, dedupe_prefix: str, rules: AlertSettings
) -> Decision:
    """Opens what is sustained, escalates what is overdue, and gathers one message per recipient."""
    boss = escalation_recipient(rules.escalation_phone, rules.default_country_code)
    people: dict[str, Recipient] = {}
    news: dict[str, list[Item]] = defaultdict(list)
    overdue: dict[str, list[Item]] = defaultdict(list)
    after: dict[Key, Watch] = {}
    opened: list[Key] = []
    escalated: list[Key] = []
    for key, watch in sorted(watches.items()):
        if is_due(watch, at, rules):
            opened.append(key)
            watch = replace(watch, status="open", opened_at=at)
        if watch.status == "open" and not watch.absent:
            for recipient, item in _concerned(watch, rules):
                people.setdefault(recipient.key, recipient)
                news[recipient.key].append(item)
                watch = replace(watch, told=watch.told | {recipient.key})
        if needs_escalation(watch, at, rules):
            escalated.append(key)
            people.setdefault(boss.key, boss)
            overdue[boss.key].append(Item(watch.worst, len(watch.breaches) - 1, watch.first_seen_at))
            watch = replace(watch, escalated_at=at)
        after[key] = watch
    messages = tuple(
        Message(
            f"{dedupe_prefix}:{who}",
            "digest",
            people[who],
            _worst_first(news[who]),
            _worst_first(overdue[who]),
            at,
            pull_id,
        )
        for who in sorted(people)
    )
    return Decision(PolicyState(after), messages, tuple(opened), tuple(escalated))


def _concerned(watch: Watch, rules: AlertSettings) -> list[tuple[Recipient, Item]]:
    """Whoever is responsible for one of the watch's breaches and does not know of it, with their worst one."""
    theirs: dict[str, list[Breach]] = defaultdict(list)
    people: dict[str, Recipient] = {}
    for breach in watch.breaches:
        recipient = recipient_of(breach, rules.default_country_code)
        people.setdefault(recipient.key, recipient)
        theirs[recipient.key].append(breach)
    return [
        (people[who], Item(found[0], len(found) - 1, watch.first_seen_at))
        for who, found in theirs.items()
        if who not in watch.told
    ]


def _worst_first(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: item.breach.badness))

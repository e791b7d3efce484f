"""The values the policies work on: what is being watched, who is told, what was decided.

All of it is explicit and immutable, so a policy can be replayed over a year of pulls without a database; the engine
only loads and saves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from factory_pipelines.alerts.breaches import Breach, Pull
from factory_pipelines.alerts.phones import parse_phone

Key = tuple[str, str]
Status = Literal["pending", "open", "acknowledged"]
Resolution = Literal["recovered", "end_of_day", "by_hand", "incident_over"]

OPERATORS_KEY = "operators"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a message is for.

    Attributes:
        key: one key, one person: the usable number, else the name, else ``operators``.
        name: how the person is called; None for the operators.
        phone: E.164; None when there is no usable number: the message then goes to the operators' channel.
        problem: why there is no usable number; None when there is one.
    """

    key: str
    name: str | None
    phone: str | None
    problem: str | None


def recipient_of(breach: Breach, default_country_code: str) -> Recipient:
    """The person responsible for the breach, however incompletely the source names them."""
    phone = parse_phone(breach.recipient_phone, default_country_code)
    if phone.e164 is not None:
        return Recipient(f"tel:{phone.e164}", breach.recipient_name, phone.e164, None)
    if breach.recipient_name is not None:
        return Recipient(f"name:{breach.recipient_name}", breach.recipient_name, None, phone.problem)
    return Recipient(OPERATORS_KEY, None, None, f"no supervisor is named, and {phone.problem}")


def escalation_recipient(phone: str | None, default_country_code: str) -> Recipient:
    """Whoever hears what nobody acknowledged: the configured number, else the operators."""
    if phone is None:
        return Recipient(OPERATORS_KEY, None, None, None)
    parsed = parse_phone(phone, default_country_code)
    if parsed.e164 is None:
        return Recipient(OPERATORS_KEY, None, None, f"FACTORY_ALERTS__ESCALATION_PHONE: {parsed.problem}")
    return Recipient(f"tel:{parsed.e164}", None, parsed.e164, None)


@dataclass(frozen=True, slots=True)
class Watch:
    """One subject in breach of one rule, from the first sighting until it is over.

    Attributes:
        rule: as in the breach.
        subject: as in the breach.
        production_day: the day it belongs to; it ends with it.
        status: ``pending`` (seen, not yet sustained), ``open`` (somebody is told) or ``acknowledged`` (silent).
        first_seen_at: first sighting.
        last_seen_at: latest sighting.
        streak: sightings in a row that count (see ``AlertSettings.pull_gap_min``); 0 while absent.
        absent: looks in a row that did not see it.
        counted_at: the sighting or absence that counted last.
        breaches: the subject's breaches as last seen, worst first; several when a person works on several operations.
        opened_at: when it became an alert; None while pending.
        escalated_at: when it was escalated; None when it was not.
        told: keys of the recipients who know of it.
    """

    rule: str
    subject: str
    production_day: date
    status: Status
    first_seen_at: datetime
    last_seen_at: datetime
    streak: int
    absent: int
    counted_at: datetime
    breaches: tuple[Breach, ...]
    opened_at: datetime | None = None
    escalated_at: datetime | None = None
    told: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        """The rule and the subject."""
        return self.rule, self.subject

    @property
    def worst(self) -> Breach:
        """The breach with the largest gap."""
        return self.breaches[0]


@dataclass(frozen=True, slots=True)
class Item:
    """One subject in one message: the recipient's worst breach, and how many operations more."""

    breach: Breach
    more_operations: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person.

    Attributes:
        dedupe_key: the same decision made twice gives the same key; the outbox takes each key once.
        kind: ``alert`` (the seed's, one employee) or ``digest``.
        recipient: who it is for.
        items: what is new to them, worst first.
        escalated: what nobody acknowledged in time, worst first.
        at: the moment it speaks of.
        pull_id: the latest pull at that moment.
    """

    dedupe_key: str
    kind: Literal["alert", "digest"]
    recipient: Recipient
    items: tuple[Item, ...]
    escalated: tuple[Item, ...]
    at: datetime
    pull_id: int

    @property
    def keys(self) -> tuple[Key, ...]:
        """The alerts it speaks of, each once."""
        return tuple(dict.fromkeys(item.breach.key for item in (*self.items, *self.escalated)))


@dataclass(frozen=True, slots=True)
class PolicyState:
    """All a policy remembers of one stream.

    Attributes:
        watches: what is going on, by rule and subject.
        last_pull: the latest pull decided upon; None before the first.
        last_sent: when the seed's rule last sent a message about a subject, for its limit of one per 5 minutes.
    """

    watches: Mapping[Key, Watch] = field(default_factory=dict)
    last_pull: Pull | None = None
    last_sent: Mapping[Key, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closed:
    """A watch that is over, and why. A ``pending`` one never was an alert."""

    watch: Watch
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy makes of one pull.

    Attributes:
        state: what it remembers from now on.
        messages: at most one a recipient for ``digest``, one an employee for ``seed``.
        opened: keys that became alerts.
        escalated: keys that were escalated.
        closed: what is over.
        ignored: why the pull was not decided upon; None when it was.
    """

    state: PolicyState
    messages: tuple[Message, ...] = ()
    opened: tuple[Key, ...] = ()
    escalated: tuple[Key, ...] = ()
    closed: tuple[Closed, ...] = ()
    ignored: str | None = None

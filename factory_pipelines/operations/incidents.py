"""Which incidents of the platform begin, go on and end: one alert each, however often something is looked at.

A look at the platform gives one ``Assessment`` a rule, with a ``Condition`` for each thing wrong at that moment.
``decide`` holds them against what the alerts already say. What could not be looked into is neither raised nor resolved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RUN_FAILED = "platform.run_failed"
CHECK_FAILED = "platform.check_failed"
STALE_DATA = "platform.stale_data"
NOT_TICKING = "platform.not_ticking"
OUTBOX_STALLED = "platform.outbox_stalled"
RULES = (RUN_FAILED, CHECK_FAILED, STALE_DATA, NOT_TICKING, OUTBOX_STALLED)

# A watchdog's cursor stays small whatever goes wrong at once.
MAX_PENDING = 200

Key = tuple[str, str]
"""Rule and subject: what makes an incident the same one."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now.

    Attributes:
        rule: what kind, one of ``RULES``.
        subject: stable key of what is concerned.
        title: one line.
        body: what happened, and what to do.
        occurred_at: when it last happened, for what happens again and again (each time counts up the one alert);
            None for a state, of which only the duration matters.
        patience: how long it must last before somebody is told.
    """

    rule: str
    subject: str
    title: str
    body: str
    occurred_at: datetime | None = None
    patience: timedelta = timedelta()

    @property
    def key(self) -> Key:
        """Rule and subject."""
        return self.rule, self.subject


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that one rule found in one look.

    Attributes:
        rule: the rule.
        conditions: what is wrong.
        undecided: subjects that nothing can be said about now; their alerts stay as they are.
        unknown: why the rule could not be looked into at all, or None.
    """

    rule: str
    conditions: tuple[Condition, ...] = ()
    undecided: frozenset[str] = frozenset()
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The latest alert about a subject: whether it is still open, and when the incident was last seen."""

    rule: str
    subject: str
    is_open: bool
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after one look.

    Attributes:
        raised: conditions to tell, or to count on their open alert.
        resolved: incidents that are over.
        pending: since when each condition has lasted, for the next look.
        unknown: what could not be looked into, in words.
    """

    raised: tuple[Condition, ...]
    resolved: tuple[Key, ...]
    pending: Mapping[Key, datetime]
    unknown: tuple[str, ...]


def is_news(condition: Condition, known: Known | None) -> bool:
    """Whether an alert does not say this already.

    Something that happens is news each time it happens; a state is news once while its alert is open. An alert that was
    resolved by hand while the state goes on comes back: acknowledging is what silences.
    """
    if known is None:
        return True
    if condition.occurred_at is not None:
        return condition.occurred_at > known.last_seen_at
    return not known.is_open


def decide(
    assessments: Iterable[Assessment], known: Sequence[Known], pending: Mapping[Key, datetime], now: datetime
) -> Verdict:
    """One look's consequences.

    Args:
        assessments: what the look found, at most one a rule.
        known: the latest alert of each subject.
        pending: since when each condition lasted, by the previous look.
        now: the time of this look.
    """
    latest = {(k.rule, k.subject): k for k in known}
    raised: list[Condition] = []
    resolved: list[Key] = []
    lasting: dict[Key, datetime] = {}
    unknown: list[str] = []
    for assessment in assessments:
        if assessment.unknown is not None:
            unknown.append(f"{assessment.rule}: {assessment.unknown}")
            lasting.update({key: at for key, at in pending.items() if key[0] == assessment.rule})
            continue
        for condition in assessment.conditions:
            since = lasting.setdefault(condition.key, pending.get(condition.key, now))
            if now - since >= condition.patience and is_news(condition, latest.get(condition.key)):
                raised.append(condition)
        present = {condition.subject for condition in assessment.conditions} | assessment.undecided
        resolved += [
            key for key, k in latest.items() if k.is_open and k.rule == assessment.rule and k.subject not in present
        ]
    oldest = sorted(lasting.items(), key=lambda item: item[1])[:MAX_PENDING]
    return Verdict(tuple(raised), tuple(resolved), dict(oldest), tuple(unknown))


def run_subject(job_name: str, missing_assets: Iterable[str]) -> str:
    """What a failed run is about, the same for every run of the same kind.

    A job is known by its name; a run put together for the occasion (from the UI's asset graph, by ``factory run``) by
    the assets it was to materialize and did not.
    """
    if not job_name.startswith(_AD_HOC):
        return job_name
    keys = sorted(missing_assets)
    return ASSETS + ", ".join(keys) if keys else job_name


ASSETS = "assets "
"""How the subject of such a run begins."""

_AD_HOC = ("__ASSET_JOB", "run_selection")


def assets_of(subject: str) -> list[str]:
    """The asset keys a run's subject names; none for a job."""
    return subject.removeprefix(ASSETS).split(", ") if subject.startswith(ASSETS) else []


def run_failed(subject: str, run_id: str, error: str | None, failed_at: datetime, partition: str | None) -> Condition:
    """A run failed. The incident is the job's (or the set of assets'), not the run's."""
    shown = subject if len(subject) <= 80 else subject[:77] + "..."
    lines = [
        f"Run {run_id}" + (f" for {partition}" if partition else "") + " failed.",
        (error or "Dagster recorded no reason: its process may have been killed.")[:600],
        "Open the run in the Dagster UI, mend the cause, then re-execute it. The next success closes this incident.",
    ]
    return Condition(RUN_FAILED, subject, f"Run failed: {shown}", "\n".join(lines), occurred_at=failed_at)


def check_failed(
    asset: str, check: str, failed_at: datetime, partition: str | None, description: str | None
) -> Condition:
    """A blocking check failed: what depends on this table was not computed."""
    lines = [
        f"{asset} did not pass {check}" + (f" for {partition}" if partition else "") + ".",
        description or "",
        "The check's failing rows are shown at the asset in the Dagster UI. It closes when the check passes again.",
    ]
    return Condition(
        CHECK_FAILED,
        f"{asset}:{check}",
        f"Check failed: {asset} {check}",
        "\n".join(filter(None, lines)),
        occurred_at=failed_at,
    )


def outbox_stalled(waiting: int, oldest_due_at: datetime | None, now: datetime, limit: timedelta) -> Assessment:
    """Messages that should have left ``limit`` ago are still in the outbox."""
    if oldest_due_at is None or now - oldest_due_at <= limit:
        return Assessment(OUTBOX_STALLED)
    minutes = int((now - oldest_due_at) / timedelta(minutes=1))
    body = (
        f"{waiting} messages are overdue, the oldest for {minutes} minutes. Alerts reach nobody meanwhile.\n"
        "See whether the delivery sensor ticks in the Dagster UI, and what `factory doctor` says about the channels."
    )
    return Assessment(OUTBOX_STALLED, (Condition(OUTBOX_STALLED, "outbox", "Messages are not leaving", body),))

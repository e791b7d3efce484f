"""What our rule and policies would have made of days whose truth is known: every pull replayed, without a database.

On one side ours: the contract that cleans a pull, the breach rule, the policies `seed` and `digest`. On the other the
simulator's truth: who was in breach by an independent calculation on clean rows, and who really fell behind.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from factory_pipelines.alerts.attention import Decision, PolicyState
from factory_pipelines.alerts.breaches import PLACE_LEVELS, Breach, Pull, efficiency_breach
from factory_pipelines.alerts.policies import POLICIES
from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.shifts import DAY_MINUTES
from factory_pipelines.production.schema import judge_production, judge_supervisors
from factory_pipelines.settings import AlertSettings

PULL_MINUTES = 10
LONG_BREACH = timedelta(minutes=30)

Supervisors = Mapping[tuple[str, str], tuple[str, str | None]]
"""Line and part -> name and phone number."""

_RULE_COLUMNS = [*PLACE_LEVELS, "rtms_row_id", "style_no", "device_id", "emp_code", "emp_name", "prodn_pcs", "eff100"]


@dataclass(frozen=True)
class Spell:
    """Somebody below the mark without interruption.

    Attributes:
        day: the production day.
        subjects: every key under which an alert can speak of it: the employee, and the device while the code is
            missing.
        start: when it began.
        end: when it was last seen.
    """

    day: date
    subjects: frozenset[str]
    start: datetime
    end: datetime

    @property
    def is_long(self) -> bool:
        """Whether it lasted half an hour, the span after which somebody must have been told."""
        return self.end - self.start >= LONG_BREACH


@dataclass(frozen=True)
class Hearing:
    """A time during which somebody knew of a subject's alert: from the message to the alert's end."""

    subject: str
    start: datetime
    end: datetime


@dataclass
class Told:
    """What one policy did over the replayed pulls.

    Attributes:
        messages: how many it sent.
        alerts: how many subjects it reported, each once per alert.
        true_alerts: those whose subject really was behind at that moment.
        wrong_alerts: those whose subject was above the mark by more than the piece still on the machine.
        hearings: who was known to be in breach, and when.
    """

    messages: int = 0
    alerts: int = 0
    true_alerts: int = 0
    wrong_alerts: int = 0
    hearings: list[Hearing] = field(default_factory=list)

    def heard_at(self, spell: Spell) -> datetime | None:
        """When somebody first knew of the spell (at its start, if already before it); None when nobody ever did."""
        times = [
            max(hearing.start, spell.start)
            for hearing in self.hearings
            if hearing.subject in spell.subjects and hearing.start <= spell.end and hearing.end >= spell.start
        ]
        return min(times, default=None)


@dataclass(frozen=True)
class Replay:
    """The outcome.

    Attributes:
        days: the days replayed.
        pulls: pulls replayed.
        told: by policy.
        breaches: spells in breach of the seed's rule at consecutive pulls, calculated from the truth.
        behind: spells below the threshold in truth, to the minute.
    """

    days: Sequence[date]
    pulls: int
    told: Mapping[str, Told]
    breaches: Sequence[Spell]
    behind: Sequence[Spell]


def replay(factory: Factory, rules: AlertSettings, days: Sequence[date]) -> Replay:
    """Replays the ten-minute pulls of complete working days; nobody acknowledges anything."""
    supervisors = {
        (row["line_name"], row["part_name"]): (row["supervisor_name"], row["phone_number"])
        for row in judge_supervisors(factory.supervisors()).accepted.to_pylist()
    }
    policies = {name: _Listener(name, rules) for name in POLICIES}
    breaches: list[Spell] = []
    behind: list[Spell] = []
    pull_id = 0
    for day in days:
        low_by_pull: list[tuple[datetime, dict[str, frozenset[str]]]] = []
        for at in pull_times(factory, day):
            pull_id += 1
            pull = Pull(pull_id, at, day)
            found = list(_breaches(factory.production(day, at), day, supervisors, rules))
            rows = factory.truth(day, at).rows
            verdict = verdict_on(rows, rules)
            for listener in policies.values():
                listener.hear(pull, found, verdict)
            low_by_pull.append((at, _in_breach(rows, rules)))
        breaches += _runs(day, low_by_pull)
        behind += _spells_of(factory, day, rules)
    for listener in policies.values():
        listener.close(low_by_pull[-1][0] if days else None)
    return Replay(days, pull_id, {name: listener.told for name, listener in policies.items()}, breaches, behind)


def pull_times(factory: Factory, day: date) -> list[datetime]:
    """Every tenth minute of the twelve sessions."""
    start, _ = factory.clock.session_window(day, 1)
    return [start + timedelta(minutes=minutes) for minutes in range(PULL_MINUTES, DAY_MINUTES + 1, PULL_MINUTES)]


@dataclass(frozen=True)
class Verdict:
    """The subjects that are behind at one moment, and those that are behind or would be with one piece less."""

    behind: frozenset[str]
    nearly_behind: frozenset[str]


def verdict_on(rows: pd.DataFrame, rules: AlertSettings) -> Verdict:
    """Who is behind, by the true rows of a moment."""
    level = rows["true_efficiency_pct"]
    one_piece = rows["sam"] / rows["used_min"] * 100.0
    # RTMS rounds the target to whole pieces, which moves the efficiency by up to half a piece more.
    margin = one_piece * 1.5
    mark = rules.efficiency_threshold_pct
    return Verdict(_subjects(rows[level < mark]), _subjects(rows[level < mark + margin]))


class _Listener:
    """One policy with its memory, and the record of what it told."""

    def __init__(self, name: str, rules: AlertSettings) -> None:
        self._decide = POLICIES[name]
        self._rules = rules
        self._state = PolicyState()
        self._open: dict[str, datetime] = {}
        self.told = Told()

    def hear(self, pull: Pull, found: Sequence[Breach], verdict: Verdict) -> None:
        """One pull: what is decided, and whether it is true."""
        decision: Decision = self._decide(self._state, pull, found, self._rules)
        self._state = decision.state
        for closed in decision.closed:
            self._end(closed.watch.subject, closed.watch.last_seen_at)
        self.told.messages += len(decision.messages)
        self.told.alerts += len(decision.opened)
        self.told.true_alerts += sum(subject in verdict.behind for _, subject in decision.opened)
        self.told.wrong_alerts += sum(subject not in verdict.nearly_behind for _, subject in decision.opened)
        for message in decision.messages:
            for _, subject in message.keys:
                self._open.setdefault(subject, pull.at)

    def close(self, at: datetime | None) -> None:
        """The replay is over."""
        for subject in list(self._open):
            self._end(subject, at)

    def _end(self, subject: str, at: datetime | None) -> None:
        start = self._open.pop(subject, None)
        if start is not None and at is not None:
            self.told.hearings.append(Hearing(subject, start, max(at, start)))


def _breaches(frame: pd.DataFrame, day: date, supervisors: Supervisors, rules: AlertSettings) -> Iterator[Breach]:
    """Our side: the pull through the contract, the formulas FP-3 and FP-4, and the rule."""
    rows = judge_production(frame, day).accepted.select(_RULE_COLUMNS)
    rows = rows.take(np.unique(rows["rtms_row_id"].to_numpy(), return_index=True)[1])
    pieces, target = rows["prodn_pcs"].to_numpy(), rows["eff100"].to_numpy()
    operation, _ = pd.factorize(rows["new_oper_seq"].to_numpy())
    best = np.zeros(len(rows), dtype=pieces.dtype)
    np.maximum.at(best, operation, pieces)
    with np.errstate(invalid="ignore", divide="ignore"):
        efficiency = np.where(target > 0, pieces / target * 100.0, np.nan)
        relative = np.where(best[operation] > 0, pieces / best[operation] * 100.0, np.nan)
    # Only to save time: the rule itself looks at these rows again.
    candidates = np.flatnonzero(efficiency < rules.efficiency_threshold_pct)
    for at, row in zip(candidates, rows.take(candidates).to_pylist(), strict=True):
        name, phone = supervisors.get((row["line_name"], row["part_name"]), (None, None))
        breach = efficiency_breach(
            {
                **row,
                "efficiency_pct": float(efficiency[at]),
                "relative_efficiency_pct": float(relative[at]),
                "supervisor_name": name,
                "phone_number": phone,
            },
            efficiency_threshold_pct=rules.efficiency_threshold_pct,
            relative_threshold_pct=rules.relative_threshold_pct,
        )
        if breach is not None:
            yield breach


def _in_breach(rows: pd.DataFrame, rules: AlertSettings) -> dict[str, frozenset[str]]:
    """The other side: employees in breach of the seed's rule by clean rows, with the subjects that stand for them."""
    target = rows["eff100"].where(rows["eff100"] > 0)
    best = rows.groupby("new_oper_seq")["prodn_pcs"].transform("max")
    low = (rows["prodn_pcs"] / target * 100.0 < rules.efficiency_threshold_pct) & (
        rows["prodn_pcs"] / best * 100.0 < rules.relative_threshold_pct
    )
    found: dict[str, frozenset[str]] = {}
    for code, device in zip(rows["emp_code"][low], rows["device_id"][low], strict=True):
        found[code] = found.get(code, frozenset()) | {f"emp:{code}", f"device:{device}"}
    return found


def _subjects(rows: pd.DataFrame) -> frozenset[str]:
    return frozenset(f"emp:{code}" for code in rows["emp_code"]) | frozenset(f"device:{d}" for d in rows["device_id"])


def _runs(day: date, by_pull: Iterable[tuple[datetime, dict[str, frozenset[str]]]]) -> list[Spell]:
    """Consecutive pulls with the same employee in breach."""
    running: dict[str, Spell] = {}
    ended: list[Spell] = []
    for at, low in by_pull:
        ended += [running.pop(code) for code in list(running) if code not in low]
        for code, subjects in low.items():
            before = running.get(code)
            running[code] = (
                Spell(day, subjects, at, at)
                if before is None
                else Spell(day, before.subjects | subjects, before.start, at)
            )
    return [*ended, *running.values()]


def _spells_of(factory: Factory, day: date, rules: AlertSettings) -> list[Spell]:
    truth = factory.truth(day)
    spells = truth.underperformance(rules.efficiency_threshold_pct)
    devices = truth.rows.set_index("row_id")["device_id"].reindex(spells["row_id"])
    return [
        Spell(day, frozenset({f"emp:{code}", f"device:{device}"}), start, end)
        for code, device, start, end in zip(
            spells["emp_code"],
            devices,
            spells["start_at"].dt.to_pydatetime(),
            spells["end_at"].dt.to_pydatetime(),
            strict=True,
        )
    ]

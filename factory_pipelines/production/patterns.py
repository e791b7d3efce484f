"""What repeats: good and bad hours, drift within the day, people who keep falling short, costly style changeovers.

The warehouse sums (``sql/production/pattern_*.sql``), so the frames here have a row per line, operation and day, not
per person and device; the rest is arithmetic on whole columns. A pattern says how much stands behind it
(``sample_size``); what cannot be known is null, never zero.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from factory_pipelines.production.series import LINE_KEYS

PATTERN_COLUMNS = [
    "production_day",
    "scope",
    "subject",
    "pattern",
    "session_no",
    "detail",
    "value",
    "unit",
    "sample_size",
]
HISTORY_DAYS = 28
"""Working days that patterns look back on."""

SESSIONS = [f"s{number:02d}" for number in range(1, 13)]
OFFENDER_DAYS = 10
"""Of the last so many working days …"""
OFFENDER_MIN = 3
"""… at least so many below the threshold make a repeat offender."""
CRITICAL_PCT = 70.0
BEFORE_DAYS = 5
"""Days before a changeover that say how good the line was."""
RECOVERED_SHARE = 0.95
"""A line has recovered when it is back at this share of the efficiency before."""

_MIN_DRIFT_HOURS = 3
_BREAK_SHARE = 0.75  # of the unit's median hour of the day
_SCOPES = ("line", "operation")


@dataclass(frozen=True)
class PatternHistory:
    """What patterns are read from, prepared once for any number of days. Keys of the mappings are the scopes.

    Attributes:
        hours: each worked hour of each subject and day: ``share`` of the subject's mean hour of that day.
        slopes: each subject and day: sums of squares and products of its hourly output, for the slope within days.
        people: each person of each subject and day: whether ``below`` the threshold, whether ``critical`` (1 or 0).
        styles: each line, day and style: pieces and target.
        threshold_pct: what ``below`` means, percent.
    """

    hours: Mapping[str, pd.DataFrame]
    slopes: Mapping[str, pd.DataFrame]
    people: Mapping[str, pd.DataFrame]
    styles: pd.DataFrame
    threshold_pct: float


def read_history(
    *,
    sessions: pd.DataFrame,
    people: pd.DataFrame,
    styles: pd.DataFrame,
    threshold_pct: float = 85.0,
    last_sessions: Mapping[date, int] | None = None,
) -> PatternHistory:
    """Everything about single days that patterns need.

    Args:
        sessions: one row per day, line and operation: ``production_day``, the line's keys, ``new_oper_seq``, pieces per
            hour ``s01`` … ``s12``.
        people: one row per day, line, operation and employee: the same keys, ``emp_code``, ``emp_name``, ``prodn_pcs``,
            ``eff100`` (target pieces).
        styles: one row per day, line and style: ``production_day``, the line's keys, ``style_no``, ``prodn_pcs``,
            ``eff100``.
        threshold_pct: below this efficiency (percent) a day counts against an employee.
        last_sessions: last hour that is over, for days that still run; their later hours are not complete yet.
    """
    worked = _worked_hours(sessions, last_sessions or {})
    hours = {scope: _hour_shares(worked, scope) for scope in _SCOPES}
    named = styles.assign(subject=line_name_of(styles))
    return PatternHistory(
        hours=hours,
        slopes={scope: _slopes(shares) for scope, shares in hours.items()},
        people={scope: _person_days(people, scope, threshold_pct) for scope in _SCOPES},
        styles=named.groupby(["subject", "production_day", "style_no"], as_index=False)[["prodn_pcs", "eff100"]].sum(),
        threshold_pct=threshold_pct,
    )


def patterns_on(history: PatternHistory, day: date, working_days: Sequence[date]) -> pd.DataFrame:
    """All patterns as known at the end of ``day``.

    Args:
        history: at least the last ``HISTORY_DAYS`` working days up to ``day``; later days are not looked at.
        day: the production day they are reported for.
        working_days: the plant's last working days up to ``day``, oldest first; what lies outside is not looked at.

    Returns:
        Columns ``PATTERN_COLUMNS``. ``value`` is, by ``pattern``: ``hour_of_day`` percent above the mean hour;
        ``drift`` change per hour in percent of the mean hour; ``repeat_offender`` percent of days worked that were
        below the threshold; ``style_changeover`` efficiency points won (lost: negative) on the first day, and in a
        second row the working days until recovery (null: not yet).
    """
    window, recent = set(working_days), set(working_days[-OFFENDER_DAYS:])
    parts = []
    for scope in _SCOPES:
        hours, slopes, people = history.hours[scope], history.slopes[scope], history.people[scope]
        today = hours.loc[hours["production_day"] == day, "subject"].unique()
        hours = hours[hours["production_day"].isin(window) & hours["subject"].isin(today)]
        slopes = slopes[slopes["production_day"].isin(window) & slopes["subject"].isin(today)]
        offenders = _repeat_offenders(people[people["production_day"].isin(recent)], history.threshold_pct)
        parts += [part.assign(scope=scope) for part in (_hour_of_day(hours), _drift(slopes), offenders)]
    styles = history.styles[history.styles["production_day"].isin(window)]
    parts.append(_style_changeovers(styles).assign(scope="line"))
    empty = pd.DataFrame({name: [] for name in PATTERN_COLUMNS})
    found = pd.concat([part for part in parts if not part.empty] or [empty], ignore_index=True)
    found["production_day"] = day
    kinds = {"subject": "str", "session_no": "Int64", "value": "float64", "sample_size": "int64"}
    found = found[PATTERN_COLUMNS].astype(kinds)
    return found.sort_values(["scope", "pattern", "subject", "session_no"], ignore_index=True)


def line_name_of(frame: pd.DataFrame) -> pd.Series:
    """How a line is named as a subject: ``unit / floor / line``."""
    return frame["unit_code"] + " / " + frame["floor_name"] + " / " + frame["line_name"]


def _subject(frame: pd.DataFrame, scope: str) -> pd.Series:
    return line_name_of(frame) if scope == "line" else frame["new_oper_seq"]


def _worked_hours(sessions: pd.DataFrame, last_sessions: Mapping[date, int]) -> pd.DataFrame:
    """Long form, one row per line, operation, day and hour; hours in which the whole plant stood still do not exist.

    ``is_break`` (1 or 0): the whole unit made much less than in its usual hour of that day, so a break or the end of
    the shift was in it.
    """
    keys = ["production_day", *LINE_KEYS, "new_oper_seq"]
    long = sessions.melt(id_vars=keys, value_vars=SESSIONS, var_name="session", value_name="pieces")
    long["session_no"] = long.pop("session").str[1:].astype("int64")
    long["pieces"] = long["pieces"].astype("float64").fillna(0.0)
    over = long["session_no"] <= long["production_day"].map(dict(last_sessions)).fillna(len(SESSIONS)).astype("int64")
    plant = long.groupby(["production_day", "session_no"])["pieces"].transform("sum")
    worked = long[over & (plant > 0)]
    unit_hours = worked.groupby(["production_day", "unit_code", "session_no"])["pieces"].sum().reset_index()
    usual = unit_hours.groupby(["production_day", "unit_code"])["pieces"].transform("median")
    unit_hours["is_break"] = (unit_hours["pieces"] < usual * _BREAK_SHARE).astype("int64")
    return worked.merge(unit_hours.drop(columns="pieces"), on=["production_day", "unit_code", "session_no"])


def _hour_shares(hours: pd.DataFrame, scope: str) -> pd.DataFrame:
    """Each worked hour of each subject as a share of the subject's mean hour of that day.

    A subject works from its first to its last hour with pieces; an hour without pieces in between is a real zero.
    """
    keyed = hours.assign(subject=_subject(hours, scope).astype("category"))
    groups = keyed.groupby(["subject", "production_day", "session_no"], as_index=False, observed=True)
    table = groups.agg(pieces=("pieces", "sum"), is_break=("is_break", "max"))
    made = table["session_no"].where(table["pieces"] > 0)
    group = [table["subject"], table["production_day"]]
    table["first"] = made.groupby(group, observed=True).transform("min")
    table["last"] = made.groupby(group, observed=True).transform("max")
    worked = table[(table["session_no"] >= table["first"]) & (table["session_no"] <= table["last"])]
    mean = worked.groupby(["subject", "production_day"], observed=True)["pieces"].transform("mean")
    return worked.assign(share=worked["pieces"] / mean)


def _slopes(shares: pd.DataFrame) -> pd.DataFrame:
    """Sums for a least-squares slope within days, without breaks and without the first and last hour of a day.

    Shifts rarely fill their first and last hour; with them every line would seem to tire.
    """
    day = ["subject", "production_day"]
    inner = shares[(shares["session_no"] > shares["first"]) & (shares["session_no"] < shares["last"])]
    inner = inner[inner["is_break"] == 0]
    inner = inner[inner.groupby(day, observed=True)["session_no"].transform("count") >= _MIN_DRIFT_HOURS]
    groups = inner.groupby(day, observed=True)
    x = inner["session_no"] - groups["session_no"].transform("mean")
    y = inner["share"] / groups["share"].transform("mean") - 1
    sums = inner.assign(xx=x * x, xy=x * y, hours=1).groupby(day, observed=True)[["xx", "xy", "hours"]].sum()
    return sums.reset_index()


def _person_days(people: pd.DataFrame, scope: str, threshold_pct: float) -> pd.DataFrame:
    """Each person's day, sum over sum. Without a code nobody can be followed over days; without a target: unknown."""
    coded = people[people["emp_code"].notna()]
    days = (
        coded.assign(subject=_subject(coded, scope))
        .groupby(["subject", "emp_code", "production_day"], as_index=False)
        .agg(emp_name=("emp_name", "last"), pieces=("prodn_pcs", "sum"), target=("eff100", "sum"))
    )
    days = days[days["target"] > 0]
    percent = days["pieces"] / days["target"] * 100
    below, critical = (percent < threshold_pct).astype("int64"), (percent < CRITICAL_PCT).astype("int64")
    days = days.assign(below=below, critical=critical)
    return days.sort_values(["subject", "emp_code", "production_day"], ignore_index=True)


def _hour_of_day(shares: pd.DataFrame) -> pd.DataFrame:
    """Mean over the days, so that a big day does not speak for all."""
    groups = shares.groupby(["subject", "session_no"], observed=True)["share"].agg(["mean", "count"]).reset_index()
    return groups.assign(
        pattern="hour_of_day",
        detail="pieces of this hour against the mean hour of the same day",
        value=(groups["mean"] - 1) * 100,
        unit="pct_of_mean_hour",
        sample_size=groups["count"],
    )


def _drift(slopes: pd.DataFrame) -> pd.DataFrame:
    """One slope over all days of a subject."""
    sums = slopes.groupby("subject", observed=True)[["xx", "xy", "hours"]].sum().reset_index()
    return sums.assign(
        pattern="drift",
        session_no=None,
        detail="change of hourly output from hour to hour; breaks, first and last hour left out",
        value=sums["xy"] / sums["xx"] * 100,
        unit="pct_of_mean_hour_per_hour",
        sample_size=sums["hours"],
    )


def _repeat_offenders(days: pd.DataFrame, threshold_pct: float) -> pd.DataFrame:
    """Employees below the threshold on several of their last days."""
    who = [days["subject"], days["emp_code"]]
    # A streak is what stands after the last good day.
    good = (1 - days["below"]).groupby(who).cumsum()
    in_streak = days["below"].where(good == good.groupby(who).transform("max"), 0)
    found = (
        days.assign(in_streak=in_streak)
        .groupby(["subject", "emp_code"], as_index=False)
        .agg(
            emp_name=("emp_name", "last"),
            worked=("below", "size"),
            below=("below", "sum"),
            critical=("critical", "sum"),
            streak=("in_streak", "sum"),
            last_day=("production_day", "last"),
        )
    )
    found = found[found["below"] >= OFFENDER_MIN]
    return found.assign(
        pattern="repeat_offender",
        session_no=None,
        detail=[_offence(row, threshold_pct) for row in found.to_dict("records")],
        value=found["below"] / found["worked"] * 100,
        unit="pct_of_days_worked",
        sample_size=found["worked"],
    )


def _offence(row: Mapping[Hashable, Any], threshold_pct: float) -> str:
    name = "" if pd.isna(row["emp_name"]) else f" {row['emp_name']}"
    return (
        f"{row['emp_code']}{name}: below {threshold_pct:g} % on {row['below']} of {row['worked']} days worked, "
        f"critical on {row['critical']}, {row['streak']} in a row up to {row['last_day']}"
    )


def _style_changeovers(by_style: pd.DataFrame) -> pd.DataFrame:
    """First days of a style that is new to a line, with the efficiency before, on the day, and until recovery."""
    line = by_style.groupby(["subject", "production_day"], as_index=False)[["prodn_pcs", "eff100"]].sum()
    line["day_no"] = line.groupby("subject").cumcount()
    first = by_style.sort_values("production_day").groupby(["subject", "style_no"], as_index=False).first()
    starts = first.merge(line[["subject", "production_day", "day_no"]], on=["subject", "production_day"])
    starts = starts[starts["day_no"] > 0].rename(columns={"production_day": "first_day", "day_no": "start"})
    if starts.empty:
        return pd.DataFrame()
    around = starts[["subject", "style_no", "start"]].merge(line, on="subject")
    around["after"] = around["day_no"] - around["start"]
    event = ["subject", "style_no"]
    past = around[around["after"].between(-BEFORE_DAYS, -1)].groupby(event)
    before = past[["prodn_pcs", "eff100"]].sum().assign(days_before=past.size()).reset_index()
    before["before_pct"] = _percent(before)
    starts = starts.merge(before[[*event, "before_pct", "days_before"]], on=event)
    starts["first_pct"] = _percent(starts)
    since = around[around["after"] >= 0].merge(before[[*event, "before_pct"]], on=event)
    back = since[_percent(since) >= since["before_pct"] * RECOVERED_SHARE].groupby(event)["after"].min()
    starts = starts.merge(back.rename("recovery").reset_index(), on=event, how="left")
    starts = starts.merge(since.groupby(event).size().rename("days_since").reset_index(), on=event)
    return pd.concat([_changeover_drops(starts), _changeover_recoveries(starts)], ignore_index=True)


def _changeover_drops(starts: pd.DataFrame) -> pd.DataFrame:
    figures = zip(starts["style_no"], starts["first_day"], starts["first_pct"], starts["before_pct"], strict=True)
    return starts.assign(
        pattern="style_changeover",
        session_no=None,
        detail=[
            f"{style} from {day}: {_shown(now)} on the first day after {_shown(then)}"
            for style, day, now, then in figures
        ],
        value=starts["first_pct"] - starts["before_pct"],
        unit="efficiency_points",
        sample_size=starts["days_before"],
    )


def _changeover_recoveries(starts: pd.DataFrame) -> pd.DataFrame:
    goal = f"{RECOVERED_SHARE * 100:g} % of the efficiency before"
    return starts.assign(
        pattern="style_changeover",
        session_no=None,
        detail=[
            f"{style} from {day}: until {goal}"
            for style, day in zip(starts["style_no"], starts["first_day"], strict=True)
        ],
        value=starts["recovery"],
        unit="working_days",
        sample_size=starts["days_since"],
    )


def _percent(frame: pd.DataFrame) -> pd.Series:
    """Pieces over target, percent; unknown where there was no target."""
    return frame["prodn_pcs"] / frame["eff100"].where(frame["eff100"] > 0, np.nan) * 100


def _shown(percent: float) -> str:
    return "unknown" if pd.isna(percent) else f"{percent:.1f} %"

"""What a day's numbers mean, in words: facts from the tables, and a text in which every number is a fact.

The facts are plain JSON: whoever reads the text, a person or a check, can look every figure up. Unknown values are
null, and the text passes over them instead of guessing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd

from factory_pipelines.production.patterns import line_name_of

LISTED = 5
"""People, operations or lines named in one list of facts."""
FORECAST_LINES = 12
"""Lines whose forecast is told, the weakest first; the table has all."""
WEAK_HOUR_POINTS = 5.0
"""So far below the unit's usual hour (percent of the mean hour) a line's hour is told …"""
WEAK_HOUR_DAYS = 5
"""… if it was seen on so many days."""
BANDS = ("Excellent", "Good", "Needs Improvement", "Critical")

Facts = dict[str, Any]


@dataclass(frozen=True)
class Insight:
    """A text about one production day.

    Attributes:
        summary: what happened.
        recommendations: what to do, most urgent first.
        predictions: subject (a line, or ``all lines``) → what is expected.
        facts: every number the text may use.
        written_by: whether a language model wrote it, or the template.
        model: name of the language model; None for the template.
        note: why a model was passed over; None when nothing went wrong.
    """

    summary: str
    recommendations: tuple[str, ...]
    predictions: Mapping[str, str]
    facts: Facts
    written_by: Literal["template", "llm"]
    model: str | None = None
    note: str | None = None


def build_facts(
    day: date,
    *,
    lines: pd.DataFrame,
    operations: pd.DataFrame,
    people: pd.DataFrame,
    patterns: pd.DataFrame,
    forecast: pd.DataFrame,
    threshold_pct: float = 85.0,
) -> Facts:
    """Every figure the text may use, as JSON.

    Args:
        day: the production day.
        lines: one row per line for ``day`` and some days before it: ``production_day``, ``unit_code``, ``floor_name``,
            ``line_name``, ``prodn_pcs``, ``eff100``, ``efficiency_pct`` (percent).
        operations: one row per operation of ``day``: ``new_oper_seq``, ``efficiency_pct``, ``people`` (headcount).
        people: one row per employee and line of ``day``: ``line_name``, ``emp_code``, ``emp_name``, ``efficiency_pct``,
            ``band``.
        patterns: columns of ``production.patterns`` for ``day``.
        forecast: columns of ``production.efficiency_forecast``, the newest one.
        threshold_pct: below this efficiency (percent) somebody needs attention.
    """
    today = lines[lines["production_day"] == day]
    return {
        "production_day": day.isoformat(),
        "threshold_pct": _number(threshold_pct),
        "overall": _overall(lines, day),
        "bands": {band: int((people["band"] == band).sum()) for band in BANDS},
        "people": int(people["efficiency_pct"].notna().sum()),
        "people_without_efficiency": int(people["efficiency_pct"].isna().sum()),
        "underperformers": _people(people[people["efficiency_pct"] < threshold_pct], ascending=True),
        "overperformers": _people(people[people["band"] == BANDS[0]], ascending=False),
        "lines": _ranked(today.assign(line=_short_names(today)), "line"),
        "operations": _ranked(operations.rename(columns={"new_oper_seq": "operation"}), "operation"),
        "patterns": _patterns(patterns),
        "forecast": _forecast(forecast),
    }


def template_text(facts: Facts, note: str | None = None) -> Insight:
    """The text no model had to write. Every number in it stands in ``facts``."""
    return Insight(
        summary=" ".join(_summary(facts)),
        recommendations=tuple(_recommendations(facts)),
        predictions=_predictions(facts),
        facts=facts,
        written_by="template",
        note=note,
    )


def _number(value: Any, digits: int = 1) -> float | None:
    """Rounded as it will be shown; None stays unknown."""
    return None if value is None or pd.isna(value) else round(float(value), digits)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def _short_names(lines: pd.DataFrame) -> pd.Series:
    """The line's name where that is unique, else with unit and floor."""
    repeated = lines["line_name"].duplicated(keep=False)
    return lines["line_name"].mask(repeated, line_name_of(lines))


def _ratio(lines: pd.DataFrame) -> float | None:
    """Sum over sum, percent, of the lines with a target; None without any."""
    known = lines[lines["eff100"] > 0]
    target = float(known["eff100"].sum())
    # efficiency × target = the pieces that count towards it; pieces without a target count for nobody.
    return float((known["efficiency_pct"] * known["eff100"]).sum() / target) if target > 0 else None


def _overall(lines: pd.DataFrame, day: date) -> Facts:
    now = _number(_ratio(lines[lines["production_day"] == day]))
    earlier = lines.loc[(lines["production_day"] < day) & (lines["eff100"] > 0), "production_day"]
    before = earlier.max() if len(earlier) else None
    then = None if before is None else _number(_ratio(lines[lines["production_day"] == before]))
    change = None if now is None or then is None else _number(now - then)
    return {
        "efficiency_pct": now,
        "previous_day": None if before is None else before.isoformat(),
        "previous_efficiency_pct": then,
        "change_points": change,
        "lines": int((lines["production_day"] == day).sum()),
    }


def _people(chosen: pd.DataFrame, *, ascending: bool) -> Facts:
    ordered = chosen.sort_values(["efficiency_pct", "emp_code"], ascending=[ascending, True]).head(LISTED)
    listed = [
        {
            "name": _text(row["emp_name"]) or _text(row["emp_code"]) or "somebody without a code",
            "code": _text(row["emp_code"]),
            "line": row["line_name"],
            "efficiency_pct": _number(row["efficiency_pct"]),
        }
        for row in ordered.to_dict("records")
    ]
    return {"count": len(chosen), "listed": listed}


def _ranked(frame: pd.DataFrame, name: str) -> Facts:
    known = frame[frame["efficiency_pct"].notna()].sort_values(["efficiency_pct", name])
    extra = ["people"] if "people" in frame else []
    rows = [
        {name: str(row[name]), "efficiency_pct": _number(row["efficiency_pct"])} | {key: int(row[key]) for key in extra}
        for row in known.to_dict("records")
    ]
    return {"worst": rows[:LISTED], "best": rows[::-1][:LISTED], "count": len(rows)}


def _patterns(patterns: pd.DataFrame) -> Facts:
    """The strongest of each kind, lines only: what a supervisor can act on."""
    lines = patterns[(patterns["scope"] == "line") & patterns["value"].notna()]
    lines = lines.assign(line=lines["subject"].str.split(" / ").str[-1])

    def worst(pattern: str, unit: str, ascending: bool) -> list[dict[Any, Any]]:
        chosen = lines[(lines["pattern"] == pattern) & (lines["unit"] == unit)]
        return chosen.sort_values(["value", "subject", "detail"], ascending=[ascending, True, True]).to_dict("records")

    offenders = worst("repeat_offender", "pct_of_days_worked", ascending=False)
    hours = _weak_hours(lines[lines["pattern"] == "hour_of_day"])
    drifts = [row for row in worst("drift", "pct_of_mean_hour_per_hour", ascending=True) if row["value"] < 0]
    changes = [row for row in worst("style_changeover", "efficiency_points", ascending=True) if row["value"] < 0]
    return {
        "repeat_offenders": [
            {
                "who": row["detail"].partition(":")[0],
                "line": row["line"],
                "pct_of_days_below": _number(row["value"]),
                "days_worked": int(row["sample_size"]),
            }
            for row in offenders[:LISTED]
        ],
        "repeat_offender_count": len(offenders),
        "weakest_hours": [
            {
                "line": row["line"],
                "hour": int(row["session_no"]),
                "points_below_unit": _number(row["gap"]),
                "days": int(row["sample_size"]),
            }
            for row in hours.head(LISTED).to_dict("records")
        ],
        "falling_through_the_day": [
            {"line": row["line"], "pct_per_hour": _number(-row["value"])} for row in drifts[:LISTED]
        ],
        "costliest_changeovers": [
            {"line": row["line"], "style": row["detail"].partition(" from ")[0], "points_lost": _number(-row["value"])}
            for row in changes[:LISTED]
        ],
    }


def _weak_hours(hours: pd.DataFrame) -> pd.DataFrame:
    """Hours in which a line falls behind the other lines of its unit; an hour weak for all of them is a break."""
    unit = hours["subject"].str.split(" / ").str[0]
    usual = hours["value"].groupby([unit, hours["session_no"]]).transform("median")
    weak = hours.assign(gap=usual - hours["value"])
    weak = weak[(weak["gap"] >= WEAK_HOUR_POINTS) & (weak["sample_size"] >= WEAK_HOUR_DAYS)]
    return weak.sort_values(["gap", "subject", "session_no"], ascending=[False, True, True])


def _forecast(forecast: pd.DataFrame) -> Facts:
    known = forecast[forecast["efficiency_pct"].notna()]
    if known.empty:
        return {"lines": [], "days": 0, "interval_pct": 80}
    named = known.assign(line=line_name_of(known))
    mean = named.groupby("line")["efficiency_pct"].mean()
    first = named[named["horizon"] == named.groupby("line")["horizon"].transform("min")]
    first = first.assign(line=_short_names(first), mean=first["line"].map(mean)).sort_values(["efficiency_pct", "line"])
    return {
        "days": int(known["horizon"].max()),
        "interval_pct": 80,
        "mean_pct": _number(named["efficiency_pct"].mean()),
        "served_by": sorted(set(first["served_by"])),
        "lines": [
            {
                "line": row["line"],
                "production_day": row["production_day"].isoformat(),
                "efficiency_pct": _number(row["efficiency_pct"]),
                "lo_pct": _number(row["lo_80"]),
                "hi_pct": _number(row["hi_80"]),
                "mean_pct": _number(row["mean"]),
                "served_by": row["served_by"],
            }
            for row in first.head(FORECAST_LINES).to_dict("records")
        ],
    }


def _summary(facts: Facts) -> list[str]:
    overall, day = facts["overall"], facts["production_day"]
    if overall["efficiency_pct"] is None:
        return [f"No efficiency is known for {day}: there are no rows with a target."]
    sentences = [f"Overall efficiency on {day} was {overall['efficiency_pct']} %{_change(overall)}."]
    bands = ", ".join(f"{count} {band}" for band, count in facts["bands"].items())
    sentences.append(f"{facts['people']} people were measured: {bands}.")
    lines = facts["lines"]
    if lines["count"] > 1:
        best, worst = lines["best"][0], lines["worst"][0]
        sentences.append(
            f"Best line: {best['line']} with {best['efficiency_pct']} %; "
            f"weakest line: {worst['line']} with {worst['efficiency_pct']} %."
        )
    attention = facts["underperformers"]["count"]
    sentences.append(
        f"{attention} {_plural(attention, 'needs', 'need')} attention (below {facts['threshold_pct']:g} %)."
    )
    return sentences


def _change(overall: Facts) -> str:
    change = overall["change_points"]
    if change is None:
        return ""
    against = f"{overall['previous_efficiency_pct']} % on {overall['previous_day']}"
    if change == 0:
        return f", the same as {against}"
    return f", {'up' if change > 0 else 'down'} {abs(change)} points from {against}"


def _recommendations(facts: Facts) -> list[str]:
    found, threshold = facts["patterns"], facts["threshold_pct"]
    said = [
        f"Look at {row['name']} on line {row['line']} first: {row['efficiency_pct']} %."
        for row in facts["underperformers"]["listed"][:1]
    ]
    said += [
        f"Talk to {row['who']} (line {row['line']}): below {threshold:g} % on {row['pct_of_days_below']} % "
        f"of {row['days_worked']} days worked."
        for row in found["repeat_offenders"][:2]
    ]
    said += [
        f"Check method and balance of {row['operation']}: {row['efficiency_pct']} % with {row['people']} "
        f"{_plural(row['people'], 'person', 'people')}."
        for row in facts["operations"]["worst"][:2]
        if row["efficiency_pct"] < threshold
    ]
    said += [
        f"Find out what line {row['line']} lacks in hour {row['hour']}: over {row['days']} days it is "
        f"{row['points_below_unit']} points weaker than usual in its unit."
        for row in found["weakest_hours"][:1]
    ]
    said += [
        f"Plan a break or relief on line {row['line']}: output falls {row['pct_per_hour']} % an hour through the day."
        for row in found["falling_through_the_day"][:1]
    ]
    said += [
        f"Prepare changeovers of line {row['line']} better: {row['style']} cost {row['points_lost']} points "
        f"on its first day."
        for row in found["costliest_changeovers"][:1]
    ]
    return said or ["Nothing stands out; keep going."]


def _predictions(facts: Facts) -> dict[str, str]:
    ahead = facts["forecast"]
    if not ahead["lines"]:
        return {}
    source = " and ".join(_SERVED[name] for name in ahead["served_by"])
    said = {"all lines": f"{ahead['mean_pct']} % expected on average over {ahead['days']} production days ({source})."}
    for row in ahead["lines"]:
        between = ""
        if row["lo_pct"] is not None:
            between = f", {ahead['interval_pct']} % interval {row['lo_pct']} to {row['hi_pct']} %"
        said[row["line"]] = f"{row['efficiency_pct']} % expected on {row['production_day']}{between}."
    return said


_SERVED = {"lightgbm": "learned model", "seasonal_naive": "same weekday of last week"}


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many

"""How many people pass in a slot of a day, and when it is more than a usual day explains.

Counts are a matrix, a row a production day and a column a slot (an hour, half an hour); NaN is unknown and counts for
nothing. Every figure of a day is made from days before it, and of a slot from slots before it: nothing leaks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]

_LEAST_RATE = 0.25  # people a slot: below this, one person at night would be an event


@dataclass(frozen=True, slots=True)
class ProfileRule:
    """How a usual day is made of the days before.

    Chosen on the first two thirds of public counts of a building's door (docs/occupancy.md).

    Attributes:
        half_life_days: a day that much older weighs half.
        pooled_days: all days of the same kind together weigh as much as so many of the same weekday.
        most_sd: a count more than so many standard deviations (Poisson) above the median of its slot is cut to that:
            a conference must not become usual.
        level_people: how many people it takes until today's level is believed half.
        level_half_life_slots: how soon the level forgets, in slots.
    """

    half_life_days: float = 21.0
    pooled_days: float = 4.0
    most_sd: float = 2.0
    level_people: float = 30.0
    level_half_life_slots: float = 4.0


@dataclass(frozen=True, slots=True)
class CrowdRule:
    """When a deviation is a crowd.

    Attributes:
        slot_score: a slot takes part from this score on.
        gap_slots: so many quiet slots do not end a crowd: people come, sit, and leave.
        alarms_per_week: how many crowds may be alarms; the highest of the past weeks set the threshold.
        least_score: below this nothing is an alarm, however quiet the weeks were: a usual day explains it well enough.
    """

    slot_score: float = 1.0
    gap_slots: int = 2
    alarms_per_week: float = 4.0
    least_score: float = 8.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """More people than usual for a while.

    Attributes:
        first: first slot.
        last: last slot.
        score: log-likelihood ratio of what came against a usual day, summed over slots and flows.
        people_over: people beyond the expected, both flows together, halved: who comes also goes.
    """

    first: int
    last: int
    score: float
    people_over: float


def day_ahead(
    past: Counts, weekdays: Sequence[int], kinds: Sequence[str], weekday: int, kind: str, rule: ProfileRule
) -> Counts:
    """Expected counts of the day that follows ``past``.

    The weighted mean of the days of the same weekday and kind, drawn towards that of all days of the kind, each count
    cut where it is out of all proportion.

    Args:
        past: counts of consecutive days, the newest last.
        weekdays: of each, Monday = 0.
        kinds: of each: workday, rest_day, holiday.
        weekday: of the day wanted.
        kind: of the day wanted; a holiday is like a day of rest until there have been holidays enough.
        rule: how.

    Returns:
        people a slot; NaN where nothing is known of it.
    """
    age = np.arange(len(past), 0, -1, dtype=float)
    weight = 0.5 ** (age / rule.half_life_days)
    works = kind == "workday"
    alike = np.array([(one == "workday") == works for one in kinds], dtype=bool)
    same = alike & (np.array(weekdays) == weekday) & np.array([one == kind for one in kinds], dtype=bool)
    cut = past.copy()
    for group in (alike & ~same, same):
        cut[group] = _proportionate(past[group], rule.most_sd)
    known = ~np.isnan(cut)
    own, own_weight = _sums(cut, known, weight * same)
    pooled, pooled_weight = _sums(cut, known, weight * alike)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (own + rule.pooled_days * (pooled / pooled_weight)) / (own_weight + rule.pooled_days)


def profiles(counts: Counts, weekdays: Sequence[int], kinds: Sequence[str], rule: ProfileRule) -> Counts:
    """For each day the counts expected from the days before it; NaN for a first day of its kind."""
    expected = np.full(counts.shape, np.nan)
    for day in range(1, len(counts)):
        expected[day] = day_ahead(counts[:day], weekdays[:day], kinds[:day], weekdays[day], kinds[day], rule)
    return expected


def slot_ahead(counts: Counts, expected: Counts, rule: ProfileRule) -> Counts:
    """Expected counts of each slot once the slots before it are known: is today busier than usual?

    The level is a Gamma–Poisson mean of counted over expected, both forgetting. Days follow each other without a gap.
    """
    counted, usual = counts.ravel(), expected.ravel()
    adjusted = np.full(usual.shape, np.nan)
    keep = 0.5 ** (1 / rule.level_half_life_slots)
    came = due = 0.0
    for slot, (count, rate) in enumerate(zip(counted, usual, strict=True)):
        adjusted[slot] = rate * (rule.level_people + came) / (rule.level_people + due)
        came, due = keep * came, keep * due
        if not (np.isnan(count) or np.isnan(rate)):
            came, due = came + count, due + rate
    return adjusted.reshape(expected.shape)


def most_likely(expected: Counts) -> Counts:
    """The whole number with the least absolute error: a Poisson's median, nearly ``floor(rate + 1/3)`` (Choi 1994)."""
    return np.floor(expected + 1 / 3)


def scores(flows: Mapping[str, tuple[Counts, Counts]]) -> Counts:
    """For each slot how much better a busier rate explains it than the usual one: Poisson log-likelihood ratio.

    Args:
        flows: for each flow (entries, exits) its counts and what was expected of them, slots in a row.
    """
    total = np.zeros(len(next(iter(flows.values()))[0]))
    for counts, expected in flows.values():
        rate = np.maximum(expected, _LEAST_RATE)
        more = counts > rate  # false where either is unknown
        count = np.where(more, counts, 1.0)
        total += np.where(more, count * np.log(count / np.where(more, rate, 1.0)) - (count - rate), 0.0)
    return total


def crowds(flows: Mapping[str, tuple[Counts, Counts]], rule: CrowdRule) -> list[Crowd]:
    """Runs of slots that are busier than usual, in order of time; arguments as of ``scores``."""
    score = scores(flows)
    places = np.flatnonzero(score > rule.slot_score)
    if not len(places):
        return []
    over = np.zeros(len(score))
    for counts, expected in flows.values():
        over += np.nan_to_num(np.maximum(counts - expected, 0.0)) / 2
    return [
        Crowd(int(run[0]), int(run[-1]), float(score[run].sum()), float(over[run[0] : run[-1] + 1].sum()))
        for run in np.split(places, np.flatnonzero(np.diff(places) > rule.gap_slots + 1) + 1)
    ]


def alarm_threshold(past_scores: Sequence[float], weeks: float, rule: CrowdRule) -> float | None:
    """The score that as many crowds of the past weeks exceeded as alarms are allowed, but not less than the least.

    None while there were fewer.
    """
    allowed = int(rule.alarms_per_week * weeks)
    if allowed < 1 or len(past_scores) <= allowed:
        return None
    return max(sorted(past_scores, reverse=True)[allowed], rule.least_score)


def _proportionate(counts: Counts, most_sd: float) -> Counts:
    if len(counts) < 3:  # a median of two says nothing of what is out of proportion
        return counts
    usual = _median(counts)
    return np.minimum(counts, usual + most_sd * np.sqrt(usual + 1))


def _median(counts: Counts) -> Counts:
    unknown = np.isnan(counts).all(axis=0)
    filled = np.where(unknown, 0.0, counts)
    return np.where(unknown, np.nan, np.nanmedian(filled, axis=0))


def _sums(counts: Counts, known: npt.NDArray[np.bool_], weight: Counts) -> tuple[Counts, Counts]:
    return (np.where(known, counts, 0.0) * weight[:, None]).sum(axis=0), (known * weight[:, None]).sum(axis=0)

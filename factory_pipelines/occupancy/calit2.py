"""CalIt2, public counts of people through a building's door, as events of ours and as a yardstick for ``patterns``.

Half-hourly entries and exits over 15 weeks, with 30 known events (Ihler, Hutchins and Smyth, KDD 2006). The protocol:
the last third is forecast, each day from the days before it; the error is the mean absolute one of a half hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from factory_pipelines.occupancy.patterns import (
    Counts,
    Crowd,
    CrowdRule,
    ProfileRule,
    alarm_threshold,
    crowds,
    most_likely,
    profiles,
    slot_ahead,
)

ZONE = ZoneInfo("America/Los_Angeles")
HOLIDAYS = frozenset({date(2005, 9, 5)})  # Labor Day, the only public holiday of the 15 weeks
_SLOT = timedelta(minutes=30)
_SLOTS = 48
_FLOWS = {"7": "exits", "9": "entries"}
_FIRST_SCORED = 21  # days after which a crowd can be told from a usual day: three of each weekday


class Calit2Error(ValueError):
    """The folder does not hold the data set; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Calit2:
    """The data set.

    Attributes:
        first_day: of the rows of the matrices.
        entries: people in, a row a day, a column a half hour.
        exits: people out.
        events: from and to of each known event, in slots since the first.
    """

    first_day: date
    entries: Counts
    exits: Counts
    events: list[tuple[float, float]]

    @property
    def days(self) -> list[date]:
        """The day of each row."""
        return [self.first_day + timedelta(days=n) for n in range(len(self.entries))]

    def kinds(self) -> list[str]:
        """What kind of day each is: workday, rest_day (Saturday and Sunday) or holiday."""
        return ["holiday" if d in HOLIDAYS else "rest_day" if d.weekday() >= 5 else "workday" for d in self.days]


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out, on the last third.

    Attributes:
        mae: mean absolute error of a half hour by flow and forecast: `profile` (mean of the weekday's slot in the first
            two thirds), `last_week`, `day_ahead`, `slot_ahead`.
        recall: events found by number of alarms: ours, then the baseline (residual above the weekly profile).
        events: known events in the last third.
        online: with a threshold set on the weeks before: alarms raised, and events found.
        alarm_share: share of the time that the 20 highest alarms cover.
    """

    mae: dict[str, dict[str, float]]
    recall: dict[int, tuple[int, int]]
    events: int
    online: tuple[int, int]
    alarm_share: float


def read_calit2(folder: Path) -> Calit2:
    """The data set of ``folder``.

    Raises:
        Calit2Error: a file is missing, or not what it should be.
    """
    counts: dict[str, dict[datetime, int]] = {"entries": {}, "exits": {}}
    try:
        for line in (folder / "CalIt2.data").read_text("ascii").split():
            flow, day, clock, count = line.split(",")
            counts[_FLOWS[flow]][_moment(day, clock)] = int(count)
        told = [line.split(";")[0].split(",") for line in (folder / "CalIt2.events").read_text("ascii").splitlines()]
        spans = [(_moment(day, start), _moment(day, end)) for day, start, end, *_ in told if day.strip()]
    except OSError as error:
        raise Calit2Error(f"{error.filename}: {error.strerror}; give the folder of CalIt2.data and .events") from error
    except (ValueError, KeyError) as error:
        raise Calit2Error(f"{folder}: not CalIt2's format ({error})") from error
    if not counts["entries"]:
        raise Calit2Error(f"{folder}: CalIt2.data has no counts of people who came in")
    first = min(counts["entries"])
    moments = [first + n * _SLOT for n in range(len(counts["entries"]))]
    if set(moments) != set(counts["entries"]) or set(moments) != set(counts["exits"]) or len(moments) % _SLOTS:
        raise Calit2Error(f"{folder}: CalIt2.data does not hold whole days of half hours, both ways")
    entries, exits = (np.array([counts[flow][at] for at in moments], float).reshape(-1, _SLOTS) for flow in counts)
    events = [((a - first) / _SLOT, (b - first) / _SLOT) for a, b in spans]
    return Calit2(first.date(), entries, exits, events)


def as_events(data: Calit2, source_id: str) -> Iterator[dict[str, Any]]:
    """The counts as events for ``ingest``: a crossing each way in the middle of each half hour, or a sign of life."""
    for day, entries, exits in zip(data.days, data.entries, data.exits, strict=True):
        for slot in range(_SLOTS):
            # A count is reported at the end of its half hour; 2005's clocks went back on 30 October at 2:00.
            wall = datetime.combine(day, datetime.min.time(), ZONE) + (slot - 0.5) * _SLOT
            common = {"source_id": source_id, "observed_at": wall.isoformat()}
            passed = {"in": int(entries[slot]), "out": int(exits[slot])}
            if not any(passed.values()):
                yield {**common, "event_id": f"{day}-{slot}", "kind": "heartbeat"}
            for direction, people in passed.items():
                if people:
                    key = f"{day}-{slot}-{direction}"
                    yield {**common, "event_id": key, "kind": "crossing", "direction": direction, "people": people}


def evaluate(data: Calit2, profile: ProfileRule | None = None, crowd: CrowdRule | None = None) -> Figures:
    """Forecasts and alarms on the last third, beside the plain ways to do it."""
    profile, crowd = profile or ProfileRule(), crowd or CrowdRule()
    weekdays, kinds = [d.weekday() for d in data.days], data.kinds()
    border = len(data.entries) * 2 // 3
    flows = {"entries": data.entries, "exits": data.exits}
    expected = {name: profiles(counts, weekdays, kinds, profile) for name, counts in flows.items()}
    mae = {name: _errors(counts, expected[name], weekdays, border, profile) for name, counts in flows.items()}
    scored = {name: (c[_FIRST_SCORED:].ravel(), expected[name][_FIRST_SCORED:].ravel()) for name, c in flows.items()}
    found = [_moved(one, _FIRST_SCORED * _SLOTS) for one in crowds(scored, crowd)]
    begin = border * _SLOTS
    events = [event for event in data.events if event[0] >= begin]
    before = [one.score for one in found if one.first < begin]
    ranked = sorted((one for one in found if one.first >= begin), key=lambda one: -one.score)
    threshold = alarm_threshold(before, (border - _FIRST_SCORED) / 7, crowd)
    online = [one for one in ranked if threshold is not None and one.score > threshold]
    plain = _plain_alarms(data.entries, weekdays, border)
    numbers = (10, 15, 20, 30)
    return Figures(
        mae=mae,
        recall={n: (_found(ranked[:n], events), _found(plain(n), events)) for n in numbers},
        events=len(events),
        online=(len(online), _found(online, events)),
        alarm_share=sum(one.last - one.first + 1 for one in ranked[:20]) / (data.entries.size - begin),
    )


def _errors(counts: Counts, expected: Counts, weekdays: list[int], border: int, rule: ProfileRule) -> dict[str, float]:
    means = _weekly_means(counts, weekdays, border)
    forecasts = {
        "profile": np.array([means[weekday] for weekday in weekdays]),
        "last_week": np.concatenate([np.full((7, _SLOTS), np.nan), counts[:-7]]),
        "day_ahead": most_likely(expected),
        "slot_ahead": most_likely(slot_ahead(counts, expected, rule)),
    }
    return {name: float(np.abs(counts - one)[border:].mean()) for name, one in forecasts.items()}


def _weekly_means(counts: Counts, weekdays: list[int], border: int) -> dict[int, Counts]:
    before = np.array(weekdays[:border])
    return {weekday: counts[:border][before == weekday].mean(axis=0) for weekday in range(7)}


def _plain_alarms(counts: Counts, weekdays: list[int], border: int) -> Any:
    """Gives the ``n`` runs of half hours that lie furthest above the weekly profile; more where several are equal."""
    means = _weekly_means(counts, weekdays, border)
    over = (counts - np.array([means[weekday] for weekday in weekdays]))[border:].ravel()

    def alarms(n: int) -> list[Crowd]:
        for limit in np.unique(over)[::-1]:
            places = np.flatnonzero(over >= limit)
            runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
            if len(runs) >= n:
                break
        return [_moved(Crowd(int(r[0]), int(r[-1]), 0.0, 0.0), border * _SLOTS) for r in runs]

    return alarms


def _found(alarms: list[Crowd], events: list[tuple[float, float]]) -> int:
    """Events that an alarm overlaps, half an hour at either end included: people come before, and leave after."""
    return sum(any(one.first < end + 1 and one.last + 1 > start - 1 for one in alarms) for start, end in events)


def _moved(crowd: Crowd, slots: int) -> Crowd:
    return Crowd(crowd.first + slots, crowd.last + slots, crowd.score, crowd.people_over)


def _moment(day: str, clock: str) -> datetime:
    return datetime.strptime(f"{day.strip()} {clock.strip()}", "%m/%d/%y %H:%M:%S")  # noqa: DTZ007 - wall time

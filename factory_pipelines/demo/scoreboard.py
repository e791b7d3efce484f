"""The scoreboard: our tables, alerts and forecasts beside the truth of the simulated factory.

What our side says is read from the warehouse, except for the alerts: the policies are replayed over complete days,
because the warehouse holds the decisions of one policy only.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd

from factory_pipelines.alerts.breaches import LOW_EFFICIENCY
from factory_pipelines.demo import scores
from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.hindsight import Replay, replay, verdict_on
from factory_pipelines.demo.people_evidence import PeopleEvidence, gather_people
from factory_pipelines.demo.resources import open_factory
from factory_pipelines.demo.scores import Score
from factory_pipelines.demo.truth import Truth
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import AlertSettings, DemoSettings, Settings
from factory_pipelines.warehouse.pool import Warehouse

REPLAYED_DAYS = 2
"""Complete working days whose pulls are replayed: enough for thousands of the seed's messages, in seconds."""

RECORDED_DAYS = 2
"""Calendar days before today whose recorded alerts are held against the truth."""

Rows = set[tuple[object, ...]]

_PLACE = ["unit_code", "floor_name", "line_name"]


@dataclass(frozen=True)
class Evidence:
    """Both sides, side by side.

    Attributes:
        replay: what the policies would have told.
        recorded: alerts opened in the warehouse lately, and how many of them were true.
        lines: pieces of every line and finished day (see ``scores.reconciliation_scores``).
        unfinished_days: days whose last pull came before their end.
        refused: what was refused, and what had to be.
        forecasts: forecasts with the simulated future (see ``scores.forecast_scores``).
        backtest: the last rolling backtest.
        people: attendance and the gate.
    """

    replay: Replay
    recorded: tuple[int, int]
    lines: pd.DataFrame
    unfinished_days: int
    refused: tuple[Rows, Rows]
    forecasts: pd.DataFrame
    backtest: pd.DataFrame
    people: PeopleEvidence


def compute_scoreboard(warehouse: Warehouse, settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """Every score as a plain dict: name, value (None when unknown), unit, bar, met, detail."""
    return [asdict(score) for score in score_all(gather(warehouse, settings, now))]


def score_all(evidence: Evidence) -> list[Score]:
    """All scores, in the order of the pipeline."""
    return [
        *scores.reconciliation_scores(evidence.lines, evidence.unfinished_days),
        scores.quarantine_score(*evidence.refused),
        *scores.alert_scores(evidence.replay),
        scores.recorded_alert_score(*evidence.recorded),
        *scores.forecast_scores(evidence.forecasts),
        *scores.backtest_scores(evidence.backtest),
        *evidence.people.scores(),
    ]


def gather(warehouse: Warehouse, settings: Settings, now: datetime) -> Evidence:
    """Reads our side, computes the other."""
    clock = settings.plant.clock()
    factory = open_factory(settings)
    pulled = {row["production_day"]: row["started_at"] for row in warehouse.rows("demo/latest_pulls")}
    working = [day for day in pulled if clock.is_working_day(day)]
    finished = [day for day in working if pulled[day] >= clock.session_window(day, 12)[1]]
    truths = [factory.truth(day) for day in finished]
    since = clock.production_day(now) - timedelta(days=RECORDED_DAYS)
    return Evidence(
        replay=_replayed(settings.demo, clock, settings.alerts, tuple(last_complete_days(clock, now, REPLAYED_DAYS))),
        recorded=_recorded(warehouse, factory, settings.alerts, since),
        lines=_lines(warehouse, truths),
        unfinished_days=len(working) - len(finished),
        refused=_refused(warehouse, truths),
        forecasts=_forecasts(warehouse, factory),
        backtest=warehouse.frame("demo/latest_backtest"),
        people=gather_people(warehouse, settings),
    )


def last_complete_days(clock: PlantClock, now: datetime, count: int) -> list[date]:
    """The last ``count`` working days that are over at ``now``, oldest first."""
    day = clock.production_day(now)
    found: list[date] = []
    for _ in range(count * 7 + 366):
        day -= timedelta(days=1)
        if len(found) < count and clock.is_working_day(day):
            found.insert(0, day)
    return found


@lru_cache(maxsize=4)
def _replayed(demo: DemoSettings, clock: PlantClock, rules: AlertSettings, days: tuple[date, ...]) -> Replay:
    """The replay, remembered: it depends on nothing but its arguments and costs most of the scoreboard's time."""
    return replay(Factory(demo.seed, demo.scale, clock), rules, days)


def _lines(warehouse: Warehouse, truths: Sequence[Truth]) -> pd.DataFrame:
    columns = ["production_day", *_PLACE, "true_pcs", "true_output_pcs"]
    renamed = {"prodn_pcs": "true_pcs", "output_pcs": "true_output_pcs"}
    true = [truth.line_output.rename(columns=renamed).assign(production_day=truth.day)[columns] for truth in truths]
    days = [truth.day for truth in truths]
    ours = warehouse.frame("demo/pieces_by_line", _span(days))
    lines = pd.concat([pd.DataFrame(columns=columns), *true]).merge(
        ours[ours["production_day"].isin(days)], on=columns[:4], how="outer"
    )
    counts = ["pulled_pcs", "computed_pcs", "output_pcs", "true_pcs", "true_output_pcs"]
    return lines.assign(**{name: pd.to_numeric(lines[name]) for name in counts})


def _refused(warehouse: Warehouse, truths: Sequence[Truth]) -> tuple[Rows, Rows]:
    days = [truth.day for truth in truths]
    ours: Rows = {
        (row["production_day"], row["row_id"], row["device_id"], row["prodn_pcs"])
        for row in warehouse.rows("demo/refused_rows", _span(days))
        if row["production_day"] in days
    }
    true: Rows = set()
    for truth in truths:
        for row in truth.dirt[truth.dirt["must_refuse"]].to_dict("records"):
            row_id = None if row["kind"] == "no_row_id" else row["row_id"]
            true.add((truth.day, row_id, row["device_id"], row["prodn_pcs"]))
    return ours, true


def _recorded(warehouse: Warehouse, factory: Factory, rules: AlertSettings, since: date) -> tuple[int, int]:
    """Alerts opened in the warehouse since a day, and how many of them were true within a piece."""
    rows = warehouse.rows("demo/recorded_alerts", {"rule": LOW_EFFICIENCY, "since": since})
    moments = {(row["production_day"], row["opened_at"]) for row in rows}
    behind = {
        (day, at): verdict_on(factory.truth(day, at).rows, rules).nearly_behind
        for day, at in moments
        if factory.clock.is_working_day(day)
    }
    true = sum(row["subject"] in behind.get((row["production_day"], row["opened_at"]), ()) for row in rows)
    return len(rows), true


def _forecasts(warehouse: Warehouse, factory: Factory) -> pd.DataFrame:
    ours = warehouse.frame("demo/forecasts")

    @lru_cache(maxsize=256)
    def true_of(day: date) -> pd.Series:
        return factory.truth(day).line_output.set_index("line_name")["efficiency_pct"]

    def truth(day: date | None, line: str) -> float | None:
        if day is None or not factory.clock.is_working_day(day):
            return None
        return true_of(day).get(line)

    days = zip(ours["made_on"], ours["production_day"], ours["line_name"], strict=True)
    known = [(truth(day, line), truth(_same_weekday(factory.clock, day, made_on), line)) for made_on, day, line in days]
    return ours.assign(
        true_pct=pd.Series([true for true, _ in known], index=ours.index, dtype="float64"),
        naive_pct=pd.Series([naive for _, naive in known], index=ours.index, dtype="float64"),
    )


def _same_weekday(clock: PlantClock, day: date, known_until: date) -> date | None:
    """The last working day of the same weekday that was over when the forecast was made; None within two months."""
    for weeks in range(1, 9):
        candidate = day - timedelta(weeks=weeks)
        if candidate <= known_until and clock.is_working_day(candidate):
            return candidate
    return None


def _span(days: list[date]) -> dict[str, date | None]:
    return {"first": min(days, default=None), "last": max(days, default=None)}

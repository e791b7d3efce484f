"""The feed on real tables: everything arrives once, whatever happens on the way, and the domains make sense of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.attendance.recompute import recompute_days
from factory_pipelines.demo.feed import feed
from factory_pipelines.demo.people_evidence import gather_people
from factory_pipelines.demo.resources import open_presence, open_traffic
from factory_pipelines.demo.vehicles import OFFICER
from factory_pipelines.occupancy.headcount_days import correct_drift, write_headcounts
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse

NOW = datetime(2025, 11, 19, 8, 30, tzinfo=UTC)  # a Wednesday, two in the afternoon in the plant
FIRST, TODAY = date(2025, 11, 15), date(2025, 11, 19)

TABLES = {
    "punches": sql.SQL("SELECT * FROM attendance.punches ORDER BY employee_id, punched_at, source, device"),
    "occupancy": sql.SQL("SELECT source_id, observed_at, event_id FROM occupancy.occupancy_log ORDER BY 1, 2, 3"),
    "gate": sql.SQL("SELECT gate_id, track_id, decided_at, plate FROM gate.gate_events ORDER BY decided_at, track_id"),
    "assignments": sql.SQL("SELECT employee_id, first_day, cycle FROM attendance.shift_assignments ORDER BY 1, 2"),
    "lists": sql.SQL("SELECT plate, kind, valid_from FROM gate.vehicle_list ORDER BY 1, 2, 3"),
}


@pytest.fixture
def settings(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FACTORY_DEMO__SCALE", "0.05")
    monkeypatch.setenv("FACTORY_DEMO__PEOPLE_DAYS", "4")
    monkeypatch.setenv("FACTORY_DEMO__VEHICLE_DAYS", "2")
    return load_settings()


def counts(warehouse: Warehouse) -> dict[str, int]:
    return {name: len(warehouse.rows(query)) for name, query in TABLES.items()}


def without_time_of_arrival(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    found = {name: warehouse.rows(query) for name, query in TABLES.items()}
    for row in found["punches"]:
        del row["ingested_at"]
    return found


def test_everything_arrives_once(warehouse: Warehouse, settings: Settings) -> None:
    fed = feed(warehouse, settings, NOW)
    presence, traffic = open_presence(settings), open_traffic(settings)
    days = [FIRST + timedelta(days=n) for n in range(5)]
    crossings = [len((c := presence.day(day).crossings)[c["observed_at"] < NOW]) for day in days]
    beats = [len((b := presence.day(day).heartbeats)[b["observed_at"] < NOW]) for day in days]
    passages = [len((p := traffic.day(day).passages)[p["at"] < NOW]) for day in days[-3:]]
    sent = set()
    for day in days:
        punches = presence.day(day).punches
        here = punches[punches["sent_at"] < NOW]
        sent |= set(zip(here["employee_id"], here["time"], here["device"], strict=True))
    found = counts(warehouse)
    assert found["occupancy"] == sum(crossings) + sum(beats) == fed.occupancy_events
    assert found["gate"] == sum(passages) == fed.vehicles
    assert abs(found["punches"] - len(sent)) < 10, "all but last night's way out, and the first morning's way in"
    assert found["punches"] == fed.punches
    assert warehouse.rows(sql.SQL("SELECT count(*) AS refused FROM occupancy.refusals")) == [{"refused": 0}]
    again = feed(warehouse, settings, NOW)
    assert (again.punches, again.occupancy_events, again.vehicles) == (0, 0, 0)
    assert counts(warehouse) == found


def test_killed_anywhere_and_begun_again_is_the_same_as_in_one_go(
    warehouse: Warehouse, settings: Settings, warehouse_url: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(day: str) -> None:
        if day == "2025-11-17":
            raise Killed

    feed(warehouse, settings, NOW - timedelta(hours=3))
    whole = without_time_of_arrival(warehouse)
    tables = sql.SQL("attendance.punches, occupancy.occupancy_log, gate.gate_events, gate.vehicle_list, demo.feed")
    with psycopg.connect(warehouse_url) as conn:
        conn.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
    with pytest.raises(Killed):
        feed(warehouse, settings, NOW - timedelta(hours=7), tell=kill)
    feed(warehouse, settings, NOW - timedelta(hours=5))
    # Killed after the events were stored and before that was noted: all of it is sent again.
    warehouse.execute(sql.SQL("UPDATE demo.feed SET fed_until = fed_until - interval '30 hours'"))
    feed(warehouse, settings, NOW - timedelta(hours=3))
    assert without_time_of_arrival(warehouse) == whole


def test_the_domains_find_the_truth_in_it(warehouse: Warehouse, settings: Settings) -> None:
    feed(warehouse, settings, NOW)
    recompute_days(warehouse, settings, FIRST, TODAY, now=NOW)
    for day in (TODAY - timedelta(days=n) for n in (3, 2, 1)):
        correct_drift(warehouse, settings, day, now=NOW)
        write_headcounts(warehouse, settings, day, now=NOW)
    scores = {score.name: score for score in gather_people(warehouse, settings).scores()}
    assert scores["attendance_exact"].value == 100.0, scores["attendance_exact"]
    assert scores["headcount_below_zero"].value == 0.0
    error = scores["headcount_error"]
    assert error.value is not None
    assert error.value < 4.0, error  # a plant of 30 people: one of them is three in a hundred
    assert scores["exceptions_exact"].value in (None, 100.0), scores["exceptions_exact"]
    assert scores["gate_false_opens"].value == 0.0
    for name in ("attendance_status_right", "gate_decisions_right"):
        assert scores[name].met, scores[name]
    (night,) = warehouse.rows(
        sql.SQL("SELECT count(*) AS absent FROM attendance.employee_attendance WHERE shift_day < '2025-11-15'")
    )
    assert night["absent"] == 0, "nobody is expected before the history begins"


def test_before_the_first_feed_nothing_is_known_and_nothing_wrong(warehouse: Warehouse, settings: Settings) -> None:
    scores = gather_people(warehouse, settings).scores()
    assert {score.value for score in scores} == {None}
    assert {score.met for score in scores} == {None}


def test_a_damaged_table_is_noticed(warehouse: Warehouse, settings: Settings) -> None:
    feed(warehouse, settings, NOW)
    recompute_days(warehouse, settings, FIRST, TODAY, now=NOW)
    warehouse.execute(
        sql.SQL(
            "UPDATE attendance.employee_attendance SET regular_s = regular_s - 60 WHERE production_day = '2025-11-17'"
        )
    )
    warehouse.execute(sql.SQL("DELETE FROM attendance.punch_ledger WHERE role = 'exception'"))
    scores = {score.name: score for score in gather_people(warehouse, settings).scores()}
    assert scores["attendance_exact"].met is False
    assert scores["paid_minutes_error"].value is not None
    assert scores["paid_minutes_error"].value > 0


def test_a_line_entered_by_hand_stands(warehouse: Warehouse, settings: Settings) -> None:
    plate = open_traffic(settings).lists(TODAY)["plate"].iloc[0]
    warehouse.execute(
        sql.SQL(
            "INSERT INTO gate.vehicle_list (plate, kind, reason, officer, valid_from, entered_at)"
            " VALUES (%(plate)s, 'authorized', 'director', 'head office', '2025-01-01+00', '2025-01-01+00')"
        ),
        {"plate": plate},
    )
    feed(warehouse, settings, NOW)
    lines = warehouse.rows(sql.SQL("SELECT officer FROM gate.vehicle_list WHERE plate = %(plate)s"), {"plate": plate})
    assert [line["officer"] for line in lines] == ["head office"]
    assert len(warehouse.rows(sql.SQL("SELECT FROM gate.vehicle_list WHERE officer = %(o)s"), {"o": OFFICER})) > 5

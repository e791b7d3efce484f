"""Headcount in Dagster: the jobs with their checks, the schedules, capacity alerts, corrections that stay."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.occupancy import headcount_automation as automation
from factory_pipelines.occupancy.capacity_alerts import RULE, alert_over_capacity
from factory_pipelines.occupancy.definitions import definitions
from factory_pipelines.occupancy.headcount_checks import HEADCOUNT_CHECKS
from factory_pipelines.occupancy.headcount_days import correct_drift, learn_from, write_headcounts
from factory_pipelines.occupancy.headcount_store import load_headcount
from factory_pipelines.occupancy.registry import register_area
from factory_pipelines.occupancy.scheduler import DRIFT_CORRECTION
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.occupancy.crowd import table
from factory_pipelines_tests.integration.occupancy.staffed import (
    CREW,
    MONDAY,
    NINE,
    alive,
    crossings,
    morning,
    plant_time,
    punches,
    staff,
)

SUNDAY = MONDAY - timedelta(days=1)
TUESDAY_SEVEN = plant_time(7, day=3)
COURSE = sql.SQL("SELECT * FROM occupancy.headcounts ORDER BY area_id, at")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def lived(warehouse: Warehouse) -> Warehouse:
    """A whole Monday: eleven come, the door misses one of them leaving, the camera is off from ten to eleven."""
    staff(warehouse)
    morning(warehouse, until=plant_time(10))
    alive(warehouse, plant_time(10, 10), TUESDAY_SEVEN, ("door",))
    alive(warehouse, plant_time(11), TUESDAY_SEVEN, ("cam",))
    crossings(warehouse, 2, plant_time(12), "out")
    punches(warehouse, CREW[:9], plant_time(17, 2), "out")
    crossings(warehouse, 8, plant_time(17, 2, 5), "out")
    return warehouse


def run(warehouse: Warehouse, instance: dg.DagsterInstance, job: str, day: date) -> dict[str, bool]:
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance, partition_key=day.isoformat(), raise_on_error=False
    )
    assert result.success
    return {f"{e.asset_key.path[-1]}.{e.check_name}": e.passed for e in result.get_asset_check_evaluations()}


def test_a_day_is_corrected_written_and_learned_from(lived: Warehouse, instance: dg.DagsterInstance) -> None:
    found = run(lived, instance, "correct_door_drift", SUNDAY)
    found |= run(lived, instance, "correct_door_drift", MONDAY)
    found |= run(lived, instance, "occupancy_learn", MONDAY)
    assert {name for name, passed in found.items() if not passed} == set()
    assert len(found) == 12
    nights = [(row["area_id"], row["reason"], row["people_after"]) for row in table(lived, "headcount_corrections")]
    assert nights == [("hall", "first_anchor", 0), ("hall", "nobody_expected", 0)]
    course = {row["at"]: row for row in lived.rows(COURSE) if row["area_id"] == "hall"}
    assert len(course) == 144
    assert course[NINE]["status"] == "known"
    assert 10 < course[NINE]["people"] < 12
    assert course[plant_time(22)]["door_people"] == pytest.approx(1.02, abs=0.05)
    assert course[plant_time(3, 10, day=3)]["people"] < 0.1  # the one whom the door missed is gone
    yard = {row["at"]: row for row in lived.rows(COURSE) if row["area_id"] == "yard"}
    off = yard[plant_time(10, 50)]
    assert (off["status"], off["people"], off["silent_sources"]) == ("unknown", None, ["cam"])
    assert yard[plant_time(11)]["people"] == 3.0
    (learned,) = table(lived, "headcount_learning")
    assert learned["observed"]["habits"]["expected"] == 0  # the shifts of Sunday
    assert learned["knowledge"]["homes"] == dict.fromkeys(CREW[:9], "hall")
    assert {way for _, way, *_ in learned["knowledge"]["rates"]} == {"in", "out"}


def test_a_correction_is_made_once_and_never_changed(lived: Warehouse, settings: Settings) -> None:
    assert correct_drift(lived, settings, MONDAY, now=plant_time(2, 59, day=3)) == []
    (first,) = correct_drift(lived, settings, MONDAY, now=TUESDAY_SEVEN)
    before = table(lived, "headcount_corrections")
    crossings(lived, 3, plant_time(20))  # they come late
    assert correct_drift(lived, settings, MONDAY, now=TUESDAY_SEVEN) == []
    assert table(lived, "headcount_corrections") == before
    assert first.at == plant_time(3, day=3)
    for query in ("UPDATE occupancy.headcount_corrections SET people_after = 9", "DELETE FROM occupancy.occupancy_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            lived.execute(sql.SQL(query))


def test_the_course_is_the_same_whatever_came_first(lived: Warehouse, settings: Settings, warehouse_url: str) -> None:
    correct_drift(lived, settings, SUNDAY, now=TUESDAY_SEVEN)
    write_headcounts(lived, settings, MONDAY, now=TUESDAY_SEVEN)
    once = lived.rows(COURSE)
    with psycopg.connect(warehouse_url) as owner:  # the same events, as if they had come in another order
        for name in ("occupancy.occupancy_log", "attendance.punches"):
            schema, _, relation = name.partition(".")
            rows = owner.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, relation))).fetchall()
            owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, relation)))
            random.Random(4).shuffle(rows)  # noqa: S311
            places = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
            insert = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(schema, relation), places)
            owner.cursor().executemany(insert, rows)
    write_headcounts(lived, settings, MONDAY, now=TUESDAY_SEVEN)
    assert lived.rows(COURSE) == once


def test_days_before_anything_was_counted_have_no_course(lived: Warehouse, settings: Settings) -> None:
    assert write_headcounts(lived, settings, MONDAY - timedelta(days=20), now=TUESDAY_SEVEN).rows == 0
    assert correct_drift(lived, settings, MONDAY - timedelta(days=20), now=TUESDAY_SEVEN) == []
    assert lived.rows(COURSE) == []


def test_learning_twice_changes_nothing_and_is_used_afterwards(lived: Warehouse, settings: Settings) -> None:
    for day in (SUNDAY, MONDAY):
        correct_drift(lived, settings, day, now=TUESDAY_SEVEN)
        write_headcounts(lived, settings, day, now=TUESDAY_SEVEN)
    learn_from(lived, settings, MONDAY)
    once = table(lived, "headcount_learning")
    learn_from(lived, settings, MONDAY)
    assert table(lived, "headcount_learning") == once
    rates = load_headcount(lived, settings.plant.clock(), TUESDAY_SEVEN).headcount.balances["hall"].rates
    assert rates["door", "out"].extra > rates["door", "in"].extra  # it missed somebody leaving


def test_an_alert_begins_over_capacity_and_ends_well_below(warehouse: Warehouse, settings: Settings) -> None:
    staff(warehouse, capacity=10)
    morning(warehouse)
    correct_drift(warehouse, settings, SUNDAY, now=NINE)

    def alerted(at: datetime) -> dict[str, int]:
        loaded = load_headcount(warehouse, settings.plant.clock(), at)
        return alert_over_capacity(warehouse, loaded, release_pct=95.0, now=at)

    assert alerted(NINE) == {"begins": 1, "ends": 0}
    assert alerted(NINE + timedelta(minutes=1)) == {"begins": 0, "ends": 0}
    (alert,) = warehouse.rows(sql.SQL("SELECT rule, subject, title, status FROM alerts.alerts"))
    assert alert == {"rule": RULE, "subject": "hall", "title": "Over capacity: Hall 1", "status": "open"}
    alive(warehouse, NINE, plant_time(10))
    crossings(warehouse, 1, plant_time(9, 10), "out")
    assert alerted(plant_time(9, 11)) == {"begins": 0, "ends": 0}  # at the limit, and not below it
    crossings(warehouse, 2, plant_time(9, 20), "out")
    register_area(warehouse, "hall", area_name="Hall 1", capacity=11)
    assert alerted(plant_time(9, 21)) == {"begins": 0, "ends": 1}


@pytest.mark.parametrize(
    ("query", "check"),
    [
        (
            "UPDATE occupancy.headcount_corrections SET reason = 'nobody_expected', "
            "evidence = evidence || '{\"expected_with_badge\": 3}'",
            "headcount_corrections.zero_only_where_nobody_is_expected",
        ),
        ("UPDATE occupancy.headcount_corrections SET evidence = '{}'", "headcount_corrections.evidence_given"),
        ("UPDATE occupancy.headcount_corrections SET people_before = 40", "headcount_corrections.drift_is_explained"),
        (
            "UPDATE occupancy.headcounts SET silent_sources = '{door}' WHERE area_id = 'hall'",
            "headcounts.unknown_is_not_a_number",
        ),
        (
            "DELETE FROM occupancy.headcounts WHERE at = '2026-03-02 09:00+05:30'",
            "headcounts.no_gap_in_the_course",
        ),
        (
            "UPDATE occupancy.headcounts SET at = now(), status = 'degraded' "
            "WHERE at = (SELECT max(at) FROM occupancy.headcounts)",
            "headcounts.all_areas_known",
        ),
        (
            "UPDATE occupancy.headcounts SET at = now(), people = 99 "
            "WHERE at = (SELECT max(at) FROM occupancy.headcounts)",
            "headcounts.within_capacity",
        ),
        (
            """UPDATE occupancy.headcount_learning SET knowledge = jsonb_set(knowledge, '{rates,0,2}', '7')""",
            "headcount_learning.rates_are_possible",
        ),
        ("DELETE FROM occupancy.terminals", "headcount_learning.terminals_are_known"),
    ],
)
def test_each_check_fails_on_data_that_is_bad_in_its_way(
    lived: Warehouse, settings: Settings, instance: dg.DagsterInstance, warehouse_url: str, query: str, check: str
) -> None:
    for day in (SUNDAY, MONDAY):
        correct_drift(lived, settings, day, now=TUESDAY_SEVEN)
    write_headcounts(lived, settings, MONDAY, now=TUESDAY_SEVEN)
    learn_from(lived, settings, MONDAY)
    with psycopg.connect(warehouse_url) as owner:
        owner.execute(sql.SQL(query))
    job = dg.define_asset_job("only_checks", selection=dg.AssetSelection.checks(*HEADCOUNT_CHECKS))
    defs = dg.Definitions.merge(
        definitions(), dg.Definitions(resources={"warehouse": lived}, jobs=[job])
    ).resolve_job_def("only_checks")
    tags = {"dagster/partition": MONDAY.isoformat()}
    result = defs.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    failed = {f"{e.asset_key.path[-1]}.{e.check_name}" for e in result.get_asset_check_evaluations() if not e.passed}
    assert check in failed


def test_schedules_ask_for_the_right_production_day(settings: Settings) -> None:
    at_three = plant_time(3, day=3)
    assert automation.correction_request(settings, at_three).partition_key == "2026-03-02"
    assert automation.nightly_drift_correction.name == DRIFT_CORRECTION.job_id
    assert automation.nightly_drift_correction.cron_schedule == DRIFT_CORRECTION.cron
    assert automation.nightly_drift_correction.execution_timezone == settings.plant.timezone
    assert automation.headcount_request(settings, plant_time(5, 2, day=3)).partition_key == "2026-03-02"
    assert automation.learning_request(settings, plant_time(6, 30, day=3)).partition_key == "2026-03-02"


def test_another_hour_of_correction(lived: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_OCCUPANCY__CORRECTION_TIME", "23:30")
    (made,) = correct_drift(lived, load_settings(), MONDAY, now=TUESDAY_SEVEN)
    assert made.at == plant_time(23, 30)

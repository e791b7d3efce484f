from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from factory_pipelines.demo import site
from factory_pipelines.demo.crews import OVERTIME_FROM_MIN, OVERTIME_RULE
from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.presence import DayPresence, Presence
from factory_pipelines.plant.attendance import judge
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.overtime import OvertimeRule, measure
from factory_pipelines.plant.punches import Direction, Punch, read_punches
from factory_pipelines.plant.shifts import PlannedShift, ShiftCalendar
from factory_pipelines_tests.unit.demo.conftest import WORKDAY

DAYS = [WORKDAY - timedelta(days=n) for n in range(7, -1, -1)]  # with a Sunday
SUNDAY, HOLIDAY = date(2025, 11, 16), date(2025, 11, 20)
FRAMES = ("stays", "passages", "crossings", "heartbeats", "punches", "timesheet")


@pytest.fixture(scope="module")
def presence(clock: PlantClock) -> Presence:
    return Presence(7, clock=clock)


@pytest.fixture(scope="module")
def week(presence: Presence) -> list[DayPresence]:
    return [presence.day(day) for day in DAYS]


def joined(week: list[DayPresence], name: str) -> pd.DataFrame:
    return pd.concat([getattr(day, name) for day in week], ignore_index=True)


def test_any_day_is_computed_alone(presence: Presence, clock: PlantClock) -> None:
    other = Presence(7, clock=clock)
    other.day(WORKDAY + timedelta(days=40))  # whatever was asked before does not matter
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(presence.day(WORKDAY), name), getattr(other.day(WORKDAY), name))
    assert not presence.day(WORKDAY).punches.equals(Presence(8, clock=clock).day(WORKDAY).punches)


def test_the_simulated_past_of_people_does_not_change_by_accident(presence: Presence) -> None:
    """Changed people make the attendance of every existing demo database wrong: change these numbers knowingly."""
    day = presence.day(WORKDAY)
    assert {name: len(getattr(day, name)) for name in FRAMES} == {
        "stays": 885,
        "passages": 1679,
        "crossings": 1644,
        "heartbeats": 1152,
        "punches": 1181,
        "timesheet": 576,
    }
    assert int(day.timesheet["paid_s"].sum()) == 17_093_984


def test_people_are_conserved_at_the_doors(presence: Presence, week: list[DayPresence], clock: PlantClock) -> None:
    """Whoever is inside at the end of a day was inside at its beginning or came in, and did not go out."""
    passages = joined(week, "passages")
    for area in (*site.AREA_IDS, None):
        ways = passages if area is None else passages[passages["area_id"] == area]
        through = int((ways["direction"] == "in").sum() - (ways["direction"] == "out").sum())
        before, after = clock.window(DAYS[0])[0], clock.window(DAYS[-1])[1]
        assert presence.headcount(before, area) + through == presence.headcount(after, area)


def test_everybody_goes_in_and_out_in_turns(week: list[DayPresence]) -> None:
    passages = joined(week, "passages").sort_values(["person_id", "at"])
    for _, ways in passages.groupby("person_id"):
        assert all(a != b for a, b in pairwise(ways["direction"]))


def test_stays_are_what_lies_between_passages(presence: Presence, week: list[DayPresence]) -> None:
    stays = joined(week, "stays").drop_duplicates()
    ways = joined(week, "passages")
    came = set(zip(stays["person_id"], stays["area_id"], stays["entered_at"], strict=True))
    left = set(zip(stays["person_id"], stays["area_id"], stays["left_at"], strict=True))
    for way in ways.to_dict("records"):
        assert (way["person_id"], way["area_id"], way["at"]) in (came if way["direction"] == "in" else left)
    assert (stays["left_at"] - stays["entered_at"]).min() > timedelta(minutes=5)
    assert set(stays["kind"]) == {"employee", "contractor", "visitor"}
    area_of_door = {door.door_id: site.AREA_IDS[door.area] for door in site.DOORS}
    assert (ways["door_id"].map(area_of_door) == ways["area_id"]).all()


def test_headcount_follows_the_stays_and_is_never_negative(presence: Presence, clock: PlantClock) -> None:
    start, end = clock.window(WORKDAY)
    counts = [presence.headcount(start + n * timedelta(minutes=30)) for n in range(49)]
    assert min(counts) >= 20, "the night shift and the watch"
    assert max(counts) > 450
    assert [presence.headcount(end, area) for area in site.AREA_IDS][:2] == [0, 0], "sewing is dark at six"
    assert presence.headcount(clock.session_window(SUNDAY, 4)[0]) < 10, "on a Sunday the watch alone is there"


def test_every_punch_is_explained_by_a_passage(week: list[DayPresence]) -> None:
    """A terminal is used some seconds before its door is passed; an echo follows within two minutes."""
    door_of = {door.device: door.door_id for door in site.DOORS}
    ways: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for way in joined(week, "passages").to_dict("records"):
        ways[way["person_id"], way["door_id"]].append((way["at"], way["direction"]))
    last = max(at for passed in ways.values() for at, _ in passed)
    for punch in joined(week, "punches").to_dict("records"):
        explained = any(
            -timedelta(seconds=100) < at - punch["time"] <= timedelta(seconds=20)
            and punch["direction"] in (None, direction)
            for at, direction in ways[punch["employee_id"], door_of[punch["device"]]]
        )
        assert explained or last - punch["time"] < timedelta(seconds=20), punch


def test_terminals_are_as_dirty_as_they_should_be(presence: Presence, week: list[DayPresence]) -> None:
    punches, sheet = joined(week, "punches"), joined(week, "timesheet")
    assert 0.01 < sheet["forgot"].mean() < 0.04
    assert set(punches[punches["direction"].isna()]["device"]) == {"T06"}
    assert punches.duplicated(["employee_id", "time", "device"]).any(), "sent twice"
    assert (punches["sent_at"] >= punches["time"]).all()
    assert not set(punches["employee_id"]) <= set(presence.roster(DAYS[0], DAYS[-1]).employees["employee_id"])


def test_a_terminal_that_is_offline_delivers_later(presence: Presence, clock: PlantClock) -> None:
    days = [WORKDAY + timedelta(days=n) for n in range(30)]
    punches = pd.concat([presence.day(day).punches for day in days])
    late = punches[punches["sent_at"] - punches["time"] > timedelta(minutes=10)]
    assert 0 < len(late) < 0.05 * len(punches)
    one = late.iloc[0]
    inside = one["time"] + timedelta(minutes=5)
    assert presence.reported_until(one["source"], inside) <= one["time"]
    assert presence.reported_until(one["source"], one["sent_at"] + timedelta(hours=6)) > one["time"]


def test_counters_miss_two_in_a_hundred_and_each_door_leans_to_one_side(presence: Presence, clock: PlantClock) -> None:
    days = [presence.day(WORKDAY + timedelta(days=n)) for n in range(30)]
    ways, seen = joined(days, "passages"), joined(days, "crossings")
    assert seen["event_id"].is_unique
    assert 0.015 < 1 - len(seen) / len(ways) < 0.025
    missed = 1 - seen.groupby(["source_id", "direction"]).size() / ways.groupby(["door_id", "direction"]).size()
    lean = missed.xs("in", level="direction") - missed.xs("out", level="direction")
    assert lean.abs().max() > 0.015
    perfect = Presence(7, clock=clock, miss_in=0.0, miss_out=0.0).day(WORKDAY)
    assert len(perfect.crossings) == len(perfect.passages)


def test_a_broken_counter_is_silent(clock: PlantClock) -> None:
    broken = Presence(7, clock=clock, counter_outages=1.0).day(WORKDAY)
    whole = Presence(7, clock=clock).day(WORKDAY)
    assert len(broken.crossings) < len(whole.crossings)
    assert set(whole.heartbeats.groupby("source_id").size()) == {144}
    for _, beats in broken.heartbeats.groupby("source_id"):
        silence = beats["observed_at"].diff().max()
        assert timedelta(hours=1) <= silence <= timedelta(hours=3, minutes=20)


def test_employees_are_those_of_rtms_and_absent_on_the_same_days(presence: Presence, factory: Factory) -> None:
    sheet = presence.day(WORKDAY).timesheet
    sewing = sheet[sheet["shift_id"].isin(["GENERAL", "LATE"])]
    came = set(sewing[sewing["status"] != "ABSENT"]["employee_id"])
    assert set(factory.truth(WORKDAY).rows["emp_code"]) <= came
    assert sheet["employee_id"].is_unique


def test_three_shifts_follow_each_other_round_the_clock_and_crews_move_on_weekly(presence: Presence) -> None:
    def shift_of(day: date) -> dict[str, str]:
        sheet = presence.day(day).timesheet
        return dict(zip(sheet["employee_id"], sheet["shift_id"], strict=True))

    now, later = shift_of(WORKDAY), shift_of(WORKDAY + timedelta(weeks=1))
    after = {"MORNING": "EVENING", "EVENING": "NIGHT", "NIGHT": "MORNING"}
    dyers = presence._crews.due(WORKDAY)
    people = dyers.person_id[dyers.area == site.DYEING]
    rotating = [code for code in people if code in now]
    assert {now[code] for code in rotating} == set(after)
    assert all(later[code] == after[now[code]] for code in rotating)


def test_only_the_watch_works_on_rest_days_and_holidays(presence: Presence) -> None:
    for day in (SUNDAY, HOLIDAY):
        sheet = presence.day(day).timesheet
        assert len(sheet) == 18
        assert set(sheet["shift_id"]) == {"MORNING", "EVENING", "NIGHT"}


def planned_from(presence: Presence, days: list[date], clock: PlantClock) -> dict[str, list[PlannedShift]]:
    """The shifts as the roster says them, read as attendance reads its tables: independent of who came."""
    roster, calendar = presence.roster(days[0], days[-1]), ShiftCalendar(clock)
    patterns = {pattern.shift_id: pattern for pattern in roster.shifts}
    found = defaultdict(list)
    for row in roster.shift_assignments.to_dict("records"):
        for day in days:
            if row["first_day"] <= day and (row["last_day"] is None or day <= row["last_day"]):
                name = row["cycle"][(day - row["first_day"]).days % len(row["cycle"])]
                if name is not None:
                    planned = calendar.plan(patterns[name], day, is_expected=row["is_expected"])
                    found[row["employee_id"]].append(planned)
    return found


def test_the_timesheet_is_what_complete_punches_say(presence: Presence, clock: PlantClock) -> None:
    """The truth and the engine are written twice; where nobody forgot anything they agree to the second."""
    days = DAYS[2:6]  # Friday to Monday, with a Sunday between
    punches = joined([presence.day(day) for day in [*days, days[-1] + timedelta(days=1)]], "punches")
    sheets = joined([presence.day(day) for day in days[1:]], "timesheet").to_dict("records")
    truth = {(row["employee_id"], row["production_day"]): row for row in sheets}
    by_person = {
        code: [
            Punch(at, None if said is None else Direction(said), device)
            for at, said, device in zip(of["time"], of["direction"], of["device"], strict=True)
        ]
        for code, of in punches.drop_duplicates(["employee_id", "time", "device"]).groupby("employee_id")
    }
    rule = OvertimeRule(after_after_min=OVERTIME_FROM_MIN)
    compared = 0
    for code, shifts in planned_from(presence, days, clock).items():
        for shift in read_punches(by_person.get(code, []), shifts).shifts:
            planned = shift.planned
            if planned.production_day == days[0] or not planned.is_expected:
                continue
            true = truth[code, planned.production_day]
            if true["forgot"]:
                continue
            said = judge(shift, reported_until=planned.window_end)
            minutes = measure(shift, rule)
            assert (said.status, said.is_late, said.is_early_exit) == (
                true["status"],
                true["is_late"],
                true["is_early_exit"],
            )
            assert minutes.regular + minutes.overtime == true["paid_s"], (code, planned.production_day)
            compared += 1
    assert compared > 0.95 * len(truth)


def test_the_roster_is_the_same_from_any_days(presence: Presence) -> None:
    whole = presence.roster(DAYS[0], WORKDAY + timedelta(days=60))
    one = presence.roster(WORKDAY, WORKDAY)
    assert one.overtime_rules == {OVERTIME_RULE: {"after_after_min": OVERTIME_FROM_MIN}}
    rows = {row["employee_id"]: row for row in whole.shift_assignments.to_dict("records")}
    assert all(rows[row["employee_id"]] == row for row in one.shift_assignments.to_dict("records"))
    assert len(whole.employees) > len(one.employees), "people leave and others come"
    for row in whole.shift_assignments.to_dict("records"):
        assert row["first_day"] <= WORKDAY + timedelta(days=60)
        assert row["last_day"] is None or row["last_day"] >= max(row["first_day"], DAYS[0])
    assert whole.employees["employee_id"].is_unique


@pytest.mark.parametrize("scale", [0.05, 2.0])
def test_every_scale_has_all_shifts(clock: PlantClock, scale: float) -> None:
    day = Presence(7, clock=clock, scale=scale).day(WORKDAY)
    assert set(day.timesheet["shift_id"]) >= {"MORNING", "EVENING", "NIGHT", "GENERAL", "OFFICE"}
    assert 580 * scale * 0.9 < len(day.timesheet) < 580 * scale + 60

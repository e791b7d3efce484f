"""Pulls into a real database: repeating, changing, vanishing, refusing, doubling, failing half-way."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from factory_pipelines.production import landing
from factory_pipelines.production.ingest import pull_day, pull_range, pull_supervisors
from factory_pipelines.production.rtms import EmptyPullError, RtmsUnavailableError, RtmsUnusableError
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.conftest import SHARED_DATA
from factory_pipelines_tests.rtms_rows import DAY, NOON, MemorySource, contents, read_csv, row, supervisor, table

LATER = NOON + timedelta(minutes=10)
GOLDEN = Path(__file__).parents[2] / "golden" / "rtms"
EXTRACTS = [GOLDEN, *([SHARED_DATA / "rtms"] if SHARED_DATA.is_dir() else [])]


@pytest.mark.parametrize("folder", EXTRACTS, ids=lambda folder: folder.parent.name)
def test_extract_by_csv(warehouse: Warehouse, folder: Path) -> None:
    """Expected values come from the standard library's reading of the same files."""
    (production,) = (read_csv(path) for path in folder.glob("*session_wise_production*.csv"))
    (people,) = (read_csv(path) for path in folder.glob("*supervisors*.csv"))
    source = CsvRtms(folder)
    first = pull_day(warehouse, source, DAY, now=NOON)
    pull_supervisors(warehouse, source, now=NOON)
    assert (first.rows_read, first.rows_accepted, first.rows_refused) == (len(production), len(production), 0)
    kept = contents(warehouse, "session_wise_production")
    assert sum(each["prodn_pcs"] for each in kept) == sum(int(float(each["ProdnPcs"])) for each in production)
    assert sum(each["eff100"] for each in kept) == sum(float(each["Eff100"]) for each in production)
    assert {each["rtms_row_id"]: each["emp_code"] for each in kept} == {
        int(each["RowId"]): each["EmpCode"].lstrip(".") or None for each in production
    }
    assert len(contents(warehouse, "supervisors")) == len(people)
    if folder != GOLDEN:
        assert len(kept) == 377
        assert sum(e["prodn_pcs"] for e in kept) / sum(e["eff100"] for e in kept) * 100 == pytest.approx(
            36.7819, abs=1e-4
        )

    before = {name: contents(warehouse, name) for name in ("session_wise_production", "supervisors", "quarantine")}
    again = pull_day(warehouse, source, DAY, now=LATER)
    pull_supervisors(warehouse, source, now=LATER)
    assert (again.rows_inserted, again.rows_updated, again.rows_deleted) == (0, 0, 0)
    assert {name: contents(warehouse, name) for name in before} == before


def test_changed_new_and_vanished_rows(warehouse: Warehouse) -> None:
    pull_day(warehouse, MemorySource([table([row(1), row(2), row(3)])]), DAY, now=NOON)
    changed = MemorySource([table([row(4), row(2, ProdnPcs=300, EmpCode=None), row(1)])])
    result = pull_day(warehouse, changed, DAY, now=LATER)
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (1, 1, 1)
    kept = {each["rtms_row_id"]: each for each in contents(warehouse, "session_wise_production")}
    assert {key: each["ingested_at"] for key, each in kept.items()} == {1: NOON, 2: LATER, 4: LATER}
    assert (kept[2]["prodn_pcs"], kept[2]["emp_code"], kept[2]["pull_id"]) == (300, None, result.pull_id)


def test_pulls_are_on_record(warehouse: Warehouse) -> None:
    result = pull_day(warehouse, MemorySource([table([row(1), row(1), row(2, ProdnPcs=-1)])]), DAY, now=NOON)
    (pull,) = contents(warehouse, "pulls")
    assert pull["pull_id"] == result.pull_id
    assert (pull["source"], pull["production_day"], pull["started_at"]) == ("memory", DAY, NOON)
    assert pull["finished_at"] >= NOON
    counts = ("read", "accepted", "refused", "collapsed", "inserted", "updated", "deleted")
    assert [pull[f"rows_{name}"] for name in counts] == [3, 1, 1, 1, 1, 0, 0]


def test_other_days_and_organizations_are_left_alone(warehouse: Warehouse, settings: Any) -> None:
    other_plant = Warehouse(
        settings.database_url.get_secret_value(),
        organization_id=UUID("22222222-2222-2222-2222-222222222222"),
        role="factory_writer",
    )
    tomorrow = DAY + timedelta(days=1)
    pull_day(warehouse, MemorySource([table([row(1)])]), DAY, now=NOON)
    pull_day(warehouse, MemorySource([table([row(1, TranDate="2025-09-13")])]), tomorrow, now=NOON)
    pull_day(other_plant, MemorySource([table([row(1), row(2)])]), DAY, now=NOON)
    pull_day(warehouse, MemorySource([table([row(9)])]), DAY, now=LATER)
    other_plant.close()
    kept = contents(warehouse, "session_wise_production")
    assert sorted((str(each["organization_id"])[:1], each["production_day"], each["rtms_row_id"]) for each in kept) == [
        ("1", DAY, 9), ("1", tomorrow, 1), ("2", DAY, 1), ("2", DAY, 2),
    ]  # fmt: skip


def test_quarantine_remembers_each_refused_row_once(warehouse: Warehouse) -> None:
    source = MemorySource([table([row(1), row(2, ProdnPcs=-1), row(3, TranDate="soon")])])
    pull_day(warehouse, source, DAY, now=NOON)
    result = pull_day(warehouse, source, DAY, now=LATER)
    refused = {each["row"]["RowId"]: each for each in contents(warehouse, "quarantine")}
    assert refused.keys() == {2, 3}
    assert (refused[2]["production_day"], refused[3]["production_day"]) == (DAY, None)
    assert refused[2]["reasons"] == ["ProdnPcs is -1, below 0; correct it in RTMS and the next pull takes the row in"]
    assert {(each["first_seen_at"], each["last_seen_at"], each["pull_id"]) for each in refused.values()} == {
        (NOON, LATER, result.pull_id)
    }


def test_a_corrected_row_is_taken_in(warehouse: Warehouse) -> None:
    pull_day(warehouse, MemorySource([table([row(1), row(2, LineName="")])]), DAY, now=NOON)
    pull_day(warehouse, MemorySource([table([row(1), row(2)])]), DAY, now=LATER)
    assert [each["rtms_row_id"] for each in contents(warehouse, "session_wise_production")] == [1, 2]
    (remembered,) = contents(warehouse, "quarantine")
    assert remembered["last_seen_at"] == NOON


@pytest.mark.parametrize("held_before", [False, True], ids=["empty_day", "day_with_rows"])
def test_identical_rows_collapse_and_conflicting_ones_are_refused(warehouse: Warehouse, held_before: bool) -> None:
    if held_before:
        pull_day(warehouse, MemorySource([table([row(n) for n in range(1, 6)])]), DAY, now=NOON)
    batches = [
        table([row(1), row(1), row(2), row(3)]),
        table([row(1), row(2, ProdnPcs=7), row(3, EmpName=" Person  00 "), row(4)]),
        table([row(2), row(3), row(5, ProdnPcs=None)]),
    ]
    for now in (NOON, LATER):
        result = pull_day(warehouse, MemorySource(batches), DAY, now=now)
        assert (result.rows_read, result.rows_accepted, result.rows_refused, result.rows_collapsed) == (11, 3, 4, 4)
        assert [each["rtms_row_id"] for each in contents(warehouse, "session_wise_production")] == [1, 3, 4]
        refused = contents(warehouse, "quarantine")
        conflicting = [each for each in refused if each["row"]["RowId"] == 2]
        assert sorted(each["row"]["ProdnPcs"] for each in conflicting) == [7, 240]
        reason = "RowId 2 stands in 3 rows that differ in ProdnPcs; keep one of them in RTMS"
        assert {each["reasons"][0] for each in conflicting} == {reason}
        assert len(refused) == 3


def test_an_empty_pull_never_wipes_a_day(warehouse: Warehouse) -> None:
    pull_day(warehouse, MemorySource([table([row(1)])]), DAY, now=NOON)
    waits: list[float] = []
    with pytest.raises(
        EmptyPullError, match=r"RTMS shows no rows for 2025-09-12, but the warehouse has rows: they are kept\."
    ):
        pull_day(warehouse, MemorySource([]), DAY, now=LATER, sleep=waits.append)
    with pytest.raises(EmptyPullError, match=r"1 rows, none acceptable \(LineName is empty"):
        pull_day(warehouse, MemorySource([table([row(1, LineName="")])]), DAY, now=LATER, sleep=waits.append)
    assert waits == [1, 2, 4, 1, 2, 4]
    assert len(contents(warehouse, "session_wise_production")) == 1
    assert len(contents(warehouse, "pulls")) == 1


def test_an_empty_pull_of_an_empty_day_is_fine(warehouse: Warehouse) -> None:
    result = pull_day(warehouse, MemorySource([]), DAY, now=NOON)
    assert (result.rows_read, result.rows_inserted) == (0, 0)


def breaking(error: Exception, *batches: pd.DataFrame) -> MemorySource:
    def stream() -> Iterator[pd.DataFrame]:
        yield from batches
        raise error

    return MemorySource(stream)


@pytest.mark.parametrize("held_before", [False, True], ids=["empty_day", "day_with_rows"])
def test_a_stream_that_breaks_half_way_leaves_everything_as_it_was(warehouse: Warehouse, held_before: bool) -> None:
    if held_before:
        pull_day(warehouse, MemorySource([table([row(1)])]), DAY, now=NOON)
    tables = ("session_wise_production", "quarantine", "pulls")
    before = {name: contents(warehouse, name) for name in tables}
    waits: list[float] = []
    source = breaking(RtmsUnavailableError("connection lost", "Wait"), table([row(2), row(3, ProdnPcs=-1)]))
    with pytest.raises(RtmsUnavailableError, match="connection lost"):
        pull_day(warehouse, source, DAY, now=LATER, sleep=waits.append)
    assert waits == [1, 2, 4]
    assert {name: contents(warehouse, name) for name in tables} == before


def test_permanent_errors_are_not_tried_again(warehouse: Warehouse) -> None:
    with pytest.raises(RtmsUnusableError, match="wrong password"):
        pull_day(
            warehouse,
            breaking(RtmsUnusableError("wrong password", "Ask")),
            DAY,
            now=NOON,
            sleep=lambda _: pytest.fail("waited"),
        )


def test_a_retry_pulls_the_whole_day_again(warehouse: Warehouse) -> None:
    attempts: list[int] = []

    def stream() -> Iterator[pd.DataFrame]:
        attempts.append(1)
        yield table([row(1), row(2)])
        if len(attempts) < 3:
            raise RtmsUnavailableError("connection lost", "Wait")
        yield table([row(3)])

    result = pull_day(warehouse, MemorySource(stream), DAY, now=NOON, sleep=lambda _: None)
    assert (len(attempts), result.rows_read, result.rows_inserted) == (3, 3, 3)


def test_a_source_that_is_not_rtms_is_refused_whole(warehouse: Warehouse) -> None:
    wrong = table([row(n, TranDate="12/09/2025") for n in range(landing.MAX_REFUSED // 10 + 1)])
    with pytest.raises(
        RtmsUnusableError, match=r"more than 20,000 rows refused, for example: TranDate is '12/09/2025'"
    ):
        pull_day(warehouse, MemorySource([wrong] * 10), DAY, now=NOON)
    assert contents(warehouse, "quarantine") == []


def test_text_is_data_whatever_it_says(warehouse: Warehouse) -> None:
    names = ["'; DROP TABLE rtms.pulls; --", "%(day)s {target}", "\\. \\N", '"quoted", comma', "١٢٣ ﷽ 🧵", "a" * 10_000]
    rows = [row(n, EmpName=name, NewOperSeq=name) for n, name in enumerate(names)]
    for now in (NOON, LATER):
        pull_day(warehouse, MemorySource([table(rows)]), DAY, now=now)
    assert {each["emp_name"] for each in contents(warehouse, "session_wise_production")} == set(names)


def test_a_range_pulls_every_day(warehouse: Warehouse) -> None:
    class EveryDay(MemorySource):
        def production(self, day: date) -> Iterator[pd.DataFrame]:
            yield table([row(1, TranDate=day.isoformat())])

    results = pull_range(warehouse, EveryDay([]), DAY, DAY + timedelta(days=2), now=NOON)
    assert [result.rows_inserted for result in results] == [1, 1, 1]
    assert warehouse.rows(
        sql.SQL("SELECT count(DISTINCT production_day) AS days FROM rtms.session_wise_production")
    ) == [{"days": 3}]


def test_supervisors_change_vanish_and_never_all_at_once(warehouse: Warehouse) -> None:
    def people(*rows: dict[str, Any]) -> MemorySource:
        return MemorySource([], supervisors=rows)

    first = people(supervisor("T1-1"), supervisor("T2-1"), supervisor("T3-1", SupervisorCode=""))
    result = pull_supervisors(warehouse, first, now=NOON)
    assert (result.pull_id, result.rows_accepted, result.rows_refused) == (None, 2, 1)
    second = people(supervisor("T1-1", PhoneNumber="98765 43210"), supervisor("T4-1"), supervisor("T4-1"))
    result = pull_supervisors(warehouse, second, now=LATER)
    counts = (result.rows_inserted, result.rows_updated, result.rows_deleted, result.rows_collapsed)
    assert counts == (1, 1, 1, 1)
    with pytest.raises(EmptyPullError, match="for supervisors"):
        pull_supervisors(warehouse, people(), now=LATER, sleep=lambda _: None)
    kept = [
        (each["line_name"], each["phone_number"], each["ingested_at"]) for each in contents(warehouse, "supervisors")
    ]
    assert sorted(kept) == [("T1-1", "98765 43210", LATER), ("T4-1", "+15550100001", LATER)]


_dirty = st.fixed_dictionaries(
    {},
    optional={
        "ProdnPcs": st.sampled_from([0, 5, "5.0", -1, None, "x", 2.5]),
        "EmpCode": st.sampled_from([None, ".7", "7", ""]),
        "LineName": st.sampled_from(["T1-1", " T1-1 ", "", "T2-1"]),
        "TranDate": st.sampled_from(["2025-09-12", "2025-09-13", "never"]),
    },
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.integers(1, 6), _dirty), max_size=14), data=st.data())
def test_order_batches_and_history_do_not_matter(
    warehouse: Warehouse, rows: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    """Whatever order and batches rows come in, and whatever was there before, the day is the same afterwards."""
    given_rows = [row(99), *(row(row_id, **changes) for row_id, changes in rows)]
    outcomes = []
    for round_no in range(2):
        shuffled = data.draw(st.permutations(given_rows))
        size = data.draw(st.integers(1, len(shuffled)))
        batches = [table(shuffled[start : start + size]) for start in range(0, len(shuffled), size)]
        for name in ("session_wise_production", "quarantine"):
            warehouse.execute(sql.SQL("DELETE FROM rtms.{}").format(sql.Identifier(name)))
        if round_no:
            pull_day(warehouse, MemorySource([table([row(3, ProdnPcs=1), row(50), row(99)])]), DAY, now=NOON)
        result = pull_day(warehouse, MemorySource(batches), DAY, now=LATER)
        assert result.rows_accepted + result.rows_refused + result.rows_collapsed == result.rows_read == len(given_rows)
        kept = contents(warehouse, "session_wise_production", "pull_id", "ingested_at")
        assert result.rows_accepted == len(kept)
        unstable = ("quarantine_id", "pull_id", "first_seen_at", "last_seen_at")
        refused = contents(warehouse, "quarantine", *unstable)
        outcomes.append((sorted(map(str, kept)), sorted(map(str, refused)), result.rows_refused, result.rows_collapsed))
    assert outcomes[0] == outcomes[1]

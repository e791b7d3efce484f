"""The journal: in order, across crashes, within its size, nothing twice that was acknowledged."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from factory_pipelines.warehouse.journal import Journal, JournalFullError

_OTHER = (
    "import sys, pathlib; from factory_pipelines.warehouse.journal import Journal;"
    "Journal(pathlib.Path(sys.argv[1]), max_bytes=1000).close()"
)


class AwayError(Exception):
    """The database is away."""


class Database:
    """What it was given, while it is there."""

    def __init__(self) -> None:
        self.records: list[int] = []
        self.is_away = False
        self.batches: list[int] = []

    def take(self, records: list[dict[str, Any]]) -> None:
        if self.is_away:
            raise AwayError
        if any(record["n"] < 0 for record in records):
            raise ValueError("negative")
        self.records += [record["n"] for record in records]
        self.batches.append(len(records))


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Journal]]:
    journals: list[Journal] = []

    def journal(**more: Any) -> Journal:
        found = Journal(tmp_path / "journal", **{"max_bytes": 1_000_000, "hopeless": (ValueError,), **more})
        journals.append(found)
        return found

    yield journal
    for each in journals:
        each.close()


def numbers(first: int, last: int) -> list[dict[str, Any]]:
    return [{"n": number} for number in range(first, last)]


def test_records_arrive_in_order_and_in_batches(opened: Callable[..., Journal], database: Database) -> None:
    journal = opened(segment_bytes=100)
    for start in range(0, 60, 3):
        journal.add(numbers(start, start + 3))
    assert journal.waiting == 60
    assert journal.drain(database.take, batch=7) == 60
    assert database.records == list(range(60))
    assert max(database.batches) == 7
    assert (journal.waiting, journal.waiting_bytes) == (0, 0)


def test_an_outage_keeps_everything_and_the_disk_is_clean_afterwards(
    opened: Callable[..., Journal], database: Database, tmp_path: Path
) -> None:
    journal = opened(segment_bytes=200)
    journal.add(numbers(0, 5))
    journal.drain(database.take)
    database.is_away = True
    for number in range(5, 50):
        journal.add(numbers(number, number + 1))
        with pytest.raises(AwayError):
            journal.drain(database.take)
    database.is_away = False
    assert journal.drain(database.take) == 45
    assert database.records == list(range(50))
    assert list((tmp_path / "journal").glob("*.jsonl")) == []


def test_another_process_goes_on_where_the_last_one_ended(opened: Callable[..., Journal], database: Database) -> None:
    first = opened(segment_bytes=64)
    first.add(numbers(0, 10))
    first.drain(database.take)
    first.add(numbers(10, 30))
    first.close()
    second = opened(segment_bytes=64)
    assert second.waiting == 20
    second.add(numbers(30, 35))
    second.drain(database.take)
    assert database.records == list(range(35))


def test_what_was_handed_over_before_a_crash_comes_again_and_nothing_is_missing(
    opened: Callable[..., Journal], database: Database, tmp_path: Path
) -> None:
    """The bookmark moves after the database has committed: the crash in between is the one that doubles."""
    first = opened()
    first.add(numbers(0, 10))
    bookmark = tmp_path / "journal" / "done"
    first.drain(lambda records: (database.take(records), bookmark.unlink(missing_ok=True)), batch=10)
    assert first.waiting == 0
    first.add(numbers(10, 12))
    first.close()
    bookmark.write_text("0")
    opened().drain(database.take)
    assert database.records == [*range(10), 10, 11]


def test_a_torn_last_line_was_never_promised(
    opened: Callable[..., Journal], database: Database, tmp_path: Path
) -> None:
    first = opened()
    first.add(numbers(0, 3))
    first.close()
    (segment,) = (tmp_path / "journal").glob("*.jsonl")
    with segment.open("a") as file:
        file.write('{"n": 3')
    second = opened()
    assert second.waiting == 3
    second.add(numbers(4, 5))
    second.drain(database.take)
    assert database.records == [0, 1, 2, 4]


@pytest.mark.parametrize("damage", ["line", "bookmark", "segment"])
def test_a_damaged_disk_costs_what_it_damaged_and_no_more(
    opened: Callable[..., Journal], database: Database, tmp_path: Path, damage: str
) -> None:
    first = opened(segment_bytes=20)
    for number in range(9):
        first.add(numbers(number, number + 1))
    first.close()
    segments = sorted((tmp_path / "journal").glob("*.jsonl"))
    if damage == "line":
        segments[1].write_text("\x00" * 8 + "\n" + segments[1].read_text().split("\n", 1)[1])
    if damage == "bookmark":
        (tmp_path / "journal" / "done").write_text("x")
    if damage == "segment":
        segments[1].unlink()
    journal = opened()
    journal.drain(database.take)
    assert database.records == sorted(database.records)
    assert len(database.records) >= 9 - {"line": 1, "bookmark": 0, "segment": 3}[damage]
    assert journal.waiting == 0


def test_a_record_that_will_never_be_taken_holds_up_no_other(
    opened: Callable[..., Journal], database: Database, tmp_path: Path
) -> None:
    journal = opened()
    journal.add([{"n": 1}, {"n": -2}, {"n": 3}])
    assert journal.drain(database.take) == 3
    assert database.records == [1, 3]
    assert '"n": -2' in (tmp_path / "journal" / "refused.jsonl").read_text()


def test_when_it_is_full_what_was_promised_stays(opened: Callable[..., Journal], database: Database) -> None:
    journal = opened(max_bytes=100)
    journal.add(numbers(0, 10))
    with pytest.raises(JournalFullError, match="10 records wait"):
        journal.add(numbers(10, 20))
    journal.drain(database.take)
    journal.add(numbers(10, 20))
    journal.drain(database.take)
    assert database.records == list(range(20))


def test_a_folder_has_one_process(opened: Callable[..., Journal], tmp_path: Path) -> None:
    first = opened()
    second = [sys.executable, "-W", "default", "-c", _OTHER, str(tmp_path / "journal")]
    other = subprocess.run(second, capture_output=True, text=True)
    assert "JournalTakenError: another process has" in other.stderr
    assert "ResourceWarning" not in other.stderr, "the lock's file is closed again"
    first.close()
    subprocess.run([sys.executable, "-c", _OTHER, str(tmp_path / "journal")], check=True)


def test_writers_do_not_wait_for_the_database(opened: Callable[..., Journal], database: Database) -> None:
    journal = opened(segment_bytes=500)
    journal.add(numbers(0, 1))
    added: list[int] = []

    def slow(records: list[dict[str, Any]]) -> None:
        if not added:
            writer = Thread(target=lambda: (journal.add(numbers(1, 100)), added.append(1)))
            writer.start()
            writer.join(10)
        database.take(records)

    journal.drain(slow)
    assert added == [1]
    journal.drain(database.take)
    assert database.records == list(range(100))

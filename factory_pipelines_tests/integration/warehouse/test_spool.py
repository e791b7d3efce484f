"""What waits on disk: in order, bounded, shared by threads, never lost and never held up by one bad event."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factory_pipelines.warehouse.spool import Spool, SpoolFullError


class RefusedError(Exception):
    """What a database says of an event it will never take."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "waiting.jsonl"


def event(number: int) -> dict[str, Any]:
    return {"event_id": number}


def test_events_leave_in_the_order_they_came_also_after_a_restart(path: Path) -> None:
    spool = Spool(path)
    assert (spool.waiting(), spool.drain(lambda _: None)) == (0, 0)
    for number in range(5):
        spool.add(event(number))
    handed: list[Any] = []

    def until_three(one: dict[str, Any]) -> None:
        if one["event_id"] == 3:
            raise ConnectionError("away again")
        handed.append(one["event_id"])

    with pytest.raises(ConnectionError):
        Spool(path).drain(until_three)
    assert (handed, Spool(path).waiting()) == ([0, 1, 2], 2)
    assert Spool(path).drain(lambda one: handed.append(one["event_id"])) == 2
    assert handed == [0, 1, 2, 3, 4]
    assert not path.exists()


def test_times_come_back_as_the_domain_restores_them(path: Path) -> None:
    at = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
    spool = Spool(path, restore=lambda one: {**one, "at": datetime.fromisoformat(one["at"])})
    spool.add({"event_id": 1, "at": at})
    found: list[Any] = []
    spool.drain(found.append)
    assert found == [{"event_id": 1, "at": at}]


def test_no_more_than_may_wait(path: Path) -> None:
    spool = Spool(path, limit=2)
    spool.add(event(1))
    spool.add(event(2))
    with pytest.raises(SpoolFullError, match="2 events wait already"):
        spool.add(event(3))
    spool.drain(lambda _: None)
    spool.add(event(3))
    assert spool.waiting() == 1


def test_a_hopeless_event_is_put_aside_and_a_damaged_line_left_out(path: Path) -> None:
    spool = Spool(path, hopeless=(RefusedError,))
    for number in range(3):
        spool.add(event(number))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event_id": 9')  # the power went within the write
    handed: list[int] = []

    def take(one: dict[str, Any]) -> None:
        if one["event_id"] == 1:
            raise RefusedError("no such plate")
        handed.append(one["event_id"])

    assert spool.drain(take) == 3
    assert handed == [0, 2]
    assert "no such plate" in path.with_name("refused.jsonl").read_text()


def test_events_that_come_during_a_round_are_kept_and_nobody_waits_for_it(path: Path) -> None:
    spool = Spool(path)
    spool.add(event(0))
    handed: list[int] = []

    def slow(one: dict[str, Any]) -> None:
        adding = threading.Thread(target=spool.add, args=[event(one["event_id"] + 10)])
        adding.start()
        adding.join(10)
        assert not adding.is_alive()  # it did not have to wait for the end of the round
        handed.append(one["event_id"])

    assert spool.drain(slow) == 1
    assert (handed, spool.waiting()) == ([0], 1)


def test_threads_lose_and_double_nothing(path: Path) -> None:
    spool, handed = Spool(path), []

    def add(start: int) -> None:
        for number in range(start, start + 10):
            spool.add(event(number))

    threads = [threading.Thread(target=add, args=[start]) for start in range(0, 40, 10)]
    threads.append(threading.Thread(target=lambda: spool.drain(lambda one: handed.append(one["event_id"]))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.drain(lambda one: handed.append(one["event_id"]))
    assert sorted(handed) == list(range(40))

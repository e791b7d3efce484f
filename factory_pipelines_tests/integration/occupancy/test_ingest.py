"""Events into the log: each once, whatever the order; what cannot be taken waits with its reason."""

import random
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.occupancy.registry import RegistrationError, register_area, register_source
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.occupancy.crowd import (
    NOW,
    alive,
    at,
    came,
    counted,
    hall,
    send,
    table,
    went,
)

LOG = "occupancy_log"


def test_an_event_is_stored_once_however_often_and_in_whatever_order_it_is_sent(warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d"], cameras=["c"])
    events = [came("d", 1), went("d", 2), counted("c", 3, 7), *alive("c", [4])]
    first = send(warehouse, [*events, events[0]])
    assert (first.received, first.accepted, first.duplicates, len(first.refused)) == (5, 4, 1, 0)
    stored = table(warehouse, LOG)
    random.Random(1).shuffle(events)  # noqa: S311 repeatable
    again = send(warehouse, events, now=NOW + timedelta(hours=1))
    assert (again.accepted, again.duplicates) == (0, 4)
    assert table(warehouse, LOG) == stored
    assert [s["first_seen_at"] for s in table(warehouse, "sources")] == [at(3), at(1)]


def test_an_event_of_an_unknown_source_waits_until_it_is_registered(warehouse: Warehouse) -> None:
    events = [came("new", 1), came("new", 1.5, 2)]
    result = send(warehouse, [*events, events[0]])
    assert [(one.reason, one.field) for one in result.refused] == [("source_unknown", "source_id")] * 3
    assert sorted(row["times"] for row in table(warehouse, "refusals")) == [1, 2]
    register_area(warehouse, "hall")
    source, taken = register_source(warehouse, "new", area_id="hall", kind="door", now=NOW)
    assert (source["source_id"], taken) == ("new", 2)
    assert [row["people"] for row in table(warehouse, LOG)] == [1, 2]
    assert table(warehouse, "refusals") == []


def test_bad_events_are_kept_and_counted_and_their_neighbours_taken(warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d"])
    good = came("d", 1)
    bad = [
        {**came("d", 2), "observed_at": "2026-03-02T25:61"},
        {**came("d", 2), "people": float("nan")},
        {**came("d", 2), "source_id": "\x00\ud800"},
        {**came("d", 2), "snapshot": "../x"},
        {"\x00": {"deep": [b"bytes", float("inf")]}},
    ]
    result = send(warehouse, [*bad, good, *bad])
    assert (result.received, result.accepted, len(result.refused)) == (11, 1, 10)
    assert list(result.places) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    kept = table(warehouse, "refusals")
    assert sum(row["times"] for row in kept) == 10
    assert {row["reason"] for row in kept} == {
        "time_invalid", "people_invalid", "source_id_invalid", "snapshot_invalid", "field_unknown",
    }  # fmt: skip


def test_two_events_with_one_key_that_differ_are_told(warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d"])
    said = came("d", 1)
    result = send(warehouse, [said, {**said, "direction": "out"}])
    assert (result.accepted, [one.reason for one in result.refused]) == (1, ["event_contradicts"])


def test_whoever_writes_the_log_cannot_change_it(warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 1)])
    for statement in ("UPDATE occupancy.occupancy_log SET people = 2", "DELETE FROM occupancy.occupancy_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            warehouse.execute(sql.SQL(statement))


def test_two_senders_of_the_same_events_do_not_hinder_each_other(warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d", "e"])
    events = [came(door, minute) for minute in range(200) for door in ("d", "e")]
    results = []
    senders = [
        Thread(target=lambda sent=sent: results.append(send(warehouse, sent))) for sent in (events, events[::-1])
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(result.accepted for result in results) == 400
    assert len(table(warehouse, LOG)) == 400


def test_a_source_that_has_counted_stays_in_its_area(warehouse: Warehouse) -> None:
    hall(warehouse, "a", doors=["d"])
    hall(warehouse, "b")
    register_source(warehouse, "d", area_id="b", kind="door", now=NOW)  # it has said nothing yet
    send(warehouse, [came("d", 1)])
    with pytest.raises(RegistrationError, match="has counted elsewhere"):
        register_source(warehouse, "d", area_id="a", kind="door", now=NOW)
    with pytest.raises(RegistrationError, match="nowhere is not registered"):
        register_source(warehouse, "e", area_id="nowhere", kind="door", now=NOW)


def test_areas_are_no_circle(warehouse: Warehouse) -> None:
    register_area(warehouse, "site")
    register_area(warehouse, "hall", parent_area_id="site")
    with pytest.raises(RegistrationError, match="hall is part of site"):
        register_area(warehouse, "site", parent_area_id="hall")
    with pytest.raises(RegistrationError, match="parent_area_id: nowhere is not registered"):
        register_area(warehouse, "hall", parent_area_id="nowhere")

"""Rekognition or the database is away: pictures wait in order, erasures are repeated, nothing is lost or doubled."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.identity import erasure
from factory_pipelines.identity.consents import Consent, record_consent
from factory_pipelines.identity.enrolment import QueueFullError
from factory_pipelines.identity.matchers import Matchers
from factory_pipelines.identity.service import IdentityService
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines_tests import rekognition_server as wire
from factory_pipelines_tests.drawn_faces import drawn_face, plain_wall
from factory_pipelines_tests.integration.identity.conftest import NOW, Clock
from factory_pipelines_tests.rekognition_server import RekognitionServer

ASHA, RAVI = drawn_face(1), drawn_face(2)
SEEN = sql.SQL("SELECT seen_at, outcome, person_id, waited FROM identity.recognitions ORDER BY seen_at, event_id")
FACES = sql.SQL("SELECT person_id, status FROM identity.faces ORDER BY enrolled_at")


def agree(warehouse: Warehouse, person_id: str, days: int = 365) -> None:
    consent = Consent(person_id, "attendance", NOW, NOW + timedelta(days=days), "hr")
    record_consent(warehouse, consent, NOW)


def pictures(service: IdentityService) -> list[str]:
    return [one.kind for one in service.store.listed()[0]]


class Unplugged(Warehouse):
    """A warehouse whose cable can be pulled."""

    def __init__(self, inner: Warehouse) -> None:
        self.address, self.organization_id = inner.address, inner.organization_id
        self._inner = inner
        self.is_plugged = True

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        if not self.is_plugged:
            raise WarehouseUnavailableError("the cable is out")
        with self._inner.transaction() as conn:
            yield conn


def test_searches_wait_in_order_and_are_answered_once(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101")
    service.enrol(ASHA, person_id="900101")
    rekognition.is_down = True
    for picture in (ASHA, RAVI, plain_wall(), ASHA):
        answer = service.search(picture, device="door-in")
        assert (answer.outcome, answer.person_id) == ("waiting", None)
        clock.forward(minutes=1)
    assert service.waiting_searches == 4
    assert service.work_off_waiting() is False
    assert service.waiting_searches == 4
    rekognition.is_down = False
    # In the middle of the round the connection drops: what was answered is not asked again.
    rekognition.faults.extend([None, None, wire.DROP])
    assert service.work_off_waiting() is False
    assert service.waiting_searches == 2
    assert service.work_off_waiting() is True
    assert service.waiting_searches == 0
    rows = warehouse.rows(SEEN)
    assert [(row["outcome"], row["waited"]) for row in rows] == [
        ("recognised", True),
        ("unknown", True),
        ("no_face", True),
        ("recognised", True),
    ]
    assert rows[0]["seen_at"] == NOW
    assert pictures(service) == ["unknown"]  # what waited is gone; the stranger is kept as the settings say
    service.work_off_waiting()
    assert warehouse.rows(SEEN) == rows


def test_a_search_that_was_answered_before_the_crash_is_not_doubled(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, aws: Settings
) -> None:
    rekognition.is_down = True
    service.search(ASHA, device="cam-7")
    queue = aws.home_dir / "identity" / "waiting_searches.jsonl"
    line, [kept] = queue.read_text(), service.store.listed()[0]
    picture = service.store.read(kept.path)
    rekognition.is_down = False
    assert service.work_off_waiting() is True
    # As if the power had gone between the answer and the end of the round.
    queue.write_text(line)
    (service.store.root / kept.path).write_bytes(picture)
    assert service.work_off_waiting() is True
    assert len(warehouse.rows(SEEN)) == 1


def test_the_queue_is_bounded_and_says_so(
    aws: Settings, warehouse: Warehouse, rekognition: RekognitionServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORY_IDENTITY__QUEUE_MAX", "2")
    settings = load_settings()
    service = IdentityService(warehouse, settings, clock=clock)
    agree(warehouse, "900101")
    rekognition.is_down = True
    for _ in range(2):
        assert service.search(ASHA, device="cam-7").outcome == "waiting"
        assert service.enrol(ASHA, person_id="900101").status == "waiting"
    with pytest.raises(QueueFullError, match="2 events wait already"):
        service.search(ASHA, device="cam-7")
    with pytest.raises(QueueFullError, match="2 faces wait"):
        service.enrol(ASHA, person_id="900101")
    assert pictures(service) == ["waiting"] * 4  # the refused pictures left nothing behind


def test_without_the_database_searches_wait_too(
    aws: Settings, warehouse: Warehouse, rekognition: RekognitionServer, clock: Clock
) -> None:
    cable = Unplugged(warehouse)
    service = IdentityService(cable, aws, clock=clock, matchers=Matchers(aws.identity, cable))
    agree(warehouse, "900101")
    service.enrol(ASHA, person_id="900101")
    cable.is_plugged = False
    assert service.search(ASHA, device="cam-7").outcome == "waiting"
    with pytest.raises(WarehouseUnavailableError):  # without the consents nobody is enrolled
        service.enrol(RAVI, person_id="900101")
    assert service.work_off_waiting() is False
    cable.is_plugged = True
    assert service.work_off_waiting() is True
    assert [row["person_id"] for row in warehouse.rows(SEEN)] == ["900101"]


def test_an_enrolment_waits_and_is_indexed_once(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101")
    rekognition.is_down = True
    done = service.enrol(ASHA, person_id="900101")
    assert (done.status, pictures(service)) == ("waiting", ["waiting"])
    rekognition.is_down = False
    assert service.work_off_waiting() is True
    assert warehouse.rows(FACES)[0]["status"] == "waiting"  # somebody may still be at it: not before two minutes
    clock.forward(minutes=3)
    assert service.work_off_waiting() is True
    assert warehouse.rows(FACES) == [{"person_id": "900101", "status": "indexed"}]
    assert rekognition.keys() == [done.face_key]
    assert pictures(service) == []


def test_a_face_that_was_indexed_although_the_answer_was_lost_is_there_once(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101")
    service.search(RAVI, device="cam-7")
    rekognition.lose_next_answer = True
    done = service.enrol(ASHA, person_id="900101")
    assert done.status == "waiting"
    assert rekognition.keys() == [done.face_key]
    clock.forward(minutes=3)
    assert service.work_off_waiting() is True
    assert rekognition.keys() == [done.face_key]
    assert service.search(ASHA, device="cam-7").person_id == "900101"


def test_misconfigured_credentials_lose_no_picture(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse
) -> None:
    service.search(RAVI, device="cam-7")
    rekognition.faults.append(wire.DENIED)
    answer = service.search(ASHA, device="cam-7")
    assert answer.outcome == "waiting"
    assert "AccessDenied" in (answer.reason or "")
    assert service.work_off_waiting() is True
    assert len(warehouse.rows(SEEN)) == 2


def test_a_picture_that_rekognition_never_takes_does_not_hold_up_the_others(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    rekognition.is_down = True
    for _ in range(2):
        service.search(ASHA, device="cam-7")
        clock.forward(minutes=1)
    rekognition.is_down = False
    rekognition.faults.extend([wire.NOTHING, wire.NOTHING, wire.BAD_PICTURE])  # describe, create, search
    assert service.work_off_waiting() is True
    assert [row["outcome"] for row in warehouse.rows(SEEN)] == ["refused", "unknown"]


def test_an_erasure_waits_for_rekognition_and_names_nobody_meanwhile(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101")
    service.enrol(ASHA, person_id="900101")
    rekognition.is_down = True
    erasure.request_erasure(warehouse, "900101", reason="asked", by="900101", now=clock())
    [state] = service.erase()
    assert state.completed_at is None
    assert "Rekognition is away" in (state.waits_for or "")
    rekognition.is_down = False
    # Rekognition still knows the face; we name nobody by it.
    assert service.search(ASHA, device="cam-7").outcome == "unknown"
    [state] = service.erase()
    assert state.completed_at is not None
    assert rekognition.keys() == []
    [tombstone] = warehouse.rows("identity/erasures", {"limit": 10})
    assert (tombstone["attempts"], tombstone["face_count"]) == (2, 1)
    assert warehouse.rows(FACES) == []
    assert service.erase() == []


def test_a_face_on_its_way_is_erased_when_it_has_arrived(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101")
    service.search(RAVI, device="cam-7")
    rekognition.lose_next_answer = True
    assert service.enrol(ASHA, person_id="900101").status == "waiting"
    erasure.request_erasure(warehouse, "900101", reason="asked", by="900101", now=clock())
    [state] = service.erase()
    assert state.completed_at is None
    assert pictures(service) == ["unknown"]  # the picture that waited is gone at once; the stranger's is nobody's
    clock.forward(minutes=21)
    [state] = service.erase()
    assert state.completed_at is not None
    assert rekognition.keys() == []


def test_consents_that_run_out_forget_the_person(
    service: IdentityService, rekognition: RekognitionServer, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101", days=30)
    agree(warehouse, "900202", days=60)
    service.enrol(ASHA, person_id="900101")
    service.enrol(RAVI, person_id="900202")
    assert erasure.expire(warehouse, clock()) == []
    clock.forward(days=31)
    assert erasure.expire(warehouse, clock()) == ["900101"]
    [state] = service.erase()
    assert state.completed_at is not None
    assert [row["person_id"] for row in warehouse.rows(FACES)] == ["900202"]
    assert len(rekognition.keys()) == 1
    [tombstone] = warehouse.rows("identity/erasures", {"limit": 10})
    assert (tombstone["reason"], tombstone["requested_by"]) == ("no consent in force", "schedule")
    assert erasure.expire(warehouse, clock()) == []


def test_a_punch_on_its_way_is_not_lost_by_the_erasure(
    service: IdentityService, warehouse: Warehouse, clock: Clock
) -> None:
    agree(warehouse, "900101")
    service.enrol(ASHA, person_id="900101")
    assert service.search(ASHA, device="door-in").is_punch is True  # nobody hands punches over in this test
    erasure.request_erasure(warehouse, "900101", reason="asked", by="900101", now=clock())
    [state] = service.erase()
    assert state.completed_at is None
    warehouse.execute(sql.SQL("UPDATE identity.recognitions SET punched_at = now()"))
    [state] = service.erase()
    assert state.completed_at is not None
    assert warehouse.rows(SEEN)[0]["person_id"] is None


def test_a_face_enrolled_in_another_matcher_is_still_erased(
    service: IdentityService,
    rekognition: RekognitionServer,
    warehouse: Warehouse,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agree(warehouse, "900101")
    service.enrol(ASHA, person_id="900101")
    monkeypatch.setenv("FACTORY_IDENTITY__MATCHER", "local")
    local = IdentityService(warehouse, load_settings(), clock=clock)
    assert local.search(ASHA, device="cam-7").outcome == "unknown"
    erasure.request_erasure(warehouse, "900101", reason="asked", by="900101", now=clock())
    [state] = local.erase()
    assert state.completed_at is not None
    assert rekognition.keys() == []


def test_nobody_is_erased_from_the_records_of_erasure_and_consent(
    service: IdentityService, warehouse: Warehouse
) -> None:
    agree(warehouse, "900101")
    for table in ("consents", "erasures"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            warehouse.execute(sql.SQL("DELETE FROM identity.{}").format(sql.Identifier(table)))


def test_who_only_reads_sees_no_template(service: IdentityService, warehouse: Warehouse, reader: Warehouse) -> None:
    agree(warehouse, "900101")
    service.enrol(ASHA, person_id="900101")
    assert reader.rows("identity/persons", {"now": NOW, "limit": 10})[0]["faces"] == 1
    for column in ("template", "face_id", "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.rows(sql.SQL("SELECT {} FROM identity.faces").format(_named(column)))


def _named(column: str) -> sql.Composable:
    return sql.SQL("*") if column == "*" else sql.Identifier(column)

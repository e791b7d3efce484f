"""Rekognition's client on the wire: one attempt each, waits of 1, 2, 4 s with jitter, and what is not retried."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from factory_pipelines.identity.faces import (
    FaceRef,
    Indexed,
    MatcherAwayError,
    MatcherRefusedError,
    NoFace,
    PictureRefusedError,
)
from factory_pipelines.identity.pictures import PictureLimits, read_picture
from factory_pipelines.identity.rekognition import RekognitionMatcher
from factory_pipelines.operations.doctor_outside import faces
from factory_pipelines.settings import IdentitySettings, Settings
from factory_pipelines_tests import rekognition_server as wire
from factory_pipelines_tests.drawn_faces import drawn_face, plain_wall
from factory_pipelines_tests.rekognition_server import RekognitionServer

LIMITS = PictureLimits.of(10, 25)
ASHA, RAVI, WALL = (read_picture(data, LIMITS) for data in (drawn_face(1), drawn_face(2), plain_wall()))


@pytest.fixture
def server() -> Iterator[RekognitionServer]:
    running = RekognitionServer()
    running.collections["people"] = []
    yield running
    running.close()


class Time:
    """A clock whose sleepers are counted and do not wait."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def clock(self) -> float:
        return self.now_s

    def sleep(self, wait_s: float) -> None:
        self.slept_s.append(wait_s)
        self.now_s += wait_s


@pytest.fixture
def hours() -> Time:
    return Time()


@pytest.fixture
def make(server: RekognitionServer, hours: Time) -> Callable[..., RekognitionMatcher]:
    def made(**more: Any) -> RekognitionMatcher:
        given = {
            "aws_endpoint_url": server.url,
            "aws_region": "ap-south-1",
            "aws_access_key_id": "AKIDEXAMPLE",
            "aws_secret_access_key": "not-a-real-secret",
            "calls_per_s": 1000.0,
            "timeout_s": 2.0,
        }
        own = {name: more.pop(name) for name in list(more) if name in IdentitySettings.model_fields}
        arguments = {"sleep": hours.sleep, "clock": hours.clock, "chance": lambda: 0.5, **more}
        return RekognitionMatcher(IdentitySettings(**{**given, **own}), "people", **arguments)

    return made


def waits(hours: Time) -> list[float]:
    """Without the thousandths that the shared rate asks for."""
    return [wait_s for wait_s in hours.slept_s if wait_s > 0.01]


def test_a_face_is_indexed_found_and_erased(make: Callable[..., RekognitionMatcher], server: RekognitionServer) -> None:
    matcher = make()
    assert matcher.create() is False
    indexed = matcher.index(ASHA, "key-1")
    assert isinstance(indexed, Indexed)
    assert matcher.describe() == {"faces": 1, "model_version": "7.0"}
    [match] = matcher.search(ASHA, min_similarity_pct=90)  # type: ignore[misc]
    assert match.face_key == "key-1"
    assert match.similarity_pct == pytest.approx(100, abs=1)
    matcher.erase([FaceRef("key-1", indexed.face_id, "people")])
    assert matcher.search(ASHA, min_similarity_pct=90) == []
    matcher.erase([FaceRef("key-1", indexed.face_id, "people")])  # gone already


def test_a_missing_collection_is_made(make: Callable[..., RekognitionMatcher], server: RekognitionServer) -> None:
    server.collections.clear()
    matcher = make()
    assert matcher.describe() is None
    assert matcher.search(ASHA, min_similarity_pct=90) == []
    assert list(server.collections) == ["people"]
    server.collections.clear()  # somebody deletes it while we run
    with pytest.raises(MatcherRefusedError, match="ResourceNotFound"):
        matcher.index(ASHA, "key-1")
    assert isinstance(matcher.index(ASHA, "key-1"), Indexed)


def test_no_face_is_an_answer(make: Callable[..., RekognitionMatcher], server: RekognitionServer) -> None:
    matcher = make()
    assert isinstance(matcher.search(WALL, min_similarity_pct=90), NoFace)
    assert isinstance(matcher.index(WALL, "key-1"), NoFace)
    assert server.keys() == []
    assert len(server.asked("SearchFacesByImage")) == 1
    assert matcher.tally.calls()["search_faces_by_image", "no_face"] == 1


def test_neither_name_nor_metadata_leaves_the_house(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer
) -> None:
    make().index(ASHA, "key-1")
    [sent] = server.asked("IndexFaces")
    assert set(sent.body) == {
        "CollectionId", "Image", "ExternalImageId", "MaxFaces", "QualityFilter", "DetectionAttributes"
    }  # fmt: skip
    assert sent.body["ExternalImageId"] == "key-1"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (wire.THROTTLE, "throttled"),
        (wire.TOO_FAST, "throttled"),
        (wire.UNAVAILABLE, "unavailable"),
        (wire.BROKEN, "unavailable"),
        (wire.DROP, "dropped"),
    ],
)
def test_three_retries_wait_1_2_and_4_seconds_and_each_is_one_attempt(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer, hours: Time, fault: Any, reason: str
) -> None:
    heard = []
    matcher = make(on_retry=lambda operation, retry: heard.append((operation, retry.number, retry.reason)))
    matcher.describe()
    server.faults.extend([fault] * 3)
    assert matcher.search(ASHA, min_similarity_pct=90) == []
    assert waits(hours) == [1.125, 2.25, 4.5]  # half of the jitter, which is a quarter
    sent = server.asked("SearchFacesByImage")
    assert [request.headers["amz-sdk-request"] for request in sent] == ["attempt=1; max=1"] * 4
    assert heard == [("search_faces_by_image", n, reason) for n in (1, 2, 3)]
    assert matcher.tally.retries() == {("search_faces_by_image", reason): 3}
    assert matcher.tally.calls()["search_faces_by_image", "ok"] == 1


def test_a_service_that_stays_away_is_given_up_after_three_retries(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer, hours: Time
) -> None:
    matcher = make()
    matcher.describe()
    server.is_down = True
    with pytest.raises(MatcherAwayError, match="unavailable, 4 attempts"):
        matcher.search(ASHA, min_similarity_pct=90)
    assert len(server.asked("SearchFacesByImage")) == 4
    assert [int(wait_s) for wait_s in waits(hours)] == [1, 2, 4]


def test_a_hanging_service_times_out_and_recovers(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer, hours: Time
) -> None:
    server.hang_s = 0.5
    matcher = make(timeout_s=0.2)
    matcher.describe()
    server.faults.append(wire.HANG)
    assert matcher.search(ASHA, min_similarity_pct=90) == []
    assert matcher.tally.retries() == {("search_faces_by_image", "timeout"): 1}
    assert len(server.asked("SearchFacesByImage")) == 2


@pytest.mark.parametrize(
    ("fault", "error"), [(wire.DENIED, MatcherRefusedError), (wire.BAD_PICTURE, PictureRefusedError)]
)
def test_what_waiting_cannot_mend_is_not_retried(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer, hours: Time, fault: Any, error: Any
) -> None:
    matcher = make()
    matcher.describe()
    server.faults.append(fault)
    with pytest.raises(error, match=fault[1]):
        matcher.search(ASHA, min_similarity_pct=90)
    assert waits(hours) == []
    assert len(server.asked("SearchFacesByImage")) == 1
    assert matcher.tally.calls()["search_faces_by_image", "refused"] == 1


def test_nobody_listening_is_a_dropped_connection(make: Callable[..., RekognitionMatcher], hours: Time) -> None:
    matcher = make(aws_endpoint_url="http://127.0.0.1:9", max_retries=1)
    with pytest.raises(MatcherAwayError, match="dropped"):
        matcher.search(ASHA, min_similarity_pct=90)
    assert waits(hours) == [1.125]


def test_without_credentials_the_message_says_what_to_set(
    make: Callable[..., RekognitionMatcher], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    matcher = make(aws_access_key_id=None, aws_secret_access_key=None)
    with pytest.raises(MatcherRefusedError, match="credentials"):
        matcher.describe()


def test_indexing_that_is_retried_after_it_succeeded_adds_one_face(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer
) -> None:
    matcher = make()
    first = matcher.index(ASHA, "key-1")
    assert matcher.index(ASHA, "key-1") == first
    assert server.keys() == ["key-1"]


def test_an_unconfirmed_face_is_erased_by_its_key(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer
) -> None:
    matcher = make()
    for number, picture in enumerate([ASHA, RAVI, ASHA, RAVI, ASHA]):
        matcher.index(picture, f"key-{number}")
    matcher.erase([FaceRef("key-4", None, "people"), FaceRef("key-never", None, "people")])
    assert server.keys() == ["key-0", "key-1", "key-2", "key-3"]
    assert len(server.asked("ListFaces")) == 3  # all pages were turned


def test_the_circuit_opens_after_failed_calls_and_one_call_tries_it(
    make: Callable[..., RekognitionMatcher], server: RekognitionServer, hours: Time
) -> None:
    matcher = make(max_retries=0, breaker_failures=2, breaker_pause_s=30)
    matcher.describe()
    server.is_down = True
    for _ in range(2):
        with pytest.raises(MatcherAwayError):
            matcher.search(ASHA, min_similarity_pct=90)
    assert matcher.breaker.state == "open"
    with pytest.raises(MatcherAwayError, match="left alone"):
        matcher.search(ASHA, min_similarity_pct=90)
    assert len(server.asked("SearchFacesByImage")) == 2  # the third was not sent
    assert matcher.tally.calls()["search_faces_by_image", "not_called"] == 1
    hours.now_s += 31
    assert matcher.breaker.state == "half_open"
    with pytest.raises(MatcherAwayError, match="unavailable"):
        matcher.search(ASHA, min_similarity_pct=90)
    assert matcher.breaker.state == "open"
    server.is_down = False
    hours.now_s += 31
    assert matcher.search(ASHA, min_similarity_pct=90) == []
    assert matcher.breaker.state == "closed"


def test_threads_share_one_rate(make: Callable[..., RekognitionMatcher], server: RekognitionServer) -> None:
    """Twelve searches by six threads at 40 a second, in real time: spread evenly, whoever asks."""
    matcher = make(calls_per_s=40.0, sleep=time.sleep, clock=time.monotonic)
    matcher.search(ASHA, min_similarity_pct=90)
    server.requests.clear()
    barrier = threading.Barrier(6)

    def search_twice() -> None:
        barrier.wait()
        for _ in range(2):
            matcher.search(ASHA, min_similarity_pct=90)

    threads = [threading.Thread(target=search_twice) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrived = sorted(request.at_s for request in server.requests)
    assert len(arrived) == 12
    assert arrived[-1] - arrived[0] >= 10 / 40


def test_in_real_time_the_wire_sees_1_2_and_4_seconds(server: RekognitionServer) -> None:
    """The one test that really waits: throttled, dropped, unavailable, then served."""
    settings = IdentitySettings(
        aws_endpoint_url=server.url,
        aws_region="ap-south-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-real-secret",
        calls_per_s=1000,
    )
    slept_s: list[float] = []

    def sleep(wait_s: float) -> None:
        slept_s.append(wait_s)
        time.sleep(wait_s)

    matcher = RekognitionMatcher(settings, "people", sleep=sleep)
    matcher.describe()
    slept_s.clear()
    server.faults.extend([wire.THROTTLE, wire.DROP, wire.UNAVAILABLE])
    assert matcher.search(ASHA, min_similarity_pct=90) == []
    waited_s = [wait_s for wait_s in slept_s if wait_s > 0.01]  # without the shared rate's thousandths
    assert all(least <= wait_s < 1.25 * least for least, wait_s in zip([1, 2, 4], waited_s, strict=True))
    arrived = [request.at_s for request in server.asked("SearchFacesByImage")]
    seen_s = [later - earlier for earlier, later in pairwise(arrived)]
    assert all(seen >= wait_s for seen, wait_s in zip(seen_s, waited_s, strict=True))


@pytest.mark.parametrize(
    ("change", "fault", "status", "said"),
    [
        ({}, None, "ok", "holds 0 faces"),
        ({"collection_id": "new"}, None, "ok", "the first enrolment makes it"),
        ({}, wire.DENIED, "fail", "AccessDeniedException"),
        ({}, wire.DROP, "fail", "cannot be asked"),
        ({"collection_id": None}, None, "fail", "without a collection"),
        ({"matcher": "local"}, None, "off", "which is no face recognition"),
        ({"matcher": "local", "local_model": "/there/is/no.onnx"}, None, "fail", "is no file"),
    ],
)
def test_the_doctor_looks_at_rekognition(
    server: RekognitionServer, change: dict[str, Any], fault: Any, status: str, said: str
) -> None:
    chosen = {
        "matcher": "rekognition",
        "collection_id": "people",
        "aws_endpoint_url": server.url,
        "aws_region": "ap-south-1",
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "not-a-real-secret",
        **change,
    }
    server.faults.extend([fault] if fault else [])
    [finding] = faces(Settings.model_validate({"identity": chosen}))
    assert finding.status == status
    assert said in finding.detail

"""The decorator, the shared rate and the circuit breaker, on clocks moved by hand."""

import threading

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from factory_pipelines.identity.pacing import CircuitBreaker, CircuitOpenError, SharedRate
from factory_pipelines.identity.retries import Retry, retry_on_aws_outage, transient_reason


def answered(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "SearchFacesByImage")  # type: ignore[arg-type]


ADDRESS = {"endpoint_url": "http://x", "error": "e"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (answered("ThrottlingException"), "throttled"),
        (answered("ProvisionedThroughputExceededException"), "throttled"),
        (answered("SomethingNew", 429), "throttled"),
        (answered("ServiceUnavailable", 503), "unavailable"),
        (answered("InternalServerError", 500), "unavailable"),
        (answered("SomethingNew", 502), "unavailable"),
        (answered("RequestTimeout", 408), "timeout"),
        (ReadTimeoutError(**ADDRESS), "timeout"),
        (ConnectTimeoutError(**ADDRESS), "timeout"),
        (TimeoutError(), "timeout"),
        (ConnectionClosedError(**ADDRESS), "dropped"),
        (EndpointConnectionError(**ADDRESS), "dropped"),
        (ConnectionResetError(), "dropped"),
        (answered("AccessDeniedException"), None),
        (answered("InvalidParameterException"), None),
        (answered("ExpiredTokenException", 403), None),
        (SSLError(**ADDRESS), None),
        (NoCredentialsError(), None),
        (ValueError("ours"), None),
        (OSError("a file is missing"), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_only_what_waiting_can_mend_is_retried(error: Exception, reason: str | None) -> None:
    assert transient_reason(error) == reason


class Flaky:
    """Fails so many times, then answers."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.calls = failures, error, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "found"


@pytest.mark.parametrize(("chance", "waits_s"), [(0.0, [1, 2, 4]), (1.0, [1.25, 2.5, 5])])
def test_the_waits_are_1_2_and_4_seconds_and_never_shorter(chance: float, waits_s: list[float]) -> None:
    slept: list[float] = []
    heard: list[Retry] = []
    call = Flaky(3, answered("ThrottlingException"))
    wrapped = retry_on_aws_outage(on_retry=heard.append, sleep=slept.append, chance=lambda: chance)(call)
    assert wrapped() == "found"
    assert slept == waits_s
    assert [(retry.number, retry.wait_s, retry.reason) for retry in heard] == [
        (n, wait_s, "throttled") for n, wait_s in enumerate(waits_s, start=1)
    ]


def test_the_last_error_leaves_as_it_is() -> None:
    slept: list[float] = []
    call = Flaky(9, TimeoutError("the last"))
    with pytest.raises(TimeoutError, match="the last"):
        retry_on_aws_outage(2, sleep=slept.append, chance=lambda: 0.0)(call)()
    assert (call.calls, slept) == (3, [1, 2])


def test_without_retries_there_is_one_attempt() -> None:
    call = Flaky(1, TimeoutError())
    with pytest.raises(TimeoutError):
        retry_on_aws_outage(0)(call)()
    assert call.calls == 1
    with pytest.raises(ValueError, match="max_retries is -1"):
        retry_on_aws_outage(-1)


def test_the_decorator_keeps_the_functions_face() -> None:
    @retry_on_aws_outage(max_retries=3)
    def search_faces_by_image(image: bytes) -> int:
        """Searches."""
        return len(image)

    assert search_faces_by_image(b"abc") == 3
    assert (search_faces_by_image.__name__, search_faces_by_image.__doc__) == ("search_faces_by_image", "Searches.")


class Hand:
    """A clock moved by hand; sleeping moves it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, wait_s: float) -> None:
        self.now_s += wait_s


def test_the_rate_is_shared_and_bursts_are_bounded() -> None:
    hand = Hand()
    rate = SharedRate(2.0, burst=3, clock=hand.clock, sleep=hand.sleep)
    hand.now_s = 60.0
    assert [rate.take() for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    hand.now_s += 0.25
    assert rate.take() == 0.25


def test_threads_get_turns_of_their_own() -> None:
    waited: list[float] = []
    lock = threading.Lock()

    def sleep(wait_s: float) -> None:
        with lock:
            waited.append(round(wait_s, 6))

    rate = SharedRate(10.0, clock=lambda: 0.0, sleep=sleep)
    threads = [threading.Thread(target=rate.take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waited) == [round(0.1 * turn, 6) for turn in range(1, 20)]


def test_the_breaker_lets_one_caller_try() -> None:
    hand = Hand()
    breaker = CircuitBreaker(2, 30, counts=lambda error: isinstance(error, TimeoutError), clock=hand.clock)

    def fails(error: Exception) -> None:
        raise error

    for _ in range(2):
        with pytest.raises(TimeoutError):
            breaker.call(lambda: fails(TimeoutError()))
    with pytest.raises(CircuitOpenError, match="failed 2 times"):
        breaker.call(lambda: None)
    hand.now_s = 31.0

    def probe() -> str:
        with pytest.raises(CircuitOpenError):  # a second caller, while the first one tries
            breaker.call(lambda: None)
        return "back"

    assert breaker.state == "half_open"
    assert breaker.call(probe) == "back"
    assert breaker.state == "closed"


def test_an_answer_of_the_service_closes_the_circuit_whatever_it_says() -> None:
    breaker = CircuitBreaker(2, 30, counts=lambda error: isinstance(error, TimeoutError), clock=lambda: 0.0)

    def fails(error: Exception) -> None:
        raise error

    for error in (TimeoutError(), ValueError(), TimeoutError()):
        with pytest.raises(type(error)):
            breaker.call(lambda error=error: fails(error))
    assert breaker.state == "closed"

"""Retries of AWS calls: waits of 1, 2 and 4 seconds with jitter between attempts, for what waiting can mend only.

boto3's own retries are off wherever this is used: nested, three retries would be sixteen attempts.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

Reason = Literal["throttled", "unavailable", "timeout", "dropped"]

# A wait is this much longer at most, by chance: callers that failed together do not come back together.
JITTER = 0.25

# Error codes of AWS services, https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",
})  # fmt: skip
_UNAVAILABLE = frozenset({"ServiceUnavailable", "ServiceUnavailableException", "InternalServerError"})
_TIMED_OUT = frozenset({"RequestTimeout", "RequestTimeoutException", "TimeoutError"})
_UNAVAILABLE_STATUS = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retry:
    """One retry that is about to be waited for.

    Attributes:
        number: 1 for the first retry.
        wait_s: how long is waited before it.
        reason: what was wrong.
        error: what the attempt raised.
    """

    number: int
    wait_s: float
    reason: Reason
    error: BaseException


def transient_reason(error: BaseException) -> Reason | None:
    """Why trying again may help; None when it does not (refused credentials, a bad request, a bad certificate)."""
    from botocore import exceptions as aws

    if isinstance(error, aws.ClientError):
        return _reason_of_answer(error)
    if isinstance(error, aws.ConnectTimeoutError | aws.ReadTimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, aws.SSLError):
        return None
    if isinstance(error, aws.ConnectionError | aws.ConnectionClosedError | aws.IncompleteReadError | ConnectionError):
        return "dropped"
    return "dropped" if isinstance(error, aws.ResponseStreamingError) else None


def _reason_of_answer(error: Any) -> Reason | None:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _THROTTLED or status == 429:
        return "throttled"
    if code in _TIMED_OUT or status == 408:
        return "timeout"
    return "unavailable" if code in _UNAVAILABLE or status in _UNAVAILABLE_STATUS else None


def retry_on_aws_outage(
    max_retries: int = 3,
    *,
    on_retry: Callable[[Retry], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A decorator that repeats a call of AWS after 1, 2, 4 … seconds while the service is throttling or away.

    Repeated are throttling, unavailability, time-outs and dropped connections; any other error leaves at once, and the
    last error leaves as it is. Each wait is up to a quarter longer than named, never shorter.

    Args:
        max_retries: retries after the first attempt: 3 are waits of 1, 2 and 4 s.
        on_retry: hears of each retry before its wait.
        sleep: waits so many seconds.
        chance: from 0 up to 1.

    Raises:
        ValueError: for a negative ``max_retries``.
    """
    if max_retries < 0:
        raise ValueError(f"max_retries is {max_retries}: give 0 or more")

    def heard(state: Any) -> None:
        error = state.outcome.exception()
        reason = transient_reason(error)
        if on_retry is not None and reason is not None:
            on_retry(Retry(state.attempt_number, state.upcoming_sleep, reason, error))

    def decorate(call: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(call)
        def repeated(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            import tenacity

            retrying = tenacity.Retrying(
                sleep=sleep,
                stop=tenacity.stop_after_attempt(max_retries + 1),
                wait=lambda state: 2.0 ** (state.attempt_number - 1) * (1 + JITTER * chance()),
                retry=tenacity.retry_if_exception(lambda error: transient_reason(error) is not None),
                before_sleep=heard,
                reraise=True,
            )
            return retrying(call, *args, **kwargs)

        return repeated

    return decorate

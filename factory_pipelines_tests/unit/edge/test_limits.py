"""The token bucket, at the edges of a minute."""

from factory_pipelines.edge.limits import RateLimiter


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_a_minutes_worth_then_one_at_a_time() -> None:
    clock = Seconds()
    limiter = RateLimiter(60, clock=clock)
    assert [limiter.wait_s("a") for _ in range(60)] == [0] * 60
    assert limiter.wait_s("a") == 1
    clock.now += 0.5
    assert limiter.wait_s("a") == 1
    clock.now += 0.5
    assert limiter.wait_s("a") == 0
    assert limiter.wait_s("a") == 1


def test_the_wait_is_long_enough() -> None:
    clock = Seconds()
    limiter = RateLimiter(1, clock=clock)
    assert limiter.wait_s("a") == 0
    wait_s = limiter.wait_s("a")
    assert wait_s == 60
    clock.now += wait_s
    assert limiter.wait_s("a") == 0


def test_callers_do_not_share_and_a_long_pause_saves_no_more_than_a_minute() -> None:
    clock = Seconds()
    limiter = RateLimiter(2, clock=clock)
    assert [limiter.wait_s(caller) for caller in "aabb"] == [0, 0, 0, 0]
    assert limiter.wait_s("a") > 0
    clock.now += 3600
    assert [limiter.wait_s("a") for _ in range(3)] == [0, 0, 30]


def test_inventing_callers_costs_no_memory() -> None:
    limiter = RateLimiter(1, clock=Seconds(), callers_max=10)
    for number in range(1000):
        limiter.wait_s(f"address:{number}")
    assert len(limiter) == 10

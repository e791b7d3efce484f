"""When a failed process is started again, and when no more."""

import itertools

from factory_pipelines.operations.supervisor import RestartPolicy


def test_the_wait_doubles_up_to_its_limit_and_ends_after_ten_restarts() -> None:
    policy = RestartPolicy(max_attempts=10, first_delay_s=2, factor=2, max_delay_s=300)
    delays = list(itertools.takewhile(lambda delay: delay is not None, map(policy.delay_s, itertools.count(1))))
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]

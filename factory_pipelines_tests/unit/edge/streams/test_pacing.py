"""Waiting before the next attempt, with a clock moved by hand."""

import random

import pytest

from factory_pipelines.edge.streams.pacing import CEILING_S, FLOOR_S, TIRED_S, Backoff, RestartBudget


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def backoff(clock: Clock, seed: int = 1, limit: int = 12) -> Backoff:
    return Backoff(random.Random(seed), RestartBudget(limit, 60.0, clock))  # noqa: S311


def test_waits_grow_from_the_floor_to_the_ceiling(clock: Clock) -> None:
    paced = backoff(clock)
    waits = [paced.after_knocking_s() for _ in range(200)]
    assert 0.75 * FLOOR_S <= waits[0] <= FLOOR_S
    assert all(0.75 * CEILING_S <= wait <= CEILING_S for wait in waits[5:])


def test_cameras_that_fell_together_come_back_one_by_one(clock: Clock) -> None:
    waits = {round(backoff(clock, seed).after_opening_s(), 3) for seed in range(20)}
    assert len(waits) > 15


def test_a_camera_that_answers_and_fails_again_and_again_is_left_alone(clock: Clock) -> None:
    paced = backoff(clock, limit=3)
    assert all(paced.after_opening_s() <= CEILING_S for _ in range(3))
    assert paced.after_opening_s() >= TIRED_S
    clock.now_s = 61
    assert paced.after_opening_s() <= CEILING_S


def test_knocking_costs_nothing_of_the_budget(clock: Clock) -> None:
    paced = backoff(clock, limit=1)
    for _ in range(100):
        paced.after_knocking_s()
    assert paced.after_opening_s() <= CEILING_S


def test_pictures_begin_everything_anew(clock: Clock) -> None:
    paced = backoff(clock)
    for _ in range(10):
        paced.after_knocking_s()
    paced.succeeded()
    assert paced.after_knocking_s() <= FLOOR_S


def test_a_budget_comes_back_with_time(clock: Clock) -> None:
    budget = RestartBudget(2, 10.0, clock)
    assert [budget.try_spend() for _ in range(3)] == [True, True, False]
    clock.now_s = 10.5
    assert budget.try_spend() is True

"""An outage is noticed once; recovery needs nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from factory_pipelines.edge.watched import WatchedWarehouse
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError


class SwitchableWarehouse(Warehouse):
    """A warehouse that is there or away, and counts who knocks."""

    def __init__(self) -> None:
        self.address = "postgresql://example"
        self.organization_id = UUID(int=1)
        self.is_there = True
        self.knocks = 0

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self.knocks += 1
        if not self.is_there:
            raise WarehouseUnavailableError("away")
        yield object()


def ask(watched: WatchedWarehouse) -> bool:
    try:
        with watched.transaction():
            return True
    except WarehouseUnavailableError:
        return False


def test_while_it_is_away_one_caller_a_second_knocks() -> None:
    now = [0.0]
    inner = SwitchableWarehouse()
    watched = WatchedWarehouse(inner, on_transaction=lambda _s: None, clock=lambda: now[0], retry_after_s=1.0)
    assert ask(watched)
    inner.is_there = False
    assert [ask(watched) for _ in range(20)] == [False] * 20
    assert inner.knocks == 2
    assert not watched.is_available
    now[0] = 1.5
    assert [ask(watched) for _ in range(20)] == [False] * 20
    assert inner.knocks == 3
    inner.is_there = True
    now[0] = 2.6
    assert [ask(watched) for _ in range(20)] == [True] * 20
    assert watched.is_available


def test_only_one_knocks_at_a_time() -> None:
    now = [0.0]
    inner = SwitchableWarehouse()
    watched = WatchedWarehouse(inner, on_transaction=lambda _s: None, clock=lambda: now[0], retry_after_s=1.0)
    inner.is_there = False
    assert not ask(watched)
    inner.is_there = True
    now[0] = 2.0
    with watched.transaction():
        # The first one through has proven that it is back: nobody else needs to wait for the end.
        assert ask(watched)


def test_an_error_of_the_statement_is_no_outage() -> None:
    durations: list[float] = []
    watched = WatchedWarehouse(SwitchableWarehouse(), on_transaction=durations.append)
    with pytest.raises(ZeroDivisionError), watched.transaction():
        raise ZeroDivisionError
    assert watched.is_available
    assert len(durations) == 1

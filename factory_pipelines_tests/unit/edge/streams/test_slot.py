"""The slot: one picture, the newest, for any number of lookers."""

from datetime import UTC, datetime
from threading import Thread

import numpy as np

from factory_pipelines.edge.streams.slot import LatestFrame

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def picture(value: int) -> np.ndarray:
    return np.full((2, 2, 3), value, np.uint8)


def test_who_looks_late_sees_the_newest_and_the_rest_is_counted() -> None:
    slot = LatestFrame()
    for value in range(5):
        slot.put(picture(value), AT)
    frame = slot.get(0, 0.0)
    assert frame is not None
    assert (frame.seq, frame.image[0, 0, 0]) == (5, 4)
    assert slot.overwritten == 4
    assert slot.get(5, 0.0) is None


def test_every_looker_sees_the_same_picture() -> None:
    slot = LatestFrame()
    slot.put(picture(1), AT)
    one, other = slot.get(0, 0.0), slot.get(0, 0.0)
    assert one is other


def test_a_looker_waits_for_the_next_picture() -> None:
    slot = LatestFrame()
    seen: list[int] = []
    looker = Thread(target=lambda: seen.append(slot.get(0, 10.0).seq))
    looker.start()
    slot.put(picture(1), AT)
    looker.join(10)
    assert seen == [1]


def test_where_every_picture_counts_the_next_waits_until_the_last_was_seen() -> None:
    slot = LatestFrame()
    assert slot.put(picture(1), AT, wait_s=0.0) is not None
    assert slot.put(picture(2), AT, wait_s=0.01) is None
    slot.get(0, 0.0)
    assert slot.put(picture(2), AT, wait_s=0.0) is not None
    assert slot.overwritten == 0


def test_a_closed_slot_lets_everybody_go() -> None:
    slot = LatestFrame()
    looker = Thread(target=slot.get, args=(0, 60.0))
    looker.start()
    slot.close()
    looker.join(10)
    assert not looker.is_alive()
    assert slot.get(0, 60.0) is None


def test_a_look_in_passing_does_not_count_as_one() -> None:
    slot = LatestFrame()
    assert slot.latest is None
    slot.put(picture(1), AT)
    assert slot.latest is not None
    slot.put(picture(2), AT)
    assert slot.overwritten == 1

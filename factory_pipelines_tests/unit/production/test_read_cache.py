"""The cache: bounded, versioned, and computing each answer once."""

import threading
from collections.abc import Hashable

from factory_pipelines.production.read_cache import ReadCache


def computed(value: str, version: Hashable = 1, size_bytes: int = 10) -> tuple[Hashable, str, int]:
    return version, value, size_bytes


def test_an_answer_lives_as_long_as_its_version() -> None:
    told: list[str] = []
    cache: ReadCache[str] = ReadCache(
        on_hit=lambda: told.append("hit"), on_computed=lambda question, _duration_s: told.append(question)
    )
    assert cache.answer("q", "p", 1, lambda: computed("one")) == "one"
    assert cache.answer("q", "p", 1, lambda: computed("never asked")) == "one"
    assert cache.answer("q", "p", 2, lambda: computed("two", 2)) == "two"
    # Back to an older version: whoever asks knows better than the cache.
    assert cache.answer("q", "p", 1, lambda: computed("one again")) == "one again"
    assert told == ["q", "hit", "q", "q"]


def test_an_answer_newer_than_asked_for_serves_the_next_question() -> None:
    cache: ReadCache[str] = ReadCache()
    assert cache.answer("q", "p", 1, lambda: computed("two", version=2)) == "two"
    assert cache.answer("q", "p", 2, lambda: computed("never asked")) == "two"


def test_a_failure_is_not_kept() -> None:
    cache: ReadCache[str] = ReadCache()

    def fail() -> tuple[Hashable, str, int]:
        raise ConnectionError

    for _ in range(2):
        try:
            cache.answer("q", "p", 1, fail)
        except ConnectionError:
            continue
        raise AssertionError("the failure was swallowed")
    assert cache.answer("q", "p", 1, lambda: computed("one")) == "one"


def test_entries_and_bytes_are_bounded_and_the_oldest_go_first() -> None:
    cache: ReadCache[str] = ReadCache(entries_max=3, bytes_max=35)
    for name in "abcd":
        cache.answer("q", name, 1, lambda: computed("x"))
    assert len(cache) == 3
    assert cache.size_bytes == 30
    cache.answer("q", "b", 1, lambda: computed("never asked"))  # used again: now the newest
    cache.answer("q", "e", 1, lambda: computed("large", size_bytes=20))
    assert cache.size_bytes == 30
    assert cache.answer("q", "b", 1, lambda: computed("computed again")) == "x"
    # One answer above the limit is served, and makes room at the next.
    cache.answer("q", "huge", 1, lambda: computed("huge", size_bytes=1000))
    assert len(cache) == 1
    cache.answer("q", "small", 1, lambda: computed("small"))
    assert cache.size_bytes == 10


def test_one_question_is_computed_once_however_many_ask() -> None:
    cache: ReadCache[str] = ReadCache()
    computing = threading.Event()
    asked: list[str] = []
    answers: list[str] = []

    def slowly() -> tuple[Hashable, str, int]:
        asked.append("asked")
        computing.wait(5)
        return computed("one")

    threads = [threading.Thread(target=lambda: answers.append(cache.answer("q", "p", 1, slowly))) for _ in range(8)]
    for thread in threads:
        thread.start()
    computing.set()
    for thread in threads:
        thread.join(5)
    assert answers == ["one"] * 8
    assert asked == ["asked"]

"""Answers kept until the data behind them changes.

The caller says which version of the data exists *now* (one cheap query); an answer of any other version is never given.
Bounded in entries and in bytes, the least recently used go first.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass
class _Entry(Generic[Value]):
    computing: Lock = field(default_factory=Lock)
    version: Hashable = None
    value: Value | None = None
    size_bytes: int = 0


class ReadCache(Generic[Value]):
    """A bounded, versioned cache; safe between threads, and each question is computed by one of them at a time."""

    def __init__(
        self,
        *,
        entries_max: int = 256,
        bytes_max: int = 64 * 1024 * 1024,
        on_hit: Callable[[], None] = lambda: None,
        on_computed: Callable[[str, float], None] = lambda _question, _duration_s: None,
    ) -> None:
        """``on_hit`` and ``on_computed`` (question, seconds) are told what happened."""
        self._entries: OrderedDict[tuple[str, Hashable], _Entry[Value]] = OrderedDict()
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._on_hit = on_hit
        self._on_computed = on_computed
        self._lock = Lock()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def answer(
        self,
        question: str,
        parameters: Hashable,
        version: Hashable,
        compute: Callable[[], tuple[Hashable, Value, int]],
    ) -> Value:
        """The answer for ``version``, from memory or computed.

        ``compute`` returns the version it read, the value and its size in bytes. Reading a newer version than asked for
        is fine: the next question of that version finds it.
        """
        key = (question, parameters)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
        with entry.computing:
            if entry.value is not None and entry.version == version:
                self._on_hit()
                return entry.value
            started_s = time.perf_counter()
            found, value, size_bytes = compute()
            self._on_computed(question, time.perf_counter() - started_s)
            with self._lock:
                # A forgotten entry still answers those who wait for it, but no longer counts.
                if self._entries.get(key) is entry:
                    self.size_bytes += size_bytes - entry.size_bytes
                entry.version, entry.value, entry.size_bytes = found, value, size_bytes
                self._trim()
            return value

    def _trim(self) -> None:
        while len(self._entries) > self._entries_max or (self.size_bytes > self._bytes_max and len(self._entries) > 1):
            _, oldest = self._entries.popitem(last=False)
            self.size_bytes -= oldest.size_bytes

"""A store in memory, bounded in bytes: the least recently used goes first.

For one event loop: no method ever waits, so none is interrupted.  Not for threads.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

ENTRY_BYTES = 1024


def weigh_body(value: object) -> int:
    """Bytes of a value's ``body``, and a kilobyte for all else."""
    return ENTRY_BYTES + len(getattr(value, "body", b""))


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    weight_bytes: int
    ends: float | None


class MemoryStore(Generic[T]):
    """See `Store`.  weigh: bytes of a value.  now: a clock in seconds that never goes back."""

    def __init__(self, limit_bytes: int, weigh: Callable[[T], int] = weigh_body, now: Callable[[], float] = time.monotonic) -> None:
        self._limit_bytes = limit_bytes
        self._weigh = weigh
        self._now = now
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._held_bytes = 0

    async def get(self, key: str) -> T | None:
        """The value, unless it was dropped, pushed out or has ended."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.ends is not None and self._now() >= entry.ends:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value; one heavier than the whole store is not kept."""
        self._remove(key)
        weight_bytes = self._weigh(value)
        if weight_bytes > self._limit_bytes:
            return
        self._entries[key] = _Entry(value, weight_bytes, None if ttl_s is None else self._now() + ttl_s)
        self._held_bytes += weight_bytes
        while self._held_bytes > self._limit_bytes:
            self._remove(next(iter(self._entries)))

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs."""
        for key in [key for key in self._entries if key.partition("/")[0] in jobs]:
            self._remove(key)
        return True

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held_bytes -= entry.weight_bytes

    @property
    def held_bytes(self) -> int:
        """Weight of all values."""
        return self._held_bytes

    def __len__(self) -> int:
        return len(self._entries)

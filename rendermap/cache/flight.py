"""Get or make, once: however many ask for the same thing at the same time, it is made one time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from rendermap.cache.shared import Shared
from rendermap.cache.store import Store

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Making(Generic[T]):
    task: asyncio.Task[T]
    askers: int = 0


class Flight(Generic[T]):
    """Single flight over a store.  Belongs to one event loop.

    observe: told of every question whether it was a hit (True: from the store, or joined to a making under way).
    shared: where what the store has not is looked for, and made once among all processes.
    """

    def __init__(self, store: Store[T], observe: Callable[[bool], None] | None = None, shared: Shared[T] | None = None) -> None:
        self._store = store
        self._shared = shared
        self._observe = observe or (lambda hit: None)
        self._makings: dict[str, _Making[T]] = {}

    async def get_or_make(
        self, key: str, make: Callable[[], Awaitable[T]], ttl_s: float | None = None, begin: Callable[[], Callable[[], None]] | None = None
    ) -> T:
        """The value from the store, else from whoever makes it now, else made.

        begin: called for the asker who has it made, and its result when it is made or has failed; what it raises is that asker's alone.

        An asker that is cancelled leaves the others theirs; the making is cancelled with its last asker.
        Raises what make raises, to all who waited; a failure is not kept.
        """
        value = await self._store.get(key)
        if value is not None:
            self._observe(True)
            return value
        making = self._makings.get(key)
        self._observe(making is not None)
        if making is None:
            end = begin() if begin else lambda: None
            making = self._makings[key] = _Making(asyncio.create_task(self._make(key, make, ttl_s)))
            making.task.add_done_callback(lambda _: end())
        return await self._wait(key, making)

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """See `Store`."""
        stores = (self._store, self._shared) if self._shared else (self._store,)
        return all([await store.drop_jobs(jobs) for store in stores])

    async def _make(self, key: str, make: Callable[[], Awaitable[T]], ttl_s: float | None) -> T:
        # A store that waits may have been filled between the asker's look and this one.
        value = await self._store.get(key)
        if value is None:
            value = await (self._shared.get_or_make(key, make, ttl_s) if self._shared else make())
            await self._store.put(key, value, ttl_s)
        return value

    async def _wait(self, key: str, making: _Making[T]) -> T:
        making.askers += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.askers -= 1
            if (making.task.done() or making.askers == 0) and self._makings.get(key) is making:
                del self._makings[key]
            if making.askers == 0:
                making.task.cancel()

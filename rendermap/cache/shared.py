"""Get or make, once among all processes that share a store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

from rendermap.cache.afterwards import Afterwards
from rendermap.cache.store import Store
from rendermap.cache.turns import LONGEST_WAIT_S, Leave, Turns

T = TypeVar("T")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.1


class Shared(Generic[T]):
    """Asked once per key at a time by this process; `Flight` sees to that.

    Whoever asks has the value as soon as it is made; it is kept, and the turn given back, afterwards.

    near: of the store, what answers at once; the whole of it is asked only by whoever has the turn.  longest_wait_s: for a turn.
    is_patient: whoever asks waits until the value is kept, so that however much is made all of it is.
    """

    def __init__(
        self,
        store: Store[T],
        turns: Turns,
        afterwards: Afterwards,
        longest_wait_s: float = LONGEST_WAIT_S,
        *,
        near: Store[T] | None = None,
        is_patient: bool = False,
    ) -> None:
        self._store = store
        self._near = store if near is None else near
        self._turns = turns
        self._afterwards = afterwards
        self._longest_wait_s = longest_wait_s
        self._is_patient = is_patient

    async def get_or_make(self, key: str, make: Callable[[], Awaitable[T]], ttl_s: float | None = None) -> T:
        """The value from the store, else from the process that makes it now, else made.  Raises what make raises."""
        value = await self._near.get(key)
        if value is not None:
            return value
        leave = await self._await_turn(key)
        made: T | None = None
        try:
            # another may have had the turn between the look and now
            value = await self._store.get(key)
            if value is None:
                value = made = await make()
            return value
        finally:
            finishing = self._finish(key, made, ttl_s, leave)
            if self._is_patient:
                await finishing
            else:
                self._afterwards.do(finishing, is_needed=True)

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """See `Store`."""
        return await self._store.drop_jobs(jobs)

    async def _await_turn(self, key: str) -> Leave | None:
        """What gives the turn back; None when it never came."""
        ends, pause_s = time.monotonic() + self._longest_wait_s, FIRST_PAUSE_S
        while (leave := await self._turns.take(key)) is None and time.monotonic() < ends:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return leave

    async def _finish(self, key: str, made: T | None, ttl_s: float | None, leave: Leave | None) -> None:
        if made is not None and (self._is_patient or not self._afterwards.is_busy):
            await self._store.put(key, made, ttl_s)
        if leave is not None:
            await leave()

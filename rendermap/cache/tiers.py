"""Several stores as one, the nearest first."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Generic, TypeVar

from rendermap.cache.afterwards import Afterwards
from rendermap.cache.store import Store

T = TypeVar("T")


class Tiers(Generic[T]):
    """See `Store`.  What is found in a farther store is put into the nearer ones, afterwards."""

    def __init__(self, stores: Iterable[Store[T]], afterwards: Afterwards) -> None:
        self.stores = tuple(stores)
        self._afterwards = afterwards

    async def get(self, key: str) -> T | None:
        """The value from the nearest store that has it."""
        for place, store in enumerate(self.stores):
            value = await store.get(key)
            if value is not None:
                for nearer in self.stores[:place]:
                    self._afterwards.do(nearer.put(key, value))
                return value
        return None

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value everywhere."""
        await asyncio.gather(*(store.put(key, value, ttl_s) for store in self.stores))

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs everywhere."""
        return all(await asyncio.gather(*(store.drop_jobs(jobs) for store in self.stores)))

"""Where finished things are kept: the three words every store knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, TypeVar

T = TypeVar("T")


class Store(Protocol[T]):
    """Keeps small frozen values by key; may forget any of them at any time, and never answers with another key's.

    A key that begins with ``<job>/`` can be dropped with its job.
    """

    async def get(self, key: str) -> T | None:
        """The value, or None."""
        ...

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value, for ttl_s seconds at most when given; a store that outlives the process keeps none that ends."""
        ...

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs.  False when some may be left, because the store could not be asked."""
        ...

"""Where finished things are kept: the three words every store knows."""

from __future__ import annotations

from typing import Protocol, TypeVar

T = TypeVar("T")


class Store(Protocol[T]):
    """Keeps small frozen values by key; may forget any of them at any time, and never answers with another key's."""

    async def get(self, key: str) -> T | None:
        """The value, or None."""
        ...

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value, for ttl_s seconds at most when given."""
        ...

    async def drop(self, key: str) -> None:
        """Forget a value, if there is one."""
        ...

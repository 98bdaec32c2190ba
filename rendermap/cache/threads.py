"""A few threads for work on disk: when a disk hangs, they hang, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """Started when first needed."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "pictures")

    async def run(self, work: Callable[[], T]) -> T:
        """What the work says."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def start(self, work: Callable[[], object]) -> None:
        """Work that nobody waits for."""
        self._pool.submit(work)

    def close(self) -> None:
        """Waits for nothing; what was not begun is not done."""
        self._pool.shutdown(wait=False, cancel_futures=True)

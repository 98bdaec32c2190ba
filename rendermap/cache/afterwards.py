"""What is done after the answer was given, so that nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

MOST = 64
"""So many things are under way at most; they hold their pictures."""

SETTLE_S = 2.0


class Afterwards:
    """Things under way.  Belongs to one event loop.  What is done must not raise."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_busy(self) -> bool:
        """True when what can be left undone should be."""
        return len(self._tasks) >= self._most

    def do(self, work: Coroutine[Any, Any, Any], *, is_needed: bool = False) -> None:
        """Start, unless too much is under way already and this is not needed."""
        if self.is_busy and not is_needed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, limit_s: float = SETTLE_S) -> None:
        """Wait for what is under way, and end what takes too long."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=limit_s)
            for task in late:
                task.cancel()

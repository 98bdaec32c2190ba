"""Work beside what is asked for: one task, which ends when the service does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

_log = structlog.get_logger("rendermap.chore")


class Chore:
    """Belongs to one event loop.  work: what is done, for as long as it likes.  name: of its task."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        self._work = work
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """True from its beginning until its end."""
        return self._task is not None and not self._task.done()

    def begin(self) -> None:
        """Unless it is under way."""
        if not self.is_busy:
            self._task = asyncio.create_task(self._do(), name=self._name)

    async def stop(self) -> None:
        """Cancel it where it is under way, and wait for its end."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _do(self) -> None:
        try:
            await self._work()
        except Exception:  # nobody waits for it, who would hear of it
            _log.exception("a chore has ended of a fault", chore=self._name)

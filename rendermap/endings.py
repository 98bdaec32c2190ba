"""The end of jobs, seen on disk: what is kept of a job goes from every store when its folder has gone.

Nobody is given a picture of such a job in any case, for no key can be made without it.  This makes room, and keeps no result for longer
than its owner did.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cachetools import LRUCache

from rendermap.jobs.catalog import ENDED_SUFFIX

LOOKS_EVERY_S = 30.0
AGAIN_S = 300.0
"""A store that could not be asked is asked again after so long: it is down, and has been told of."""

MOST_JOBS = 10_000
"""So many jobs, those last drawn, are looked after; what is kept of others goes when room is needed."""


class Keeper(Protocol):
    """Keeps values under keys that begin with a job."""

    async def drop_jobs(self, jobs: Collection[str]) -> bool: ...


class Endings:
    """Belongs to one event loop.  keepers: have what goes with its job."""

    def __init__(self, keepers: Iterable[Keeper] = (), looks_every_s: float = LOOKS_EVERY_S, again_s: float = AGAIN_S) -> None:
        self._keepers = tuple(keepers)
        self._looks_every_s = looks_every_s
        self._again_s = again_s
        self._folders: LRUCache[str, Path] = LRUCache(MOST_JOBS)
        self._left: set[str] = set()
        self._again_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def note(self, key: str, folder: Path | None) -> None:
        """Something is kept under a key.  folder: of its job; None where it is no job's."""
        if folder is not None:
            self._folders[key.partition("/")[0]] = folder

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="rendermap-endings")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def sweep(self) -> None:
        """Look once, and drop what is kept of jobs that have ended."""
        ended = await asyncio.to_thread(_ended, dict(self._folders))
        for job in ended:
            # before they are dropped: a drawing that ends meanwhile notes its job anew
            self._folders.pop(job, None)
        if ended:
            await self._drop(ended)
        if self._left and time.monotonic() >= self._again_at:
            await self._drop(self._left)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._looks_every_s)
            await self.sweep()

    async def _drop(self, jobs: Collection[str]) -> None:
        are_gone = all([await keeper.drop_jobs(jobs) for keeper in self._keepers])
        self._left = self._left.difference(jobs) if are_gone else self._left.union(jobs)
        self._again_at = time.monotonic() + self._again_s


def _ended(folders: dict[str, Path]) -> frozenset[str]:
    return frozenset(job for job, folder in folders.items() if _has_ended(folder))


def _has_ended(folder: Path) -> bool:
    """False where the disk does not tell, and where the folder above is gone too: a share that is away for a moment has not ended."""
    is_marked = os.path.lexists(folder.with_name(f"{folder.name}{ENDED_SUFFIX}"))
    return is_marked or (_is_gone(folder) and folder.parent.is_dir())


def _is_gone(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False

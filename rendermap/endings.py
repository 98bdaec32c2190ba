"""The end of jobs, seen on disk: what is kept of a job goes from every store when its folder has gone, or it is said to have ended.

Nobody is given a picture of such a job in any case, for no key can be made without it.  This makes room, and keeps no result for longer
than its owner did.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cachetools import LRUCache

from rendermap.access.grant import Grant
from rendermap.chore import Chore
from rendermap.errors import Ended, RendermapError
from rendermap.jobs.catalog import ENDED_SUFFIX

LOOKS_EVERY_S = 30.0
AGAIN_S = 300.0
"""A store that could not be asked is asked again after so long: it is down, and has been told of."""

MOST_JOBS = 10_000
"""So many jobs, those last drawn, are looked after; what is kept of others goes when room is needed."""

LOOKED_INTO = 20
"""Of so many jobs at one look the documents are read, in which an end may stand too."""


class Finder(Protocol):
    """Jobs on disk, by name."""

    def find(self, service: str, job_id: str) -> object: ...


class Keeper(Protocol):
    """Keeps values under keys that begin with a job."""

    async def drop_jobs(self, jobs: Collection[str]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A job of which something is kept.  folder: its own."""

    service: str
    job_id: str
    folder: Path


class Endings:
    """Belongs to one event loop.  keepers: have what goes with its job.  finder: knows what the documents of jobs say."""

    def __init__(
        self,
        keepers: Iterable[Keeper] = (),
        finder: Finder | None = None,
        looks_every_s: float = LOOKS_EVERY_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._keepers = tuple(keepers)
        self._finder = finder
        self._looks_every_s = looks_every_s
        self._again_s = again_s
        self._jobs: LRUCache[str, Kept] = LRUCache(MOST_JOBS)
        self._left: set[str] = set()
        self._again_at = 0.0
        self._chore = Chore(self._run, "rendermap-endings")

    def note(self, key: str, grant: Grant, folder: Path | None) -> None:
        """Something is kept under a key.  grant: for its job.  folder: the job's; None where it is no job's."""
        if folder is not None:
            self._jobs[key.partition("/")[0]] = Kept(grant.service, grant.job_id, folder)

    def start(self) -> None:
        """Begin to look."""
        self._chore.begin()

    async def stop(self) -> None:
        """Look no more."""
        await self._chore.stop()

    async def sweep(self) -> None:
        """Look once, and drop what is kept of jobs that have ended."""
        ended = await asyncio.to_thread(self._ended, dict(self._jobs))
        for job in ended:
            # before they are dropped: a drawing that ends meanwhile notes its job anew
            self._jobs.pop(job, None)
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

    def _ended(self, jobs: dict[str, Kept]) -> frozenset[str]:
        """Reads the disk, and may block."""
        gone = {job for job, kept in jobs.items() if _has_gone(kept.folder)}
        looked_into = random.sample(sorted(jobs.keys() - gone), min(LOOKED_INTO, len(jobs) - len(gone)))
        return frozenset(gone.union(job for job in looked_into if self._is_said_to_have_ended(jobs[job])))

    def _is_said_to_have_ended(self, kept: Kept) -> bool:
        try:
            if self._finder is not None:
                self._finder.find(kept.service, kept.job_id)
        except Ended:
            return True
        except RendermapError:
            # what cannot be read now may be there again
            pass
        return False


def _has_gone(folder: Path) -> bool:
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

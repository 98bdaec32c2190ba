"""The scratch folder of a service and the rooms of its workers in it.

Copies of datasets are shared by the workers; what a worker makes for itself goes with it; what a killed service left goes with the
next start.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PREFIX = "rendermap-scratch-"
LOCK = "in-use"
SHARED = "shared"
COPIES = "copies"
COPIES_BYTES = 4 << 30
"""That all copies of datasets may take together, unless it is set otherwise."""
ROOM_PREFIX = "worker-"
SWEPT_S = 30.0
"""How long copies of a dataset may lie after the end of its job."""
LEFT_BEHIND_S = 60.0
"""Between the making of a folder and its lock pass microseconds; one without a lock after this long has no owner."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder of one service.  lock: open file descriptor; the kernel lets go of it when the service ends, however it ends."""

    path: Path
    lock: int

    @property
    def shared(self) -> Path:
        """What all workers use: symbol drawings and copies of datasets."""
        return self.path / SHARED

    def room(self) -> Path:
        """A new, empty, private folder for one worker."""
        return Path(tempfile.mkdtemp(prefix=ROOM_PREFIX, dir=self.path))

    def drop_ended(self, jobs: Iterable[Path]) -> frozenset[Path]:
        """Remove the copies of jobs whose folder is gone; the result is these jobs."""
        ended = frozenset(job for job in jobs if not os.path.lexists(job))
        for job in ended:
            for file in (self.shared / COPIES).glob(f"{copies_prefix(job)}*"):
                file.unlink(missing_ok=True)
        return ended

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


async def keep_swept(scratch: Scratch, jobs: set[Path]) -> None:
    """What was copied of a job goes with it.  jobs: the folders of all that were asked for; those that ended are taken out."""
    while True:
        await asyncio.sleep(SWEPT_S)
        jobs -= await asyncio.to_thread(scratch.drop_ended, tuple(jobs))


@lru_cache(1024)
def copies_prefix(job: Path) -> str:
    """What the names of all copies of a job's datasets begin with.  job: its folder."""
    return hashlib.blake2b(os.fsencode(job), digest_size=8).hexdigest() + "-"


def make_scratch() -> Scratch:
    """A new, empty, private folder."""
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    lock = os.open(path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (path / SHARED).mkdir(mode=0o700)
    return Scratch(path, lock)


def sweep_scratch() -> int:
    """Remove the folders no living service holds; the result is their number.  Those of other users are left alone."""
    return sum(_sweep(path) for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _sweep(path: Path) -> bool:
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _sweep_unlocked(path)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _sweep_unlocked(path: Path) -> bool:
    """A service that was killed before it took its lock, or while it cleared the folder, has left this."""
    owner = path.name.removeprefix(PREFIX).split("-")[0]
    try:
        found = path.lstat()
    except OSError:
        return False
    if not owner.isdecimal() or found.st_uid != os.getuid() or _lives(int(owner)) or time.time() - found.st_mtime < LEFT_BEHIND_S:
        return False
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def _lives(pid: int) -> bool:
    """True also when a stranger has the number now: the folder then waits for a later sweep."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True

"""A store below a folder, which several processes may share: one file per entry, one folder per job."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from rendermap.cache.envelope import Envelope, NotOurs
from rendermap.cache.eviction import UNFINISHED, evict
from rendermap.cache.memory import weigh_body
from rendermap.cache.threads import Threads

T = TypeVar("T")

WALK_AFTER = 16
"""A process that has written a sixteenth of the limit looks whether something must go; so many processes may go over it by as much each."""

MARKED_AGAIN_S = 60.0
FOLDER_MODE = 0o700
OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Neither a link nor a pipe that was put in an entry's place leads anywhere or holds anybody up."""


class FileStore(Generic[T]):
    """See `Store`.  Raises OSError where the disk does: full, read-only, gone.  All work is done in threads.

    on_damage: told of every file that was no entry of its name; it is removed.
    """

    def __init__(
        self, folder: Path, limit_bytes: int, envelope: Envelope[T], threads: Threads, on_damage: Callable[[], object] = lambda: None
    ) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._envelope = envelope
        self._threads = threads
        self._on_damage = on_damage
        self._unseen_bytes = limit_bytes  # what lies there from earlier is seen with the first entry written
        self._is_walking = False

    @property
    def is_walking(self) -> bool:
        """True while it looks whether something must go."""
        return self._is_walking

    async def get(self, key: str) -> T | None:
        """The value, or None."""
        return await self._threads.run(partial(self._read, key))

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value; none that ends, and none heavier than the whole store."""
        if ttl_s is not None or weigh_body(value) > self._limit_bytes:
            return
        written = await self._threads.run(partial(self._write, key, value))
        self._unseen_bytes += written
        if self._unseen_bytes * WALK_AFTER > self._limit_bytes and not self._is_walking:
            self._is_walking, self._unseen_bytes = True, 0
            self._threads.start(self._walk)

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs."""
        return all([await self._threads.run(partial(self._remove_job, job)) for job in jobs])

    # --- in threads --------------------------------------------------------------------------------------------------

    def _path(self, key: str) -> Path:
        return self._folder.joinpath(*self._envelope.names(key))

    def _read(self, key: str) -> T | None:
        path = self._path(key)
        try:
            value = self._envelope.open(key, _read_entry(path))
        except FileNotFoundError:
            return None
        except NotOurs:
            self._on_damage()
            _discard(path)
            return None
        return value

    def _write(self, key: str, value: T) -> int:
        """Bytes written."""
        entry = self._envelope.close(key, value)
        path = self._path(key)
        try:
            _place(path, entry)
        except FileNotFoundError:
            # there is no folder yet, or another process has just removed it with the job's last entry
            self._folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            path.parent.mkdir(FOLDER_MODE, exist_ok=True)
            _place(path, entry)
        return len(entry)

    def _walk(self) -> None:
        try:
            evict(self._folder, self._limit_bytes)
        finally:
            self._is_walking = False

    def _remove_job(self, job: str) -> bool:
        folder = self._folder / self._envelope.job_name(job)
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()


def _read_entry(path: Path) -> bytes:
    """Raises OSError, and NotOurs where there is something else than a file."""
    number = _open_entry(path)
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise NotOurs
        _mark_used(number, status)
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(number)


def _open_entry(path: Path) -> int:
    try:
        return os.open(path, OPEN_FLAGS)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotOurs from error
        raise


def _mark_used(file: int, status: os.stat_result) -> None:
    if time.time() - status.st_mtime > MARKED_AGAIN_S:
        with suppress(OSError):
            os.utime(file)


def _place(path: Path, entry: bytes) -> None:
    """Whole or not at all; what a power cut leaves half is told by its proof, so nobody waits for the disk here."""
    number, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(entry)
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise


def _discard(path: Path) -> None:
    """A folder in an entry's place would be in the way of every entry to come."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()

"""Turns among the processes that share a folder: locks on one file, a byte for each key.

The system gives back what a process had that died, and there is no file per key to be left behind.  A lock belongs to its process,
so two users of one folder in the same process are not kept apart.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from functools import partial
from hashlib import blake2b
from pathlib import Path

from rendermap.cache.threads import Threads
from rendermap.cache.turns import Leave

FILE_NAME = "turns"


class FileTurns:
    """See `Turns`.  Raises OSError where the folder cannot be written or knows no locks.  All work is done in threads."""

    def __init__(self, folder: Path, threads: Threads) -> None:
        self._path = folder / FILE_NAME
        self._threads = threads
        self._opening = threading.Lock()
        self._file: int | None = None

    async def take(self, key: str) -> Leave | None:
        """The turn, if nobody has it."""
        place = int.from_bytes(blake2b(key.encode(), digest_size=7).digest(), "little")
        locking = asyncio.ensure_future(self._threads.run(partial(self._lock, place)))
        try:
            is_mine = await asyncio.shield(locking)
        except asyncio.CancelledError:
            # who wanted it has gone, and the lock may come all the same
            locking.add_done_callback(partial(self._give_back, place))
            raise
        return partial(self._threads.run, partial(self._unlock, place)) if is_mine else None

    def close(self) -> None:
        """Gives back all turns."""
        with self._opening:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _give_back(self, place: int, locking: asyncio.Future[bool]) -> None:
        if not locking.cancelled() and locking.exception() is None and locking.result():
            self._threads.start(partial(self._unlock, place))

    # --- in threads --------------------------------------------------------------------------------------------------

    def _lock(self, place: int) -> bool:
        try:
            fcntl.lockf(self._opened(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return False
            raise
        return True

    def _unlock(self, place: int) -> None:
        fcntl.lockf(self._opened(), fcntl.LOCK_UN, 1, place)

    def _opened(self) -> int:
        """The file, made anew when it was removed: others would otherwise lock another than we do."""
        with self._opening:
            if self._file is not None and os.fstat(self._file).st_nlink == 0:
                os.close(self._file)
                self._file = None
            if self._file is None:
                self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            return self._file

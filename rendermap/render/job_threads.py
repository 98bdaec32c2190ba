"""A thread for each job, which the kernel lets read that job's folder and no other, whatever its datasets name or become.

Formats can name other files (a variable of netCDF-4 may lie in any), and a file can be a link by the time it is opened; only the kernel
sees what is opened in the end.  One thread works at a time: drawing is done as if there were only one.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from rendermap.landlock import is_available, restrict_files

T = TypeVar("T")

MOST_THREADS = 32
"""A thread keeps what PROJ has opened for it, some 3 MB, so that the next picture of its job is drawn 20 ms sooner."""
STACK_BYTES = 8 << 20

Folder = tuple[Path, int, int]


class JobThreads:
    """The threads of a worker.  Belongs to its main thread.

    writable: the folder that all may write to.  warm_up: done in a thread before it has a job; it reads no data.
    are_apart: False where the kernel does not keep files apart, and all is done here.
    """

    def __init__(self, writable: Path, warm_up: Callable[[], None] | None = None) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._writable = writable
        self._warm_up = warm_up
        self._spare: ThreadPoolExecutor | None = None
        self._threads: OrderedDict[Folder, ThreadPoolExecutor] = OrderedDict()
        self.are_apart = is_available(self._libc)

    def run(self, root: Path | None, work: Callable[[], T]) -> T:
        """What work gives, done where of all jobs only the one in root can be read; None for work that reads none.

        Raises FileNotFoundError when there is no such folder, and what work raises.
        """
        if root is None or not self.are_apart:
            return work()
        return self._thread(root).submit(work).result()

    @property
    def are_ready(self) -> bool:
        """True while a thread waits for the next job, or none is needed."""
        return self._spare is not None or not self.are_apart

    def hold_ready(self) -> None:
        """Have a thread for the next job that is new here; returns at once."""
        if not self.are_ready and self._warm_up is not None:
            self._spare = _new_thread()
            self._spare.submit(self._warm_up)

    def _thread(self, root: Path) -> ThreadPoolExecutor:
        found = root.lstat()
        # What may be read is the folder as it is now: one that comes in its place needs a thread of its own.
        folder = (root, found.st_dev, found.st_ino)
        if folder not in self._threads:
            self._threads[folder] = self._thread_in(folder)
            while len(self._threads) >= MOST_THREADS:  # one place is for the thread that has no job yet
                self._threads.popitem(last=False)[1].shutdown()
        self._threads.move_to_end(folder)
        return self._threads[folder]

    def _thread_in(self, folder: Folder) -> ThreadPoolExecutor:
        """A thread that may read this folder and no other from now on; one that could not be kept to it is never heard of again."""
        thread, self._spare = self._spare or _new_thread(), None
        try:
            thread.submit(self._enter, folder).result()
        except BaseException:
            thread.shutdown()
            raise
        return thread

    def _enter(self, folder: Folder) -> None:
        """Raises OSError for a link, and for a folder that is another by now."""
        opened = os.open(folder[0], os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = os.fstat(opened)
            lack = restrict_files(self._libc, self._writable, (Path(f"/proc/self/fd/{opened}"),))
        finally:
            os.close(opened)
        if lack or (found.st_dev, found.st_ino) != folder[1:]:
            raise OSError(lack or "the folder was replaced")


def _new_thread() -> ThreadPoolExecutor:
    threading.stack_size(STACK_BYTES)
    return ThreadPoolExecutor(1, "job")

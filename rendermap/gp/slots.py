"""So many jobs of a service at once, on however many machines: ``<jobs directory>/.slots/<service>.<number>``, each with a lock.

Servers that want one while all are taken stand in line, and share the lock of ``<service>.line`` there.  All locks end with their process.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SLOTS_NAME = ".slots"


@contextmanager
def slot(jobs_dir: Path, service: str, instances: int) -> Iterator[bool]:
    """One of them, while the block lasts and no longer than this process; False where all are taken.  Raises OSError."""
    descriptor = take_slot(jobs_dir, service, instances)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def take_slot(jobs_dir: Path, service: str, instances: int) -> int | None:
    """One of them, as a file descriptor to be closed; None where all are taken.  Raises OSError."""
    for number in range(instances):
        descriptor = _open(jobs_dir, service, str(number))
        if _lock(descriptor, fcntl.LOCK_EX):
            return descriptor
        os.close(descriptor)
    return None


class Share:
    """What a server has of a service's slots, with other servers over the same jobs directory.  Safe for threads, and may block."""

    def __init__(self, jobs_dir: Path, service: str) -> None:
        self._jobs_dir = jobs_dir
        self._service = service
        self._in_line: int | None = None
        self._lock = threading.Lock()

    def take(self, instances: int) -> int | None:
        """A slot, as a file descriptor; None where all are taken, and this server stands in line from now on.  Raises OSError."""
        descriptor = take_slot(self._jobs_dir, self._service, instances)
        with self._lock:
            self._leave()
            if descriptor is None:
                self._stand()
        return descriptor

    def give(self, descriptor: int, wants_another: bool) -> bool:
        """Free a slot.  True where another server stands in line; one that wants another stands behind it then.  Raises OSError."""
        os.close(descriptor)
        with self._lock:
            self._leave()
            line = _open(self._jobs_dir, self._service, "line")
            is_awaited = not _lock(line, fcntl.LOCK_EX)
            os.close(line)
            if is_awaited and wants_another:
                self._stand()
        return is_awaited

    def leave(self) -> None:
        """Stand in line no more."""
        with self._lock:
            self._leave()

    def _stand(self) -> None:
        self._in_line = _open(self._jobs_dir, self._service, "line")
        # another looks just now whether anybody does: then the next try is seen
        _lock(self._in_line, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._in_line is not None:
            os.close(self._in_line)
            self._in_line = None


def _open(jobs_dir: Path, service: str, name: str) -> int:
    folder = jobs_dir / SLOTS_NAME
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{service.casefold().replace('/', '.')}.{name}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _lock(descriptor: int, how: int) -> bool:
    """False where another has it."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

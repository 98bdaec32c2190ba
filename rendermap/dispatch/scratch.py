"""Scratch folders of workers: each goes with its worker, and those of a service that was killed go with the next start."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

PREFIX = "rendermap-worker-"
LOCK = "in-use"


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder of one worker.  lock: open file descriptor; the kernel lets go of it when the service ends, however it ends."""

    path: Path
    lock: int

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def make_scratch() -> Scratch:
    """A new, empty, private folder."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = os.open(path / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return Scratch(path, lock)


def sweep_scratch() -> int:
    """Remove the folders no living service holds; the result is their number.  Those of other users are left alone."""
    return sum(_sweep(path) for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _sweep(path: Path) -> bool:
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_NOFOLLOW)
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

"""Tells from a folder without a document whether something is still writing to it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from rendermap.jobs.datasets import is_read_lock, is_write_lock
from rendermap.jobs.fingerprint import fingerprint_of, is_passing, walk_folder
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.job import JobStatus
from rendermap.jobs.stillness import Stillness

STALE_LOCK_S = 3600.0
"""A geodatabase lock in a folder to which nothing was written for so long was left by a crash."""

CLOCK_SKEW_S = 60.0
"""A file may come from the future by so much: the clocks of file servers differ."""


@dataclass(frozen=True, slots=True)
class Activity:
    """status: executing or succeeded.  created: time of the folder.  changed: of its newest file, of the folder when it holds none."""

    status: JobStatus
    created: datetime
    changed: datetime


def judge(folder: JobFolder, now: datetime, quiet_s: float, stillness: Stillness) -> Activity:
    """Executing while the folder's files are younger than quiet_s, were seen to change in it, or a writer's geodatabase lock is not stale.

    Else succeeded.

    A reader's lock says nothing.  One of an unknown name counts when it is no older than the newest data.
    Folders' own times and passing files do not count: drawing a GeoPackage in WAL mode changes them.
    """
    files = {name: status for name, status in walk_folder(folder.root).items() if stat.S_ISREG(status.st_mode)}
    own = folder.root.lstat()
    newest = max((status.st_mtime for name, status in files.items() if not is_passing(name, status)), default=own.st_mtime)
    locked = max((status.st_mtime for name, status in files.items() if _is_held(name, status.st_mtime, newest)), default=None)
    at = now.timestamp()
    is_locked = locked is not None and at - max(newest, locked) < STALE_LOCK_S
    is_changing = stillness.has_changed(folder.root, fingerprint_of(files.items()), quiet_s)
    is_written = -CLOCK_SKEW_S < at - newest < quiet_s or is_changing or is_locked
    status = JobStatus.EXECUTING if is_written else JobStatus.SUCCEEDED
    return Activity(status, datetime.fromtimestamp(own.st_mtime, UTC), datetime.fromtimestamp(newest, UTC))


def _is_held(name: str, made: float, newest: float) -> bool:
    if not name.lower().endswith(".lock") or is_read_lock(name):
        return False
    return is_write_lock(name) or made >= newest

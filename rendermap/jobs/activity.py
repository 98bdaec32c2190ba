"""Tells from a folder without a document whether something is still writing to it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from rendermap.jobs.fingerprint import walk_folder
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.job import JobStatus

STALE_LOCK_S = 3600.0
"""A geodatabase lock in a folder to which nothing was written for so long was left by a crash."""

CLOCK_SKEW_S = 60.0
"""A file may come from the future by so much: the clocks of file servers differ."""


@dataclass(frozen=True, slots=True)
class Activity:
    """status: executing or succeeded.  created, changed: times of the folder and of its newest file or folder."""

    status: JobStatus
    created: datetime
    changed: datetime


def judge(folder: JobFolder, now: datetime, quiet_s: float) -> Activity:
    """Executing while the folder is younger than quiet_s, or holds a geodatabase lock that is not stale; else succeeded."""
    files = walk_folder(folder.root)
    own = folder.root.lstat()
    newest = max([own.st_mtime, *(status.st_mtime for status in files.values())])
    is_locked = any(name.lower().endswith(".lock") and stat.S_ISREG(status.st_mode) for name, status in files.items())
    age_s = now.timestamp() - newest
    is_written = -CLOCK_SKEW_S < age_s < quiet_s or (is_locked and age_s < STALE_LOCK_S)
    status = JobStatus.EXECUTING if is_written else JobStatus.SUCCEEDED
    return Activity(status, datetime.fromtimestamp(own.st_mtime, UTC), datetime.fromtimestamp(newest, UTC))

"""The file ``<job id>.used`` beside a job folder: its time is when somebody last asked for the job.

Never in the folder itself, whose files are those of the tool, and where a new one would look like a change of the results.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import structlog
from cachetools import LRUCache

USED_SUFFIX = ".used"
NOTED_EVERY_S = 300.0
NOTED_SHARE = 20
"""No oftener than this part of a lifetime, so that pictures by the thousand write nothing."""
REMEMBERED = 10_000

_log = structlog.get_logger("rendermap.jobs")


class Usage:
    """Notes that jobs are used.  Called from threads; two of them at once write a file twice, which is no harm."""

    def __init__(self) -> None:
        self._noted: LRUCache[Path, float] = LRUCache(REMEMBERED)
        self._fails = False

    def note(self, root: Path, lifetime_s: float) -> None:
        """Somebody asks for the job of a folder, which is to live so long from now.  What cannot be written is told in the log, once."""
        now = time.monotonic()
        if now - self._noted.get(root, -NOTED_EVERY_S) < min(NOTED_EVERY_S, lifetime_s / NOTED_SHARE):
            return
        self._noted[root] = now
        try:
            os.close(os.open(used_path(root), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644))
            os.utime(used_path(root), follow_symlinks=False)
        except OSError as error:
            if not self._fails:
                _log.error("it cannot be noted that jobs are used: they will end by their age", reason=error.strerror)
            self._fails = True


def used_path(root: Path) -> Path:
    """Where it is noted for the job of a folder."""
    return root.with_name(f"{root.name}{USED_SUFFIX}")


def last_used(root: Path) -> float:
    """When somebody last asked for the job of a folder, in seconds since 1970; 0 where nobody has."""
    try:
        return used_path(root).lstat().st_mtime
    except OSError:
        return 0.0

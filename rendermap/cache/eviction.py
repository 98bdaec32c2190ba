"""Keeps a folder of entries within its bytes: what was not used for longest goes first, to the minute about."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[0-9a-f]{32}")
UNFINISHED = ".new-"
"""Begins the names of files that are still being written."""

ABANDONED_S = 600.0
BLOCK_BYTES = 4096
LEFT = 0.875
"""Part of the limit that is left after an eviction, so that not every entry needs one."""

MINUTE_S = 60
AHEAD_S = 3600.0


@dataclass(frozen=True, slots=True)
class Entry:
    """path: of a file.  weight_bytes: what it takes on disk, about.  minute: when it was last used."""

    path: str
    weight_bytes: int
    minute: int


def evict(folder: Path, limit_bytes: int) -> None:
    """Make room if there is too much.  Others may write and remove meanwhile; what cannot be removed stays.

    Two walks and no list: a million entries would take memory, and their sorting everybody's time.
    """
    by_minute: Counter[int] = Counter()
    for job in _jobs_in(folder):
        for entry in _entries_in(job):
            by_minute[entry.minute] += entry.weight_bytes
    if by_minute.total() > limit_bytes:
        _remove_oldest(folder, by_minute, by_minute.total() - int(limit_bytes * LEFT))


def _remove_oldest(folder: Path, by_minute: Counter[int], surplus_bytes: int) -> None:
    last = _minute_that_makes(by_minute, surplus_bytes)
    for job in _jobs_in(folder):
        for entry in _entries_in(job):
            if entry.minute < last or (entry.minute == last and surplus_bytes > 0):
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108
                    surplus_bytes -= entry.weight_bytes
        with suppress(OSError):
            os.rmdir(job)  # noqa: PTH106


def _minute_that_makes(by_minute: Counter[int], surplus_bytes: int) -> int:
    for minute in sorted(by_minute):
        surplus_bytes -= by_minute[minute]
        if surplus_bytes <= 0:
            break
    return minute


def _jobs_in(folder: Path) -> Iterator[str]:
    """Folders that are ours; whatever else lies there is left alone."""
    with suppress(OSError), os.scandir(folder) as found:
        yield from (entry.path for entry in found if NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False))


def _entries_in(job: str) -> Iterator[Entry]:
    """Entries of a job.  What a dead process left unfinished is removed."""
    with suppress(OSError), os.scandir(job) as found:
        for each in found:
            with suppress(OSError):
                status = each.stat(follow_symlinks=False)
                if NAME.fullmatch(each.name):
                    blocks = status.st_size // BLOCK_BYTES + 1
                    yield Entry(each.path, blocks * BLOCK_BYTES, _minute_of(status.st_mtime))
                elif each.name.startswith(UNFINISHED) and time.time() - status.st_mtime > ABANDONED_S:
                    os.unlink(each.path)  # noqa: PTH108


def _minute_of(used: float) -> int:
    """Last used; what a clock that was wrong has dated ahead would stay for years, and is the first to go."""
    return int(used) // MINUTE_S if used < time.time() + AHEAD_S else 0

"""Whether what a tool has written takes more of the disk than it may."""

from __future__ import annotations

import os
import stat
from pathlib import Path

BLOCK_BYTES = 512
"""What st_blocks counts, whatever the file system."""
NAME_BYTES = 4096
"""Taken by a file at least, so that a million of empty ones is not nothing."""


def takes_more(folder: Path, bound_bytes: int) -> bool:
    """Than so many bytes, as the file system counts them; looks no further than it must.

    A file of several names is counted once, links are not followed.  What cannot be looked at, as what lies deeper than a path may be long,
    may be of any size: then it is more.
    """
    taken, folders = 0, [os.fspath(folder)]
    seen: set[tuple[int, int]] = set()
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    status = _status_of(entry)
                    taken += max(_new_blocks(status, seen) * BLOCK_BYTES, NAME_BYTES) if status else 0
                    if taken > bound_bytes:
                        return True
                    if status and stat.S_ISDIR(status.st_mode):
                        folders.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            # what goes while it is looked at takes nothing
            pass
        except OSError:
            return True
    return False


def _status_of(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _new_blocks(status: os.stat_result, seen: set[tuple[int, int]]) -> int:
    """None by the second name of a file."""
    if status.st_nlink == 1 or stat.S_ISDIR(status.st_mode):
        return status.st_blocks
    key = status.st_dev, status.st_ino
    blocks = 0 if key in seen else status.st_blocks
    seen.add(key)
    return blocks

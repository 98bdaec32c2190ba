"""Whether what a tool has written takes more of the disk than it may."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

BLOCK_BYTES = 512
"""What st_blocks counts, whatever the file system."""
NAME_BYTES = 4096
"""Taken by a file at least, so that a million of empty ones is not nothing."""


def takes_more(folder: Path, bound_bytes: int) -> bool:
    """Than so many bytes, as the file system counts them; looks no further than it must.  Links are not followed."""
    taken, folders = 0, [os.fspath(folder)]
    while folders:
        # what goes while it is looked at takes nothing
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    taken += max(entry.stat(follow_symlinks=False).st_blocks * BLOCK_BYTES, NAME_BYTES)
                    if taken > bound_bytes:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
    return False

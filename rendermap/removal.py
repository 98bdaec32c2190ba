"""Folders are removed however deep they are: deeper than Python recurses, and than the kernel takes a path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it; links go and are not followed.

    Folders inside are moved up to the topmost and emptied there one by one: so a few descriptors are enough.  What cannot be removed keeps
    nothing else.  Raises OSError for the first of it.
    """
    faults: list[OSError] = []
    with _opened(path) as top:
        waiting = _emptied(top, top, faults)
        while waiting:
            name = waiting.pop()
            with _noting(faults):
                with _opened(name, top) as folder:
                    waiting += _emptied(folder, top, faults)
                os.rmdir(name, dir_fd=top)
    if faults:
        raise faults[0]
    path.rmdir()


def _emptied(folder: int, top: int, faults: list[OSError]) -> list[str]:
    """The folders that were in one, by their names in the topmost; nothing else is left in it."""
    with os.scandir(folder) as entries:
        found = list(entries)
    inner = []
    for entry in found:
        with _noting(faults):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=folder)
            elif folder == top:
                inner.append(entry.name)
            else:
                name = uuid4().hex
                os.rename(entry.name, name, src_dir_fd=folder, dst_dir_fd=top)
                inner.append(name)
    return inner


@contextmanager
def _opened(path: Path | str, within: int | None = None) -> Iterator[int]:
    """A folder as a file descriptor, made open to change where it was not.  within: descriptor of the folder that a name is of."""
    handle = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    try:
        # what is of others may still be open to change
        with suppress(OSError):
            Path(f"/proc/self/fd/{handle}").chmod(0o700)
        folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=handle)
    finally:
        os.close(handle)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _noting(faults: list[OSError]) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        # gone meanwhile
        pass
    except OSError as error:
        faults.append(error)

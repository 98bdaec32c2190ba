"""What makes a dataset this very version of itself: names, sizes, times and inodes of its files, never their contents."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

Listing = Mapping[str, os.stat_result]
"""What stands in a folder: name -> lstat."""

_DEEPEST = 4


def list_folder(folder: Path) -> dict[str, os.stat_result]:
    """Name -> lstat of everything in a folder, links not followed; empty when it cannot be read."""
    found: dict[str, os.stat_result] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    found[entry.name] = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
    except OSError:
        return {}
    return found


def walk_folder(folder: Path, depth: int = _DEEPEST) -> dict[str, os.stat_result]:
    """Relative name -> lstat of everything below a folder, links not followed, a few levels deep."""
    found: dict[str, os.stat_result] = {}
    for name, status in list_folder(folder).items():
        found[name] = status
        if stat.S_ISDIR(status.st_mode) and depth > 1:
            found.update((f"{name}/{below}", seen) for below, seen in walk_folder(folder / name, depth - 1).items())
    return found


def companions_of(name: str, listing: Listing) -> dict[str, os.stat_result]:
    """A file and what stands beside it under its name: .ovr, .aux.xml, .dbf, .prj, .tfw, -journal and their like."""
    stem = Path(name).stem.casefold() + "."
    whole = name.casefold()
    return {
        other: status
        for other, status in listing.items()
        if (folded := other.casefold()) == whole or folded.startswith((stem, f"{whole}.", f"{whole}-"))
    }


def files_of(path: Path, listing: Listing) -> dict[str, os.stat_result]:
    """Relative name -> lstat of everything that makes a dataset.  listing: what stands in the folder it lies in.

    A file with its companions; a geodatabase's folder; an Esri grid's folder with the companions and the ``info`` beside it.
    """
    if not stat.S_ISDIR(listing[path.name].st_mode):
        return companions_of(path.name, listing)
    files = {f"{path.name}/{name}": status for name, status in walk_folder(path).items()}
    if path.suffix.lower() == ".gdb":
        return files
    beside = f"{path.name.casefold()}."
    for name, status in listing.items():
        if name.casefold().startswith(beside):
            files[name] = status
        elif name.casefold() == "info":
            files[name] = status
            files.update({f"{name}/{below}": seen for below, seen in walk_folder(path.parent / name).items()})
    return files


def fingerprint(path: Path) -> str:
    """A dataset's fingerprint, by its path alone.  Raises FileNotFoundError."""
    listing = list_folder(path.parent)
    if path.name not in listing:
        raise FileNotFoundError(path)
    return fingerprint_of(files_of(path, listing).items())


def fingerprint_of(files: Iterable[tuple[str, os.stat_result]]) -> str:
    """A short hexadecimal name of this version of the files.

    Folders count by what is in them.  What reading alone makes is left out.  The inode is kept although replicas whose mounts number
    files differently then disagree: a file renamed over another of the same size within the same tick of the clock shows by its
    inode alone, and an old picture under a new result is worse than a picture drawn twice.  The time of inode change is no
    substitute: the ticks are the same, and backups and permissions move it while the data stays.
    """
    lines = sorted(
        f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}"
        for name, status in files
        if stat.S_ISREG(status.st_mode) and not is_passing(name, status)
    )
    return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def is_passing(name: str, status: os.stat_result) -> bool:
    """True for what comes and goes while a dataset is only read: locks, SQLite's -shm and its -wal while it is empty."""
    return name.endswith((".lock", "-shm")) or (name.endswith("-wal") and status.st_size == 0)

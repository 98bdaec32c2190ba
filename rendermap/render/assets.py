"""The worker's folder for files an engine can only take by name: symbol drawings and copies of datasets."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from functools import lru_cache
from pathlib import Path


class Assets:
    """Small files named by what they hold, so equal contents are one file and workers share them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, content: bytes, suffix: str) -> str:
        """The name of a file holding content.  suffix: with the dot, such as ``.svg``."""
        file = self.root / (hashlib.blake2b(content, digest_size=16).hexdigest() + suffix)
        if not file.exists():
            write_whole(file, content)
        return str(file)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    Path(name).replace(file)


@lru_cache(maxsize=1)
def workshop() -> Path:
    """The folder, shared by the workers of one user and closed to all others."""
    shared = Path(tempfile.gettempdir()) / f"rendermap-{os.getuid()}"
    try:
        shared.mkdir(mode=0o700, exist_ok=True)
        seen = shared.lstat()
        # Someone else may have made a folder of that name first, to slip files under us.
        if stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and not seen.st_mode & 0o077:
            return shared
    except FileExistsError:
        pass
    return Path(tempfile.mkdtemp(prefix="rendermap-"))


@lru_cache(maxsize=1)
def assets() -> Assets:
    """The folder of symbol drawings."""
    root = workshop() / "symbols"
    root.mkdir(mode=0o700, exist_ok=True)
    return Assets(root)

"""The workers' folder for files an engine can only take by name: symbol drawings and copies of datasets."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rendermap.dispatch.scratch import COPIES_BYTES


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


@dataclass(slots=True)
class _Workshop:
    folder: Path | None = None
    copies_bytes: int = COPIES_BYTES


_WORKSHOP = _Workshop()


def use_workshop(folder: Path, copies_bytes: int = COPIES_BYTES) -> None:
    """Work in the service's folder, which its workers share.  copies_bytes: what copies of datasets may take in it."""
    _WORKSHOP.folder, _WORKSHOP.copies_bytes = folder, copies_bytes


def most_copies_bytes() -> int:
    """What copies of datasets may take together."""
    return _WORKSHOP.copies_bytes


def workshop() -> Path:
    """The folder of the service, or one of this process alone where there is no service."""
    if _WORKSHOP.folder is None:
        _WORKSHOP.folder = Path(tempfile.mkdtemp(prefix="rendermap-"))
        atexit.register(shutil.rmtree, _WORKSHOP.folder, ignore_errors=True)
    return _WORKSHOP.folder


def assets() -> Assets:
    """The folder of symbol drawings."""
    root = workshop() / "symbols"
    root.mkdir(mode=0o700, exist_ok=True)
    return Assets(root)

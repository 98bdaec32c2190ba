"""Sums over the blocks of what is kept, written beside it: bytes that are not as they were written are never drawn from.

A file that a library maps into memory is looked through when it is opened, one that GDAL reads is looked at block by block.
"""

from __future__ import annotations

import logging
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 16
SUFFIX = ".npz"
"""Of the sums, which have a sum of their own, as all that lies in a ZIP file."""
DAMAGE = "is_damage"
"""Marks a record of the log that tells of a damaged copy."""
_REMEMBERED = 1024

Sums = NDArray[np.uint32]
_UNSEALED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
_Status = tuple[int, int, int]

LOG = logging.getLogger(__name__)


def seal(file: Path) -> None:
    """Write the sums of a file, and of what lies beside it under the same stem."""
    parts = file.parent.glob(f"{file.stem}.*")
    sums: dict[str, Any] = {part.suffix: _sums_of(part) for part in parts}
    np.savez(file.with_suffix(SUFFIX), **sums)


def is_whole(file: Path) -> bool:
    """True when every byte of a file, and of what lies beside it, is as it was sealed.

    Looks them through once, and again when one was written to: 5 GB a second where they are in memory.
    """
    try:
        sealed = _sealed(file.with_suffix(SUFFIX), _status(file.with_suffix(SUFFIX)))
        return all(_is_as_sealed(part, _status(part)) for part in map(file.with_suffix, sealed))
    except _UNSEALED:
        return False


@dataclass(frozen=True, slots=True)
class Held:
    """A sealed file that somebody goes on reading from.  parts: it and what lies beside it, as they were when they were opened."""

    file: Path
    parts: Mapping[Path, _Status]

    @property
    def is_spoilt(self) -> bool:
        """True when it was written to, made anew, or found damaged by anybody; one that was dropped to make room may be read on."""
        try:
            return any(_status(part) != status for part, status in self.parts.items())
        except OSError:
            return _is_broken(self.file.with_suffix(SUFFIX))


def hold(file: Path) -> Held:
    """Watch a file, to be called before it is opened."""
    try:
        return Held(file, {part: _status(part) for part in file.parent.glob(f"{file.stem}.*")})
    except OSError:  # dropped this moment: opening it will tell
        return Held(file, {})


def break_seal(file: Path) -> None:
    """Tell everybody who holds a file that it is damaged."""
    file.with_suffix(SUFFIX).write_bytes(b"")


def _is_broken(seals: Path) -> bool:
    return seals.exists() and not seals.stat().st_size


def tell_damage(file: Path) -> None:
    """Tell the operator."""
    LOG.warning("a prepared copy was damaged and is made anew: %s", file.name, extra={DAMAGE: True})


def forget() -> None:
    """Look through every file anew."""
    _is_as_sealed.cache_clear()
    _sealed.cache_clear()


class SealedBytes:
    """A sealed file for GDAL, whose every block is looked at when it is first read, and again after somebody wrote to the file.

    is_damaged: a block was not as it was sealed; it is not given.
    """

    def __init__(self, file: Path) -> None:
        """Raises OSError for a file without a seal."""
        try:
            self._sums = _sealed(file.with_suffix(SUFFIX), _status(file.with_suffix(SUFFIX)))[file.suffix]
        except _UNSEALED as error:
            raise OSError(f"{file} has no seal") from error
        self._file, self._written = file, 0
        self._known = np.zeros(len(self._sums), np.bool_)
        self.is_damaged = False

    def open(self, name: str, mode: str = "rb", **_: object) -> Reader:
        """What rasterio calls for each file that GDAL looks for.  Raises FileNotFoundError for any other file."""
        if name != str(self._file):
            raise FileNotFoundError(name)
        return Reader(self, os.open(name, os.O_RDONLY | os.O_CLOEXEC))

    def read(self, descriptor: int, start: int, count: int) -> bytes:
        """So many bytes; none where a block that they lie in is damaged."""
        written = os.fstat(descriptor).st_mtime_ns
        if written != self._written:
            self._written, self._known[:] = written, False
        first, last = start // BLOCK_BYTES, -(-(start + count) // BLOCK_BYTES)
        for block in np.flatnonzero(~self._known[first:last]) + first:
            if zlib.crc32(os.pread(descriptor, BLOCK_BYTES, int(block) * BLOCK_BYTES)) != self._sums[block]:
                self.is_damaged = True
                return b""
            self._known[block] = True
        return os.pread(descriptor, count, start)


class Reader:
    """A file of `SealedBytes` that is open."""

    def __init__(self, sealed: SealedBytes, descriptor: int) -> None:
        self._sealed, self._descriptor, self._at = sealed, descriptor, 0

    def read(self, count: int = -1) -> bytes:
        """As of any file."""
        size = os.fstat(self._descriptor).st_size
        found = self._sealed.read(self._descriptor, self._at, size - self._at if count < 0 else count)
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of any file."""
        beginnings = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}
        self._at = beginnings[whence] + offset
        return self._at

    def tell(self) -> int:
        """As of any file."""
        return self._at

    def close(self) -> None:
        """As of any file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _status(file: Path) -> _Status:
    """What changes when somebody writes to a file."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(_REMEMBERED)
def _is_as_sealed(file: Path, status: _Status) -> bool:
    seals = file.with_suffix(SUFFIX)
    return bool(np.array_equal(_sums_of(file), _sealed(seals, _status(seals))[file.suffix]))


@lru_cache(8)
def _sealed(seals: Path, status: _Status) -> Mapping[str, Sums]:
    with np.load(seals) as found:
        return dict(found)


def _sums_of(file: Path) -> Sums:
    with file.open("rb", buffering=0) as opened:
        return np.array([zlib.crc32(block) for block in iter(lambda: opened.read(BLOCK_BYTES), b"")], np.uint32)

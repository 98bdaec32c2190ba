"""Datasets cut short, told from their own headers: their readers draw what is left, or invent zeros for the rest, without a word."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rendermap.errors import SourceUnreadable

_HALF_WRITTEN = "The dataset of this layer is half written."
_SHAPE_HEADER_BYTES = 100
_SHAPE_MAGIC = 9994
_STREAMED = 0xFFFFFFFF
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
"""Bytes of netCDF's external types NC_BYTE to NC_UINT64 (netCDF classic format specification)."""

_MOST_ENTRIES = 1 << 20


def check_whole(path: Path, format_name: str) -> None:
    """Raises SourceUnreadable when a shapefile, a dBASE table, a GeoPackage or a classic netCDF file is shorter than its headers say.

    format_name: a row of `data_formats`; of the others the readers themselves find what is missing.
    """
    if format_name == "shapefile":
        _check_shapefile(path)
    elif format_name == "dbase":
        _check_dbase(path)
    elif format_name == "netcdf":
        _check_netcdf(path)
    elif format_name == "gpkg":
        _check_database(path)


def _refuse(path: Path, needed: int) -> None:
    size = path.stat().st_size
    if size < needed:
        raise SourceUnreadable(_HALF_WRITTEN, reason=f"{path} has {size} bytes of {needed}")


def _check_shapefile(path: Path) -> None:
    """ESRI Shapefile Technical Description: lengths are in words of two bytes, big endian; dBASE's are little endian."""
    _refuse(path, _SHAPE_HEADER_BYTES)
    _refuse(path, 2 * _number(path, 24))
    index = _part(path, ".shx")
    if index is not None and index.stat().st_size >= _SHAPE_HEADER_BYTES and _number(index, 0) == _SHAPE_MAGIC:
        _refuse(index, 2 * _number(index, 24))
        last = index.stat().st_size // 8 * 8 - 4
        if last > _SHAPE_HEADER_BYTES:
            _refuse(path, 2 * (_number(index, last) + _number(index, last + 4)) + 8)
    table = _part(path, ".dbf")
    if table is not None:
        _check_dbase(table)


def _check_dbase(path: Path) -> None:
    _refuse(path, 32)
    with path.open("rb") as file:
        rows, head, width = struct.unpack("<4xIHH", file.read(12))
    _refuse(path, head + rows * width)


def _part(path: Path, suffix: str) -> Path | None:
    return next((part for spelled in (suffix, suffix.upper()) if (part := path.with_suffix(spelled)).is_file()), None)


def _number(path: Path, at: int) -> int:
    with path.open("rb") as file:
        file.seek(at)
        return int.from_bytes(file.read(4), "big")


def _check_database(path: Path) -> None:
    """SQLite Database File Format, 1.3: the count of pages is good when it was written with the last change."""
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100:
        raise SourceUnreadable(_HALF_WRITTEN, reason=f"{path} has {len(head)} bytes")
    page_bytes = int.from_bytes(head[16:18], "big")
    journal = path.with_name(path.name + "-wal")
    # A journal of its own may hold what the file lacks.
    if head[24:28] == head[92:96] and not (journal.is_file() and journal.stat().st_size):
        _refuse(path, (65536 if page_bytes == 1 else page_bytes) * int.from_bytes(head[28:32], "big"))


def _check_netcdf(path: Path) -> None:
    with path.open("rb") as file:
        magic = file.read(4)
        if magic[:3] != b"CDF":
            return  # HDF5: its library compares the file's end with the superblock
        try:
            needed = _Header(file, magic[3]).needed()
        except (struct.error, KeyError, IndexError) as error:
            raise SourceUnreadable(_HALF_WRITTEN, reason=f"{path}: its header is cut or damaged: {error}") from error
    _refuse(path, needed)


@dataclass(frozen=True, slots=True)
class _Variable:
    """begin: where its values start.  size: bytes, of one record where is_record."""

    begin: int
    size: int
    is_record: bool


class _Header:
    """A header of a classic file, 64-bit offset file or CDF-5 file, read up to its variables."""

    def __init__(self, file: BinaryIO, version: int) -> None:
        self._file = file
        self._count_bytes = 8 if version == 5 else 4
        self._offset_bytes = 4 if version == 1 else 8
        self._records = self._count()
        self._lengths = [self._dimension() for _ in range(self._list())]
        self._skip_attributes()
        self._variables = [self._variable() for _ in range(self._list())]

    def needed(self) -> int:
        """Bytes the file must have; the padding behind the last value is no loss."""
        fixed = [v.begin + v.size for v in self._variables if not v.is_record]
        recurring = [v for v in self._variables if v.is_record]
        if self._records in (0, _STREAMED, (1 << 64) - 1) or not recurring:
            return max(fixed, default=0)
        # A lone record variable is not padded.
        step = recurring[0].size if len(recurring) == 1 else sum(-(-v.size // 4) * 4 for v in recurring)
        return max([*fixed, *(v.begin + (self._records - 1) * step + v.size for v in recurring)])

    def _count(self) -> int:
        return self._integer(self._count_bytes)

    def _integer(self, size: int) -> int:
        return int(struct.unpack(">Q" if size == 8 else ">I", self._file.read(size))[0])

    def _list(self) -> int:
        self._integer(4)
        count = self._count()
        if count > _MOST_ENTRIES:
            raise IndexError("too long a list")
        return count

    def _skip(self, size: int) -> None:
        self._file.seek(-(-size // 4) * 4, 1)

    def _dimension(self) -> int:
        self._skip(self._count())
        return self._count()

    def _skip_attributes(self) -> None:
        for _ in range(self._list()):
            self._skip(self._count())
            size = _SIZES[self._integer(4)]
            self._skip(self._count() * size)

    def _variable(self) -> _Variable:
        self._skip(self._count())
        rank = self._count()
        if rank > _MOST_ENTRIES:
            raise IndexError("too many dimensions")
        lengths = [self._lengths[self._count()] for _ in range(rank)]
        self._skip_attributes()
        size = _SIZES[self._integer(4)]
        self._count()
        # Length 0 is the record dimension, which always comes first.
        is_record = bool(lengths) and lengths[0] == 0
        return _Variable(self._integer(self._offset_bytes), size * math.prod(lengths[1:] if is_record else lengths), is_record)

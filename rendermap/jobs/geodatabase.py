"""Names of the datasets in a file geodatabase, read from its catalogue table in plain Python.

Only so much is read that a dataset can be called missing, or matched without regard to case, before a worker opens anything.
Whatever is not understood is left to the worker: then the answer is None.
Format: as described by the FGDB reverse-engineering notes of Even Rouault, sections "gdbtable" and "gdbtablx".
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

from rendermap.jobs.datasets import read_start

_CATALOG, _INDEX = "a00000001.gdbtable", "a00000001.gdbtablx"
_LARGEST_BYTES = 8 * 1024 * 1024
_SYSTEM_PREFIXES = ("gdb_", "fras_")
_INTEGER, _TEXT, _OBJECT_ID = 1, 4, 6
_UTF8_FLAG, _NULLABLE_FLAG = 0x100, 0x01


def read_names(geodatabase: Path) -> tuple[str, ...] | None:
    """Feature classes, tables and rasters in catalogue order, without the geodatabase's own tables; None when that cannot be told."""
    try:
        status = (geodatabase / _CATALOG).lstat()
    except OSError:
        return None
    return _read_names(geodatabase, (status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=1024)
def _read_names(geodatabase: Path, version: tuple[int, int, int]) -> tuple[str, ...] | None:
    del version
    table, index = (read_start(geodatabase / name, _LARGEST_BYTES) for name in (_CATALOG, _INDEX))
    try:
        names = _parse(table, index)
    except (struct.error, IndexError, ValueError):
        return None
    own = [name for name in names if not name.lower().startswith(_SYSTEM_PREFIXES)]
    return tuple(name for name in own if not (name.startswith("VAT_") and name[4:] in own))


def _parse(table: bytes, index: bytes) -> list[str]:
    (fields_at,) = struct.unpack_from("<q", table, 32)
    is_utf8, null_bytes = _parse_fields(table, fields_at)
    return [_parse_name(table, row + 4 + null_bytes, is_utf8) for row in _parse_rows(index)]


def _parse_rows(index: bytes) -> list[int]:
    _, blocks, count, width = struct.unpack_from("<4i", index, 0)
    if width not in (4, 5, 6) or not 0 <= count <= blocks * 1024 or 16 + count * width > len(index):
        raise ValueError("sparse or unknown index")
    offsets = (int.from_bytes(index[16 + row * width : 16 + (row + 1) * width], "little") for row in range(count))
    return [offset for offset in offsets if offset]


def _parse_fields(table: bytes, at: int) -> tuple[bool, int]:
    """(text is UTF-8, bytes of null flags before each row); ValueError unless the fields are the catalogue's: id, Name, FileFormat."""
    _, _, flags, count = struct.unpack_from("<iiIh", table, at)
    at += 14
    kinds: list[int] = []
    nullable = 0
    for _ in range(count):
        for _ in ("name", "alias"):
            at += 1 + 2 * table[at]
        kind = table[at]
        kinds.append(kind)
        flag_at = at + (5 if kind == _TEXT else 2)
        nullable += 0 if kind == _OBJECT_ID else table[flag_at] & _NULLABLE_FLAG
        at = flag_at + 1 + (0 if kind == _OBJECT_ID else 1 + table[flag_at + 1])
    if kinds != [_OBJECT_ID, _TEXT, _INTEGER]:
        raise ValueError("not a catalogue")
    return bool(flags & _UTF8_FLAG), (nullable + 7) // 8


def _parse_name(table: bytes, at: int, is_utf8: bool) -> str:
    length = shift = 0
    while True:
        byte = table[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    raw = table[at : at + length]
    if len(raw) != length:
        raise ValueError("cut short")
    return raw.decode("utf-8" if is_utf8 else "utf-16-le")

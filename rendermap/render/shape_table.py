"""The attribute table beside a shapefile, dBASE III, written column by column: values come back from Mapnik's plugin exactly.

The plugin reads whole numbers exactly and decimal fractions not, so a real number is kept as a whole one and a power of two.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_TEXT_BYTES = 254
_MANTISSA_BITS = 53
_LEAST_POWER = -1000
_VERSION, _END_OF_HEAD = 3, b"\r"
_HEAD, _FIELD = struct.Struct("<B3sIHH20x"), struct.Struct("<11sc4xBB14x")

Column = NDArray[Any]


class NotKept(Exception):
    """A value that the table cannot hold so that it comes back as it is."""


def split_reals(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whole numbers and powers: values = whole * 2 ** power, exactly.  Raises NotKept for what is not finite or too near to 0."""
    if not np.isfinite(values).all():
        raise NotKept
    fractions, exponents = np.frexp(values)
    whole = np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64)
    powers = np.where(whole == 0, 0, exponents.astype(np.int64) - _MANTISSA_BITS)
    if powers.min(initial=0) < _LEAST_POWER:
        raise NotKept
    return whole, powers


def write_table(file: Path, columns: Mapping[str, Column], count: int) -> None:
    """columns: by names of at most ten ASCII signs: whole numbers, or texts (object).  Raises NotKept for texts that would be changed."""
    cells = {name: _cells(values) for name, values in columns.items()} or {"none": np.full(count, b"0", "S1")}
    kinds = {name: b"N" if name not in columns or columns[name].dtype.kind in "iub" else b"C" for name in cells}
    fields = b"".join(_FIELD.pack(name.encode("ascii"), kinds[name], each.dtype.itemsize, 0) for name, each in cells.items())
    rows = np.zeros(count, [("mark", "S1"), *((name, each.dtype) for name, each in cells.items())])
    rows["mark"] = b" "
    for name, each in cells.items():
        rows[name] = each
    packed = rows.view(np.uint8)
    packed[packed == 0] = ord(" ")
    head = _HEAD.pack(_VERSION, b"\x7e\x01\x01", count, _HEAD.size + len(fields) + 1, rows.dtype.itemsize)
    with file.open("wb") as table:
        table.write(head + fields + _END_OF_HEAD)
        rows.tofile(table)


def _cells(values: Column) -> NDArray[np.bytes_]:
    return values.astype("S") if values.dtype.kind in "iub" else _texts(values)


def _texts(values: Column) -> NDArray[np.bytes_]:
    """The plugin takes blanks away on both sides."""
    if any(text != text.strip() or "\0" in text for text in values):
        raise NotKept
    cells = np.array([text.encode() for text in values] or [b""])
    if cells.dtype.itemsize > MOST_TEXT_BYTES:
        raise NotKept
    return cells

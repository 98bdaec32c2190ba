"""Shapefiles of points, written and read as numbers."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

POINT_BYTES = 28
_HEAD_BYTES, _POINT_KIND, _CODE, _VERSION = 100, 1, 9994, 1000
_RECORD = np.dtype([("number", ">i4"), ("words", ">i4"), ("kind", "<i4"), ("place", "<f8", 2)])
_RECORD_HEAD_BYTES = 8

Coordinates = NDArray[np.float64]


def write_point_shapes(file: Path, points: Coordinates) -> None:
    """Write the shapes and where they lie, without their table.  points: (points, 2), easting first."""
    numbers = np.arange(len(points))
    words = (POINT_BYTES - _RECORD_HEAD_BYTES) // 2
    shapes, offsets = np.empty(len(points), _RECORD), np.empty((len(points), 2), ">i4")
    shapes["number"], shapes["words"], shapes["kind"], shapes["place"] = numbers + 1, words, _POINT_KIND, points
    offsets[:, 0], offsets[:, 1] = (_HEAD_BYTES + numbers * POINT_BYTES) // 2, words
    ends = (*points.min(axis=0), *points.max(axis=0)) if len(points) else (0.0,) * 4
    for suffix, records in ((".shp", shapes), (".shx", offsets)):
        with file.with_suffix(suffix).open("wb") as out:
            out.write(struct.pack(">i20xi", _CODE, (_HEAD_BYTES + records.nbytes) // 2))
            out.write(struct.pack("<2i8d", _VERSION, _POINT_KIND, *ends, 0, 0, 0, 0))
            records.tofile(out)


def read_point_shapes(file: Path) -> Coordinates | None:
    """(points, 2) of a file of ours, on disk until they are looked at; None where it holds other shapes."""
    with file.open("rb") as opened:
        (kind,) = struct.unpack("<32xi", opened.read(36))
    return np.memmap(file, _RECORD, "r", _HEAD_BYTES)["place"] if kind == _POINT_KIND else None

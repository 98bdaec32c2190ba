"""Points kept as a file of numbers in the map's CRS, in blocks of neighbours, so that those in a box are read at once.

A head, the looks, the box around each block, then the records, block after block, in each in the order they are drawn in; all
little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox
from rendermap.render.seals import Held, hold
from rendermap.render.shape_index import by_place

BLOCK_POINTS = 256

RECORD = np.dtype([("x", "<f8"), ("y", "<f8"), ("turn", "<u4"), ("look", "<u4")])
"""turn: when it is drawn, lower numbers first.  look: how it is drawn, counted through the looks."""
_LOOK, _BOX_BYTES = np.dtype("<u4"), 32
_SIGNATURE, _HEAD = b"points 1", struct.Struct("<8sQQ")

Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class PointFile:
    """An open file.

    held: the file itself.  looks: what tells each to those who wrote them.  boxes: (blocks, 4) xmin, ymin, xmax, ymax.
    records: (points,), on disk until they are looked at.
    """

    held: Held
    looks: tuple[int, ...]
    boxes: NDArray[np.float64]
    records: Records

    def around(self, box: BBox, most: int) -> Records | None:
        """The points in a box, and more of its surroundings, in the order they are drawn in; None for more than so many."""
        xmin, ymin, xmax, ymax = self.boxes.T
        met = np.flatnonzero((xmin <= box.xmax) & (xmax >= box.xmin) & (ymin <= box.ymax) & (ymax >= box.ymin))
        if not len(met) or len(met) * BLOCK_POINTS > most:
            return None if len(met) else self.records[:0]
        runs = np.split(met, np.flatnonzero(np.diff(met) > 1) + 1)
        found = np.concatenate([self.records[run[0] * BLOCK_POINTS : (run[-1] + 1) * BLOCK_POINTS] for run in runs])
        return found[np.argsort(found["turn"])]


def write_points(file: Path, looks: NDArray[np.uint32], records: Records) -> None:
    """records: in any order, told by their turns."""
    places = np.stack([records["x"], records["y"]], axis=1)
    near = by_place(np.concatenate([places, places], axis=1), BLOCK_POINTS)
    blocks = np.arange(len(near)) // BLOCK_POINTS
    ordered = records[near[np.lexsort((records["turn"][near], blocks))]]
    with file.open("wb") as out:
        out.write(_HEAD.pack(_SIGNATURE, len(ordered), len(looks)))
        for part in (looks.astype(_LOOK), _boxes_of(ordered), ordered):
            part.tofile(out)


def open_points(file: Path) -> PointFile:
    """Raises OSError for a file that is not there or not whole."""
    held = hold(file)
    with file.open("rb") as opened:
        head = opened.read(_HEAD.size)
    signature, count, look_count = _HEAD.unpack(head) if len(head) == _HEAD.size else (b"", 0, 0)
    block_count = -(-count // BLOCK_POINTS)
    boxes_at = _HEAD.size + look_count * _LOOK.itemsize
    records_at = boxes_at + block_count * _BOX_BYTES
    if signature != _SIGNATURE or file.stat().st_size != records_at + count * RECORD.itemsize:
        raise OSError(f"{file} is no file of points")
    looks = tuple(np.fromfile(file, _LOOK, look_count, offset=_HEAD.size).tolist())
    boxes = np.fromfile(file, "<f8", 4 * block_count, offset=boxes_at).reshape(-1, 4)
    records = np.memmap(file, RECORD, "r", records_at, (count,)) if count else np.empty(0, RECORD)
    return PointFile(held, looks, boxes, records)


def _boxes_of(records: Records) -> NDArray[np.float64]:
    starts = np.arange(0, len(records), BLOCK_POINTS)
    if not len(starts):
        return np.empty((0, 4))
    ends = [reduce.reduceat(records[axis], starts) for reduce in (np.minimum, np.maximum) for axis in ("x", "y")]
    return np.stack(ends, axis=1).astype("<f8")

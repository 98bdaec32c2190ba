"""The spatial index that Mapnik's shapefile plugin asks which records meet a view; it then reads them in the file's own order.

A tree of nodes from the root down, each with what all below it takes, its box, its records and its children; numbers are little-endian and
boxes of single precision, which are rounded outwards.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"mapnik-index".ljust(16, b"\0")
NODE_RECORDS = 16
NODE_CHILDREN = 16
WHOLE_RECORD = -1

Boxes = NDArray[np.float64]

_RECORD = np.dtype([("offset", "<u8"), ("start", "<i4"), ("end", "<i4"), ("box", "<f4", 4)])
_HEAD = np.dtype([("below_bytes", "<i4"), ("box", "<f4", 4), ("records", "<i4")])
_NO_CHILDREN = (0).to_bytes(4, "little")


def write_index(file: Path, boxes: Boxes, offsets: NDArray[np.int64]) -> None:
    """boxes: (n, 4) xmin, ymin, xmax, ymax of the records.  offsets: (n,) of their heads in the shapefile, in bytes."""
    order = by_place(boxes, NODE_RECORDS)
    records = np.zeros(len(boxes), _RECORD)
    records["offset"], records["start"], records["box"] = offsets[order], WHOLE_RECORD, _outwards(boxes[order])
    nodes = [_leaf(records[first : first + NODE_RECORDS]) for first in range(0, max(len(records), 1), NODE_RECORDS)]
    while len(nodes) > 1:
        nodes = [_parent(nodes[first : first + NODE_CHILDREN]) for first in range(0, len(nodes), NODE_CHILDREN)]
    file.write_bytes(SIGNATURE + nodes[0][1])


def by_place(boxes: Boxes, together: int) -> NDArray[np.intp]:
    """Neighbours beside each other, in groups of so many: slabs from west to east, each from south to north."""
    x, y = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    slabs = max(math.isqrt(-(-len(boxes) // together)), 1)
    rank = np.empty(len(boxes), np.intp)
    rank[np.argsort(x, kind="stable")] = np.arange(len(boxes))
    return np.lexsort((y, rank * slabs // max(len(boxes), 1)))


def _outwards(boxes: Boxes) -> NDArray[np.float32]:
    near = boxes.astype(np.float32)
    return np.concatenate([np.nextafter(near[:, :2], np.float32(-np.inf)), np.nextafter(near[:, 2:], np.float32(np.inf))], axis=1)


_Node = tuple[NDArray[np.float32], bytes]


def _leaf(records: NDArray[np.void]) -> _Node:
    box = _around(records["box"])
    return box, _head(0, box, len(records)) + records.tobytes() + _NO_CHILDREN


def _parent(children: list[_Node]) -> _Node:
    box, below = _around(np.stack([box for box, _ in children])), b"".join(packed for _, packed in children)
    return box, _head(len(below), box, 0) + len(children).to_bytes(4, "little") + below


def _head(below_bytes: int, box: NDArray[np.float32], records: int) -> bytes:
    return np.array((below_bytes, box, records), _HEAD).tobytes()


def _around(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The box around boxes (n, 4); one that meets no view around none."""
    if not len(boxes):
        return np.array((np.inf, np.inf, -np.inf, -np.inf), np.float32)
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])

"""How often each value is in a band of small whole numbers, counted block by block: exact, and as quick as the file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.render.raster_levels import RasterLevels
from rendermap.render.raster_patch import Box, Request
from rendermap.symbology.facts import Measures

MOST_CELLS = 1 << 27
"""Some two seconds' reading; larger rasters are measured by a sample."""

_BLOCK_CELLS = 1 << 22
_BLOCK_SIDE = 2048
_PERCENTS = np.linspace(0, 100, 201)
_SAMPLE = 5000

Counts = tuple[NDArray[Any], NDArray[np.int64]]


def can_count(dtype: str) -> bool:
    """True for whole numbers of one or two bytes."""
    kind = np.dtype(dtype)
    return kind.kind in "iu" and kind.itemsize <= 2


def count_cells(raster: RasterLevels, band: int) -> Counts:
    """(values, counts) of the band's cells that hold data, ascending, of a band that can be counted.  Raises SourceUnreadable."""
    dtype = np.dtype(raster.band(band).dtype)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    size = 1 << (8 * dtype.itemsize)
    counts = np.zeros(size, np.int64)
    for box in _blocks(raster, band):
        patch = raster.read(Request((band,), box, 1.0, False, margin=0))
        if patch is not None:
            cells = patch.cells[0].ravel() if patch.valid is None else patch.cells[0][patch.valid]
            counts += np.bincount(cells.astype(dtype, copy=False).view(unsigned), minlength=size)
    values = np.arange(size).astype(unsigned).view(dtype)
    order = np.argsort(values)
    order = order[counts[order] > 0]
    return values[order], counts[order]


def _blocks(raster: RasterLevels, band: int) -> Iterator[Box]:
    """Boxes that cover the raster, cut as the file is, so that no part of it is unpacked twice."""
    height, width = raster.block_shape(band)
    if width >= raster.width:
        across, down = raster.width, max(height, _BLOCK_CELLS // raster.width // height * height)
    else:
        across, down = (max(side, _BLOCK_SIDE // side * side) for side in (width, height))
    for top in range(0, raster.height, down):
        for left in range(0, raster.width, across):
            yield left, top, min(left + across, raster.width), min(top + down, raster.height)


def measures_of_counts(counted: Counts, limit: int) -> Measures:
    """The measures of all cells.  limit: most distinct values that are listed."""
    values, counts = counted
    if not len(values):
        return Measures(0, distinct_is_whole=True, exact=True)
    total, numbers = int(counts.sum()), values.astype(np.float64)
    mean = float(numbers @ counts / total)
    is_whole = len(values) <= limit
    return Measures(
        count=total,
        minimum=float(numbers[0]),
        maximum=float(numbers[-1]),
        mean=mean,
        deviation=float(np.sqrt((numbers - mean) ** 2 @ counts / total)),
        distinct=tuple(zip(values.tolist(), counts.tolist(), strict=True)) if is_whole else (),
        distinct_is_whole=is_whole,
        percentiles=tuple(_at_ranks(numbers, counts, _PERCENTS / 100 * (total - 1)).tolist()),
        sample=tuple(_at_ranks(numbers, counts, np.rint(np.linspace(0, total - 1, min(_SAMPLE, total)))).tolist()),
        exact=True,
    )


def _at_ranks(numbers: NDArray[np.float64], counts: NDArray[np.int64], ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """What stands at ranks from 0 in the row of all cells, in between two of them in proportion."""
    ends = np.cumsum(counts)
    low = numbers[np.searchsorted(ends, np.floor(ranks), side="right")]
    high = numbers[np.searchsorted(ends, np.ceil(ranks), side="right")]
    return np.asarray(low + (high - low) * (ranks - np.floor(ranks)))

"""Large rasters in a form that draws fast, unpacked and in levels: made behind the first pictures, kept in the store of all workers.

Pictures are drawn from the original until the levels are there, and again when they are gone or damaged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import Layer
from rendermap.render.copy_store import drop_damaged, found_copy, kept_copy
from rendermap.render.raster_holes import Cells, valid_cells
from rendermap.render.raster_source import (
    ColorInterp,
    Dataset,
    Resampling,
    Window,
    add_overviews,
    check_files,
    copy_tiff,
    create_tiff,
    open_raster,
    reading,
)
from rendermap.render.seals import SealedBytes
from rendermap.symbology.facts import RasterFacts

LARGE_CELLS = 2048
"""Along the longer side; of a smaller raster a worker has all levels in memory."""
MOST_BYTES = 1 << 30
"""Of the finest level of a kept file; the others take a third more."""
_LARGEST_PICKED_FACTOR = 4
PICKED_PER_PIXEL = 2
"""Cells of a level along a pixel's side, at least: the one under a pixel then lies within half a pixel of its place."""
_SUFFIX = ".tif"
_SMALLEST_SIDE = 256
_WINDOW_BYTES = 32 << 20
_WORKED_BYTES = 8
"""A cell takes while means are made of it."""
_SWATH_ROWS = 512


class Kept(StrEnum):
    """What a kept file holds: the very cells, in tiles; cells picked from them, ever fewer; means of those that hold data, ever fewer.

    WHOLE: the cells, and the levels that the raster has itself; of one too large, the levels alone.
    """

    WHOLE = "whole"
    CELLS = "cells"
    PICKED = "picked"
    MEANS = "means"


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a kept file.  step: full-size cells per cell, (across, down)."""

    dataset: Dataset
    step: tuple[float, float]


class Pyramid:
    """A kept file of levels, open for one thread."""

    def __init__(self, file: Path, layer: Layer, kept: Kept) -> None:
        """Raises OSError for a file that is gone, SourceUnreadable for one that is damaged."""
        self.file = file
        self._bytes = SealedBytes(file)
        opened = partial(open_raster, str(file), "GTiff", self._bytes.open)
        finest = opened()
        others = [opened(OVERVIEW_LEVEL=str(level)) for level in range(len(finest.overviews(1)))]
        facts, factor = layer.facts, first_factor(layer, kept)
        assert isinstance(facts, RasterFacts)
        # The last cell of a row may stand for fewer cells than others, and counts as a whole one.
        width, height = (facts.width, facts.height) if factor == 1 else (factor * finest.width, factor * finest.height)
        self._levels = [Level(each, (width / each.width, height / each.height)) for each in (finest, *others)]

    def level(self, scale: float) -> Level | None:
        """The coarsest level that is fine enough for so many full-size cells per pixel; None where none kept is."""
        return next((level for level in reversed(self._levels) if max(level.step) <= max(scale, 1.0) * 1.01), None)

    def close(self) -> None:
        """Lets go of the file."""
        for level in self._levels:
            level.dataset.close()

    def drop(self) -> None:
        """The file is damaged."""
        self.close()
        drop_damaged(self.file)

    @property
    def is_damaged(self) -> bool:
        """True once something was read that is not as it was written."""
        return self._bytes.is_damaged


def is_large(layer: Layer) -> bool:
    """True for a raster that may be worth keeping."""
    return isinstance(layer.facts, RasterFacts) and layer.reader == "rasterio" and _side(layer.facts) > LARGE_CELLS


def kept_for(layer: Layer, scale: float, *, smooth: bool) -> Kept:
    """What a picture of so many full-size cells per pixel is drawn from: the very picture that the raster itself would give."""
    if _has_levels(layer):
        return Kept.WHOLE
    if smooth:
        return Kept.MEANS if scale >= 2 else Kept.CELLS
    return Kept.PICKED if scale >= PICKED_PER_PIXEL * first_factor(layer, Kept.PICKED) else Kept.CELLS


def find_pyramid(layer: Layer, kept: Kept) -> Pyramid | None:
    """A kept file of a raster, None when there is none; a damaged one is dropped."""
    file = found_copy(_essence(layer, kept), _SUFFIX, layer.source, is_read_sealed=True)
    if file is None:
        return None
    try:
        return Pyramid(file, layer, kept)
    except (OSError, SourceUnreadable):
        drop_damaged(file)
        return None


def prepare_raster(layer: Layer) -> Path | None:
    """Keep a raster unpacked and in levels; one of the files, None when it draws fast as it is, or is too large.

    Reads block by block, a few dozen megabytes at a time.  Raises SourceUnreadable, SourceRefused, Busy, RenderFailed.
    """
    if not is_large(layer):
        return None
    with reading(layer.open_name), open_raster(layer.open_name, layer.driver) as source:
        check_files(source, layer.source.root)
        fitting = [kept for kept in Kept if _fits(layer, source, kept)]
        made = [_prepared(layer, source, kept) for kept in fitting]
    return made[0] if made else None


def _prepared(layer: Layer, source: Dataset, kept: Kept) -> Path:
    essence = _essence(layer, kept)
    found = found_copy(essence, _SUFFIX, layer.source)
    if found:
        return found
    # Made before the lock is taken: a picture that waits for a copy of its own would wait for this one too.
    with tempfile.TemporaryDirectory() as room:
        made = Path(room) / f"pyramid{_SUFFIX}"
        _write(layer, source, made, kept)
        return kept_copy(essence, _SUFFIX, layer.source, partial(_move, made))


def _move(made: Path, file: Path) -> None:
    made.replace(file)


def _essence(layer: Layer, kept: Kept) -> tuple[object, ...]:
    source = layer.source
    return ("pyramid", kept.value, layer.open_name, layer.driver, source.path, source.member, source.fingerprint)


def _has_levels(layer: Layer) -> bool:
    return isinstance(layer.facts, RasterFacts) and layer.facts.has_overviews


def _side(facts: RasterFacts) -> int:
    return max(facts.width, facts.height)


def first_factor(layer: Layer, kept: Kept) -> int:
    """Full-size cells along the side of a cell of the finest level."""
    if kept is not Kept.PICKED:
        return 2 if kept is Kept.MEANS else 1
    assert isinstance(layer.facts, RasterFacts)
    side = _side(layer.facts)
    return 2 if side <= 2 * PICKED_PER_PIXEL * LARGE_CELLS else _LARGEST_PICKED_FACTOR


def picked_at(first: int, count: int, factor: int, start: int, full: int) -> NDArray[np.intp]:
    """The cells of a raster, along one side, that those of a level are: one of so many, from start on; no more than there are.

    A level of twice the factor holds every second of them, so that a view shows the same cells whichever level they are read from.
    """
    return np.minimum(np.arange(first, first + count) * factor + start, full - 1)


def halvings(side: int) -> int:
    """Levels above one of so many cells along its longer side."""
    return next(power for power in range(16) if -(-side // 2**power) <= _SMALLEST_SIDE)


def _fits(layer: Layer, source: Dataset, kept: Kept) -> bool:
    """True when the raster gains by being kept so, and is not too large for it."""
    if _has_levels(layer) != (kept is Kept.WHOLE):
        return False
    if kept is Kept.WHOLE:
        return source.compression is not None and not _is_masked(source) and _own_level(source) is not None
    cells = source.width * source.height * source.count / first_factor(layer, kept) ** 2
    return cells * _dtype_of(source, kept).itemsize <= MOST_BYTES and (kept is not Kept.MEANS or _has_means(layer, source))


def _own_level(source: Dataset) -> int | None:
    """The finest of a raster's own levels that is not too large: -1 for the very cells, None where all are."""
    whole_bytes = source.width * source.height * source.count * np.dtype(source.dtypes[0]).itemsize
    factors = enumerate((1, *source.overviews(1)), start=-1)
    return next((level for level, factor in factors if whole_bytes / factor**2 <= MOST_BYTES), None)


def _has_means(layer: Layer, source: Dataset) -> bool:
    """False for colour tables, whose numbers have no mean, and where cells hold data by degrees or band by band."""
    assert isinstance(layer.facts, RasterFacts)
    bands = layer.facts.bands
    hidden = any(flag.name in ("per_dataset", "alpha") for flags in source.mask_flag_enums for flag in flags)
    apart = len(bands) > 1 and any(band.nodata is not None for band in bands)
    return not (hidden or apart or any(band.palette for band in bands))


def _dtype_of(source: Dataset, kept: Kept) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.dtype(source.dtypes[0])
    if kept is not Kept.MEANS:
        return dtype
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64)


def _write(layer: Layer, source: Dataset, file: Path, kept: Kept) -> None:
    if kept is Kept.WHOLE:
        _copy_own(layer, source, file)
        return
    factor, dtype = first_factor(layer, kept), _dtype_of(source, kept)
    width, height = -(-source.width // factor), -(-source.height // factor)
    levels = halvings(max(width, height))
    if kept is Kept.PICKED:  # so that GDAL halves it evenly, and picks every second cell
        width, height = (-(-side // 2**levels) * 2**levels for side in (width, height))
    nodata = np.nan if kept is Kept.MEANS else source.nodata
    with create_tiff(file, width=width, height=height, count=source.count, dtype=dtype, nodata=nodata) as target:
        if ColorInterp.alpha in source.colorinterp:
            target.colorinterp = source.colorinterp
        for place in _places(source, target, factor):
            _fill(layer, source, target, place, kept)
    if kept is not Kept.CELLS:
        factors = [2 ** (level + 1) for level in range(levels)]
        add_overviews(file, factors, Resampling.average if kept is Kept.MEANS else Resampling.nearest)


def _copy_own(layer: Layer, source: Dataset, file: Path) -> None:
    level = _own_level(source)
    if level == -1:
        copy_tiff(source, file)
        return
    with open_raster(layer.open_name, layer.driver, OVERVIEW_LEVEL=str(level)) as coarser:
        copy_tiff(coarser, file)


def _fill(layer: Layer, source: Dataset, target: Any, place: Window, kept: Kept) -> None:
    """Fill a part of the finest level."""
    factor = first_factor(layer, kept)
    rows = _read_at(source.height, place.row_off, place.height, factor, kept)
    cols = _read_at(source.width, place.col_off, place.width, factor, kept)
    window = Window(cols[0], rows[0], cols[-1] + 1 - cols[0], rows[-1] + 1 - rows[0])
    picked = np.ix_(rows - rows[0], cols - cols[0])
    cells = source.read(window=window)
    target.write(_means(layer, cells, _dtype_of(source, kept)) if kept is Kept.MEANS else cells[:, *picked], window=place)
    if _is_masked(source):
        target.write_mask(source.dataset_mask(window=window)[picked], window=place)


def _read_at(full: int, first: int, count: int, factor: int, kept: Kept) -> NDArray[np.intp]:
    """The cells of the raster, along one side, that some of the finest level are made of."""
    if kept is Kept.MEANS:
        return np.arange(2 * first, min(2 * (first + count), full))
    return picked_at(first, count, factor, factor // 2, full)


def _is_masked(source: Dataset) -> bool:
    names = {flag.name for flag in source.mask_flag_enums[0]}
    return "per_dataset" in names and "alpha" not in names


def _places(source: Dataset, target: Any, factor: int) -> Iterator[Window]:
    """Parts of the finest level, on the grid of its tiles, row by row; what is read for one takes a few dozen megabytes."""
    cell_bytes = source.count * _WORKED_BYTES * factor**2
    cols = max(_WINDOW_BYTES // (_SWATH_ROWS * cell_bytes) // _SWATH_ROWS, 1) * _SWATH_ROWS
    for top in range(0, target.height, _SWATH_ROWS):
        for left in range(0, target.width, cols):
            yield Window(left, top, min(cols, target.width - left), min(_SWATH_ROWS, target.height - top))


def _means(layer: Layer, cells: Cells, kind: np.dtype[Any]) -> NDArray[Any]:
    """Means of two by two cells (bands, height, width), of those that hold data; not a number where none does."""
    assert isinstance(layer.facts, RasterFacts)
    valid = valid_cells(cells, [band.nodata for band in layer.facts.bands])
    known = np.ones(cells.shape[1:], np.bool_) if valid is None else valid
    total = sum_pairs(known.astype(np.float32))
    sums = np.stack([sum_pairs(np.where(known, band, 0).astype(kind)) for band in cells])
    return np.where(total > 0, sums / np.maximum(total, 1), np.nan).astype(kind)


def sum_pairs(values: Cells) -> Cells:
    """Sums of blocks of two by two, short at odd edges."""
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], 2), axis=0)
    return np.asarray(np.add.reduceat(rows, np.arange(0, values.shape[1], 2), axis=1))

"""An opened raster with its levels of detail: overviews of its own, or ones made in memory when it has none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rendermap.errors import SourceUnreadable, StyleInvalid
from rendermap.jobs.job import Layer
from rendermap.render.memory_levels import SMALLEST_SIDE, MemoryLevel, levels_from
from rendermap.render.raster_holes import valid_cells
from rendermap.render.raster_patch import Patch, Read, Request, joined, span
from rendermap.render.raster_pyramid import (
    PICKED_PER_PIXEL,
    Kept,
    Level,
    Pyramid,
    find_pyramid,
    first_factor,
    halvings,
    is_large,
    kept_for,
    picked_at,
)
from rendermap.render.raster_source import Affine, Dataset, Resampling, Window, check_files, georeference, open_raster, reading
from rendermap.symbology.facts import Band, RasterFacts

_MEMORY_SIDE = 2048
_READ_CELLS = 1 << 24
LARGE_PART = 0.25
"""Of the rows of a large raster: for so many all may be read, and what is made of them serves the next picture."""
_AVERAGED_UP_TO_CELLS = 1 << 28


class RasterLevels:
    """One raster, open for one thread."""

    def __init__(self, layer: Layer) -> None:
        if not isinstance(layer.facts, RasterFacts):
            raise TypeError("a raster's layer has raster facts")
        self._layer, self._bands = layer, layer.facts.bands
        self._whole = open_raster(layer.open_name, layer.driver)
        with reading(layer.open_name):
            check_files(self._whole, layer.source.root)
            self.transform: Affine = georeference(self._whole).transform
            self._factors = tuple(self._whole.overviews(1))
        self.width, self.height = self._whole.width, self._whole.height
        self._overviews: dict[int, Dataset] = {}
        self._made: dict[tuple[tuple[int, ...], bool, int], list[MemoryLevel]] = {}
        self._pyramids: dict[Kept, Pyramid] = {}
        self._is_large = is_large(layer)

    def close(self) -> None:
        """Lets go of the files."""
        for opened in (self._whole, *self._overviews.values(), *self._pyramids.values()):
            opened.close()

    def band(self, number: int) -> Band:
        """The facts of a band, counted from 1.  Raises StyleInvalid when there is none."""
        if not 1 <= number <= len(self._bands):
            raise StyleInvalid(reason=f"{self._layer.open_name} has no band {number}")
        return self._bands[number - 1]

    def block_shape(self, number: int) -> tuple[int, int]:
        """(height, width) in cells of the pieces that the file keeps a band in."""
        height, width = self._whole.block_shapes[number - 1]
        return int(height), int(width)

    def told_range(self, number: int) -> tuple[float, float] | None:
        """The least and the greatest value of a band as its maker counted them, None when it did not or only estimated."""
        tags = self._whole.tags(number)
        if tags.get("STATISTICS_APPROXIMATE", "NO").upper() == "YES":
            return None
        try:
            low, high = float(tags["STATISTICS_MINIMUM"]), float(tags["STATISTICS_MAXIMUM"])
        except (KeyError, ValueError):
            return None
        return (low, high) if low <= high else None

    def fades(self, number: int) -> bool:
        """True when cells of a band may be see-through by degrees."""
        return any(flag.name == "alpha" for flag in self._whole.mask_flag_enums[number - 1])

    @property
    def memory_bytes(self) -> int:
        """What the levels made in memory take."""
        return sum(level.cells.nbytes for levels in self._made.values() for level in levels)

    def read(self, request: Request) -> Patch | None:
        """The cells a picture needs, at the coarsest level that is fine enough; None when the box lies outside.

        Raises StyleInvalid for a band that is not there, SourceUnreadable.
        """
        for number in (*request.bands, *filter(None, [request.alpha_band])):
            self.band(number)
        kept = self._read_pyramid(request) if self._is_large else None
        if kept is not None:
            return kept
        if self._wants_levels(request):
            made = self._made_level(request)
            if made is not None:
                return made
        if self._picks(request):
            return self._read_picked(request)
        level = max((i for i, factor in enumerate(self._factors) if factor <= max(1.0, request.level_scale * 1.01)), default=-1)
        with reading(self._layer.open_name):
            dataset = self._whole if level < 0 else self._overview(level)
            return self._read_file(Level(dataset, (self.width / dataset.width, self.height / dataset.height)), request)

    def _wants_levels(self, request: Request) -> bool:
        """True where levels made of all cells serve better than a look at those of the picture; a large raster's will be kept anyway."""
        if self._factors or request.majority or max(self.width, self.height) <= SMALLEST_SIDE:
            return False
        if request.level_scale < 2 or (self._is_large and not (request.smooth or self._picks(request))):
            return False
        rows = request.box[3] - request.box[1]
        return not self._is_large or rows > LARGE_PART * self.height

    def _picks(self, request: Request) -> bool:
        """True where a picture shows every so manieth cell of a large raster, the same ones whether they are kept yet or not."""
        if self._factors or not self._is_large or request.smooth or request.majority:
            return False
        return request.level_scale >= self._first_factor

    @property
    def _first_factor(self) -> int:
        return first_factor(self._layer, Kept.PICKED)

    def _read_picked(self, request: Request) -> Patch | None:
        """The cells of a kept level that is not there yet."""
        factor = self._first_factor
        for _ in range(halvings(-(-max(self.width, self.height) // factor))):
            factor *= 1 + (2 * factor <= request.level_scale * 1.01)
        left, top, right, bottom = (place / factor for place in request.box)
        columns = span(left, right, -(-self.width // factor), 1, request.margin)
        rows = span(top, bottom, -(-self.height // factor), 1, request.margin)
        if columns[1] <= columns[0] or rows[1] <= rows[0]:
            return None
        with reading(self._layer.open_name):
            picked = self._picked(request, factor, rows, columns)
        return Patch(*picked, columns[0] * factor, rows[0] * factor, (factor, factor))

    def _picked(self, request: Request, factor: int, rows: tuple[int, int], columns: tuple[int, int]) -> Read:
        """Every so manieth cell, from the first to before the last of a level's, a bounded part of the raster at a time."""
        start = self._first_factor // 2
        down = picked_at(rows[0], rows[1] - rows[0], factor, start, self.height)
        across = picked_at(columns[0], columns[1] - columns[0], factor, start, self.width)
        width = int(across[-1] + 1 - across[0])
        at_once = max(_READ_CELLS // (width * factor), 1)
        parts = []
        for some in (down[first : first + at_once] for first in range(0, len(down), at_once)):
            window = Window(int(across[0]), int(some[0]), width, int(some[-1] + 1 - some[0]))
            cells, valid, alpha = self._cells(self._whole, request, window, (window.height, window.width))
            at = np.ix_(some - some[0], across - across[0])
            parts.append((cells[:, *at], None if valid is None else valid[at], None if alpha is None else alpha[at]))
        return joined(parts)

    def _read_pyramid(self, request: Request) -> Patch | None:
        """From what is kept behind earlier pictures; None where nothing is, or it is damaged."""
        scale = 1.0 if request.majority else request.scale
        kept = kept_for(self._layer, scale, smooth=request.smooth)
        pyramid = None if kept is Kept.MEANS and request.alpha_band else self._pyramid(kept)
        level = pyramid.level(request.level_scale) if pyramid else None
        if pyramid is None or level is None:
            return None
        try:
            with reading(str(pyramid.file)):
                found = self._read_file(level, request, kept)
            if not pyramid.is_damaged:
                return found
        except SourceUnreadable:
            pass
        self._pyramids.pop(kept).drop()
        return None

    def _pyramid(self, kept: Kept) -> Pyramid | None:
        if kept not in self._pyramids:
            found = find_pyramid(self._layer, kept)
            if found is None:
                return None
            self._pyramids[kept] = found
            self._made = {key: made for key, made in self._made.items() if key[1] != (kept is Kept.MEANS)}
        return self._pyramids[kept]

    def _overview(self, level: int) -> Dataset:
        if level not in self._overviews:
            self._overviews[level] = open_raster(self._layer.open_name, self._layer.driver, OVERVIEW_LEVEL=str(level))
        return self._overviews[level]

    def _read_file(self, level: Level, request: Request, kept: Kept | None = None) -> Patch | None:
        dataset, step = level.dataset, level.step
        # what a level was filled up with to halve evenly is no part of the raster
        width, height = min(dataset.width, math.ceil(self.width / step[0])), min(dataset.height, math.ceil(self.height / step[1]))
        # the cells themselves are picked from the middle of those that a pixel shows, of a level nobody knows from where
        scale = request.scale if max(step) == 1 else request.level_scale
        shrink = 1 if kept is Kept.PICKED else max(1, int(scale / max(step)))
        c0, c1 = span(request.box[0] / step[0], request.box[2] / step[0], width, shrink, request.margin)
        r0, r1 = span(request.box[1] / step[1], request.box[3] / step[1], height, shrink, request.margin)
        if c1 <= c0 or r1 <= r0:
            return None
        shape = (-(-(r1 - r0) // shrink), -(-(c1 - c0) // shrink))
        window = Window(c0, r0, c1 - c0, r1 - r0)
        cells, valid, alpha = self._cells(dataset, request, window, shape, kept is Kept.MEANS)
        scaled = (step[0] * (c1 - c0) / shape[1], step[1] * (r1 - r0) / shape[0])
        return Patch(cells, valid, alpha, c0 * step[0], r0 * step[1], scaled)

    def _cells(self, dataset: Dataset, request: Request, window: Window, shape: tuple[int, int], averaged: bool = False) -> Read:
        shrinks = shape != (window.height, window.width)
        method = Resampling.nearest
        if shrinks and (request.smooth or request.majority):
            method = Resampling.mode if request.majority else Resampling.average
        cells = dataset.read(list(request.bands), window=window, out_shape=(len(request.bands), *shape), resampling=method)
        # A mean may well be the number that stands for no data in a single cell.
        valid = valid_cells(cells, [None if averaged else self.band(number).nodata for number in request.bands])
        flags = [flag.name for flag in dataset.mask_flag_enums[request.bands[0] - 1]]
        # Where the band of transparency is asked for as a number, as black of a print is, it hides nothing.
        is_masked = "per_dataset" in flags and not any(self.band(number).interpretation == "alpha" for number in request.bands)
        if not is_masked and not request.alpha_band:
            return cells, valid, None
        mask = (
            dataset.read_masks(request.bands[0], window=window, out_shape=shape)
            if is_masked
            else dataset.read(request.alpha_band, window=window, out_shape=shape)
        )
        seen = mask > 0
        valid = seen if valid is None else valid & seen
        by_degrees = mask.dtype == np.uint8 and (request.alpha_band or "alpha" in flags) and not np.isin(mask, (0, 255)).all()
        return cells, None if valid.all() else valid, mask if by_degrees else None

    def _made_level(self, request: Request) -> Patch | None:
        key = (request.bands, request.smooth, request.alpha_band)
        if key not in self._made:
            self._made[key] = self._make(request)
        made = [level for level in self._made[key] if max(level.step) <= request.level_scale * 1.01]
        return made[-1].cut(request.box, request.margin) if made else None

    def _make(self, request: Request) -> list[MemoryLevel]:
        """Halved copies, `_MEMORY_SIDE` cells a side at most: a raster without overviews is read through once, not for every tile."""
        if self._picks(request):
            return self._make_picked(request)
        factor = 2
        while max(self.width, self.height) / factor > _MEMORY_SIDE:
            factor *= 2
        smooth = request.smooth and self.width * self.height <= _AVERAGED_UP_TO_CELLS
        shape = (-(-self.height // factor), -(-self.width // factor))
        with reading(self._layer.open_name):
            whole = Window(0, 0, self.width, self.height)
            cells, valid, alpha = self._cells(self._whole, replace(request, smooth=smooth), whole, shape)
        return levels_from(MemoryLevel(cells, valid, alpha, (self.width / shape[1], self.height / shape[0])), request.smooth)

    def _make_picked(self, request: Request) -> list[MemoryLevel]:
        factor = self._first_factor
        while max(self.width, self.height) / factor > PICKED_PER_PIXEL * _MEMORY_SIDE:
            factor *= 2
        with reading(self._layer.open_name):
            picked = self._picked(request, factor, (0, -(-self.height // factor)), (0, -(-self.width // factor)))
        return levels_from(MemoryLevel(*picked, (factor, factor)), smooth=False)

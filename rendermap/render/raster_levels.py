"""An opened raster with its levels of detail: overviews of its own, or ones made in memory when it has none."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendermap.errors import SourceUnreadable, StyleInvalid
from rendermap.jobs.job import Layer
from rendermap.render.raster_holes import Cells, Valid, valid_cells
from rendermap.render.raster_pyramid import Kept, Level, Pyramid, find_pyramid, is_large, kept_for, sum_pairs
from rendermap.render.raster_source import Affine, Dataset, Resampling, Window, check_files, georeference, open_raster, reading
from rendermap.symbology.facts import Band, RasterFacts

Box = tuple[float, float, float, float]

WARM_RASTERS = 16
WARM_BYTES = 256 << 20
_MEMORY_SIDE = 2048
_SMALLEST_SIDE = 256
LARGE_PART = 0.25
"""Of the rows of a large raster: for so many all may be read, and what is made of them serves the next picture."""
_AVERAGED_UP_TO_CELLS = 1 << 28


@dataclass(frozen=True, slots=True)
class Patch:
    """Cells read around what a picture needs.

    cells: (bands, height, width).  valid: (height, width), None when every cell is.  alpha: (height, width) uint8 where the raster is
    see-through by degrees.  left, top: place of the first cell's outer corner in the raster, in its full-size cells.
    step: full-size cells per cell read, (across, down).
    """

    cells: Cells
    valid: Valid | None
    alpha: NDArray[np.uint8] | None
    left: float
    top: float
    step: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Request:
    """What to read.  bands: from 1.  box: (left, top, right, bottom) in full-size cells.  scale: full-size cells per picture pixel.

    smooth: average when shrinking, else pick, or take what most cells have where majority.
    alpha_band: 0 for none but the dataset's own mask.  margin: cells read beyond the box, one for values between cells.
    """

    bands: tuple[int, ...]
    box: Box
    scale: float
    smooth: bool
    alpha_band: int = 0
    majority: bool = False
    margin: int = 1


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
        self._made: dict[tuple[tuple[int, ...], bool, int], list[_Made]] = {}
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
        level = max((i for i, factor in enumerate(self._factors) if factor <= max(1.0, request.scale * 1.01)), default=-1)
        with reading(self._layer.open_name):
            dataset = self._whole if level < 0 else self._overview(level)
            return self._read_file(Level(dataset, (self.width / dataset.width, self.height / dataset.height)), request)

    def _wants_levels(self, request: Request) -> bool:
        """True where levels made of all cells serve better than a look at those of the picture; a large raster's will be kept anyway."""
        if self._factors or request.majority or request.scale < 2 or max(self.width, self.height) <= _SMALLEST_SIDE:
            return False
        rows = request.box[3] - request.box[1]
        return not self._is_large or rows > LARGE_PART * self.height

    def _read_pyramid(self, request: Request) -> Patch | None:
        """From what is kept behind earlier pictures; None where nothing is, or it is damaged."""
        scale = 1.0 if request.majority else request.scale
        kept = kept_for(self._layer, scale, smooth=request.smooth)
        pyramid = None if kept is Kept.MEANS and request.alpha_band else self._pyramid(kept)
        level = pyramid.level(request.scale) if pyramid else None
        if pyramid is None or level is None:
            return None
        try:
            with reading(str(pyramid.file)):
                found = self._read_file(level, request, averaged=kept is Kept.MEANS)
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

    def _read_file(self, level: Level, request: Request, averaged: bool = False) -> Patch | None:
        dataset, step = level.dataset, level.step
        shrink = max(1, int(request.scale / max(step)))
        c0, c1 = _span(request.box[0] / step[0], request.box[2] / step[0], dataset.width, shrink, request.margin)
        r0, r1 = _span(request.box[1] / step[1], request.box[3] / step[1], dataset.height, shrink, request.margin)
        if c1 <= c0 or r1 <= r0:
            return None
        shape = (-(-(r1 - r0) // shrink), -(-(c1 - c0) // shrink))
        window = Window(c0, r0, c1 - c0, r1 - r0)
        cells, valid, alpha = self._cells(dataset, request, window, shape, averaged)
        scaled = (step[0] * (c1 - c0) / shape[1], step[1] * (r1 - r0) / shape[0])
        return Patch(cells, valid, alpha, c0 * step[0], r0 * step[1], scaled)

    def _cells(
        self, dataset: Dataset, request: Request, window: Window, shape: tuple[int, int], averaged: bool = False
    ) -> tuple[Cells, Valid | None, NDArray[np.uint8] | None]:
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
        made = [level for level in self._made[key] if max(level.step) <= request.scale * 1.01]
        return made[-1].cut(request.box, request.margin) if made else None

    def _make(self, request: Request) -> list[_Made]:
        """Halved copies, `_MEMORY_SIDE` cells a side at most: a raster without overviews is read through once, not for every tile."""
        factor = 2
        while max(self.width, self.height) / factor > _MEMORY_SIDE:
            factor *= 2
        smooth = request.smooth and self.width * self.height <= _AVERAGED_UP_TO_CELLS
        shape = (-(-self.height // factor), -(-self.width // factor))
        with reading(self._layer.open_name):
            whole = Window(0, 0, self.width, self.height)
            cells, valid, alpha = self._cells(self._whole, replace(request, smooth=smooth), whole, shape)
        made = [_Made(cells, valid, alpha, (self.width / shape[1], self.height / shape[0]))]
        while max(made[-1].cells.shape[1:]) > _SMALLEST_SIDE:
            made.append(made[-1].halved(request.smooth))
        return made


@dataclass(frozen=True, slots=True)
class _Made:
    """A level in memory."""

    cells: Cells
    valid: Valid | None
    alpha: NDArray[np.uint8] | None
    step: tuple[float, float]

    def cut(self, box: Box, margin: int) -> Patch | None:
        height, width = self.cells.shape[1:]
        c0, c1 = _span(box[0] / self.step[0], box[2] / self.step[0], width, 1, margin)
        r0, r1 = _span(box[1] / self.step[1], box[3] / self.step[1], height, 1, margin)
        if c1 <= c0 or r1 <= r0:
            return None
        part = np.s_[r0:r1, c0:c1]
        valid = None if self.valid is None else self.valid[part]
        alpha = None if self.alpha is None else self.alpha[part]
        return Patch(self.cells[:, r0:r1, c0:c1], valid, alpha, c0 * self.step[0], r0 * self.step[1], self.step)

    def halved(self, smooth: bool) -> _Made:
        height, width = self.cells.shape[1:]
        rows, cols = np.arange(0, height, 2), np.arange(0, width, 2)
        step = (self.step[0] * width / len(cols), self.step[1] * height / len(rows))
        alpha = None if self.alpha is None else self.alpha[::2, ::2]
        if not smooth:
            return _Made(self.cells[:, ::2, ::2], None if self.valid is None else self.valid[::2, ::2], alpha, step)
        weights = np.ones((height, width), np.float32) if self.valid is None else self.valid.astype(np.float32)
        total = sum_pairs(weights)
        values = np.where(weights > 0, self.cells, 0) * weights
        mean = np.stack([sum_pairs(band) for band in values]) / np.maximum(total, 1)
        kind = np.float32 if self.cells.dtype.itemsize <= 2 or self.cells.dtype == np.float32 else np.float64
        return _Made(mean.astype(kind), None if self.valid is None else total > 0, alpha, step)


def _span(low: float, high: float, size: int, shrink: int, margin: int) -> tuple[int, int]:
    """Cells needed between two places, some more on each side, on the grid of shrunken cells."""
    first = int(np.floor(max(low - margin * shrink, 0) / shrink)) * shrink
    last = int(np.ceil(min(high + margin * shrink, size) / shrink)) * shrink
    return first, min(last, size)


class WarmRasters:
    """The rasters opened last, for one thread."""

    def __init__(self, limit: int = WARM_RASTERS) -> None:
        self._limit = limit
        self._open: OrderedDict[tuple[str, str], RasterLevels] = OrderedDict()

    def get(self, layer: Layer) -> RasterLevels:
        """The raster of a layer, in the very version the layer's fingerprint names.  Raises SourceUnreadable, SourceRefused."""
        key = (layer.open_name, layer.source.fingerprint)
        if key not in self._open:
            self._drop_older(layer)
            self._open[key] = RasterLevels(layer)
        self._open.move_to_end(key)
        while len(self._open) > 1 and (len(self._open) > self._limit or self._memory_bytes() > WARM_BYTES):
            self._open.popitem(last=False)[1].close()
        return self._open[key]

    def forget(self) -> None:
        """Close them all."""
        while self._open:
            self._open.popitem()[1].close()

    def _memory_bytes(self) -> int:
        return sum(raster.memory_bytes for raster in self._open.values())

    def _drop_older(self, layer: Layer) -> None:
        for key in [key for key in self._open if key[0] == layer.open_name]:
            self._open.pop(key).close()


@lru_cache(maxsize=1)
def warm_rasters() -> WarmRasters:
    """The warm rasters of this worker."""
    return WarmRasters()

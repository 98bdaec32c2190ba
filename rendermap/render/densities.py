"""How densely points lie: on a grid of pixels, and at most anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MOST_LOOKS = 2000
_STEEPNESS = 4.5


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels: x, y of the upper left corner, their size, and how many there are."""

    x: float
    y: float
    dx: float
    dy: float
    width: int
    height: int

    def weights(self, points: Floats) -> NDArray[np.float32]:
        """The weights of points (x, y, weight), each shared by the four pixels whose middles are around it, so that nothing jumps when a
        grid lies a thousandth of a pixel elsewhere.  Result: (height, width).
        """
        cols, rows = (points[:, 0] - self.x) / self.dx - 0.5, (self.y - points[:, 1]) / self.dy - 0.5
        left, top = np.floor(cols).astype(np.intp), np.floor(rows).astype(np.intp)
        right, below = cols - left, rows - top
        inside = (left >= 0) & (top >= 0) & (left < self.width - 1) & (top < self.height - 1)
        left, top, right, below, weight = left[inside], top[inside], right[inside], below[inside], points[inside, 2]
        cells = np.zeros(self.width * self.height)
        for dx, dy in product((0, 1), (0, 1)):
            share = (right if dx else 1 - right) * (below if dy else 1 - below) * weight
            cells += np.bincount((top + dy) * self.width + left + dx, share, minlength=len(cells))
        return cells.reshape(self.height, self.width).astype(np.float32)


def bell(radius_px: float) -> NDArray[np.float32]:
    """The influence of a point by distance along one axis, in pixels from -radius to radius: 1 in the middle, 0 at the radius."""
    reach = math.ceil(radius_px)
    steps = np.abs(np.arange(-reach, reach + 1)) / radius_px
    edge = math.exp(-_STEEPNESS)
    return np.maximum((np.exp(-_STEEPNESS * steps**2) - edge) / (1 - edge), 0.0).astype(np.float32)


def spread(weights: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The weights blurred by the kernel along both axes; nothing comes in from beyond the edges."""
    return _along(_along(weights, kernel).T, kernel).T


def _along(weights: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    reach, height = len(kernel) // 2, weights.shape[0]
    result = np.zeros_like(weights)
    for offset in range(-reach, reach + 1):
        share = kernel[offset + reach]
        if share > 0 and abs(offset) < height:
            target = slice(max(offset, 0), height + min(offset, 0))
            source = slice(max(-offset, 0), height + min(-offset, 0))
            result[target] += share * weights[source]
    return result


def peak_density(points: Floats, pixel: float, radius_px: float) -> float:
    """The highest density of points (x, y, weight) with no weight below zero; 1 where there are none.

    pixel: size of a pixel in units of x and y.  Looks into the cells (as wide as the radius) that could hold it, those with most around
    them first, until no other can hold more; a result with very many alike gets the highest of the first 2000.
    """
    if not len(points):
        return 1.0
    cells = _Cells(points, pixel * radius_px)
    bounds = cells.bounds()
    best = 0.0
    for index in np.argsort(-bounds, kind="stable")[:_MOST_LOOKS]:
        if bounds[index] <= best:
            break
        best = max(best, _highest(cells.around(int(index)), pixel, radius_px))
    return best or 1.0


class _Cells:
    """Points sorted into square cells."""

    def __init__(self, points: Floats, side: float) -> None:
        corner = points[:, :2].min(axis=0)
        cols, rows = (np.floor((points[:, i] - corner[i]) / side).astype(np.int64) for i in (0, 1))
        # a free column on both sides, so that neighbours of the first are not the last of another row
        self._width = int(cols.max()) + 3
        keys = (rows + 1) * self._width + cols + 1
        order = np.argsort(keys, kind="stable")
        self._points = points[order]
        self._keys, self._starts = np.unique(keys[order], return_index=True)
        self._stops = np.append(self._starts[1:], len(points))

    def bounds(self) -> Floats:
        """Of each cell that holds points, the weights in it and around it: no density in it is higher."""
        sums = np.add.reduceat(self._points[:, 2], self._starts)
        total = np.zeros(len(sums))
        for offset in self._offsets():
            places, found = self._places(self._keys + offset)
            total += np.where(found, sums[places], 0.0)
        return total

    def around(self, index: int) -> Floats:
        """The points of a cell and those of its neighbours."""
        places, found = self._places(self._keys[index] + np.array(self._offsets()))
        return np.concatenate([self._points[self._starts[p] : self._stops[p]] for p in places[found]])

    def _offsets(self) -> list[int]:
        return [dy * self._width + dx for dy, dx in product((-1, 0, 1), (-1, 0, 1))]

    def _places(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return places, self._keys[places] == keys


def _highest(points: Floats, pixel: float, radius_px: float) -> float:
    (xmin, ymin), (xmax, ymax) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    left, top = (math.floor(xmin / pixel) - 1) * pixel, (math.ceil(ymax / pixel) + 1) * pixel
    width, height = math.ceil((xmax - left) / pixel) + 2, math.ceil((top - ymin) / pixel) + 2
    return float(spread(Grid(left, top, pixel, pixel, width, height).weights(points), bell(radius_px)).max())

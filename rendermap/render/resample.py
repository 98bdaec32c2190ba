"""Values of a picture's pixels from the cells around them; missing cells never bleed into their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.render.raster_levels import Patch, Valid

Floats = NDArray[np.float64]
Values = NDArray[Any]


class Sampler:
    """The pixels of a picture placed in a patch of cells.

    cols, rows: (height, width) places in full-size cells, finite where inside.  inside: pixels that lie in the raster.
    """

    def __init__(self, patch: Patch, cols: Floats, rows: Floats, inside: Valid) -> None:
        self._patch = patch
        self.inside = inside
        self._height, self._width = patch.cells.shape[1:]
        self._cols = (np.where(inside, cols, patch.left) - patch.left) / patch.step[0]
        self._rows = (np.where(inside, rows, patch.top) - patch.top) / patch.step[1]
        col = np.minimum(np.maximum(self._cols.astype(np.int32), 0), self._width - 1)
        row = np.minimum(np.maximum(self._rows.astype(np.int32), 0), self._height - 1)
        self._nearest = row * np.int32(self._width) + col
        self.shown: Valid = inside if patch.valid is None else inside & np.take(patch.valid.ravel(), self._nearest)

    def pick(self, cells: Values) -> Values:
        """The value of the cell under each pixel: cells (height, width) of the patch."""
        picked: Values = np.take(cells.ravel(), self._nearest)
        return picked

    def blend(self, cells: Values) -> Values:
        """Bilinear between cell centres, of those cells that hold data; float32, or float64 where the cells need it."""
        kind = np.float32 if cells.dtype.itemsize <= 2 or cells.dtype == np.float32 else np.float64
        corners, (across, down) = self._corners(kind)
        flat = cells.ravel()
        weights = ((1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down)
        valid = self._patch.valid
        if valid is None:
            parts = [np.take(flat, at) * weight for at, weight in zip(corners, weights, strict=True)]
            plain: Values = parts[0] + parts[1] + parts[2] + parts[3]
            return plain
        known = valid.ravel()
        total = np.zeros(across.shape, kind)
        value = np.zeros(across.shape, kind)
        clean = np.where(known, flat, 0)
        for at, weight in zip(corners, weights, strict=True):
            share = np.where(np.take(known, at), weight, 0)
            total += share
            value += np.take(clean, at) * share
        blended: Values = value / np.where(total > 0, total, 1)
        return blended

    def _corners(self, kind: type[np.floating[Any]]) -> tuple[list[NDArray[np.int32]], tuple[Values, Values]]:
        c = np.clip(self._cols - 0.5, 0, self._width - 1)
        r = np.clip(self._rows - 0.5, 0, self._height - 1)
        c0, r0 = c.astype(np.int32), r.astype(np.int32)
        right = np.minimum(c0 + 1, self._width - 1) - c0
        below = (np.minimum(r0 + 1, self._height - 1) - r0) * self._width
        first = r0 * np.int32(self._width) + c0
        return [first, first + right, first + below, first + below + right], ((c - c0).astype(kind), (r - r0).astype(kind))

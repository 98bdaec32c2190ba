"""Pixels placed one by one among the cells around them: right wherever a view lies, and slower than over a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.render.raster_holes import Valid
from rendermap.render.raster_patch import Patch

Floats = NDArray[np.float64]
Values = NDArray[Any]


def kind_of(cells: Values) -> type[np.floating[Any]]:
    """The type that holds the cells' values without loss, or nearly so."""
    return np.float32 if cells.dtype.itemsize <= 2 or cells.dtype == np.float32 else np.float64


class PointSampler:
    """Pixels placed one by one.

    cols, rows: (height, width), or of any shape, in full-size cells; not finite where the view shows no place on earth.
    """

    def __init__(self, patch: Patch, cols: Floats, rows: Floats) -> None:
        self._patch = patch
        self._height, self._width = patch.cells.shape[1:]
        cols, rows = (cols - patch.left) / patch.step[0], (rows - patch.top) / patch.step[1]
        with np.errstate(invalid="ignore"):
            self._inside: Valid = (cols >= 0) & (rows >= 0) & (cols < self._width) & (rows < self._height)
        self._cols, self._rows = np.where(self._inside, cols, 0), np.where(self._inside, rows, 0)
        self._nearest = self._rows.astype(np.intp) * self._width + self._cols.astype(np.intp)

    @property
    def shown(self) -> Valid | None:
        """As Sampler.shown."""
        valid = self._patch.valid
        return self._inside if valid is None else self.pick(valid)

    def pick(self, cells: Values) -> Values:
        """As Sampler.pick."""
        picked: Values = np.take(cells.ravel(), self._nearest) * self._inside
        return picked

    def blend(self, cells: Values) -> Values:
        """As Sampler.blend."""
        kind = kind_of(cells)
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

    def _corners(self, kind: type[np.floating[Any]]) -> tuple[list[NDArray[np.intp]], tuple[Values, Values]]:
        c = np.clip(self._cols - 0.5, 0, self._width - 1)
        r = np.clip(self._rows - 0.5, 0, self._height - 1)
        c0, r0 = c.astype(np.intp), r.astype(np.intp)
        right = np.minimum(c0 + 1, self._width - 1) - c0
        below = (np.minimum(r0 + 1, self._height - 1) - r0) * self._width
        first = r0 * self._width + c0
        return [first, first + right, first + below, first + below + right], ((c - c0).astype(kind), (r - r0).astype(kind))

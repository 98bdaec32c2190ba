"""Levels of detail made in memory, each half as fine as the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rendermap.render.raster_holes import Cells, Valid
from rendermap.render.raster_patch import Box, Patch, span
from rendermap.render.raster_pyramid import sum_pairs

SMALLEST_SIDE = 256


@dataclass(frozen=True, slots=True)
class MemoryLevel:
    """A level made in memory, for a raster that has none of its own.  step: full-size cells per cell, (across, down)."""

    cells: Cells
    valid: Valid | None
    alpha: NDArray[np.uint8] | None
    step: tuple[float, float]

    def cut(self, box: Box, margin: int) -> Patch | None:
        """The cells of a box; None when it lies outside.  margin: see `Request`."""
        height, width = self.cells.shape[1:]
        c0, c1 = span(box[0] / self.step[0], box[2] / self.step[0], width, 1, margin)
        r0, r1 = span(box[1] / self.step[1], box[3] / self.step[1], height, 1, margin)
        if c1 <= c0 or r1 <= r0:
            return None
        part = np.s_[r0:r1, c0:c1]
        valid = None if self.valid is None else self.valid[part]
        alpha = None if self.alpha is None else self.alpha[part]
        return Patch(self.cells[:, r0:r1, c0:c1], valid, alpha, c0 * self.step[0], r0 * self.step[1], self.step)

    def halved(self, smooth: bool) -> MemoryLevel:
        """Half as many cells a side, means where smooth, else every other one."""
        height, width = self.cells.shape[1:]
        rows, cols = np.arange(0, height, 2), np.arange(0, width, 2)
        alpha = None if self.alpha is None else self.alpha[::2, ::2]
        if not smooth:
            picked = None if self.valid is None else self.valid[::2, ::2]
            return MemoryLevel(self.cells[:, ::2, ::2], picked, alpha, (2 * self.step[0], 2 * self.step[1]))
        step = (self.step[0] * width / len(cols), self.step[1] * height / len(rows))
        weights = np.ones((height, width), np.float32) if self.valid is None else self.valid.astype(np.float32)
        total = sum_pairs(weights)
        values = np.where(weights > 0, self.cells, 0) * weights
        mean = np.stack([sum_pairs(band) for band in values]) / np.maximum(total, 1)
        kind = np.float32 if self.cells.dtype.itemsize <= 2 or self.cells.dtype == np.float32 else np.float64
        return MemoryLevel(mean.astype(kind), None if self.valid is None else total > 0, alpha, step)


def levels_from(finest: MemoryLevel, smooth: bool) -> list[MemoryLevel]:
    """The finest and all coarser ones, down to one of `SMALLEST_SIDE` cells a side at most."""
    levels = [finest]
    while max(levels[-1].cells.shape[1:]) > SMALLEST_SIDE:
        levels.append(levels[-1].halved(smooth))
    return levels

"""What of a raster a picture needs, and the cells that were read for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rendermap.render.raster_holes import Cells, Valid
from rendermap.render.raster_pyramid import PICKED_PER_PIXEL

Box = tuple[float, float, float, float]
Read = tuple[Cells, Valid | None, NDArray[np.uint8] | None]
"""Cells, which of them hold data, and how far they are seen; see `Patch`."""


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

    @property
    def level_scale(self) -> float:
        """Full-size cells per cell of a level, at most: one that is picked must lie within half a pixel of its place."""
        return self.scale if self.smooth or self.majority else self.scale / PICKED_PER_PIXEL


def span(low: float, high: float, size: int, shrink: int, margin: int) -> tuple[int, int]:
    """Cells needed between two places, some more on each side, on the grid of shrunken cells."""
    first = int(np.floor(max(low - margin * shrink, 0) / shrink)) * shrink
    last = int(np.ceil(min(high + margin * shrink, size) / shrink)) * shrink
    return first, min(last, size)


def joined(parts: list[Read]) -> Read:
    """Parts of a picture one below the other."""
    cells = np.concatenate([part[0] for part in parts], axis=1)
    valid, alpha = None, None
    if any(part[1] is not None for part in parts):
        valid = np.concatenate([np.ones(read.shape[1:], np.bool_) if known is None else known for read, known, _ in parts])
    if any(part[2] is not None for part in parts):
        alpha = np.concatenate([np.full(read.shape[1:], 255, np.uint8) if seen is None else seen for read, _, seen in parts])
    return cells, valid, alpha

"""Made ground."""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import ArrayLike

from rendermap.demo.terrain import Grid


def ground(values: ArrayLike, cell_m: float = 30.0) -> Grid:
    """A grid of these heights, its south-western corner on a round coordinate."""
    heights = np.asarray(values, np.float32)
    return Grid(heights, Affine(cell_m, 0, 700_000, 0, -cell_m, 4_000_000 + cell_m * heights.shape[0]), cell_m)

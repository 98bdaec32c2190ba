"""What can be seen from a place: a sweep of sight lines over the elevation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from rendermap.demo.terrain import Grid

EARTH_RADIUS_M = 6_371_000.0
REFRACTION = 0.13


def visible_from(
    grid: Grid, row: int, col: int, *, eye_m: float = 1.7, target_m: float = 0.0, range_m: float = 15_000.0
) -> NDArray[np.bool_]:
    """Cells seen from a cell, (rows, cols) bool.

    eye_m, target_m: heights above ground.  range_m: how far is looked.  Rays leave in every direction a cell at the far end
    can tell apart; along a ray a place is seen when no place before it stands at a steeper angle.  Earth's curve and the
    refraction of light are taken off.
    """
    reach = int(range_m / grid.cell_m)
    angles = np.linspace(0, 2 * np.pi, int(2 * np.pi * reach), endpoint=False)
    radii = np.arange(1, reach + 1)
    rows = row - np.outer(np.cos(angles), radii)
    cols = col + np.outer(np.sin(angles), radii)
    heights = map_coordinates(grid.values, (rows, cols), order=1, mode="constant", cval=-1e4)
    distance_m = radii * grid.cell_m
    ground = heights - (1 - REFRACTION) * distance_m**2 / (2 * EARTH_RADIUS_M) - (grid.values[row, col] + eye_m)
    horizon = np.maximum.accumulate(ground / distance_m, axis=1)
    seen = np.ones(ground.shape, bool)
    seen[:, 1:] = (ground[:, 1:] + target_m) / distance_m[1:] >= horizon[:, :-1]
    return _to_cells(grid, row, col, seen)


def _to_cells(grid: Grid, row: int, col: int, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """From (rays, steps) to the cells of the grid, each by its nearest ray and step."""
    rays, steps = seen.shape
    south, east = np.mgrid[: grid.values.shape[0], : grid.values.shape[1]]
    south, east = south - row, east - col
    ray = np.rint(np.arctan2(east, -south) / (2 * np.pi) * rays).astype(int) % rays
    step = np.rint(np.hypot(south, east)).astype(int)
    visible: NDArray[np.bool_] = seen[ray, np.clip(step - 1, 0, steps - 1)] & (step <= steps)
    visible[row, col] = True
    return visible

"""Places that a client gives, on the demo's terrain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.warp import transform_bounds

from rendermap.demo.terrain import CRS, Grid
from rendermap.gp.geojson import in_crs

Cell = tuple[int, int]


class OffTerrain(ValueError):
    """A place where nothing is known of the ground; the message is for whoever gave it."""


def cells_of(features: Mapping[str, Any], grid: Grid) -> list[Cell]:
    """Row and column of each point of a feature set, in whatever CRS.  Raises OffTerrain for a point that has none."""
    points = [each["geometry"] for each in in_crs(features, CRS)["features"]]
    x, y = (np.array([point[axis] for point in points], np.float64) for axis in ("x", "y"))
    rows, cols = (np.rint(values) for values in grid.cells(x, y))
    height, width = grid.values.shape
    # a place that the projection does not reach is infinitely far away, or no number
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    if not inside.all():
        raise OffTerrain(f"The place lies outside of the terrain, which reaches from {words_of_bounds(grid)}.")
    return list(zip(rows.astype(int).tolist(), cols.astype(int).tolist(), strict=True))


def words_of_bounds(grid: Grid) -> str:
    """``36.47 to 36.73 degrees north and from ...``, rounded to the inside as people give places."""
    west, south, east, north = transform_bounds(CRS, "EPSG:4326", *grid.bounds)
    return f"{south:.2f} to {north:.2f} degrees of latitude and from {west:.2f} to {east:.2f} degrees of longitude"


def around(cells: Sequence[Cell], reach: int, grid: Grid) -> tuple[slice, slice]:
    """Rows and columns within so many cells of any of the cells, cut at the grid's edges."""
    spans = []
    for numbers, size in zip(zip(*cells, strict=True), grid.values.shape, strict=True):
        spans.append(slice(max(min(numbers) - reach, 0), min(max(numbers) + reach + 1, size)))
    return spans[0], spans[1]


def around_mask(mask: NDArray[np.bool_], reach: int, grid: Grid) -> tuple[slice, slice]:
    """The same of all cells that a mask names."""
    rows, cols = np.nonzero(mask)
    corners = [(int(rows.min()), int(cols.min())), (int(rows.max()), int(cols.max()))]
    return around(corners, reach, grid)

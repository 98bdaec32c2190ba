"""The demo's ground: a real elevation model, and rasters written as a geoprocessing tool leaves them.

The elevation is the SRTM sample that matplotlib carries (Jacksboro fault, Tennessee; 3 arc seconds, public domain).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from matplotlib import cbook
from numpy.typing import NDArray
from rasterio.warp import Resampling, reproject, transform_bounds

CRS = "EPSG:32616"
CELL_M = 30.0

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Numbers = np.integer[Any] | np.floating[Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """Elevation in metres, (rows, cols) float32, rows from north to south; transform and cell_m in metres of UTM zone 16N."""

    values: Floats
    transform: Affine
    cell_m: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The grid's edges as (xmin, ymin, xmax, ymax)."""
        rows, cols = self.values.shape
        xmin, ymax = self.transform.c, self.transform.f
        return xmin, ymax - rows * self.cell_m, xmin + cols * self.cell_m, ymax

    def window(self, rows: slice, cols: slice) -> Grid:
        """A part of the grid; slices begin inside it and may end beyond."""
        return Grid(self.values[rows, cols], self.transform @ Affine.translation(cols.start, rows.start), self.cell_m)

    def xy(self, rows: NDArray[Numbers], cols: NDArray[Numbers]) -> tuple[Doubles, Doubles]:
        """Easting and northing of cell centres."""
        x: Doubles = self.transform.c + (np.asarray(cols, np.float64) + 0.5) * self.cell_m
        y: Doubles = self.transform.f - (np.asarray(rows, np.float64) + 0.5) * self.cell_m
        return x, y

    def cells(self, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
        """Fractional row and column of places given by easting and northing; whole numbers are cell centres."""
        rows: Doubles = (self.transform.f - y) / self.cell_m - 0.5
        cols: Doubles = (x - self.transform.c) / self.cell_m - 0.5
        return rows, cols


def read_elevation(cell_m: float = CELL_M) -> Grid:
    """The sample, smoothly resampled to UTM zone 16N and cut to the rectangle that it fills."""
    sample: Any = cbook.get_sample_data("jacksboro_fault_dem.npz")
    step, west, north = float(sample["dx"]), float(sample["xmin"]), float(sample["ymin"])  # its ymin is the northern edge
    heights: Floats = sample["elevation"].astype(np.float32)
    source = Affine(step, 0, west, 0, -step, north)
    xmin, ymin, xmax, ymax = _filled_rectangle(west, north, step, heights.shape)
    cols, rows = int((xmax - xmin) // cell_m), int((ymax - ymin) // cell_m)
    target = Affine(cell_m, 0, xmin, 0, -cell_m, ymin + rows * cell_m)
    values = np.zeros((rows, cols), np.float32)
    reproject(
        heights, values, src_transform=source, src_crs="EPSG:4326", dst_transform=target, dst_crs=CRS, resampling=Resampling.cubic_spline
    )
    return Grid(values, target, cell_m)


def _filled_rectangle(west: float, north: float, step: float, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    """The largest upright UTM rectangle inside the sample, less a margin of a few cells."""
    rows, cols = shape
    margin = 4 * step
    east, south = west + cols * step - margin, north - rows * step + margin
    west, north = west + margin, north - margin
    west_edge = transform_bounds("EPSG:4326", CRS, west, south, west + step / 100, north)
    east_edge = transform_bounds("EPSG:4326", CRS, east - step / 100, south, east, north)
    south_edge = transform_bounds("EPSG:4326", CRS, west, south, east, south + step / 100)
    north_edge = transform_bounds("EPSG:4326", CRS, west, north - step / 100, east, north)
    return west_edge[2], south_edge[3], east_edge[0], north_edge[1]


def write_geotiff(
    path: Path, values: NDArray[np.generic], grid: Grid, *, nodata: float | None = None, compress: str | None = "deflate"
) -> None:
    """Write one band as most tools do: striped, deflated, without overviews.

    compress: None for plain numbers.
    """
    rows, cols = values.shape
    packing = {"compress": compress, "predictor": 3 if values.dtype.kind == "f" else 2} if compress else {}
    with rasterio.open(
        path, "w", driver="GTiff", width=cols, height=rows, count=1, dtype=values.dtype, crs=CRS, transform=grid.transform,
        nodata=nodata, tiled=False, **packing,
    ) as dataset:  # fmt: skip
        dataset.write(values, 1)

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
from matplotlib.colors import LightSource
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


def hillshade(grid: Grid) -> NDArray[np.uint8]:
    """Relief lit from four sides, north-west strongest: 1 (dark) to 255 (bright), (rows, cols); 0 is kept for nodata."""
    light = np.zeros(grid.values.shape)
    for azimuth, weight in ((315, 0.55), (270, 0.15), (0, 0.15), (225, 0.15)):
        source = LightSource(azdeg=azimuth, altdeg=45)
        light += weight * source.hillshade(grid.values, vert_exag=1.6, dx=grid.cell_m, dy=grid.cell_m)
    low, high = np.percentile(light, (0.5, 99.8))
    shade: NDArray[np.uint8] = (1 + np.clip((light - low) / (high - low), 0, 1) * 254).astype(np.uint8)
    return shade


def slope_deg(grid: Grid) -> Floats:
    """Steepness in degrees, (rows, cols) float32."""
    down, right = np.gradient(grid.values, grid.cell_m)
    slope: Floats = np.degrees(np.arctan(np.hypot(down, right))).astype(np.float32)
    return slope


def write_geotiff(path: Path, values: NDArray[np.generic], grid: Grid, *, nodata: float | None = None) -> None:
    """Write one band as most tools do: striped, deflated, without overviews."""
    rows, cols = values.shape
    predictor = 3 if values.dtype.kind == "f" else 2
    with rasterio.open(
        path, "w", driver="GTiff", width=cols, height=rows, count=1, dtype=values.dtype, crs=CRS, transform=grid.transform,
        nodata=nodata, compress="deflate", predictor=predictor, tiled=False,
    ) as dataset:  # fmt: skip
        dataset.write(values, 1)

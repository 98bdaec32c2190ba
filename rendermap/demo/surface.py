"""What the ground is like: its slope, the light that falls on it and what can be seen from a place.

The analysis is that of Whitebox Workflows, which takes and gives files: each run has a folder that goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from whitebox_workflows import Raster, WbEnvironment

from rendermap.demo.features import Objects, points_at, write_features
from rendermap.demo.terrain import Doubles, Floats, Grid, write_geotiff

EARTH_RADIUS_M = 6_371_000.0
REFRACTION = 0.13
MARGIN = 4
FULL_LIGHT = 32_767


def slope_deg(grid: Grid) -> Floats:
    """Steepness in degrees, (rows, cols) float32."""
    with _ground(grid) as ground:
        return ground.inner(_tools().terrain.slope(input=ground.dem)).astype(np.float32)


def light(grid: Grid, azimuth: float, altitude: float) -> Floats:
    """How squarely the sun's rays meet the ground, 0 (edge on or from behind) to 1 (at a right angle), (rows, cols) float32.

    azimuth, altitude: of the sun in degrees.  Cast shadows are left out.
    """
    with _ground(grid) as ground:
        lit = _tools().terrain.hillshade(input=ground.dem, azimuth=float(azimuth), altitude=float(altitude))
        return (ground.inner(lit) / FULL_LIGHT).astype(np.float32)


def hillshade(grid: Grid) -> NDArray[np.uint8]:
    """Relief lit from four sides, north-west strongest: 1 (dark) to 255 (bright), (rows, cols); 0 is kept for nodata."""
    with _ground(grid) as ground:
        lit = ground.inner(_tools().terrain.multidirectional_hillshade(input=ground.dem, altitude=45.0, z_factor=1.6))
    low, high = np.percentile(lit, (0.5, 99.8))
    shade: NDArray[np.uint8] = (1 + np.clip((lit - low) / (high - low), 0, 1) * 254).astype(np.uint8)
    return shade


def visible_from(grid: Grid, row: int, col: int, *, eye_m: float = 1.7, range_m: float = 15_000.0) -> NDArray[np.bool_]:
    """Cells whose ground is seen from a cell, (rows, cols) bool.

    eye_m: height of the eye above ground.  range_m: how far is looked.  The library sees a flat earth, so the ground is lowered
    by what the earth's curve, less the refraction of light, takes off at each distance.
    """
    reach = int(range_m / grid.cell_m)
    rows, cols = (slice(max(centre - reach, 0), centre + reach + 1) for centre in (row, col))
    near = grid.window(rows, cols)
    south, east = np.ogrid[: near.values.shape[0], : near.values.shape[1]]
    distance_m = np.hypot(south + rows.start - row, east + cols.start - col) * grid.cell_m
    drop = (1 - REFRACTION) * distance_m**2 / (2 * EARTH_RADIUS_M)
    bent = Grid((near.values - drop).astype(np.float32), near.transform, grid.cell_m)
    visible = np.zeros(grid.values.shape, bool)
    visible[rows, cols] = _seen(bent, points_at(*grid.xy(np.array([row]), np.array([col]))), eye_m) & (distance_m <= range_m)
    return visible


def _seen(grid: Grid, eye: Objects, eye_m: float) -> NDArray[np.bool_]:
    with _ground(grid) as ground:
        path = ground.folder / "eye.gpkg"
        write_features(path, "eye", "Point", eye, {"Number": np.array([1], np.int32)})
        seen = _tools().terrain.viewshed(input=ground.dem, stations=_tools().read_vector(str(path)), height=float(eye_m))
        return ground.inner(seen) > 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Elevation as the library takes it: dem reaches MARGIN cells beyond the grid on each side."""

    dem: Raster
    folder: Path

    def inner(self, result: Raster) -> Doubles:
        """The grid's own cells of what the library made of the dem, (rows, cols) float64."""
        values: Doubles = result.to_numpy().reshape(self.dem.metadata().rows, -1)
        return values[MARGIN:-MARGIN, MARGIN:-MARGIN]


@contextmanager
def _ground(grid: Grid) -> Iterator[Ground]:
    # Slope and light are wrong in the two outermost cells, so the ground goes on beyond the edge as it came; the values are
    # stored plainly because the library's reader cannot undo the floating point predictor
    wide = np.pad(grid.values, MARGIN, mode="reflect", reflect_type="odd")
    reach = Grid(wide, grid.transform @ Affine.translation(-MARGIN, -MARGIN), grid.cell_m)
    with TemporaryDirectory(prefix="rendermap-demo-") as folder:
        path = Path(folder) / "dem.tif"
        write_geotiff(path, wide, reach, nodata=-9999, compress=None)
        yield Ground(_tools().read_raster(str(path)), Path(folder))


@cache
def _tools() -> WbEnvironment:
    return WbEnvironment()

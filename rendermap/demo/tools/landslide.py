"""Where slopes may slip: five classes of hazard, slope, relief and contour lines.

Leaves a job as an ArcGIS server does: no job document, rasters loose in ``scratch`` and contours in ``scratch.gdb``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from contourpy import contour_generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.morphology import remove_small_holes, remove_small_objects

from rendermap.demo.features import write_features
from rendermap.demo.surface import hillshade, slope_deg
from rendermap.demo.terrain import Grid, read_elevation, write_geotiff

JOB = "terrain/landslidehazard_gpserver/j5b1d0c52f0f94d7fa0c4c6ad11ce2d86"
PATCH_M2 = 15_000
SHARES = (0.42, 0.67, 0.84, 0.95)
CELL_M = 15.0
STEP_M, INDEX_EVERY = 20, 5


def main(jobs_dir: Path) -> None:
    """Run the tool and leave its job in jobs_dir."""
    scratch = jobs_dir / JOB / "scratch"
    scratch.mkdir(parents=True)
    grid = read_elevation(CELL_M)
    slope = slope_deg(grid)
    write_geotiff(scratch / "hazard.tif", hazard_classes(grid, slope), grid, nodata=0)
    write_geotiff(scratch / "slope.tif", slope, grid, nodata=-9999)
    write_geotiff(scratch / "relief.tif", hillshade(grid), grid, nodata=0)
    lines, heights = contours(grid)
    kinds = np.where(heights % (STEP_M * INDEX_EVERY) == 0, "Index", "Intermediate").astype(object)
    write_features(scratch / "scratch.gdb", "Contours", "MultiLineString", lines, {"Elevation": heights.astype(np.float64), "Kind": kinds})


def hazard_classes(grid: Grid, slope: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Hazard from 1 (very low) to 5 (very high), (rows, cols): steepness, hollows that gather water, and broken ground.

    Each class takes a fixed share of the area; patches smaller than a hectare and a half join what is around them.
    """
    near, far = 150 / grid.cell_m, 240 / grid.cell_m
    hollow = gaussian_filter(grid.values, near) - grid.values
    broken = gaussian_filter(np.abs(grid.values - gaussian_filter(grid.values, far)), far)
    score = gaussian_filter(_scaled(slope) * 0.7 + _scaled(hollow) * 0.18 + _scaled(broken) * 0.12, 45 / grid.cell_m)
    patch = int(PATCH_M2 / grid.cell_m**2)
    classes = np.ones(score.shape, np.uint8)
    for limit in np.quantile(score, SHARES):
        classes += remove_small_holes(remove_small_objects(score > limit, max_size=patch), max_size=patch)
    return classes


def contours(grid: Grid) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Contour lines and their heights in metres; loops shorter than 300 m are left out."""
    rows, cols = grid.values.shape
    x, _ = grid.xy(np.zeros(cols), np.arange(cols))
    _, y = grid.xy(np.arange(rows), np.zeros(rows))
    generator = contour_generator(x, y, gaussian_filter(grid.values, 25 / grid.cell_m))
    lowest, highest = int(grid.values.min()) // STEP_M + 1, int(grid.values.max()) // STEP_M
    lines, heights = [], []
    for height in range(lowest * STEP_M, highest * STEP_M + 1, STEP_M):
        found: list[Any] = list(generator.lines(height))
        kept = [line for line in map(shapely.LineString, found) if line.length > 300]
        lines += kept
        heights += [height] * len(kept)
    return np.array(lines, object), np.array(heights, np.int64)


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = np.percentile(values, (1, 99))
    scaled: NDArray[np.float64] = np.clip((values - low) / (high - low), 0, 1)
    return scaled


if __name__ == "__main__":
    main(Path(sys.argv[1]))

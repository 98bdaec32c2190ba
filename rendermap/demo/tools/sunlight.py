"""How much sun 200,000 parcels get, relative to flat ground.

Leaves a job with our own job document: one large FlatGeobuf.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from rendermap.demo.features import write_features
from rendermap.demo.surface import light
from rendermap.demo.terrain import Floats, Grid, read_elevation
from rendermap.jobs import manifest

SUNS = ((95, 20), (120, 40), (150, 55), (180, 61), (210, 55), (240, 40), (265, 20))
"""Azimuth and altitude of the sun in degrees through an equinox day at the sample's latitude."""

SEED = 20_000_101


def main(jobs_dir: Path, parcels: int = 200_000) -> None:
    """Run the tool and leave its job in jobs_dir."""
    with manifest.start(jobs_dir, service="Sunlight", task="Sunlight", inputs={"Parcels": parcels, "Seed": SEED}) as run:
        grid = read_elevation()
        polygons, places = make_parcels(grid, parcels)
        run.message(f"{len(polygons)} parcels drawn.")
        index = _sample(sunlight(grid), grid, places)
        height = _sample(grid.values, grid, places)
        columns: dict[str, NDArray[Any]] = {
            "Parcel": np.arange(1, len(polygons) + 1, dtype=np.int32),
            "Sunlight": index.round(1),
            "Elevation_m": height.round(1),
            "Area_m2": shapely.area(polygons).round(0),
        }
        write_features(run.path("%scratchworkspace%/parcels.fgb"), "parcels", "Polygon", polygons, columns)
        run.output("Boundaries", "%scratchworkspace%/parcels.fgb")
        run.output("Sunlight", "%scratchworkspace%/parcels.fgb")
        run.value("Mean_Sunlight", round(float(index.mean()), 1))


def sunlight(grid: Grid) -> Floats:
    """Direct light over a day in percent of what flat ground gets, (rows, cols) float32; cast shadows are left out."""
    smooth = Grid(gaussian_filter(grid.values, 1.2), grid.transform, grid.cell_m)
    lit = np.sum([light(smooth, azimuth, altitude) for azimuth, altitude in SUNS], axis=0)
    flat = np.sin(np.radians([altitude for _, altitude in SUNS])).sum()
    percent: Floats = (100 * lit / flat).astype(np.float32)
    return percent


def make_parcels(grid: Grid, count: int) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """As many six-sided parcels as asked for, that fill the grid without gap or overlap, and their centres (parcels, 2).

    The corners of a hexagon lattice are moved about by a seeded generator; parcels that share a corner share its move.
    """
    xmin, ymin, xmax, ymax = grid.bounds
    cols = _columns(count, (xmax - xmin) / (ymax - ymin))
    rows = count // cols
    across, down = (xmax - xmin) / (cols + 1 / 2), (ymax - ymin) / (rows + 1 / 3)
    row, col = np.mgrid[:rows, :cols].reshape(2, -1)
    corner_row, corner_col = _corners(row, col)
    moves = np.random.default_rng(SEED).uniform(-0.16, 0.16, (2, 2 * rows + 4, 2 * cols + 4)) * down
    x = xmin + corner_col * across / 2 + moves[0, corner_row, corner_col]
    y = ymax - (corner_row // 2 + corner_row % 2 / 3) * down + moves[1, corner_row, corner_col]
    rings = np.stack((x, y), axis=-1)
    return np.asarray(shapely.polygons(rings), dtype=object), rings.mean(axis=1)


def _columns(count: int, wide_to_high: float) -> int:
    """How many columns make the count come out even, with parcels as near to regular as that allows."""
    divisors = [number for number in range(1, count + 1) if count % number == 0]
    regular = np.sqrt(count * wide_to_high * np.sqrt(3) / 2)
    return min(divisors, key=lambda number: abs(np.log(number / regular)))


def _corners(row: NDArray[np.int64], col: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lattice rows and columns of each parcel's six corners, clockwise from the top, (parcels, 6) each.

    Lattice columns are half a parcel wide; lattice rows 2k and 2k+1 are the tips and shoulders of the parcels of row k.
    """
    left = 2 * col + row % 2
    corner_col = np.stack((left + 1, left + 2, left + 2, left + 1, left, left), axis=1)
    top = 2 * row
    corner_row = np.stack((top, top + 1, top + 2, top + 3, top + 2, top + 1), axis=1)
    return corner_row, corner_col


def _sample(values: NDArray[np.floating], grid: Grid, places: NDArray[np.float64]) -> NDArray[np.float64]:
    sampled: NDArray[np.float64] = map_coordinates(values, grid.cells(places[:, 0], places[:, 1]), order=1, mode="nearest")
    return sampled.astype(np.float64)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What can be seen from a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from rendermap.demo.features import points_at, write_features
from rendermap.demo.places import around, cells_of
from rendermap.demo.surface import hillshade, visible_from
from rendermap.demo.terrain import read_elevation, write_geotiff
from rendermap.gp.units import ArealUnit, LinearUnit
from rendermap.jobs.manifest import Run

CELL_M = 25.0
MOST_PLACES = 4
MOST_M = 30_000.0
ROOM = 1.15
"""The map goes on a little beyond what is looked at."""


def viewshed(run: Run, observation_point: dict[str, Any], distance: LinearUnit, eye_height: LinearUnit) -> dict[str, object]:
    """Ground that is seen from any of the places, as far as the distance."""
    reach_m, eye_m = checked(distance, eye_height)
    grid = read_elevation(CELL_M)
    cells = cells_of(observation_point, grid)
    if not 1 <= len(cells) <= MOST_PLACES:
        raise ValueError(f"From 1 to {MOST_PLACES} places can be looked from at once.")
    seen = np.zeros(grid.values.shape, bool)
    for number, (row, col) in enumerate(cells):
        run.progress(f"Looking from place {number + 1} of {len(cells)}", 100 * number / len(cells))
        seen |= visible_from(grid, row, col, eye_m=eye_m, range_m=reach_m)
    run.progress("Drawing the relief", 90)
    rows, cols = around(cells, int(ROOM * reach_m / CELL_M) + 1, grid)
    window = grid.window(rows, cols)
    write_geotiff(run.path("viewshed.tif"), seen[rows, cols].astype(np.uint8), window, nodata=0)
    write_geotiff(run.path("relief.tif"), hillshade(window), window, nodata=0)
    places = points_at(*grid.xy(*np.array(cells).T))
    heights = grid.values[tuple(np.array(cells).T)].round(1)
    write_features(run.path("places.gpkg"), "observers", "Point", places, {"Elevation_m": heights})
    circles = shapely.boundary(shapely.union_all(shapely.buffer(places, reach_m, quad_segs=64)))
    write_features(run.path("places.gpkg"), "range", "MultiLineString", [circles], {"Distance_m": np.array([reach_m])})
    return {"Seen_Area": ArealUnit(round(float(seen.sum()) * CELL_M**2 / 1e6, 2), "esriSquareKilometers")}


def checked(distance: LinearUnit, eye_height: LinearUnit) -> tuple[float, float]:
    """How far is looked and the eye above ground, in metres.  Raises ValueError with what they must be."""
    if not 2 * CELL_M <= distance.metres <= MOST_M:
        raise ValueError(f"The distance must be from {2 * CELL_M:g} m to {MOST_M / 1000:g} km.")
    if not 0 <= eye_height.metres <= 1000:
        raise ValueError("The eye must be from 0 to 1000 m above ground.")
    return distance.metres, eye_height.metres

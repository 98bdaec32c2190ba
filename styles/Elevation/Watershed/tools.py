"""The land that drains through a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rendermap.demo.features import points_at, write_features
from rendermap.demo.hydrology import Drainage, drain, reaches
from rendermap.demo.outlines import label_areas, stream_line
from rendermap.demo.places import Cell, around, around_mask, cells_of
from rendermap.demo.surface import hillshade
from rendermap.demo.terrain import Grid, read_elevation, write_geotiff
from rendermap.gp.units import ArealUnit, LinearUnit
from rendermap.jobs.manifest import Run

LEAST_STREAM_M2 = 250_000
LEAST_CELLS = 9
MOST_SNAP_M = 5_000.0
ROOM_CELLS = 30


def watershed(run: Run, pour_point: dict[str, Any], snap_distance: LinearUnit) -> dict[str, object]:
    """The land that drains through the largest stream near the place, and its streams."""
    if not 0 <= snap_distance.metres <= MOST_SNAP_M:
        raise ValueError(f"Streams can be looked for within at most {MOST_SNAP_M / 1000:g} km.")
    grid = read_elevation()
    cells = cells_of(pour_point, grid)
    if len(cells) != 1:
        raise ValueError("One pour point is needed.")
    run.progress("Letting water find its way", 20)
    drainage = drain(grid)
    outlet = snapped(drainage, cells[0], int(snap_distance.metres / grid.cell_m), grid)
    number = outlet[0] * grid.values.shape[1] + outlet[1]
    labels = drainage.watersheds(np.array([number]))
    inside = labels == 1
    if inside.sum() < LEAST_CELLS:
        raise ValueError("Nearly no land drains through the place. Choose one nearer to a stream, or a larger distance.")
    if touches_edge(inside):
        run.message("The watershed reaches the edge of the terrain, and may go on beyond it.", "warning")
    run.progress("Drawing", 70)
    area = label_areas(labels, grid)[1]
    square_km = round(float(drainage.area_m2[number]) / 1e6, 2)
    write_all(run, area, streams_in(area, drainage, grid), outlet, grid, square_km)
    rows, cols = around_mask(inside, ROOM_CELLS, grid)
    window = grid.window(rows, cols)
    write_geotiff(run.path("relief.tif"), hillshade(window), window, nodata=0)
    return {"Drained_Area": ArealUnit(square_km, "esriSquareKilometers")}


def snapped(drainage: Drainage, place: Cell, reach: int, grid: Grid) -> Cell:
    """The cell within reach through which most water runs."""
    rows, cols = around([place], reach, grid)
    near = drainage.area_m2.reshape(grid.values.shape)[rows, cols]
    south, east = np.ogrid[rows, cols]
    near = np.where(np.hypot(south - place[0], east - place[1]) <= reach, near, 0)
    row, col = np.unravel_index(int(near.argmax()), near.shape)
    return rows.start + int(row), cols.start + int(col)


def touches_edge(inside: NDArray[np.bool_]) -> bool:
    """True for an area that ends with the terrain."""
    return bool(inside[[0, -1]].any() or inside[:, [0, -1]].any())


def streams_in(area: BaseGeometry, drainage: Drainage, grid: Grid) -> list[tuple[BaseGeometry, int]]:
    """Streams that run inside, each with its order."""
    found = ((stream_line(reach.line).intersection(area), reach.order) for reach in reaches(drainage, grid, LEAST_STREAM_M2))
    return [(part, order) for line, order in found for part in shapely.get_parts(line) if part.geom_type == "LineString"]


def write_all(run: Run, area: BaseGeometry, streams: list[tuple[BaseGeometry, int]], outlet: Cell, grid: Grid, square_km: float) -> None:
    """The feature classes of the job."""
    path = run.path("watershed.gpkg")
    write_features(path, "watershed", "MultiPolygon", [area], {"Area_km2": np.array([square_km])})
    point = points_at(*grid.xy(np.array([outlet[0]]), np.array([outlet[1]])))
    write_features(path, "pour_point", "Point", point, {"Elevation_m": grid.values[[outlet[0]], [outlet[1]]].round(1)})
    lines = [line for line, _ in streams]
    orders = np.array([order for _, order in streams], np.int32)
    write_features(path, "streams", "LineString", lines, {"Strahler": orders, "Length_m": shapely.length(lines).round(1)})

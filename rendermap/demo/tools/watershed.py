"""Streams by order, the land that drains to pour points, and strips to keep free along the streams.

Leaves a job with our own job document: watersheds and pour points in ``scratch.gdb``, streams and strips in a GeoPackage.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import shapely
from pydantic import JsonValue
from shapely.geometry.base import BaseGeometry

from rendermap.demo.features import points_at, write_features
from rendermap.demo.hydrology import Cells, Drainage, Reach, drain, reaches
from rendermap.demo.outlines import label_areas, stream_line
from rendermap.demo.surface import hillshade
from rendermap.demo.terrain import Grid, read_elevation, write_geotiff
from rendermap.jobs import manifest

LEAST_STREAM_M2 = 700_000
LEAST_BASIN_M2, MOST_BASIN_M2 = 6e6, 60e6
STRIP_M = {1: 30, 2: 50, 3: 80, 4: 120, 5: 160}
BASINS = "ABCDE"


def main(jobs_dir: Path, pour_point: tuple[float, float] | None = None) -> None:
    """Run the tool and leave its job in jobs_dir.

    pour_point: where to look for a watershed, in UTM zone 16N; None for every watershed of a fair size.
    """
    inputs: dict[str, JsonValue] = {
        "Pour_Point": list(pour_point) if pour_point else None,
        "Least_Drained_Area": {"area": LEAST_STREAM_M2, "units": "esriSquareMeters"},
    }
    with manifest.start(jobs_dir, service="Watershed", task="Watershed", inputs=inputs) as run:
        grid = read_elevation()
        run.message(f"Elevation: {grid.values.shape[1]} x {grid.values.shape[0]} cells of {grid.cell_m:g} m.")
        if pour_point is not None:
            _check_inside(grid, pour_point)
        drainage = drain(grid)
        streams = reaches(drainage, grid, LEAST_STREAM_M2)
        outlets = choose_outlets(drainage)
        run.message(f"{len(streams)} stream reaches, {len(outlets)} watersheds.")
        gdb, gpkg = run.path("%scratchworkspace%/scratch.gdb"), run.path("%scratchworkspace%/streams.gpkg")
        _write_watersheds(gdb, drainage, outlets, grid)
        _write_pour_points(gdb, drainage, outlets, grid)
        _write_streams(gpkg, streams)
        write_geotiff(run.path("%scratchworkspace%/relief.tif"), hillshade(grid), grid, nodata=0)
        run.output("Pour_Points", "%scratchworkspace%/scratch.gdb/PourPoints")
        run.output("Streams", "%scratchworkspace%/streams.gpkg/streams")
        run.output("Riparian_Strips", "%scratchworkspace%/streams.gpkg/strips")
        run.output("Watersheds", "%scratchworkspace%/scratch.gdb/Watersheds")
        run.output("Relief", "%scratchworkspace%/relief.tif")
        run.value("Watershed_Count", len(outlets))


def choose_outlets(drainage: Drainage) -> Cells:
    """Cells where a watershed ends: its stream leaves the map, or joins one that drains too much to be one watershed."""
    area = drainage.area_m2
    large = np.flatnonzero(area >= LEAST_BASIN_M2)
    joins = (area[large] <= MOST_BASIN_M2) & (area[drainage.below(large)] > MOST_BASIN_M2)
    ends: Cells = large[joins | np.isin(large, drainage.exits)]
    return ends


def name_basins(drainage: Drainage, outlets: Cells) -> list[str]:
    """For each outlet the river basin it belongs to: A for the largest that leaves the map, then B, ... and Other for the small ones."""
    exits = drainage.exits_of(outlets).tolist()
    largest = sorted(set(exits), key=lambda cell: -drainage.area_m2[cell])
    names = dict(zip(largest, BASINS, strict=False))
    return [names.get(cell, "Other") for cell in exits]


def _check_inside(grid: Grid, place: tuple[float, float]) -> None:
    xmin, ymin, xmax, ymax = grid.bounds
    if not (xmin <= place[0] <= xmax and ymin <= place[1] <= ymax):
        raise ValueError("The pour point lies outside the elevation raster.")


def _write_watersheds(path: Path, drainage: Drainage, outlets: Cells, grid: Grid) -> None:
    areas = label_areas(drainage.watersheds(outlets), grid)
    basin_of = name_basins(drainage, outlets)
    polygons = np.array(list(areas.values()), object)
    columns = {
        "Name": np.array([f"W{number:02d}" for number in areas], object),
        "Area_km2": (shapely.area(polygons) / 1e6).round(2),
        "Basin": np.array([basin_of[number - 1] for number in areas], object),
    }
    write_features(path, "Watersheds", "MultiPolygon", polygons, columns)


def _write_pour_points(path: Path, drainage: Drainage, outlets: Cells, grid: Grid) -> None:
    rows, cols = np.divmod(outlets, grid.values.shape[1])
    columns = {
        "Name": np.array([f"W{number:02d}" for number in range(1, len(outlets) + 1)], object),
        "Drained_km2": (drainage.area_m2[outlets] / 1e6).round(2),
    }
    write_features(path, "PourPoints", "Point", points_at(*grid.xy(rows, cols)), columns)


def _write_streams(path: Path, streams: list[Reach]) -> None:
    lines = np.array([stream_line(reach.line) for reach in streams], object)
    orders = np.array([reach.order for reach in streams], np.int32)
    write_features(path, "streams", "LineString", lines, {"Strahler": orders, "Length_m": shapely.length(lines).round(1)})
    ranks = sorted(set(orders.tolist()), reverse=True)
    strips: list[BaseGeometry] = []
    taken: BaseGeometry = shapely.MultiPolygon()
    for rank in ranks:
        strip = shapely.union_all(shapely.buffer(lines[orders == rank], STRIP_M[rank]))
        strips.append(strip.difference(taken))
        taken = taken.union(strip)
    write_features(
        path,
        "strips",
        "MultiPolygon",
        strips,
        {"Strahler": np.array(ranks, np.int32), "Width_m": np.array([2 * STRIP_M[rank] for rank in ranks], np.int32)},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs_dir", type=Path)
    parser.add_argument("--pour-point", type=float, nargs=2, metavar=("X", "Y"))
    options = parser.parse_args()
    main(options.jobs_dir, tuple(options.pour_point) if options.pour_point else None)

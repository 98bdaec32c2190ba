"""Areas around points, as true on the ellipsoid as anywhere on the earth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj import Geod
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from rendermap.gp.geojson import in_crs
from rendermap.gp.units import LinearUnit
from rendermap.jobs.manifest import Run

WGS84 = "EPSG:4326"
CORNERS = 120
MOST_POINTS = 1000
MOST_M = 1_000_000.0
EARTH = Geod(ellps="WGS84")


def buffer_points(run: Run, points: dict[str, Any], distance: LinearUnit, dissolve: bool = False) -> dict[str, object]:
    """A polygon around each point, or one around all of them."""
    places = [each["geometry"] for each in in_crs(points, WGS84)["features"]]
    if not 1 <= len(places) <= MOST_POINTS:
        raise ValueError(f"From 1 to {MOST_POINTS} points can be buffered at once.")
    if not 1 <= distance.metres <= MOST_M:
        raise ValueError(f"The distance must be from 1 m to {MOST_M / 1000:g} km.")
    areas = [area_around(place["x"], place["y"], distance.metres) for place in places]
    if dissolve:
        areas = [shapely.union_all(areas)]
    numbers, metres = np.arange(1, len(areas) + 1, dtype=np.int32), np.full(len(areas), distance.metres)
    columns = {"Number": numbers, "Distance_m": metres, "Area_km2": np.array([area_km2(area) for area in areas])}
    write(run, "buffers", "MultiPolygon", [as_multi(area) for area in areas], columns)
    dots = [shapely.Point(place["x"], place["y"]) for place in places]
    write(run, "points", "Point", dots, {"Number": np.arange(1, len(dots) + 1, dtype=np.int32)})
    run.message(f"Points: {len(places)}. Distance: {distance.metres:,.0f} m.")
    return {"Count": len(areas)}


def area_around(longitude: float, latitude: float, metres: float) -> BaseGeometry:
    """A circle on the ground in degrees, cut at the antimeridian.  Raises ValueError for one that holds a pole."""
    to_pole = min(EARTH.inv(longitude, latitude, longitude, pole)[2] for pole in (-90.0, 90.0))
    if to_pole <= metres:
        raise ValueError("A buffer must not reach a pole.")
    azimuths = np.linspace(360, 0, CORNERS, endpoint=False)
    x, y, _ = EARTH.fwd(np.full(CORNERS, longitude), np.full(CORNERS, latitude), azimuths, np.full(CORNERS, metres))
    circle = shapely.Polygon(zip(longitude + (x - longitude + 180) % 360 - 180, y, strict=True))
    world = shapely.box(-180, -90, 180, 90)
    return shapely.union_all([affinity.translate(circle, shift).intersection(world) for shift in (-360, 0, 360)])


def area_km2(area: BaseGeometry) -> float:
    """On the ellipsoid."""
    return round(abs(EARTH.geometry_area_perimeter(shapely.orient_polygons(area))[0]) / 1e6, 4)


def as_multi(area: BaseGeometry) -> BaseGeometry:
    """A polygon as one of several."""
    return shapely.MultiPolygon(list(shapely.get_parts(area)))


def write(run: Run, layer: str, kind: str, geometries: list[BaseGeometry], columns: dict[str, Any]) -> None:
    """A feature class of the job's GeoPackage."""
    shapes = shapely.to_wkb(np.array(geometries, object))
    names, values = list(columns), list(columns.values())
    path = run.path("buffers.gpkg")
    pyogrio.raw.write(path, shapes, values, names, layer=layer, driver="GPKG", geometry_type=kind, crs=WGS84, append=False)

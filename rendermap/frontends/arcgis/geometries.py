"""Geometries between Esri's words, GeoJSON's and ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rendermap.errors import InvalidParameter
from rendermap.frontends.arcgis.spatial import Json, crs_of_json
from rendermap.frontends.kvp import parse_floats, parse_json
from rendermap.geo.shape import Position, Shape, box_shape

GEOMETRY_TYPES = {
    "point": "esriGeometryPoint",
    "multipoint": "esriGeometryMultipoint",
    "line": "esriGeometryPolyline",
    "polygon": "esriGeometryPolygon",
}
_WRONG = "'geometry' must be a point, multipoint, polyline, polygon or envelope in ArcGIS's JSON."


# --- in ---------------------------------------------------------------------------------------------------------------


def parse_geometry(text: str) -> tuple[Shape, str | None]:
    """``x,y``, ``xmin,ymin,xmax,ymax`` or JSON, whose kind its keys tell, and the CRS that it names, if it does.

    Raises InvalidParameter, InvalidCrs.
    """
    if not text.lstrip().startswith("{"):
        return _plain(text), None
    value = parse_json("geometry", text)
    if not isinstance(value, dict):
        raise InvalidParameter(_WRONG)
    reference = value.get("spatialReference")
    return shape_of(value), crs_of_json("geometry", reference) if reference else None


def _plain(text: str) -> Shape:
    numbers = parse_floats("geometry", text, 4 if text.count(",") > 1 else 2)
    return _box(numbers) if len(numbers) == 4 else Shape("point", (((numbers,),),))


def _box(corners: Sequence[float]) -> Shape:
    x, y = sorted(corners[::2]), sorted(corners[1::2])
    if x[0] == x[1] and y[0] == y[1]:
        return Shape("point", ((((x[0], y[0]),),),))
    if x[0] == x[1] or y[0] == y[1]:
        return Shape("line", ((((x[0], y[0]), (x[1], y[1])),),))
    return box_shape(x[0], y[0], x[1], y[1])


def shape_of(value: Json) -> Shape:
    """The shape of a geometry object.  Raises InvalidParameter."""
    if "xmin" in value:
        return _box([_number(value.get(key)) for key in ("xmin", "ymin", "xmax", "ymax")])
    if "x" in value:
        return Shape("point", ((((_number(value.get("x")), _number(value.get("y"))),),),))
    if "points" in value:
        return Shape("point", ((_path(value["points"]),),))
    if "paths" in value:
        return Shape("line", (_paths(value["paths"]),))
    if "rings" in value:
        return Shape("polygon", _polygons(_paths(value["rings"])))
    raise InvalidParameter(_WRONG)


def _paths(value: object) -> tuple[tuple[Position, ...], ...]:
    if not isinstance(value, list):
        raise InvalidParameter(_WRONG)
    return tuple(_path(path) for path in value)


def _path(value: object) -> tuple[Position, ...]:
    if not isinstance(value, list) or not all(isinstance(one, list) and len(one) >= 2 for one in value):
        raise InvalidParameter(_WRONG)
    return tuple((_number(one[0]), _number(one[1])) for one in value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidParameter(_WRONG)
    return float(value)


def _polygons(rings: tuple[tuple[Position, ...], ...]) -> tuple[tuple[tuple[Position, ...], ...], ...]:
    """Rings that go round clockwise are polygons; the others are holes in the one before them, or polygons where there is none."""
    polygons: list[list[tuple[Position, ...]]] = []
    for ring in rings:
        closed = ring if ring and ring[0] == ring[-1] else (*ring, *ring[:1])
        if polygons and _area(closed) > 0:
            polygons[-1].append(closed)
        else:
            polygons.append([closed])
    return tuple(tuple(polygon) for polygon in polygons)


def _area(ring: tuple[Position, ...]) -> float:
    """Twice the area, above 0 where the ring goes round counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


# --- out --------------------------------------------------------------------------------------------------------------


def geometry_document(shape: Shape) -> Json:
    """The geometry object of a shape, without its spatial reference."""
    paths = [[list(position) for position in path] for part in shape.parts for path in part]
    if shape.kind == "polygon":
        return {"rings": paths}
    if shape.kind == "line":
        return {"paths": paths}
    points = [position for path in paths for position in path]
    return dict(zip("xyz", points[0], strict=False)) if len(points) == 1 else {"points": points}


def geojson_geometry(shape: Shape | None) -> Json | None:
    """RFC 7946: rings go round counter-clockwise, holes clockwise."""
    if shape is None:
        return None
    if shape.kind == "polygon":
        polygons = [[[list(position) for position in reversed(ring)] for ring in part] for part in shape.parts]
        return _one_or_many("Polygon", polygons)
    paths = [[list(position) for position in path] for part in shape.parts for path in part]
    return _one_or_many("LineString", paths) if shape.kind == "line" else _one_or_many("Point", [one for path in paths for one in path])


def _one_or_many(name: str, parts: Sequence[object]) -> Json:
    return {"type": name, "coordinates": parts[0]} if len(parts) == 1 else {"type": f"Multi{name}", "coordinates": parts}

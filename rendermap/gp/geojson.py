"""Canonical feature sets, carried to another CRS or written as GeoJSON, for tools that know no Esri JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from rendermap.geo.crs import transformer
from rendermap.geo.references import crs_of_reference, reference_of
from rendermap.gp.feature_sets import PARTS

Json = dict[str, Any]
Move = Callable[[Sequence[float]], list[float]]


def in_crs(features: Mapping[str, Any], crs: str) -> Json:
    """The same features in another CRS, easting first; heights and measures stay.  crs: a canonical name."""
    source = crs_of_reference(features["spatialReference"])
    if source == crs:
        return dict(features)
    carry = transformer(source, crs).transform

    def move(vertex: Sequence[float]) -> list[float]:
        x, y = carry(vertex[0], vertex[1])
        return [x, y, *vertex[2:]]

    moved = [{**each, "geometry": _moved(each["geometry"], move)} for each in features["features"]]
    return {**features, "spatialReference": {**reference_of(crs)}, "features": moved}


def _moved(geometry: Mapping[str, Any], move: Move) -> Json:
    if "x" in geometry:
        x, y = move((geometry["x"], geometry["y"]))
        return {**geometry, "x": x, "y": y}
    key = next(key for key in PARTS.values() if key in geometry)
    if key == "points":
        return {key: [move(vertex) for vertex in geometry[key]]}
    return {key: [[move(vertex) for vertex in part] for part in geometry[key]]}


def to_geojson(features: Mapping[str, Any], crs: str = "EPSG:4326") -> Json:
    """A FeatureCollection, as RFC 7946 has it in degrees WGS84; in any other CRS with the ``crs`` member that OGR writes and reads."""
    moved = in_crs(features, crs)
    found: Json = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": each["attributes"], "geometry": _geometry(each["geometry"])} for each in moved["features"]
        ],
    }
    if crs == "EPSG:4326":
        return found
    authority, _, code = crs.partition(":")
    name = f"urn:ogc:def:crs:{authority}::{code}" if code.isdigit() else crs
    return {**found, "crs": {"type": "name", "properties": {"name": name}}}


def _geometry(geometry: Mapping[str, Any]) -> Json:
    if "x" in geometry:
        return {"type": "Point", "coordinates": [geometry[axis] for axis in ("x", "y", "z") if axis in geometry]}
    if "points" in geometry:
        return {"type": "MultiPoint", "coordinates": geometry["points"]}
    if "paths" in geometry:
        return {"type": "MultiLineString", "coordinates": geometry["paths"]}
    return {"type": "MultiPolygon", "coordinates": _polygons(geometry["rings"])}


def _polygons(rings: Sequence[Sequence[Sequence[float]]]) -> list[list[list[Sequence[float]]]]:
    """Outer rings run clockwise in Esri's JSON, holes the other way; GeoJSON groups holes with their ring and turns all around."""
    outers = [ring for ring in rings if _doubled_area(ring) <= 0]
    holes = [ring for ring in rings if _doubled_area(ring) > 0]
    if not outers:
        outers, holes = holes, []
    polygons = [[_counterclockwise(ring)] for ring in outers]
    for hole in holes:
        around = next((place for place, ring in enumerate(outers) if _is_inside(hole[0], ring)), None)
        if around is None:
            polygons.append([_counterclockwise(hole)])
        else:
            polygons[around].append(_counterclockwise(hole)[::-1])
    return polygons


def _counterclockwise(ring: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    return list(ring if _doubled_area(ring) >= 0 else reversed(ring))


def _doubled_area(ring: Sequence[Sequence[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def _is_inside(vertex: Sequence[float], ring: Sequence[Sequence[float]]) -> bool:
    x, y = vertex[0], vertex[1]
    crossed = 0
    for a, b in pairwise(ring):
        crossed += (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
    return crossed % 2 == 1

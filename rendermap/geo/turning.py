"""Maps turned on the page: a turned view is an ordinary view in a CRS whose axes are turned.

Nothing is drawn larger and turned as a picture, so all stays as sharp as it was, and labels and markers stay upright.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pyproj
from pyproj.enums import WktVersion

from rendermap.errors import NotSupported
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import TURNED, crs_of
from rendermap.geo.view import MapView

ANGLE_PLACES = 2
"""A hundredth of a degree is a fifth of a pixel at the edge of a large picture."""

_Json = dict[str, Any]

_SCHEMA = "https://proj.org/schemas/v0.7/projjson.schema.json"
_AFFINE = ("Affine parametric transformation", 9624)
_PLANE = ("Equidistant Cylindrical (Spherical)", 1029)


def turned(view: MapView, angle_deg: float) -> MapView:
    """The view with its content turned about its centre, in a CRS that is turned about its origin, so that panning keeps it.

    angle_deg: counter-clockwise.  Raises NotSupported for a CRS that cannot be turned.
    """
    angle_deg = round(angle_deg % 360, ANGLE_PLACES) % 360
    if not angle_deg:
        return view
    (x, y), cos, sin = view.bbox.center, *_cos_sin(angle_deg)
    x, y = cos * x - sin * y, sin * x + cos * y
    half_width, half_height = view.bbox.width / 2, view.bbox.height / 2
    box = BBox(x - half_width, y - half_height, x + half_width, y + half_height)
    return replace(view, bbox=box, crs=turned_crs(view.crs, angle_deg))


def is_turned(crs: str) -> bool:
    """True for the name of a CRS that was turned for a view."""
    return crs.startswith(TURNED)


@lru_cache(256)
def turned_crs(name: str, angle_deg: float) -> str:
    """The name, WKT, of a CRS whose coordinates are those of another, turned counter-clockwise about the origin; easting first.

    Angles are turned as on a page where a degree is as wide as it is high.  Raises NotSupported.
    """
    try:
        crs = crs_of(name)
        crs = crs.source_crs if crs.is_bound and crs.source_crs else crs
        plane = _plane_of(crs) if crs.is_geographic else crs.to_json_dict()
        return pyproj.CRS.from_json_dict(_turned(plane, angle_deg)).to_wkt(WktVersion.WKT2_2019)
    except (pyproj.exceptions.ProjError, KeyError) as error:
        raise NotSupported(details=("Maps of this spatial reference cannot be rotated.",)) from error


def _turned(plane: _Json, angle_deg: float) -> _Json:
    unit = plane["coordinate_system"]["axis"][0].get("unit", "metre")
    cos, sin = _cos_sin(angle_deg)
    one = "unity"
    rows = (
        *(("A0", 8623, 0.0, unit), ("A1", 8624, cos, one), ("A2", 8625, -sin, one)),
        *(("B0", 8639, 0.0, unit), ("B1", 8640, sin, one), ("B2", 8641, cos, one)),
    )
    return {
        "$schema": _SCHEMA,
        "type": "DerivedProjectedCRS",
        "name": "turned",
        # by a known name PROJ would take its axes, in their order, for those that are meant
        "base_crs": {key: value for key, value in plane.items() if key != "id"} | {"name": "unnamed", "coordinate_system": _axes(unit)},
        "conversion": _conversion(_AFFINE, rows),
        "coordinate_system": _axes(unit),
    }


def _plane_of(crs: pyproj.CRS) -> _Json:
    """Degrees as coordinates of a plane: derived systems of angles are counted in radians within PROJ."""
    radius_m = crs.ellipsoid.semi_major_metre if crs.ellipsoid else 6378137.0
    unit = {"type": "LinearUnit", "name": "Degree", "conversion_factor": radius_m * math.pi / 180}
    rows = (
        ("Latitude of 1st standard parallel", 8823, 0, "degree"),
        ("Longitude of natural origin", 8802, 0, "degree"),
        ("False easting", 8806, 0, unit),
        ("False northing", 8807, 0, unit),
    )
    return {
        "type": "ProjectedCRS",
        "name": "unnamed",
        "base_crs": crs.to_json_dict(),
        "conversion": _conversion(_PLANE, rows),
        "coordinate_system": _axes(unit),
    }


def _axes(unit: object) -> _Json:
    axes = (("Easting", "E", "east"), ("Northing", "N", "north"))
    return {
        "subtype": "Cartesian",
        "axis": [{"name": name, "abbreviation": short, "direction": way, "unit": unit} for name, short, way in axes],
    }


def _conversion(method: tuple[str, int], rows: tuple[tuple[str, int, float, object], ...]) -> _Json:
    parameters = [{"name": name, "value": value, "unit": unit, "id": _epsg(code)} for name, code, value, unit in rows]
    return {"name": "unnamed", "method": {"name": method[0], "id": _epsg(method[1])}, "parameters": parameters}


def _epsg(code: int) -> _Json:
    return {"authority": "EPSG", "code": code}


def _cos_sin(angle_deg: float) -> tuple[float, float]:
    """Exact for quarter turns."""
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    angle = math.radians(angle_deg)
    return quarter.get(angle_deg) or (math.cos(angle), math.sin(angle))

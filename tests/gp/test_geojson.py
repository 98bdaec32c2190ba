"""Feature sets as tools like to read them: in another CRS, as GeoJSON, and by OGR as they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyogrio.raw
import pytest
import shapely

from rendermap.gp.feature_sets import check_feature_set
from rendermap.gp.geojson import in_crs, to_geojson
from rendermap.gp.units import ArealUnit, LinearUnit

OUTER = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]]
HOLE = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
ISLAND = [[20, 0], [20, 1], [21, 1], [21, 0], [20, 0]]

DEGREE = 111319.49079327357


def checked(*geometries: dict[str, Any], wkid: int = 3857) -> Any:
    """A canonical feature set."""
    return check_feature_set(
        "V", {"spatialReference": {"wkid": wkid}, "features": [{"geometry": g, "attributes": {"n": 3}} for g in geometries]}
    )


def test_polygons_keep_their_holes() -> None:
    """Rings that Esri's JSON tells apart by their turn are grouped as GeoJSON wants them: outer rings first, holes in theirs."""
    written = to_geojson(checked({"rings": [OUTER, HOLE, ISLAND]}), "EPSG:3857")
    shape = shapely.from_geojson(json.dumps(written["features"][0]["geometry"]))
    assert shape.area == 81 - 4 + 1 and len(shape.geoms) == 2 and all(part.exterior.is_ccw for part in shape.geoms)
    assert written["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::3857" and written["features"][0]["properties"] == {"n": 3}


def test_rings_drawn_the_wrong_way_round_are_areas() -> None:
    """A client that draws every ring counterclockwise means areas, not holes in nothing."""
    shape = shapely.from_geojson(json.dumps(to_geojson(checked({"rings": [HOLE]}), "EPSG:3857")["features"][0]["geometry"]))
    assert shape.area == 4


@pytest.mark.parametrize(
    "geometry",
    [
        {"x": 111319.49079327357, "y": 0, "z": 5},
        {"points": [[111319.49079327357, 0, 5]]},
        {"paths": [[[111319.49079327357, 0, 5], [0, 0, 6]]]},
    ],
)
def test_degrees(geometry: dict[str, Any]) -> None:
    """By default GeoJSON is in degrees, longitude first, and heights stay."""
    written = to_geojson(checked(geometry))
    shape = shapely.from_geojson(json.dumps(written["features"][0]["geometry"]))
    assert shapely.get_coordinates(shape, include_z=True)[0] == pytest.approx([1.0, 0.0, 5.0]) and "crs" not in written


def test_another_crs() -> None:
    """Carried to another CRS a set says so, and stays what it was in its own."""
    found = checked({"x": 16.0, "y": 35.0}, wkid=4326)
    moved = in_crs(found, "EPSG:32633")
    assert moved["spatialReference"]["wkid"] == 32633 and moved["features"][0]["geometry"]["x"] == pytest.approx(591254, abs=1)
    assert in_crs(found, "EPSG:4326") == found


def test_ogr_reads_the_canonical_form(tmp_path: Path) -> None:
    """What a tool finds in its job opens in OGR with geometries, attributes and CRS."""
    path = tmp_path / "places.json"
    path.write_text(json.dumps(checked({"rings": [OUTER, HOLE]}, {"rings": [ISLAND]}, wkid=32616)), encoding="utf-8")
    meta, _, geometries, values = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:32616" and list(values[0]) == [3, 3]
    assert [shapely.from_wkb(each).area for each in geometries] == [77, 1]


@pytest.mark.parametrize(
    ("unit", "metres"),
    [("esriMeters", 1), ("esriFeet", 0.3048006096), ("esriIntFeet", 0.3048), ("esriMiles", 1609.347219), ("esriIntMiles", 1609.344)],
)
def test_lengths(unit: str, metres: float) -> None:
    """The plain foot and mile are the survey's, as clients label them; the international ones have names of their own."""
    assert LinearUnit(2, unit).metres == pytest.approx(2 * metres, rel=1e-9)


def test_degrees_are_no_length() -> None:
    """How long a degree is depends on the place, so nobody guesses."""
    with pytest.raises(ValueError, match="degrees are none"):
        _ = LinearUnit(1, "esriDecimalDegrees").metres
    assert ArealUnit(2, "esriHectares").square_metres == 20000

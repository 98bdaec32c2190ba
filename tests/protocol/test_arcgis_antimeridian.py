"""Query and identify near and across 180 degrees, as pictures have it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
import shapely

from rendermap.access.grant import Bounds, Operation
from rendermap.errors import InvalidBbox
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, parse_crs, transformer
from rendermap.geo.turns import box_between, place_in_degrees
from rendermap.jobs import manifest
from tests.builders.asked_service import AskedService
from tests.builders.rasters import write_array
from tests.builders.vectors import write_features
from tests.geo.test_turns import ABOUT_180, HALF

# isort: split
import numpy as np
from affine import Affine

LAYERS = ("Degrees", "Metres", "Onward")
"""The same ships: in degrees, in metres of Web Mercator, and in degrees that go on beyond 180."""
DEPTH = len(LAYERS)
LONS = [170.5 + n for n in range(20)]
LAT = -20.0
ALL = [f"S{n}" for n in range(20)]
NOT_THERE: list[str] = []


def _toml() -> str:
    outputs = [*(("GPFeatureRecordSetLayer", name, "data") for name in LAYERS), ("GPRasterData", "Depth", "identify")]
    parameters = (
        f'[[tasks.parameters]]\nname = "{name}"\ntype = "{kind}"\ndirection = "output"\nlayer.access = "{access}"'
        for kind, name, access in outputs
    )
    return "\n".join((f'title = "Ships"\ncrs = "{WEB_MERCATOR}"\n[[tasks]]\nname = "Run"', *parameters))


class Ships(AskedService):
    """Twenty ships, a degree apart, on both sides of 180 degrees, and a raster below them that goes on beyond it."""

    def _run(self, name: str) -> str:
        with manifest.start(self.jobs, service=name, task="Run") as run:
            for layer in LAYERS:
                lons = LONS if layer == "Onward" else [lon - 360 * (lon > 180) for lon in LONS]
                crs = WEB_MERCATOR if layer == "Metres" else WGS84
                points: list[shapely.Geometry] = [shapely.Point(*transformer(WGS84, crs).transform(lon, LAT)) for lon in lons]
                write_features(run.path(f"{layer}.gpkg").parent, points, {"name": ALL}, driver="GPKG", crs=crs, name=layer)
                run.output(layer, f"{layer}.gpkg")
            cells = np.arange(20, dtype=np.uint8)[None, None, :].repeat(10, axis=1) + 1
            write_array(run.path("Depth.tif"), cells, transform=Affine(1, 0, 170, 0, -1, LAT + 5), crs=WGS84)
            run.output("Depth", "Depth.tif")
        return run.job_id


@pytest.fixture(scope="module")
def ships(tmp_path_factory: pytest.TempPathFactory) -> Ships:
    return Ships(tmp_path_factory.mktemp("ships"), {"Demo": _toml(), "Seen": _toml().replace('"data"', '"view"')})


def _x(lon: float) -> float:
    return HALF * lon / 180


def _metres(west: float, east: float) -> dict[str, str]:
    return {"geometry": f"{_x(west)},-3000000,{_x(east)},-1000000", "inSR": "102100"}


def _found(ships: Ships, layer: int, **asked: object) -> list[Any]:
    answer = ships.get(f"{ships.map_url()}/{layer}/query", f="json", outFields="name", returnGeometry="false", **asked).json()
    assert "features" in answer, answer
    return [one["attributes"]["name"] for one in answer["features"]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (_metres(165, 180), ALL[:10]),
        ({"geometry": f"18500000,-3000000,{HALF + 1},-1000000", "inSR": "102100"}, ALL[:10]),
        (_metres(165, 195), ALL),
        (_metres(-195, -165), ALL),
        (_metres(-195, -185), ALL[:5]),
        (_metres(173, 187 + 360), ALL),
        (_metres(-170, 170), NOT_THERE),
        ({"geometry": "-25000000,-9000000,25000000,9000000", "inSR": "102100"}, ALL),
        ({"geometry": "-90000000,-9000000,90000000,9000000", "inSR": "102100"}, ALL),
        ({"geometry": "165,-30,195,-10", "inSR": "4326"}, ALL),
        ({"geometry": "165,-30,195,-10", "inSR": "4326", "spatialRel": "esriSpatialRelEnvelopeIntersects"}, ALL),
        ({"geometry": "165,-30,175.2,-10", "inSR": "4326", "spatialRel": "esriSpatialRelEnvelopeIntersects"}, ALL[:5]),
        ({"geometry": "-200,-90,200,90", "inSR": "4326", "spatialRel": "esriSpatialRelContains"}, ALL),
        ({"geometry": f"{-_x(4)},-3000000,{_x(2)},-1000000", "inSR": ABOUT_180}, ALL[6:12]),
        ({"geometry": '{"x": 180.1, "y": -20}', "geometryType": "esriGeometryPoint", "inSR": "4326", "distance": 80,
          "units": "esriSRUnit_Kilometer"}, ALL[9:11]),
        ({"geometry": json.dumps({"paths": [[[176, -20], [183, -20]]]}), "geometryType": "esriGeometryPolyline", "inSR": "4326",
          "distance": 1, "units": "esriSRUnit_Kilometer"}, ALL[6:13]),
    ],
)  # fmt: skip
def test_places_across_the_edge_are_where_they_are(asked: dict[str, object], expected: list[str], ships: Ships) -> None:
    """Boxes, lines and distances, in every CRS and however often around, find what lies in them and nothing of the other way round."""
    assert [_found(ships, layer, **asked) for layer in range(DEPTH)] == [expected] * DEPTH


def _hits(ships: Ships, layer: int, x: float, lon: float, tolerance: int = 10, **asked: object) -> list[Any]:
    """At x, on a picture of five degrees about a longitude at 400 pixels, a pixel being some 1.4 km."""
    extent = f"{x - _x(2.5)},-2500000,{x + _x(2.5)},-1943403"
    answer = ships.get(
        f"{ships.map_url()}/identify", f="json", geometry=f"{x},{transformer(WGS84, WEB_MERCATOR).transform(lon, LAT)[1]}",
        tolerance=tolerance, mapExtent=extent, imageDisplay="400,400,96", layers=f"all:{layer}", returnGeometry="false", **asked,
    ).json()  # fmt: skip
    assert "results" in answer, answer
    return [one["attributes"].get("name", one["value"]) for one in answer["results"]]


@pytest.mark.parametrize("layer", range(len(LAYERS)))
def test_a_click_near_the_edge_finds_what_is_there(layer: int, ships: Ships) -> None:
    """Within the tolerance over it, on either side of it, on maps about another meridian, and when the map has gone round."""
    assert _hits(ships, layer, _x(179.93), 179.93) == []
    assert _hits(ships, layer, HALF, 180, tolerance=0) == [] == _hits(ships, layer, -HALF, 180, tolerance=0)
    assert _hits(ships, layer, _x(179.9), 179.9, tolerance=50) == ["S9", "S10"]
    assert _hits(ships, layer, _x(180.5), 180.5) == ["S10"] == _hits(ships, layer, _x(-179.5), -179.5)
    assert _hits(ships, layer, _x(180.5 - 720), 180.5) == ["S10"] == _hits(ships, layer, _x(180.5 + 360), 180.5)
    assert _hits(ships, layer, 0.0, 180, sr=ABOUT_180) == []
    assert _hits(ships, layer, _x(0.5), 180.5, sr=ABOUT_180) == ["S10"]
    assert _hits(ships, layer, _x(-0.5), 179.5, sr=ABOUT_180) == ["S9"]


def test_cells_are_found_on_either_side_and_however_often_around(ships: Ships) -> None:
    """A raster that goes on beyond 180 degrees has the cell that the picture shows there."""
    assert [_hits(ships, DEPTH, _x(lon), lon) for lon in (179.5, 180.5, -179.5, 540.5, 100.0)] == [["10"], ["11"], ["11"], ["11"], []]
    assert _hits(ships, DEPTH, _x(0.5), 180.5, sr=ABOUT_180) == ["11"]
    placed = json.dumps({"x": 190.0 - 0.5, "y": LAT, "spatialReference": {"wkid": 4326}})
    look = {"mapExtent": f"{_x(187)},-2500000,{_x(192)},-1943403", "imageDisplay": "400,400,96"}
    answer = ships.get(f"{ships.map_url()}/identify", f="json", geometry=placed, layers="all", sr="102100", **look).json()
    assert [one["value"] for one in answer["results"]] == ["S19", "S19", "S19", "20"]


@pytest.mark.parametrize("layer", range(DEPTH))
def test_the_extent_of_what_is_found_goes_across_the_edge(layer: int, ships: Ships) -> None:
    """Clients zoom to it: all around the earth they would see nothing."""
    asked = {"where": "1=1", "returnExtentOnly": "true", "outSR": "4326"}
    extent = ships.get(f"{ships.map_url()}/{layer}/query", f="json", **asked).json()["extent"]
    assert (extent["xmin"], extent["xmax"]) == pytest.approx((LONS[0], LONS[-1]))


def test_the_map_is_shown_across_the_edge(ships: Ships) -> None:
    """The first extent and the page's picture are of where the ships are; a layer's extent is that of its coordinates."""
    root = ships.get(ships.map_url(), f="json").json()
    for name in ("initialExtent", "fullExtent"):
        assert (root[name]["xmin"], root[name]["xmax"]) == pytest.approx((_x(170), _x(190)))
    layer = ships.get(f"{ships.map_url()}/0", f="json").json()["extent"]
    assert (layer["xmin"], layer["xmax"]) == pytest.approx((-_x(179.5), _x(179.5)))
    seen = re.search(r"/export\?f=image&amp;bbox=([^&]*)", ships.get(ships.map_url()).text)
    assert seen
    xmin, _, xmax, _ = map(float, unquote(seen[1]).split(","))
    assert _x(165) < xmin < _x(170) and _x(190) < xmax < _x(195)


@pytest.mark.parametrize(
    ("extent", "expected"), [((175.0, -30.0, 185.0, -10.0), (175, 185)), ((-178.0, -30.0, -160.0, -10.0), (-178, -160)), (None, (170, 190))]
)
def test_a_link_shows_no_more_than_its_extent(
    extent: tuple[float, float, float, float] | None, expected: tuple[float, float], ships: Ships
) -> None:
    """Across 180 degrees too, where it reaches over it."""
    link = ships.link(None, Operation.DATA, Bounds(None, extent))
    frame = ships.get(f"{link}{ships.map_url()}", f="json").json()["fullExtent"]
    assert (frame["xmin"], frame["xmax"]) == pytest.approx((_x(expected[0]), _x(expected[1])), rel=1e-3)


@pytest.mark.parametrize(
    ("box", "crs"),
    [
        ((178, -30, -178, -10), WGS84),
        ((-182, -30, -178, -10), WGS84),
        ((538, -30, 542, -10), WGS84),
        ((_x(178), -3_500_000, _x(182), -1_000_000), WEB_MERCATOR),
        ((_x(178), -3_500_000, _x(-178), -1_000_000), WEB_MERCATOR),
        ((-_x(2), -3_500_000, _x(2), -1_000_000), ABOUT_180),
        ((604_000, 7_700_000, 1_023_000, 7_900_000), "EPSG:32760"),
    ],
)  # fmt: skip
def test_a_link_grants_the_box_that_was_given(box: tuple[float, float, float, float], crs: str, ships: Ships) -> None:
    """However it is written where it reaches over 180 degrees: of queries, of identify, and of the extents that are told."""
    name = parse_crs(crs)
    granted = place_in_degrees(box_between(*box, name), name)
    expected = [ship for ship, lon in zip(ALL, LONS, strict=True) if granted.xmin <= lon <= granted.xmax]
    assert -180 <= granted.xmin < 180 and granted.width < 5 and 2 <= len(expected) <= 5
    job = f"{ships.link(None, Operation.DATA, Bounds(None, granted.corners))}{ships.map_url()}"
    asked = {"geometry": "-200,-60,200,60", "geometryType": "esriGeometryEnvelope", "sr": "4326", "returnGeometry": "false"}
    for layer in range(DEPTH):
        found = ships.get(f"{job}/{layer}/query", f="json", where="1=1", outFields="name", returnGeometry="false").json()
        hits = ships.get(f"{job}/identify", f="json", layers=f"all:{layer}", **asked).json()
        assert [one["attributes"]["name"] for one in found["features"]] == expected == [one["value"] for one in hits["results"]]
    extents = [ships.get(f"{job}/{layer}", f="json").json()["extent"] for layer in range(DEPTH)]
    assert all(each["xmax"] >= _x(178) - 1 and (each["xmin"] >= _x(granted.xmin) - 1 or each["xmin"] <= -_x(178)) for each in extents)


@pytest.mark.parametrize(("box", "crs"), [((-1e6, -1e6, 1e6, 1e6), "EPSG:3413"), ((1e9, 0, 1.1e9, 1e5), "EPSG:32633")])
def test_a_box_that_degrees_cannot_keep_is_refused(box: tuple[float, float, float, float], crs: str) -> None:
    """One around a pole would grant all that lies as far north, and one beside the earth nothing."""
    with pytest.raises(InvalidBbox):
        place_in_degrees(BBox(*box), crs)


def test_of_exchanged_sides_the_shorter_way_is_meant() -> None:
    """Never the way around the earth, in no number of turns."""
    boxes = [(15, 47, 10, 48), (170, 47, -170, 48), (538, 47, -190, 48), (10, 48, 15, 47)]
    assert [box_between(*box, WGS84).width for box in boxes] == [5, 20, 8, 5]


def test_what_may_only_be_seen_has_a_frame_that_tells_no_ship(ships: Ships) -> None:
    """The frame of one layer, as clients hear of it, is wider than the ships lie, and still in one piece."""
    link = ships.link(frozenset((0,)), Operation.VIEW, name="Seen")
    frame = ships.get(f"{link}{ships.map_url('Seen')}", f="json").json()["fullExtent"]
    assert _x(170) < frame["xmin"] < _x(170.5) - 1 and _x(189.5) + 1 < frame["xmax"] < _x(190)

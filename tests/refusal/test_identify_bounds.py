"""What bounds a permission bounds identify: the extent of a link, and the finest scale that anything is shown at."""

from __future__ import annotations

import json
from pathlib import Path

from rendermap.access.grant import UNBOUNDED, Bounds
from rendermap.frontends.arcgis.spatial import ESRI_PIXEL_M
from rendermap.geo.bbox import BBox
from rendermap.geo.shape import Shape
from rendermap.geo.view import MapView
from rendermap.identifying import positions_of
from rendermap.request import IdentifyRequest, JobRequest
from tests.builders.asked_service import SOUTH, WEST, AskedService, toml


def test_rasters_are_asked_within_the_granted_extent_alone() -> None:
    """A point outside of it is passed over; a polygon asks in its middle."""
    view = MapView(BBox(0, 0, 10, 10), "EPSG:4326", 100, 100)
    bounds = Bounds(extent_deg=(0, 0, 5, 5))
    points = IdentifyRequest(JobRequest("S", "j"), Shape("point", ((((2.0, 2.0), (7.0, 2.0)),),)), view)
    assert positions_of(points, bounds) == ((2.0, 2.0),) and len(positions_of(points, UNBOUNDED)) == 2
    square = Shape("polygon", ((((0.0, 0.0), (0.0, 8.0), (8.0, 8.0), (8.0, 0.0), (0.0, 0.0)),),))
    assert positions_of(IdentifyRequest(points.job, square, view), bounds) == ((4.0, 4.0),)


def test_features_lie_on_the_grid_of_the_finest_scale(tmp_path: Path) -> None:
    """Shapes are told as coarsely as they are drawn."""
    service = AskedService(tmp_path, {"Coarse": toml(layer="finest_scale = 100000")})
    x, y = WEST + 25, SOUTH + 25
    asked = {"geometry": f"{x},{y}", "mapExtent": f"{x - 250},{y - 250},{x + 250},{y + 250}", "imageDisplay": "500,500,96", "tolerance": 20}
    results = service.get(f"{service.map_url('Coarse')}/identify", f="json", **asked).json()["results"]
    step = 100_000 * ESRI_PIXEL_M
    told = [value / step for one in results for ring in one["geometry"]["rings"] for position in ring for value in position]
    assert told and all(abs(value - round(value)) < 1e-3 for value in told), json.dumps(results)


def test_where_a_layer_lies_is_told_as_its_shapes_are(tmp_path: Path) -> None:
    """The sides of the true box are coordinates of the outermost features: they are told where shapes are."""
    levels = {"Seen": ("view", ""), "Asked": ("identify", ""), "Shaped": ("identify", "geometry = true"), "Handed": ("data", "")}
    service = AskedService(tmp_path, {name: toml(access, layer=layer) for name, (access, layer) in levels.items()})
    extents = {name: service.get(f"{service.map_url(name)}/0", f="json").json()["extent"] for name in levels}
    is_true = {name: abs(extent["xmin"] - WEST) < 1e-6 for name, extent in extents.items()}
    assert is_true == {"Seen": False, "Asked": False, "Shaped": True, "Handed": True}
    assert all(extent["xmin"] <= WEST + 1e-6 and extent["ymin"] <= SOUTH + 1e-6 for extent in extents.values())

"""Views past the antimeridian are views on another map, and all others the very same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, metres_per_unit, transformer
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.geo.view import MapView
from rendermap.geo.worlds import in_one_world

EDGE = 20037508.342789244


def view(low: float, high: float, crs: str = WEB_MERCATOR, width_px: int = 256) -> MapView:
    """A view between two eastings."""
    return MapView(BBox(low, 0.0, high, 10.0), crs, width_px, 256)


@pytest.mark.parametrize(
    "ordinary",
    [
        view(-EDGE, EDGE),
        view(-20037508.35, 20037508.35),
        view(-180, 180, WGS84),
        view(179, 180.0001, WGS84),
        view(1e8, 2e8, "EPSG:25832"),
        view_of(TileAddress("WebMercatorQuad", 3, 0, 7), 256, 1.0),
    ],
)
def test_ordinary_views_are_the_very_same(ordinary: MapView) -> None:
    """Nothing is made for what lies in one world, or in another CRS; a part of a pixel over the edge was rounded."""
    assert in_one_world(ordinary) is ordinary


@pytest.mark.parametrize("crs", [WEB_MERCATOR, WGS84])
@settings(max_examples=60, deadline=None)
@given(middle=st.floats(-3, 3), width=st.floats(0.001, 0.99))
def test_every_place_stays_on_its_pixel(crs: str, middle: float, width: float) -> None:
    """Wherever a client has got to, at the same scale, and the map's own seam is out of sight."""
    turn = 2 * EDGE if crs == WEB_MERCATOR else 360.0
    asked = view((middle - width / 2) * turn, (middle + width / 2) * turn, crs)
    drawn = in_one_world(asked)
    assert drawn.resolution == pytest.approx(asked.resolution) and drawn.width_px == asked.width_px
    assert metres_per_unit(drawn.crs) == metres_per_unit(crs)
    for share in (0.001, 0.5, 0.999):
        lon, _ = transformer(drawn.crs, WGS84).transform(drawn.bbox.xmin + share * drawn.bbox.width, 5.0)
        wanted = 360 * (middle + (share - 0.5) * width)
        assert (lon - wanted + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    edge = turn / 2 * (1 + 1e-9) + asked.resolution / 2
    assert -edge <= drawn.bbox.xmin and drawn.bbox.xmax <= edge


def test_few_maps_are_made_for_it() -> None:
    """All that lies about the antimeridian is on one map; what is wider than the earth stays as it is."""
    about = {in_one_world(view(low, low + 30, WGS84)).crs for low in (-200, -185, 151, 165, 179, 185, 515)}
    assert len(about) == 1 and WGS84 not in about
    assert in_one_world(view(-10, 400, WGS84)).crs == WGS84

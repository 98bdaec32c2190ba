"""Where a view lies to a part of the earth."""

from __future__ import annotations

import numpy as np
import pytest

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84
from rendermap.geo.extent import Lies, is_within, lies
from rendermap.geo.view import MapView

GERMANY = BBox(6, 47, 15, 55)


@pytest.mark.parametrize(
    ("box", "crs", "wanted"),
    [
        (BBox(8, 49, 9, 50), WGS84, Lies.INSIDE),
        (BBox(5, 49, 9, 50), WGS84, Lies.ACROSS),
        (BBox(20, 49, 21, 50), WGS84, Lies.OUTSIDE),
        (BBox(8, 40, 9, 46), WGS84, Lies.OUTSIDE),
        (BBox(-180, -90, 180, 90), WGS84, Lies.ACROSS),
        (BBox(890_000, 6_200_000, 900_000, 6_210_000), WEB_MERCATOR, Lies.INSIDE),
        (BBox(500_000, 5_500_000, 510_000, 5_510_000), "EPSG:32632", Lies.INSIDE),
        (BBox(500_000, 1_000_000, 510_000, 1_010_000), "EPSG:32632", Lies.OUTSIDE),
        (BBox(366, 49, 367, 50), WGS84, Lies.ACROSS),
    ],
)
def test_where_a_view_lies(box: BBox, crs: str, wanted: Lies) -> None:
    """Wholly inside, wholly outside, or across the border; what is not plain to see counts as across."""
    assert lies(MapView(box, crs, 256, 256), GERMANY) is wanted


def test_a_speck_among_the_places_looked_at_is_not_missed() -> None:
    """An extent far smaller than the view's grid of places lies across it."""
    speck = BBox(9.0001, 50.0001, 9.0002, 50.0002)
    assert lies(MapView(BBox(0, 40, 20, 60), WGS84, 256, 256), speck) is Lies.ACROSS


def test_what_reaches_out_is_not_inside() -> None:
    """A margin around the view counts, for symbols and labels that reach in from there."""
    view = MapView(BBox(6.1, 49, 7.1, 50), WGS84, 100, 100)
    assert lies(view, GERMANY, margin_px=5) is Lies.INSIDE
    assert lies(view, GERMANY, margin_px=11) is Lies.ACROSS


def test_longitudes_are_counted_around_the_world() -> None:
    """An extent across the antimeridian holds places told on either side; what is not finite lies nowhere."""
    fiji = BBox(176, -20, 182, -15)
    lon = np.array([177.0, -179.0, 181.0, 175.0, np.nan, np.inf])
    assert is_within(fiji, lon, np.full(6, -17.0)).tolist() == [True, True, True, False, False, False]

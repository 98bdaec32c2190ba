"""Maps turned on the page."""

import math

import pytest

from rendermap.errors import InvalidCrs
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import metres_per_unit, parse_crs, transformer
from rendermap.geo.turning import is_turned, turned, turned_crs
from rendermap.geo.view import MapView

SHIFTED = (
    'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-178.09],PARAMETER["Standard_Parallel_1",0.0],'
    'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]'
)
PLACES = [
    ("EPSG:3857", 9, 48), ("EPSG:4326", 9, 48), ("EPSG:31467", 9.5, 50), ("EPSG:2263", -74, 40.7), ("EPSG:3031", 20, -80),
    ("EPSG:2056", 8, 47), (SHIFTED, 179, 10),
]  # fmt: skip


@pytest.mark.parametrize(("given", "lon", "lat"), PLACES)
def test_a_place_lies_where_the_turn_puts_it(given: str, lon: float, lat: float) -> None:
    """Whatever the system's axes, unit and datum are, its turned twin differs from it by the turn about the origin and nothing else."""
    name, cos, sin = parse_crs(given), math.cos(math.radians(30)), math.sin(math.radians(30))
    x, y = transformer("EPSG:4326", name).transform(lon, lat)
    turned_x, turned_y = transformer("EPSG:4326", turned_crs(name, 30.0)).transform(lon, lat)
    tolerance = 1e-6 * max(abs(x), abs(y), 1) * 1e-3
    assert turned_x == pytest.approx(cos * x - sin * y, abs=tolerance)
    assert turned_y == pytest.approx(sin * x + cos * y, abs=tolerance)
    assert metres_per_unit(turned_crs(name, 30.0)) == pytest.approx(metres_per_unit(name), rel=1e-9)


def test_a_turned_view_keeps_its_centre_and_scale() -> None:
    """The middle of the picture stays the same place, and what is shown there stays as large."""
    view = MapView(BBox(500_000, 5_000_000, 500_800, 5_000_600), "EPSG:25832", 400, 300)
    found = turned(view, -30)
    assert found.scale_denominator == pytest.approx(view.scale_denominator) and (found.width_px, found.height_px) == (400, 300)
    assert transformer(found.crs, view.crs).transform(*found.bbox.center) == pytest.approx(view.bbox.center, abs=1e-6)
    # counter-clockwise is positive: turned by a quarter, the east is at the top
    east = transformer(view.crs, turned(view, 90).crs).transform(500_500, 5_000_300)
    assert east[1] - turned(view, 90).bbox.center[1] == pytest.approx(100) and east[0] == pytest.approx(turned(view, 90).bbox.center[0])


def test_no_turn_is_the_very_same_view() -> None:
    """A whole turn is none, and less than a hundredth of a degree makes no picture of its own."""
    view = MapView(BBox(0, 0, 4, 4), "EPSG:3857", 4, 4)
    assert turned(view, 360) is view and turned(view, 0.004) is view and turned(view, -0.004) is view
    assert turned(view, 390) == turned(view, 30) == turned(view, 30.001)


def test_nobody_may_ask_for_a_turned_system() -> None:
    """It is made for a view; as a question it is refused like any other definition that is no system of a map."""
    name = turned_crs("EPSG:3857", 30.0)
    assert is_turned(name) and not is_turned("EPSG:3857")
    with pytest.raises(InvalidCrs):
        parse_crs(name)

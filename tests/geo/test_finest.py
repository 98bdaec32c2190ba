"""How fine a view is, is measured on the ground: nothing that a request may say makes a fine view pass for a coarse one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, parse_crs, transform_bbox
from rendermap.geo.finest import Finest, coarser, is_finer, magnification
from rendermap.geo.view import MapView

UTM = "EPSG:32632"
GRID = Finest(UTM, 2.0, 2.0)
X, Y = 500_000.0, 5_538_000.0


def view(step_x: float, step_y: float | None = None, size: tuple[int, int] = (200, 100)) -> MapView:
    return MapView(BBox(X, Y, X + size[0] * step_x, Y + size[1] * (step_y or step_x)), UTM, *size)


WKT = """PROJCRS["mine",
BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]]],
CONVERSION["mine",METHOD["{method}"],{parameters},
PARAMETER["False easting",500000,LENGTHUNIT["metre",1]],PARAMETER["False northing",0,LENGTHUNIT["metre",1]]],
CS[Cartesian,2],AXIS["easting",east],AXIS["northing",north],LENGTHUNIT["metre",1]]"""
DEGREE = 'ANGLEUNIT["degree",0.0174532925199433]'


def scaled_by(scale: float) -> str:
    """A transverse Mercator of an attacker's own."""
    origin = f'PARAMETER["Latitude of natural origin",0,{DEGREE}],PARAMETER["Longitude of natural origin",9,{DEGREE}]'
    factor = f'PARAMETER["Scale factor at natural origin",{scale!r},SCALEUNIT["unity",1]]'
    return parse_crs(WKT.format(method="Transverse Mercator", parameters=f"{origin},{factor}"))


def upright_at(parallel: float) -> str:
    """An equirectangular CRS, true to shape at one parallel."""
    true_at = f'PARAMETER["Latitude of 1st standard parallel",{parallel},{DEGREE}]'
    origin = f'PARAMETER["Longitude of natural origin",9,{DEGREE}]'
    return parse_crs(WKT.format(method="Equidistant Cylindrical", parameters=f"{true_at},{origin}"))


def test_a_pixel_smaller_than_a_cell_is_finer() -> None:
    """As large as a cell is not finer, to the grid that views lie on; an oblong pixel is as fine as its shorter side."""
    assert not is_finer(view(2.0), GRID)
    assert not is_finer(view(2.0 * (1 - 1e-5)), GRID)
    assert is_finer(view(1.99), GRID)
    assert is_finer(view(500.0, 1.0), GRID)
    assert is_finer(view(1.0, 500.0), GRID)
    assert magnification(view(0.5), GRID) == pytest.approx(4)


def test_dots_per_inch_change_nothing() -> None:
    """A sharper picture of the same size in pixels is no finer, one of the same place in more pixels is."""
    coarse = view(2.0)
    assert not is_finer(replace(coarse, pixel_ratio=8.0), GRID)
    assert is_finer(replace(coarse, width_px=400, height_px=200, pixel_ratio=2.0), GRID)


@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_a_crs_with_units_of_its_own_is_seen_through(scale: float) -> None:
    """A scale factor of a thousand makes metres of a request look coarse, and is measured on the ground."""
    crs = scaled_by(scale)
    box = transform_bbox(view(0.1).bbox, UTM, crs)
    assert box and box.width / 200 > 10 * GRID.dx
    assert is_finer(MapView(box, crs, 200, 100), GRID)


def test_a_lopsided_crs_is_as_fine_as_its_finer_direction() -> None:
    """In an equirectangular CRS with a standard parallel by the pole a square pixel is long and thin on the ground."""
    crs = upright_at(89.9)
    side = 1.0 * 100
    lopsided = MapView(BBox(500_000, 5_540_000, 500_000 + side, 5_540_000 + side), crs, 100, 100)
    area = (1 / math.cos(math.radians(89.9))) * math.cos(math.radians(50))
    assert area > 4, "the pixel's area alone would let it pass"
    assert is_finer(lopsided, GRID)


def test_far_too_fine_is_fine() -> None:
    """Where numbers hold no smaller step the view is as fine as can be, not as coarse as its units say."""
    crs = scaled_by(1e9)
    box = transform_bbox(BBox(X, Y, X + 1e-7, Y + 1e-7), UTM, crs)
    assert box
    assert is_finer(MapView(BBox(box.xmin, box.ymin, box.xmin + 100, box.ymin + 100), crs, 100, 100), GRID)


def test_the_whole_world_is_not_finer() -> None:
    """In any of the usual systems; that it has places the grid's CRS does not know is no reason."""
    half = 20037508.342789244
    assert not is_finer(MapView(BBox(-half, -half, half, half), WEB_MERCATOR, 1024, 1024), GRID)
    assert not is_finer(MapView(BBox(-180, -90, 180, 90), "EPSG:4326", 2048, 1024), GRID)


def test_ground_metres_count_in_web_mercator() -> None:
    """At 50 degrees a metre of Web Mercator is 0.64 m."""
    box = transform_bbox(view(2.0).bbox, UTM, WEB_MERCATOR)
    assert box
    cell_m = 2.0 / math.cos(math.radians(50))
    center_x, center_y = box.center

    def square(step_m: float) -> MapView:
        return MapView(BBox(center_x, center_y, center_x + 64 * step_m, center_y + 64 * step_m), WEB_MERCATOR, 64, 64)

    assert is_finer(square(cell_m * 0.99), GRID) and not is_finer(square(cell_m * 1.01), GRID)
    assert is_finer(square(cell_m * 1.01), coarser(GRID, 2))

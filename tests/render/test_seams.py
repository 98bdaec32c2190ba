"""Features across the edge of a map's CRS are cut there, not smeared over the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import parse_crs
from rendermap.render.seams import cut_at_seam, is_torn, seam_of
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.symbols import Stroke, Symbol
from tests.builders.vectors import BLUE, RED, fill, plan_for, view_on, write_features

MERCATOR = (-20037508.34, -20037508.34, 20037508.34, 20037508.34)


@pytest.mark.parametrize(
    ("crs", "seam"),
    [("EPSG:3857", 180.0), ("EPSG:4326", 180.0), ("ESRI:54030", 180.0), ("EPSG:3832", -30.0), ("EPSG:3413", None), ("EPSG:3031", None)],
)
def test_seams(crs: str, seam: float | None) -> None:
    """World maps tear opposite their central meridian, polar maps nowhere."""
    assert seam_of(crs) == (seam if seam is None else pytest.approx(seam))


@pytest.mark.parametrize(
    ("box", "data", "map_crs", "torn"),
    [
        ((170, -20, 190, -10), "EPSG:4326", "EPSG:3857", True),
        ((-180, -90, 180, 90), "EPSG:4326", "EPSG:3857", False),
        ((5, 45, 15, 55), "EPSG:4326", "EPSG:3857", False),
        ((-60, 60, -20, 85), "EPSG:4326", "EPSG:3832", True),
        ((-60, 60, -20, 85), "EPSG:4326", "EPSG:3413", False),
        ((3e5, 7.9e6, 1.0e6, 8.2e6), "EPSG:32760", "EPSG:3857", True),
        ((3e5, 5.2e6, 7e5, 6e6), "EPSG:25832", "EPSG:3857", False),
        ((-1e6, -1e6, 1e6, 1e6), "EPSG:3413", "EPSG:3857", True),
    ],
)
def test_what_is_torn(box: tuple[float, float, float, float], data: str, map_crs: str, torn: bool) -> None:
    """Only data that hangs together across the seam pays for a copy."""
    assert is_torn(BBox(*box), data, map_crs) is torn


SHIFTED = (
    'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{}],PARAMETER["Standard_Parallel_1",0.0],'
    'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize("meridian", [180.0, -180.0, -178.09, 178.0, 170.0])
@pytest.mark.parametrize("longitudes", [(170.5, 175.5, 185.5), (170.5, 175.5), (-189.5, -184.5, -174.5), (-170.5,)], ids=str)
def test_a_map_about_another_meridian(tmp_path: Path, meridian: float, longitudes: tuple[float, ...]) -> None:
    """Features are where they belong, on one side of 180 degrees or both, with longitudes beyond it, and with 180 in the very middle."""
    layer = write_features(tmp_path, [shapely.box(x - 1, 14, x + 1, 16) for x in longitudes], crs="EPSG:4326")
    degree = 20037508.342789244 / 180
    view = view_on((-30 * degree, 10 * degree, 30 * degree, 20 * degree), parse_crs(SHIFTED.format(meridian)), 600, 100)
    drawn = draw_vectors([plan_for(layer, fill(RED))], view)[50, :, 3] == 255
    expected = [round(300 + 10 * ((x - meridian + 180) % 360 - 180)) for x in longitudes]
    assert drawn[expected].all() and drawn.sum() == pytest.approx(20 * len(longitudes), abs=4)


def test_fiji_lies_on_both_edges_of_a_web_map(tmp_path: Path) -> None:
    """A square of UTM zone 60 across the antimeridian is drawn at both edges and nowhere between."""
    layer = write_features(tmp_path, [shapely.segmentize(shapely.box(6e5, 7.9e6, 1.1e6, 8.3e6), 2e4)], {"v": [1]}, crs="EPSG:32760")
    pixels = draw_vectors([plan_for(layer, fill(RED))], view_on(MERCATOR, "EPSG:3857", 720, 720))
    columns = np.nonzero(pixels[..., 3].any(axis=0))[0]
    assert columns.min() == 0 and columns.max() == 719
    assert not pixels[:, 20:700, 3].any()


def test_a_cap_around_the_pole_is_a_band_on_a_web_map(tmp_path: Path) -> None:
    """A disc about the north pole in a polar CRS fills the top of a Mercator map and not the rest."""
    layer = write_features(tmp_path, [shapely.Point(0, 0).buffer(2e6, 64)], crs="EPSG:3413")
    pixels = draw_vectors([plan_for(layer, fill(RED))], view_on(MERCATOR, "EPSG:3857", 200, 200))
    assert pixels[5, :, 3].min() == 255
    assert pixels[60:, :, 3].max() == 0


def test_an_outline_around_the_pole_has_no_stroke_to_it(tmp_path: Path) -> None:
    """The cut to the pole lies on the map's edge, not through its middle."""
    layer = write_features(tmp_path, [shapely.Point(3e5, 2e5).buffer(2.5e6, 64)], crs="EPSG:3413")
    symbol = Symbol((*fill(BLUE).layers, Stroke(RED, 1.0)))
    pixels = draw_vectors([plan_for(layer, symbol)], view_on(MERCATOR, "EPSG:3857", 200, 200))
    assert (pixels[5, 3:197, :3] == BLUE[:3]).all()


def test_greenland_on_a_pacific_map(tmp_path: Path) -> None:
    """A polygon across the seam of a map centred on 150 degrees lies at both its edges."""
    layer = write_features(tmp_path, [shapely.box(-60, 60, -20, 80)], crs="EPSG:4326")
    pixels = draw_vectors([plan_for(layer, fill(RED))], view_on(MERCATOR, "EPSG:3832", 360, 360))
    row = pixels[int(np.nonzero(pixels[..., 3].any(axis=1))[0].mean()), :, 3]
    assert row[2] == 255 and row[-3] == 255 and row[60:300].max() == 0


def test_lines_and_points_are_cut_too() -> None:
    """A line across 180 degrees becomes two, a point stays one, and far nonsense is left out."""
    shapes = np.array([shapely.LineString([(175, 0), (185, 10)]), shapely.Point(181, 5), shapely.MultiPoint([(179, 0), (182, 0)])], object)
    line, point, points = cut_at_seam(shapes, "EPSG:4326", "EPSG:3857")
    assert shapely.get_num_geometries(line) == 2
    assert line.length == pytest.approx(shapely.LineString([(0, 0), (1113195, 1118890)]).length, rel=0.01)
    assert point.x == pytest.approx(-179 * 111319.49, rel=1e-6)
    assert sorted(np.sign(shapely.get_coordinates(points)[:, 0])) == [-1, 1]


def test_outlines_keep_to_their_side(tmp_path: Path) -> None:
    """No line runs across the map between the two pieces."""
    layer = write_features(tmp_path, [shapely.LineString([(170, -50), (190, 50)])], crs="EPSG:4326")
    pixels = draw_vectors([plan_for(layer, Symbol((Stroke(RED, 2.0),)))], view_on(MERCATOR, "EPSG:3857", 360, 360))
    assert not pixels[:, 20:340, 3].any() and pixels[..., 3].any()

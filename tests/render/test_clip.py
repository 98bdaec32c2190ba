"""A picture bounded to a part of the earth shows nothing from outside: no pixel, symbol, label, density or statistic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transform_bbox, transformer
from rendermap.geo.finest import Finest
from rendermap.geo.view import MapView
from rendermap.imaging.encode import encode
from rendermap.imaging.formats import FORMATS
from rendermap.render.clip import inside, touch
from rendermap.render.compose import draw
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.style import HeatMap, Single, StatisticsSource, Stretch, StretchKind, StretchRecipe, Style
from rendermap.symbology.symbols import Color, Fill, Marker, Ramp, Symbol
from tests.builders.rasters import write_array
from tests.builders.vectors import plan_for, write_features
from tests.builders.views import look, plan_of

# isort: split
from affine import Affine

Pixels = NDArray[np.uint8]
HALF = BBox(9.0, 49.0, 9.5, 50.5)
"""The west of a view from 9 to 10 degrees."""

VIEW = MapView(BBox(9.0, 49.5, 10.0, 50.0), WGS84, 400, 200)
EAST = np.s_[:, 200:]
DOT = Symbol((Marker("M-.5 0A.5 .5 0 1 1 .5 0A.5 .5 0 1 1 -.5 0Z", 30, Color(200, 0, 0)),))
RAMP = Ramp(((0.0, Color(255, 255, 255)), (1.0, Color(0, 0, 0))))


def clipped(plan: LayerPlan, view: MapView = VIEW, clip_deg: BBox | None = HALF) -> Pixels:
    return draw(MapPlan(view, (plan,), None, "png", clip_deg=clip_deg))


def areas(folder: Path) -> LayerPlan:
    """One polygon over all of the view."""
    layer = write_features(folder, [shapely.box(8, 49, 11, 51)], crs=WGS84, name="areas")
    return plan_for(layer, Symbol((Fill(Color(20, 90, 160)),)))


def points(folder: Path, *places: tuple[float, float], **style: object) -> LayerPlan:
    """Points at (lon, lat), named a, b and so on."""
    names: list[object] = [chr(97 + n) * 6 for n in range(len(places))]
    layer = write_features(folder, [shapely.Point(*place) for place in places], {"name": names}, crs=WGS84, name="points")
    return plan_for(layer, Style(Single(DOT), **style))  # type: ignore[arg-type]


@pytest.mark.parametrize("crs", [WGS84, WEB_MERCATOR, "EPSG:32632", "EPSG:3035", "EPSG:3995"])
def test_pixels_outside_are_transparent_in_every_crs(tmp_path: Path, crs: str) -> None:
    """To half a pixel, also where the border is slanted or bent."""
    box = transform_bbox(VIEW.bbox, WGS84, crs)
    assert box
    view = MapView(box, crs, 300, 200)
    picture = clipped(areas(tmp_path), view)
    x = box.xmin + (np.arange(300) + 0.5) * box.width / 300
    y = box.ymax - (np.arange(200) + 0.5) * box.height / 200
    lon, lat = (np.asarray(part) for part in transformer(crs, WGS84).transform(*np.meshgrid(x, y)))
    pixel_deg = max(np.abs(np.diff(lon, axis=1)).max(), np.abs(np.diff(lon, axis=0)).max())
    west = (lon < HALF.xmax - pixel_deg / 2) & (lon > HALF.xmin + pixel_deg) & (lat < HALF.ymax) & (lat > HALF.ymin)
    assert (picture[..., 3][west] == 255).all() and west.any()
    assert not picture[lon > HALF.xmax + pixel_deg / 2].any()


@pytest.mark.parametrize("name", FORMATS.names)
def test_outside_looks_like_nothing_in_every_format(tmp_path: Path, name: str) -> None:
    """The bytes are those of a picture in which nothing lies outside; the colours of what is hidden are not there either."""
    hidden = clipped(areas(tmp_path))
    layer = write_features(tmp_path, [shapely.box(8, 49, HALF.xmax, 51)], crs=WGS84, name="west")
    nothing = draw(MapPlan(VIEW, (plan_for(layer, Symbol((Fill(Color(20, 90, 160)),))),), None, "png"))
    assert not hidden[EAST].any()
    assert encode(hidden, name) == encode(nothing, name)


def test_a_symbol_does_not_reach_in(tmp_path: Path) -> None:
    """A point a few pixels outside leaves no trace inside, one inside is cut at the border."""
    outside, within = (9.505, 49.75), (9.495, 49.75)
    plan = points(tmp_path, outside)
    assert clipped(plan, clip_deg=None)[:, :200].any(), "without the bound its symbol reaches in"
    assert not clipped(plan).any()
    seen = clipped(points(tmp_path, within))
    assert seen[:, :200].any() and not seen[EAST].any()


@pytest.mark.parametrize("crs", [WGS84, WEB_MERCATOR])
@pytest.mark.parametrize("box", [BBox(175, -5, 179.9, 5), BBox(-180, -5, -175, 5), BBox(-180, -40, 180, 40)])
def test_an_extent_across_the_antimeridian_keeps_out_what_lies_beside_it(tmp_path: Path, box: BBox, crs: str) -> None:
    """On either side, and on a map of the whole earth; features within are drawn there, on both sides of it."""
    seen = transform_bbox(box, WGS84, crs)
    assert seen
    view, extent = MapView(seen, crs, 800, 200), BBox(178, -30, 182, 30)
    assert not clipped(points(tmp_path, (177.99, 0), (-177.99, 0), (0, 0)), view, extent).any()
    picture = clipped(points(tmp_path, (179, 0), (-179, 0)), view, extent)
    assert picture[:, -400:].any() == (box.xmax > 178) and picture[:, :400].any() == (box.xmin < -178)


def test_the_next_picture_is_whole_again(tmp_path: Path) -> None:
    """A warm map keeps no bound of the picture before."""
    plan = points(tmp_path, (9.505, 49.75))
    before = clipped(plan, clip_deg=None)
    clipped(plan)
    assert (clipped(plan, clip_deg=None) == before).all()


@pytest.mark.parametrize("size", [(400, 200), (1200, 600)])
def test_labels_of_features_outside_do_not_reach_in(tmp_path: Path, size: tuple[int, int]) -> None:
    """Neither in a block that tiles are cut from nor in a picture that stands alone; inside they stand as before."""
    label = LabelClass(Column("name"), TextSymbol(size_pt=14), Placement(("W",)))
    view = replace(VIEW, width_px=size[0], height_px=size[1])
    outside = points(tmp_path, (9.52, 49.75), labels=(label,))
    assert clipped(outside, view, None)[:, : size[0] // 2].any(), "without the bound its label reaches in"
    assert not clipped(outside, view).any()
    within = points(tmp_path, (9.3, 49.6), labels=(label,))
    assert (clipped(within, view) == clipped(within, view, None)).all() and clipped(within, view).any()


def test_labels_give_way_to_nothing_outside(tmp_path: Path) -> None:
    """A label stands where it would if the features outside were not there."""
    label = LabelClass(Column("name"), TextSymbol(size_pt=14), Placement(("C",)))
    folders = [tmp_path / name for name in ("both", "alone")]
    for folder in folders:
        folder.mkdir()
    inside_point = (9.47, 49.75)
    with_rival = points(folders[0], inside_point, (9.51, 49.75), labels=(label,))
    alone = points(folders[1], inside_point, labels=(label,))
    assert (clipped(with_rival) == clipped(alone)).all()


def test_points_outside_do_not_heat(tmp_path: Path) -> None:
    """The density inside is that of the points inside."""
    theme = HeatMap(Ramp(((0.0, Color(255, 255, 0)), (1.0, Color(255, 0, 0)))), radius_pt=30, limits=(0.0, 2.0))
    folders = [tmp_path / name for name in ("many", "one")]
    for folder in folders:
        folder.mkdir()
    many = replace(points(folders[0], (9.45, 49.75), *[(9.51, 49.75)] * 5), style=Style(theme))
    one = replace(points(folders[1], (9.45, 49.75)), style=Style(theme))
    assert clipped(one).any()
    assert (clipped(many) == clipped(one)).all()


def test_statistics_of_the_view_are_of_what_is_seen(tmp_path: Path) -> None:
    """A stretch between the extremes in view is not stretched by a peak outside."""
    pictures = []
    for name, peak in (("low", 10.0), ("high", 5_000.0)):
        data = np.tile(np.linspace(0, 10, 100, dtype=np.float32), (1, 50, 1))
        data[:, :, 50:] = peak
        layer = look(write_array(tmp_path / f"{name}.tif", data, transform=Affine(0.01, 0, 9, 0, -0.01, 50), crs=WGS84))
        pictures.append(clipped(plan_of(layer, Stretch(RAMP, StretchRecipe(StretchKind.MINIMUM_MAXIMUM, source=StatisticsSource.VIEW)))))
    assert len(np.unique(pictures[0][..., 0])) > 20
    cell_px = 4
    assert (pictures[0] == pictures[1])[:, : 200 - cell_px].all(), "but for the last cell, which is a surface towards its neighbour"


def test_the_one_picture_of_fine_views_is_bounded_too(tmp_path: Path) -> None:
    """Cut from a grid, a symbol from outside reaches in no more than it does otherwise."""
    finest = Finest(WEB_MERCATOR, 300.0, 300.0)
    plan = replace(points(tmp_path, (9.505, 49.75)), finest=finest)
    assert clipped(plan, clip_deg=None).any()
    assert not clipped(plan).any()


def test_an_extent_across_the_antimeridian(tmp_path: Path) -> None:
    """Its eastern end lies beyond 180."""
    view = MapView(BBox(-20_037_508, -2_000_000, -19_000_000, -1_000_000), WEB_MERCATOR, 100, 100)
    mask = inside(view, BBox(175, -20, 185, -5))
    assert mask[50, :50].all() and not mask[50, 55:].any()
    shapes = np.array([shapely.Point(-178, -10), shapely.Point(178, -10), shapely.Point(170, -10)], object)
    assert touch(shapes, WGS84, BBox(175, -20, 185, -5)).tolist() == [True, True, False]

"""How finely each layer may be seen: by its access, its author, its cells and the link that somebody came by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.dispatch.plan import MapPlan, layer_plan
from rendermap.drawables import Drawable
from rendermap.fineness import USUAL_SCALE_DENOMINATOR, Fineness, reach_px
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transform_bbox
from rendermap.geo.finest import Finest
from rendermap.geo.lattice import lattice_of
from rendermap.geo.view import PIXEL_M, MapView
from rendermap.jobs.job import DataSource, Layer
from rendermap.selection import bounded, visible
from rendermap.services.service import Access, ToolLayer
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import Band, GeometryKind, RasterFacts, VectorFacts
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.style import Engine, Single, Stretch, StretchRecipe, Style
from rendermap.symbology.symbols import Color, Fill, Ramp, Symbol

UTM = "EPSG:32632"
BOX = BBox(500_000, 5_500_000, 510_000, 5_510_000)
SOURCE = DataSource(Path("/jobs/a/x"), None, Path("/jobs/a"), "1")
RAMP = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))


def features(access: Access = Access.VIEW, scale: float | None = None, crs: str = UTM, box: BBox = BOX, **style: object) -> Drawable:
    layer = Layer(SOURCE, "ogr", "x", crs, box, VectorFacts(GeometryKind.POLYGON, ()))
    look = Style(Single(Symbol((Fill(Color(1, 2, 3)),))), **style)  # type: ignore[arg-type]
    return Drawable(ToolLayer(0, "out", "Out", access=access, finest_scale_denominator=scale), layer, crs, look, bbox=box)


def raster(access: Access = Access.VIEW, scale: float | None = None, cell: tuple[float, float] = (8.0, 8.0)) -> Drawable:
    layer = Layer(SOURCE, "rasterio", "x", UTM, BOX, RasterFacts(1250, 1250, (Band("float32"),), cell))
    return Drawable(
        ToolLayer(1, "out", "Out", access=access, finest_scale_denominator=scale), layer, UTM, Style(Stretch(RAMP, StretchRecipe()))
    )


def side(scale: float) -> float:
    return scale * PIXEL_M


def test_features_that_may_only_be_seen_have_the_usual_bound() -> None:
    """1:250 as ArcGIS counts, in the map's CRS; those that may be asked about have none."""
    assert Fineness(UTM).finest(features()) == Finest(UTM, side(USUAL_SCALE_DENOMINATOR), side(USUAL_SCALE_DENOMINATOR))
    assert Fineness(UTM).finest(features(Access.IDENTIFY)) is None


def test_an_authors_word_counts_whatever_the_access() -> None:
    """Coarser or finer than usual."""
    for access in Access:
        assert Fineness(UTM).finest(features(access, 10_000)) == Finest(UTM, side(10_000), side(10_000))
    assert Fineness(UTM).finest(features(scale=100)) == Finest(UTM, side(100), side(100))


def test_a_raster_is_shown_to_a_quarter_of_its_cells() -> None:
    """Or to what its author says, if that is coarser; in its own CRS."""
    assert Fineness(WEB_MERCATOR).finest(raster(cell=(8.0, 4.0))) == Finest(UTM, 2.0, 1.0)
    assert Fineness(UTM).finest(raster(scale=10_000)) == Finest(UTM, side(10_000), side(10_000))
    assert Fineness(UTM).finest(raster(scale=1_000)) == Finest(UTM, 2.0, 2.0)
    assert Fineness(UTM).finest(raster(Access.DATA)) is None


def test_a_links_bound_holds_for_every_layer() -> None:
    """The coarser of all counts, also for layers that others may see as finely as they like."""
    linked = Fineness(UTM, 25_000)
    for drawable in (features(), features(Access.DATA), features(scale=10_000), raster(), raster(Access.IDENTIFY)):
        assert linked.finest(drawable) == Finest(UTM, side(25_000), side(25_000))
    assert linked.finest(features(scale=50_000)) == Finest(UTM, side(50_000), side(50_000))


def test_a_map_in_degrees_is_cut_from_an_upright_picture() -> None:
    """In Web Mercator, but at the poles, where it has no room; what a link leaves of the map does not change it."""
    degrees = transform_bbox(BOX, UTM, WGS84)
    assert degrees
    found = Fineness(WGS84).finest(features(crs=WGS84, box=degrees))
    assert found and found.crs == WEB_MERCATOR
    assert Fineness(WGS84).finest(replace(features(crs=WGS84, box=degrees), bbox=None)) == found
    polar = Fineness(WGS84).finest(features(crs=WGS84, box=BBox(-180, 70, 180, 90)))
    assert polar and polar.crs == WGS84


def view(step: float, x: float = 500_000, ratio: float = 1.0) -> MapView:
    return MapView(BBox(x, 5_500_000, x + 256 * step, 5_500_000 + 256 * step), UTM, 256, 256, ratio)


def test_a_layer_is_cut_where_the_view_is_finer() -> None:
    """And drawn as it is where the view is as coarse as the bound or coarser."""
    drawable = features(scale=10_000)
    assert Fineness(UTM).cut(drawable, view(side(10_000))) is None
    assert Fineness(UTM).cut(drawable, view(side(9_900))) == Fineness(UTM).finest(drawable)
    assert Fineness(UTM).cut(drawable, view(side(10_000), ratio=2.0)) is None
    assert Fineness(UTM).cut(features(Access.IDENTIFY), view(0.001)) is None


def test_the_engines_own_rules_do_not_come_out_at_few_dots_per_inch() -> None:
    """A tenth of the dots make a view count as ten times closer: its rules are then those of the one picture."""
    engines = replace(features(scale=10_000), style=Style(Engine(("<Style/>",))))
    coarse = view(side(20_000), ratio=0.1)
    assert Fineness(UTM).cut(engines, coarse) == Fineness(UTM).finest(engines)
    assert Fineness(UTM).cut(engines, view(side(20_000))) is None
    assert Fineness(UTM).cut(features(scale=10_000), coarse) is None


def test_a_symbol_magnified_with_the_picture_reaches_farther() -> None:
    """A view beside the data, within reach of its symbols in the one picture, draws the layer: tiles meet without a seam."""
    small = BBox(500_000, 5_500_000, 500_010, 5_500_010)
    drawable = replace(features(scale=10_000, box=small), reach_pt=9.0)
    beside, far = view(0.1, x=small.xmin - 26 - 30), view(0.1, x=small.xmin - 26 - 60)
    assert visible([drawable], beside, lattice_of(beside), Fineness(UTM)) == (drawable,)
    assert visible([drawable], far, lattice_of(far), Fineness(UTM)) == ()
    unbound = replace(drawable, tool=replace(drawable.tool, finest_scale_denominator=None, access=Access.IDENTIFY))
    assert visible([unbound], beside, lattice_of(beside), Fineness(UTM)) == ()
    assert reach_px(drawable, beside, Fineness(UTM).cut(drawable, beside)) > 10 * reach_px(drawable, beside, None)


def test_zooms_are_told_in_web_mercator() -> None:
    """Metres on the ground are stretched there: at 49.6 degrees by 1.54; in Web Mercator itself they are what they are."""
    assert Fineness(UTM).mercator_m(raster()) == pytest.approx(2 * 1.545, rel=0.01)
    assert Fineness(UTM).mercator_m(raster(Access.IDENTIFY)) == pytest.approx(2 * 1.545, rel=0.01)
    assert Fineness(WEB_MERCATOR).mercator_m(features(scale=10_000)) == pytest.approx(side(10_000))
    assert Fineness(UTM).mercator_m(features(Access.IDENTIFY)) is None


# --- an extent -----------------------------------------------------------------------------------------------------------

DEGREES = transform_bbox(BOX, UTM, WGS84)
assert DEGREES


def plan_of(drawable: Drawable, seen: MapView) -> MapPlan:
    assert drawable.layer and drawable.style
    return MapPlan(seen, (layer_plan(0, drawable.layer, UTM, drawable.style),), None, "png")


def shown(drawable: Drawable, seen: MapView, extent: BBox | None) -> MapPlan:
    return bounded(plan_of(drawable, seen), (drawable,), extent, Fineness(UTM))


def test_a_view_well_inside_an_extent_shares_the_picture() -> None:
    """Its plan is that of whoever is not bounded."""
    seen = view(1.0, x=502_000)
    seen = replace(seen, bbox=BBox(502_000, 5_502_000, 502_256, 5_502_256))
    for extent in (None, DEGREES):
        assert shown(features(), seen, extent) == plan_of(features(), seen)


def test_a_view_across_the_border_is_clipped_and_one_outside_is_blank() -> None:
    """Blank means without a layer, so that nothing of it is even drawn."""
    across = replace(view(10.0), bbox=BBox(509_000, 5_502_000, 511_560, 5_504_560))
    assert shown(features(), across, DEGREES).clip_deg == DEGREES
    outside = replace(across, bbox=BBox(560_000, 5_502_000, 562_560, 5_504_560))
    assert shown(features(), outside, DEGREES).layers == ()


def test_what_reaches_in_counts() -> None:
    """A view inside, near enough to the border for a symbol or a label from outside, is clipped."""
    near = replace(view(1.0), bbox=BBox(509_600, 5_505_000, 509_856, 5_505_256))
    assert shown(features(), near, DEGREES).clip_deg is None
    assert shown(replace(features(), reach_pt=200), near, DEGREES).clip_deg == DEGREES
    assert shown(features(labels=(LabelClass(Column("name")),)), near, DEGREES).clip_deg == DEGREES

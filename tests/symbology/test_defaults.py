"""Styles chosen from the data alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rendermap.symbology.defaults import CHOSEN, default_needs, default_style
from rendermap.symbology.facts import Band, Facts, Field, FieldKind, GeometryKind, Measures, RasterFacts, VectorFacts
from rendermap.symbology.measuring import Need
from rendermap.symbology.palettes import DIVERGING, SEQUENTIAL, named_ramp
from rendermap.symbology.scales import at_scale
from rendermap.symbology.style import RGB, Breaks, Categories, Colormap, Single, Stretch, Style, Theme, UniqueRaster
from rendermap.symbology.symbols import Color, Fill, Marker, Stroke


def chosen(facts: Facts, *taken: Measures) -> Theme:
    wanted = default_needs(facts)
    assert len(wanted) == len(taken)
    style = default_style(facts, dict(zip(wanted, taken, strict=True)), "x")
    assert (style.name, style.source) == ("x", CHOSEN)
    return style.theme


def vector(geometry: GeometryKind, *fields: tuple[str, FieldKind], count: int = -1) -> VectorFacts:
    return VectorFacts(geometry, tuple(Field(n, k) for n, k in fields), count)


def raster(*bands: Band, **more: object) -> RasterFacts:
    return RasterFacts(10, 10, bands, (1.0, 1.0), **more)  # type: ignore[arg-type]


def distinct(*values: str | float | int | None) -> Measures:
    ends = [float(v) for v in values if isinstance(v, int | float)]
    low, high = (min(ends), max(ends)) if ends else (None, None)
    return Measures(len(values), low, high, distinct=tuple((v, 1) for v in values), distinct_is_whole=True)


def spread(low: float, high: float) -> Measures:
    percentiles = tuple(float(v) for v in np.linspace(low, high, 201))
    return Measures(9999, low, high, (low + high) / 2, (high - low) / 4, percentiles=percentiles)


@pytest.mark.parametrize(
    ("geometry", "kinds"), [(GeometryKind.POINT, [Marker]), (GeometryKind.LINE, [Stroke]), (GeometryKind.POLYGON, [Fill, Stroke])]
)
def test_one_symbol_of_fitting_weight(geometry: GeometryKind, kinds: list[type]) -> None:
    """Each geometry has its symbol, the lighter the more features there are."""
    few, many = (chosen(vector(geometry, ("NAME", FieldKind.TEXT), count=n)) for n in (10, 100_000))
    assert isinstance(few, Single) and isinstance(many, Single)
    assert [type(layer) for layer in few.symbol.layers] == kinds

    def weight(theme: Single) -> float:
        last = theme.symbol.layers[-1]
        return last.size_pt if isinstance(last, Marker) else last.width_pt if isinstance(last, Stroke) else 0.0

    assert weight(few) > weight(many)


def test_an_evident_class_field() -> None:
    """A field named for classes, with a few values, gives the colours; ranks in order, names without."""
    facts = vector(GeometryKind.POLYGON, ("OBJECTID", FieldKind.INTEGER), ("Hazard_Level", FieldKind.TEXT))
    ranked = chosen(facts, distinct("High", "Low", "Moderate"))
    assert isinstance(ranked, Categories)
    assert [c.label for c in ranked.classes] == ["Low", "Moderate", "High"]
    assert isinstance(chosen(facts, distinct(*[str(i) for i in range(50)])), Single)
    assert isinstance(chosen(facts, Measures(9, distinct_is_whole=False)), Single)


def test_a_quantity_gives_shades() -> None:
    """Numbers named for a quantity are classed from light to dark, both ways from zero where they are on both sides; lines are not."""
    facts = vector(GeometryKind.POLYGON, ("Shape_Area", FieldKind.REAL), ("Mean_Depth", FieldKind.REAL), count=50)
    depths = chosen(facts, replace(spread(0.0, 9.0), sample=tuple(np.linspace(0, 9, 100))))
    assert isinstance(depths, Breaks) and depths.field == "Mean_Depth" and len(depths.classes) == 5 and depths.classes[-1].upper == 9
    changes = chosen(vector(GeometryKind.POINT, ("change", FieldKind.REAL)), spread(-4.0, 6.0))
    assert (
        isinstance(changes, Breaks) and changes.minimum == -6 and [c.upper for c in changes.classes] == pytest.approx([-4, -2, 0, 2, 4, 6])
    )
    assert isinstance(chosen(facts, spread(3.0, 3.0)), Single)
    assert default_needs(vector(GeometryKind.LINE, ("depth", FieldKind.REAL))) == ()


def test_weights_follow_the_scale() -> None:
    """The same line is thinner on a map of a country than on one of a village, and never changes its colour."""
    theme = chosen(vector(GeometryKind.LINE, count=10))
    widths = []
    for scale in (2_000_000.0, 100_000.0, 5_000.0):
        drawn = at_scale(Style(theme), scale).theme
        assert isinstance(drawn, Single)
        widths += [layer.width_pt for layer in drawn.symbol.layers if isinstance(layer, Stroke)]
    assert widths == sorted(widths) and len(set(widths)) == 3


def test_codes_written_as_real_numbers() -> None:
    """A class field of doubles is one if all its values are whole; a field of true classes goes first."""
    facts = vector(GeometryKind.POLYGON, ("gridcode", FieldKind.REAL))
    coded = chosen(facts, distinct(1.0, 2.0, 3.0, 4.0, 5.0))
    assert isinstance(coded, Categories) and [c.label for c in coded.classes] == ["1", "2", "3", "4", "5"]
    assert isinstance(chosen(facts, distinct(1.0, 2.5)), Single)
    both = vector(GeometryKind.POLYGON, ("risk", FieldKind.REAL), ("zone", FieldKind.TEXT))
    assert default_needs(both) == (Need("zone"),)


def test_outlines_do_not_drown_the_classes_of_small_polygons() -> None:
    """Thousands of classified polygons have no outline; a few have one in a darker tone of their own."""
    for count, kinds in ((3584, [Fill]), (12, [Fill, Stroke]), (-1, [Fill])):
        theme = chosen(vector(GeometryKind.POLYGON, ("gridcode", FieldKind.INTEGER), count=count), distinct(1, 2, 3))
        assert isinstance(theme, Categories)
        assert all([type(layer) for layer in c.symbol.layers] == kinds for c in theme.classes)
        assert len({c.symbol for c in theme.classes}) == 3


@pytest.mark.parametrize("name", ["OBJECTID", "Shape_Area", "type_id", "name", "elevation"])
def test_no_classes_of_other_fields(name: str) -> None:
    """Identifiers, sizes and names are no classes."""
    assert default_needs(vector(GeometryKind.POLYGON, (name, FieldKind.INTEGER))) == ()


def test_continuous_rasters() -> None:
    """Clipped by half a per cent along a ramp that the colour blind can read; both ways from zero where data is on both sides."""
    plain = chosen(raster(Band("float32")), spread(0.0, 1000.0))
    assert isinstance(plain, Stretch)
    assert plain.ramp == named_ramp(SEQUENTIAL) and plain.recipe.limits == pytest.approx((5.0, 995.0))
    change = chosen(raster(Band("float32")), spread(-100.0, 60.0))
    assert isinstance(change, Stretch) and change.ramp == named_ramp(DIVERGING)
    assert change.recipe.limits is not None and change.recipe.limits[0] == -change.recipe.limits[1]
    barely = chosen(raster(Band("float32")), spread(-3.0, 1000.0))
    assert isinstance(barely, Stretch) and barely.ramp == named_ramp(SEQUENTIAL)


def test_rasters_of_classes() -> None:
    """Few whole values are classes: yes and no shows yes only, ranks are ordered, other codes are not."""
    yes = chosen(raster(Band("uint8")), distinct(0, 1))
    assert isinstance(yes, UniqueRaster) and [c.values for c in yes.classes] == [(1.0,)] and yes.default is None
    ranks = chosen(raster(Band("int16")), distinct(1, 2, 3, 4, 5))
    assert isinstance(ranks, UniqueRaster) and len(ranks.classes) == 5
    named = raster(Band("uint8"), attribute_table=(("Value", (11, 42)), ("Class_Name", ("Water", "Forest"))))
    codes = chosen(named, distinct(11, 42))
    assert isinstance(codes, UniqueRaster) and [c.label for c in codes.classes] == ["Water", "Forest"]
    assert isinstance(chosen(raster(Band("uint8")), spread(0.0, 255.0)), Stretch)


def test_palettes_and_pictures() -> None:
    """A palette is used as it is; bytes of three bands are a picture and need no measuring; wider ones are clipped."""
    assert chosen(raster(Band("uint8", "palette", palette=((3, 255, 0, 0, 255),)))) == Colormap(((3, Color(255, 0, 0), "3"),))
    picture = chosen(raster(Band("uint8", "red"), Band("uint8", "green"), Band("uint8", "blue"), Band("uint8", "alpha")))
    assert isinstance(picture, RGB) and (picture.bands, picture.alpha_band) == ((1, 2, 3), 4)
    assert all(r.limits == (0.0, 255.0) for r in picture.recipes)
    wide = raster(Band("uint16", "blue"), Band("uint16", "green"), Band("uint16", "red"))
    deep = chosen(wide, *[spread(0.0, 4000.0)] * 3)
    assert isinstance(deep, RGB) and deep.bands == (3, 2, 1) and default_needs(wide)[0] == Need(None, 3)


def test_deep_pictures_keep_their_hues() -> None:
    """Wide samples are stretched between common limits, so that a constant band is not turned to black."""
    deep = raster(Band("uint16", "red"), Band("uint16", "green"), Band("uint16", "blue"))
    theme = chosen(deep, spread(0.0, 60000.0), spread(1000.0, 40000.0), spread(32768.0, 32768.0))
    assert isinstance(theme, RGB) and len({recipe.limits for recipe in theme.recipes}) == 1
    assert theme.recipes[2].limits == pytest.approx((300.0, 59700.0))
    gray = chosen(deep, *[spread(700.0, 700.0)] * 3)
    assert isinstance(gray, RGB) and gray.recipes[0].limits == (0.0, 700.0)


def test_empty_raster() -> None:
    """No values at all: still a style."""
    assert isinstance(chosen(raster(Band("float32")), Measures(0)), Stretch)

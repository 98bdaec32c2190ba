"""SLD and SE documents: the intent behind their rules, their symbols, labels and rasters, and nothing opened that is not inside."""

from __future__ import annotations

import math
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology import paths, shapes
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.expressions.tree import And, Arithmetic, Call, Case, Column, Comparison, Concat, IsNull, Like, Literal, Not, Or
from rendermap.symbology.facts import Band, Measures, RasterFacts
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.sld import classifiers
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classification,
    Classified,
    Graded,
    HeatMap,
    Proportional,
    Rules,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    Style,
    UniqueRaster,
)
from rendermap.symbology.symbols import BLACK, TRANSPARENT, Color, Fill, Hatch, Marker, PictureFill, PictureMarker, Stroke, SymbolLayer
from rendermap.symbology.xml_document import XmlNode
from tests.builders.sld import (
    PNG,
    both,
    compare,
    css,
    either,
    function,
    line,
    literal,
    mark,
    point,
    polygon,
    prop,
    raster,
    read,
    rule,
    saved,
    sld,
    text,
)

RED, BLUE, GREEN, GREY = Color(255, 0, 0), Color(0, 0, 255), Color(0, 255, 0), Color(128, 128, 128)


def style_of(*rules: str, **more: str) -> Style:
    return read(sld(*rules, **more)).style


def layers_of(*symbolizers: str) -> tuple[SymbolLayer, ...]:
    """Symbol layers of a style of one rule."""
    theme = style_of(rule(*symbolizers)).theme
    assert isinstance(theme, Single)
    return theme.symbol.layers


def labels_of(style: Style) -> list[str]:
    return [item.label for item in legend_items(style)]


def colors_of(style: Style) -> list[Color]:
    theme = style.theme
    assert isinstance(theme, Categories | Breaks)
    return [layer.color for c in theme.classes for layer in c.symbol.layers if isinstance(layer, Fill | Stroke)]


def refused(run: Callable[[], object]) -> str:
    """Why a document is not read."""
    with pytest.raises(StyleInvalid) as caught:
        run()
    return caught.value.reason or ""


# --- the intent ---------------------------------------------------------------------------------------------------------


def test_equalities_are_unique_values() -> None:
    """Rules that ask one field for values; the others' rule is the default, and the field's spelling may differ."""
    style = style_of(
        rule(polygon("#ff0000"), test=compare("EqualTo", "kind", "a"), title="First"),
        rule(polygon("#0000ff"), test=either(compare("EqualTo", "KIND", "b"), f"<ogc:PropertyIsNull>{prop('kind')}</ogc:PropertyIsNull>")),
        rule(polygon("#00ff00"), test="else", title="Rest"),
    )
    assert isinstance(style.theme, Categories)
    assert style.theme.fields == ("kind",)
    assert [c.values for c in style.theme.classes] == [(("a",),), (("b",), (None,))]
    assert colors_of(style) == [RED, BLUE]
    assert labels_of(style) == ["First", "b", "Rest"]


def test_values_of_several_fields_in_any_order() -> None:
    """Up to three fields; each rule may name them in its own order."""
    one = both(compare("EqualTo", "A", "1"), compare("EqualTo", "B", "x"))
    other = both(compare("EqualTo", "B", "y"), compare("EqualTo", "A", "2"))
    theme = style_of(rule(polygon(), test=one), rule(polygon("#0000ff"), test=other)).theme
    assert isinstance(theme, Categories)
    assert theme.fields == ("A", "B")
    assert [c.values for c in theme.classes] == [(("1", "x"),), (("2", "y"),)]
    several = both(compare("EqualTo", "A", "1"), either(compare("EqualTo", "B", "x"), compare("EqualTo", "B", "z")))
    theme = style_of(rule(polygon(), test=several), rule(polygon("#0000ff"), test=other)).theme
    assert isinstance(theme, Categories)
    assert theme.classes[0].values == (("1", "x"), ("1", "z"))


def test_in_functions_are_unique_values_too() -> None:
    """GeoServer's in2 to in10 compared with true."""
    test = f"<ogc:PropertyIsEqualTo>{function('in2', prop('K'), literal('a'), literal('b'))}{literal('true')}</ogc:PropertyIsEqualTo>"
    theme = style_of(rule(polygon(), test=test), rule(polygon(), test=compare("EqualTo", "K", "c"))).theme
    assert isinstance(theme, Categories)
    assert theme.classes[0].values == (("a",), ("b",))


def test_unlisted_values_stay_undrawn_and_are_not_read_from_the_result() -> None:
    """Without an ElseFilter a document says that others are not drawn; None would mean that classes are made anew."""
    theme = style_of(rule(polygon(), test=compare("EqualTo", "K", "c"))).theme
    assert isinstance(theme, Categories)
    assert theme.default is not None
    assert theme.default.layers == ()


def between(low: str, high: str, first: bool = False) -> str:
    return both(compare("GreaterThanOrEqualTo" if first else "GreaterThan", "N", low), compare("LessThanOrEqualTo", "N", high))


def test_ranges_are_class_breaks() -> None:
    """Contiguous ranges with their upper limit, as QGIS and ArcGIS write them."""
    style = style_of(
        rule(polygon("#ff0000"), test=between("0", "10", first=True), title="few"),
        rule(polygon("#0000ff"), test=between("10", "20.5")),
        rule(polygon("#00ff00"), test=compare("GreaterThan", "N", "20.5")),
    )
    assert isinstance(style.theme, Breaks)
    assert (style.theme.field, style.theme.minimum, [c.upper for c in style.theme.classes]) == ("N", 0.0, [10.0, 20.5, math.inf])
    assert labels_of(style) == ["few", "10 – 20.5", "> 20.5"]


def test_a_first_class_without_its_lower_limit_leaves_it_out() -> None:
    """Breaks include their minimum, so it is moved by less than any number that matters."""
    theme = style_of(rule(polygon(), test=between("5", "10")), rule(polygon("#0000ff"), test=between("10", "20"))).theme
    assert isinstance(theme, Breaks)
    assert 5.0 < theme.minimum < 5.0001


@pytest.mark.parametrize(
    "tests",
    [
        (both(compare("GreaterThanOrEqualTo", "N", "0"), compare("LessThan", "N", "9")), compare("GreaterThanOrEqualTo", "N", "9")),
        (between("0", "10", first=True), between("11", "20")),
        (between("0", "10", first=True), between("10", "20").replace(">N<", ">M<")),
        (compare("EqualTo", "N", "1"), compare("EqualTo", "N", "1")),
        (compare("EqualTo", "N", "1"), compare("EqualTo", "M", "2")),
        (compare("EqualTo", "N", "1"), compare("NotEqualTo", "N", "1")),
        (compare("EqualTo", "N", "1"), ""),
    ],
)
def test_what_is_no_simpler_theme_stays_rules(tests: tuple[str, str]) -> None:
    """Classes that lack their upper limit, gaps, other fields, values named twice: rules draw them exactly."""
    theme = style_of(*(rule(polygon(), test=test) for test in tests)).theme
    assert isinstance(theme, Rules)
    assert len(theme.rules) == 2


def test_between_includes_both_limits() -> None:
    """PropertyIsBetween overlaps at its limits, which class breaks cannot say."""
    made = [
        f"<ogc:PropertyIsBetween>{prop('N')}<ogc:LowerBoundary>{literal(low)}</ogc:LowerBoundary>"
        f"<ogc:UpperBoundary>{literal(high)}</ogc:UpperBoundary></ogc:PropertyIsBetween>"
        for low, high in (("0", "9"), ("9", "20"))
    ]
    theme = style_of(*(rule(polygon(), test=test) for test in made)).theme
    assert isinstance(theme, Rules)
    assert theme.rules[0].filter == And((Comparison(">=", Column("N"), Literal(0)), Comparison("<=", Column("N"), Literal(9))))


def test_scales_are_the_layers_or_the_rules() -> None:
    """Common to all rules they are the layer's, and the theme is what it is without them."""
    far, near = "<MaxScaleDenominator>50000</MaxScaleDenominator>", "<MinScaleDenominator>1000</MinScaleDenominator>"
    style = style_of(*(rule(polygon(), test=compare("EqualTo", "K", v), more=near + far) for v in "ab"))
    assert isinstance(style.theme, Categories)
    assert (style.min_scale_denominator, style.max_scale_denominator) == (50000, 1000)
    mixed = style_of(rule(polygon(), more=far), rule(polygon("#0000ff"), more=near)).theme
    assert isinstance(mixed, Rules)
    assert [(r.min_scale_denominator, r.max_scale_denominator) for r in mixed.rules] == [(50000, None), (None, 1000)]


def test_one_rule_with_a_filter_filters_the_layer() -> None:
    """So the one symbol stays one symbol."""
    style = style_of(rule(polygon(), test=compare("GreaterThan", "N", "3"), title="Large"))
    assert style.theme == Single(style_of(rule(polygon())).theme.symbol, "Large")  # type: ignore[union-attr]
    assert style.filter == Comparison(">", Column("N"), Literal(3))


def test_constraints_of_the_layer_filter_it() -> None:
    """A layer's feature constraints hide features."""
    test = f"<ogc:Filter>{compare('EqualTo', 'K', 'a')}</ogc:Filter>"
    inside = f"<LayerFeatureConstraints><FeatureTypeConstraint>{test}</FeatureTypeConstraint></LayerFeatureConstraints>"
    assert style_of(rule(polygon()), constraint=inside).filter == Comparison("=", Column("K"), Literal("a"))


def test_feature_type_styles_are_levels() -> None:
    """Roads with casings: the same rules twice are one theme of two levels; others are rules."""
    casing, core = line("#000000", "4"), line("#ffffff", "2")
    tests = [compare("EqualTo", "K", v) for v in "ab"]
    twice = [f"<FeatureTypeStyle>{''.join(rule(s, test=t) for t in tests)}</FeatureTypeStyle>" for s in (casing, core)]
    theme = style_of(*twice).theme
    assert isinstance(theme, Categories)
    assert [layer.level for layer in theme.classes[0].symbol.layers] == [0, 1]
    other = style_of(f"<FeatureTypeStyle>{rule(casing)}</FeatureTypeStyle>", twice[1]).theme
    assert isinstance(other, Rules)
    assert [r.symbol.layers[0].level for r in other.rules] == [0, 1, 1]


def test_the_first_rule_only_when_the_vendor_says_so() -> None:
    """GeoServer's ruleEvaluation: later rules ask that earlier ones are not passed, nulls included."""
    option = '<VendorOption name="ruleEvaluation">first</VendorOption>'
    style = f"<FeatureTypeStyle>{rule(polygon(), test=compare('LessThan', 'N', '5'))}{rule(polygon('#0000ff'))}{option}</FeatureTypeStyle>"
    theme = style_of(style).theme
    assert isinstance(theme, Rules)
    assert theme.rules[1].filter == Or((Comparison(">=", Column("N"), Literal(5)), IsNull(Column("N"))))


# --- classifying functions ------------------------------------------------------------------------------------------------


def se_function(name: str, inside: str, **attributes: str) -> str:
    told = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f'<se:{name} fallbackValue="#000000"{told}><se:LookupValue>{prop("N")}</se:LookupValue>{inside}</se:{name}>'


STEPS = (
    "<se:Value>#ff0000</se:Value><se:Threshold>5</se:Threshold><se:Value>#0000ff</se:Value>"
    "<se:Threshold>9</se:Threshold><se:Value>#00ff00</se:Value>"
)


def test_recode_is_unique_values() -> None:
    """Colours by value inside one symbolizer; what is recoded alike changes together."""
    items = "".join(
        f"<se:MapItem><se:Data>{d}</se:Data><se:Value>{v}</se:Value></se:MapItem>" for d, v in (("a", "#ff0000"), ("b", "#0000ff"))
    )
    recode = se_function("Recode", items)
    style = style_of(rule(f"<PolygonSymbolizer><Fill>{css(fill=recode)}</Fill><Stroke>{css(stroke=recode)}</Stroke></PolygonSymbolizer>"))
    assert isinstance(style.theme, Categories)
    assert colors_of(style) == [RED, RED, BLUE, BLUE]
    assert labels_of(style) == ["a", "b"]


def test_categorize_is_class_breaks_or_rules() -> None:
    """Thresholds that belong to the class below are class breaks; those that belong to the class above are rules."""
    style = style_of(rule(polygon(se_function("Categorize", STEPS, thresholdsBelongTo="preceding"))))
    assert isinstance(style.theme, Breaks)
    assert colors_of(style) == [RED, BLUE, GREEN]
    assert labels_of(style) == ["≤ 5", "5 – 9", "> 9"]
    theme = style_of(rule(polygon(se_function("Categorize", STEPS)))).theme
    assert isinstance(theme, Rules)
    assert [r.label for r in theme.rules] == ["< 5", "5 – 9", "≥ 9"]
    assert theme.rules[2].filter == Comparison(">=", Column("N"), Literal(9))


def test_interpolated_colors_are_graded() -> None:
    """As an element of SE or as a function of GeoServer."""
    made = function("Interpolate", prop("N"), *map(literal, ("0", "#ff0000", "5", "#0000ff", "20", "#00ff00", "color")))
    named = read(sld(rule(polygon(made))))
    assert isinstance(named.style.theme, Graded)
    assert named.warnings == ()
    assert named.style.theme.limits == (0.0, 20.0)
    assert named.style.theme.ramp.stops == ((0.0, RED), (0.25, BLUE), (1.0, GREEN))


def test_sizes_by_a_number_are_proportional() -> None:
    """Interpolated between numbers, or the number itself."""
    points = "".join(
        f"<se:InterpolationPoint><se:Data>{d}</se:Data><se:Value>{v}</se:Value></se:InterpolationPoint>" for d, v in ((1, 8), (9, 32))
    )
    theme = style_of(rule(point(size=se_function("Interpolate", points)))).theme
    assert isinstance(theme, Proportional)
    assert theme.symbol.layers[0].size_pt == 6.0  # type: ignore[attr-defined]
    assert theme.size.stops == ((1.0, 1.0), (9.0, 4.0))
    plain = style_of(rule(point(size=f"<ogc:Div>{prop('N')}{literal('2')}</ogc:Div>"))).theme
    assert isinstance(plain, Proportional)
    (_, none), (number, factor) = plain.size.stops
    # 30 px by the value 30, whatever the symbol's own size is
    assert none == 0.0
    assert plain.symbol.layers[0].size_pt * factor * 30 / number == pytest.approx(30 * 0.75)  # type: ignore[attr-defined]


# --- filters --------------------------------------------------------------------------------------------------------------


def condition(test: str) -> object:
    theme = style_of(rule(polygon(), test=test), rule(polygon("#0000ff"))).theme
    assert isinstance(theme, Rules)
    return theme.rules[0].filter


def test_like_in_any_spelling() -> None:
    """Wildcards of the document become ours; what is no wildcard of its own stands for itself."""
    like = '<ogc:PropertyIsLike wildCard="*" singleChar="." escape="!" matchCase="false">{}{}</ogc:PropertyIsLike>'
    assert condition(like.format(prop("A"), literal("a*b.!*50%"))) == Like(Column("A"), "a%b_*50\\%", "\\", True)


def test_functions_and_arithmetic() -> None:
    """GeoServer's names, without regard to case."""
    upper = function("strToUpperCase", prop("A"))
    assert condition(f"<ogc:PropertyIsEqualTo>{upper}{literal('X')}</ogc:PropertyIsEqualTo>") == Comparison(
        "=", Call("upper", (Column("A"),)), Literal("X")
    )
    half = f"<ogc:Mul>{prop('A')}<ogc:Sub>{literal('3')}{literal('0.5')}</ogc:Sub></ogc:Mul>"
    assert condition(f"<ogc:PropertyIsGreaterThan>{half}{literal('7')}</ogc:PropertyIsGreaterThan>") == Comparison(
        ">", Arithmetic("*", Column("A"), Arithmetic("-", Literal(3), Literal(0.5))), Literal(7)
    )
    assert condition(f"<ogc:Not>{compare('EqualTo', 'ns:A', 'x').replace('Name>ns:', 'Name>app:')}</ogc:Not>") == Not(
        Comparison("=", Column("A"), Literal("x"))
    )


@pytest.mark.parametrize(
    "test",
    [
        "<ogc:BBOX><ogc:PropertyName>geom</ogc:PropertyName></ogc:BBOX>",
        '<ogc:FeatureId fid="a.1"/>',
        "<ogc:And></ogc:And>",
        compare("EqualTo", "A", "1") + compare("EqualTo", "B", "1"),
        f"<ogc:PropertyIsEqualTo>{prop('A')}</ogc:PropertyIsEqualTo>",
        f"<ogc:PropertyIsEqualTo>{function('runScript', prop('A'))}{literal('1')}</ogc:PropertyIsEqualTo>",
        f"<ogc:PropertyIsEqualTo>{prop('a[1]/b[last()]')}{literal('1')}</ogc:PropertyIsEqualTo>",
        "<ogc:Not>" * 60 + compare("EqualTo", "A", "1") + "</ogc:Not>" * 60,
    ],
)
def test_a_filter_that_is_not_understood_is_an_error_with_its_line(test: str) -> None:
    """Without it, hidden features would show."""
    assert "line 1 <Filter>" in refused(lambda: read(sld(rule(polygon(), test=test))))


# --- symbols --------------------------------------------------------------------------------------------------------------


def test_usual_values_are_those_of_the_standard() -> None:
    """Grey fills, black lines of a pixel, marks of six pixels."""
    assert layers_of("<PolygonSymbolizer><Fill/><Stroke/></PolygonSymbolizer>") == (
        Fill(GREY),
        Stroke(BLACK, 0.75, cap="butt", join="miter"),
    )
    assert layers_of("<PointSymbolizer><Graphic/></PointSymbolizer>") == (
        Marker(shapes.SQUARE, 4.5, GREY, Stroke(BLACK, 0.75, cap="butt", join="miter")),
    )


def test_strokes() -> None:
    """All parameters; dashes begin where their offset says; a pattern of nothing is a whole line."""
    made = line(stroke_opacity="0.5", stroke_dasharray="4 2", stroke_dashoffset="1", stroke_linecap="round", stroke_linejoin="bevel")
    assert layers_of(made) == (Stroke(Color(0, 0, 255, 128), 1.5, (2.25, 1.5, 0.75, 0.0), "round", "bevel"),)
    assert layers_of(line(stroke_dasharray="4 2", stroke_dashoffset="5"))[0].dash_pt == (0.0, 0.75, 3.0, 0.75)  # type: ignore[attr-defined]
    assert layers_of(line(stroke_dasharray="4"))[0].dash_pt == (3.0, 3.0)  # type: ignore[attr-defined]
    found = read(sld(rule(line(stroke_dasharray="0 0"))))
    assert found.style.theme.symbol.layers[0].dash_pt == ()  # type: ignore[union-attr]
    assert "dashes of no length" in found.warnings[0].found


@pytest.mark.parametrize(("given", "words"), [({"stroke_dasharray": "-1 2"}, "less than nothing"), ({"width": "-3"}, "less than nothing")])
def test_lengths_of_less_than_nothing_are_told(given: dict[str, str], words: str) -> None:
    """Neither dashes nor widths are mended in silence."""
    (note,) = read(sld(rule(line(**given)))).warnings
    assert words in note.found


@pytest.mark.parametrize("kind", ["PolygonSymbolizer", "LineSymbolizer", "TextSymbolizer"])
def test_geometries_made_by_a_function_are_told(kind: str) -> None:
    """Only points stand on what some functions make; a plain property is the feature's own geometry."""
    drawn = {"PolygonSymbolizer": polygon(), "LineSymbolizer": line(), "TextSymbolizer": text(prop("NAME"))}[kind]

    def warned(inside: str) -> list[str]:
        made = drawn.replace(f"<{kind}>", f"<{kind}><Geometry>{inside}</Geometry>")
        return [note.found for note in read(sld(rule(made))).warnings]

    assert warned(function("buffer", prop("geom"), literal("3"))) == ["the geometry 'buffer'"]
    assert warned(prop("geom")) == []


def test_marks_and_where_they_stand() -> None:
    """SE turns clockwise about an anchor; its y goes up, and px are those of CSS."""
    anchor = "<AnchorPoint><AnchorPointX>0.5</AnchorPointX><AnchorPointY>0</AnchorPointY></AnchorPoint>"
    more = f"<Opacity>0.5</Opacity><Rotation>90</Rotation>{anchor}<Displacement><DisplacementX>4</DisplacementX></Displacement>"
    (found,) = layers_of(point(name="triangle", stroke="#000000", more=more))
    assert isinstance(found, Marker)
    assert (found.path, found.size_pt, found.fill, found.rotation_deg) == (shapes.TRIANGLE, 6.0, Color(255, 0, 0, 128), -90.0)
    # its foot stands on the point: half its height above it, turned to the right with it
    assert (found.dx_pt, found.dy_pt) == (pytest.approx(3.0 + 3.0), pytest.approx(0.0))


def test_marks_that_features_turn_are_turned_about_their_anchor() -> None:
    """The shape itself is moved, for an offset would not be turned."""
    anchor = "<AnchorPoint><AnchorPointX>0.5</AnchorPointX><AnchorPointY>0</AnchorPointY></AnchorPoint>"
    (found,) = layers_of(point(name="triangle", more=f"{anchor}<Rotation>{prop('DIR')}</Rotation>"))
    assert isinstance(found, Marker)
    assert found.path == "M0 -1L0.5 0L-0.5 0Z"
    assert (found.rotation_by, found.rotation_clockwise, found.dy_pt) == (Column("DIR"), True, 0.0)


@pytest.mark.parametrize(
    ("name", "path", "is_open"),
    [
        ("shape://times", shapes.X, True),
        ("shape://vertline", "M0 -0.5L0 0.5", True),
        ("wkt://POLYGON((0 0, 0.5 0, 0.5 0.5, 0 0))", "M0 0L0.5 0L0.5 -0.5Z", False),
        ("wkt://LINESTRING(0 0, 0.5 0.25)", "M0 0L0.5 -0.25", True),
        ("star", shapes.STAR, False),
        ("diamond", shapes.DIAMOND, False),
    ],
)
def test_named_shapes(name: str, path: str, is_open: bool) -> None:
    """Those of the standard, of GeoServer and QGIS, and geometries in text."""
    (found,) = layers_of(point(name=name, stroke="#0000ff"))
    assert isinstance(found, Marker)
    assert (found.path, found.fill is None) == (path, is_open)


@pytest.mark.parametrize("name", ["windbarbs://default(10)[kts]", "wkt://POINT(1 2)", "wkt://POLYGON((1e9 0, 1 1, 0 0))", "skull"])
def test_unknown_shapes_are_squares_with_a_note(name: str) -> None:
    """A mark must not vanish."""
    found = read(sld(rule(point(name=name))))
    assert found.style.theme.symbol.layers[0].path == shapes.SQUARE  # type: ignore[union-attr]
    assert "square" in found.warnings[0].used


@pytest.mark.parametrize("code", ["0x41", "65", "0101", "U+0041"])
def test_signs_of_fonts_are_their_outlines(code: str) -> None:
    """The sign is as high or as wide as the mark, and where the font is another it is told."""
    found = read(sld(rule(point(name=f"ttf://DejaVu Sans#{code}"))))
    assert found.warnings == ()
    (marker,) = layers_of(point(name=f"ttf://DejaVu Sans#{code}"))
    assert isinstance(marker, Marker) and marker.path != shapes.SQUARE and marker.fill == RED
    left, top, right, bottom = paths.box_of(marker.path)
    assert max(right - left, bottom - top) == pytest.approx(1.0, abs=1e-2) and marker.size_pt == 6.0
    (note,) = read(sld(rule(point(name=f"ttf://Frutiger#{code}")))).warnings
    assert "'A' of DejaVu" in note.used


def test_signs_of_fonts_as_se_writes_them() -> None:
    """The font and the number of the sign are elements of their own; signs of fonts of pictures have the same shape or a circle."""
    resource = '<OnlineResource xlink:href="ttf://{}"/><Format>ttf</Format><MarkIndex>{}</MarkIndex>'
    named = point().replace("<WellKnownName>circle</WellKnownName>", "{}")

    def path(font: str, index: int) -> str:
        (found,) = layers_of(named.format(resource.format(font, index)))
        assert isinstance(found, Marker)
        return found.path

    assert path("ESRI Default Marker", 34) == shapes.SQUARE
    assert path("FontAwesome", 0xF054) == shapes.CIRCLE
    assert path("DejaVu Sans", 65) not in (shapes.SQUARE, shapes.CIRCLE)


def test_a_cross_is_a_shape_or_two_lines() -> None:
    """Filled it has an inside; with a stroke alone it is what other systems draw as a cross."""
    (filled,), (lined,) = layers_of(point(name="cross")), layers_of(point(name="cross", fill="", stroke="#0000ff"))
    assert isinstance(filled, Marker)
    assert isinstance(lined, Marker)
    assert filled.fill == RED
    assert lined.path == shapes.CROSS


def test_fills_of_marks_are_hatches_and_patterns() -> None:
    """Marks that join to lines are lines; others stand in a grid as wide as they and their margin."""
    slash = f"<PolygonSymbolizer><Fill><GraphicFill>{mark('shape://slash', '', '#0000ff')}</GraphicFill></Fill></PolygonSymbolizer>"
    (hatch,) = layers_of(slash)
    assert isinstance(hatch, Hatch)
    assert (hatch.angle_deg, hatch.separation_pt) == (45.0, pytest.approx(6.0 * math.sqrt(0.5)))
    assert [layer.angle_deg for layer in layers_of(slash.replace("slash", "plus"))] == [0.0, 90.0]  # type: ignore[attr-defined]
    margin = '</Fill><VendorOption name="graphic-margin">2</VendorOption>'
    (dots,) = layers_of(slash.replace("shape://slash", "circle").replace("</Fill>", margin))
    assert isinstance(dots, Marker)
    assert (dots.placement, dots.spacing_pt) == ("pattern", 9.0)


def test_marks_along_lines() -> None:
    """The gap of SE, or the dashes of GeoServer."""
    gap = f"<LineSymbolizer><Stroke><GraphicStroke>{mark()}<Gap>4</Gap></GraphicStroke></Stroke></LineSymbolizer>"
    dashes = f"<LineSymbolizer><Stroke><GraphicStroke>{mark()}</GraphicStroke>{css(stroke_dasharray='8 4')}</Stroke></LineSymbolizer>"
    for made in (gap, dashes):
        (found,) = layers_of(made)
        assert isinstance(found, Marker)
        assert (found.placement, found.spacing_pt) == ("line", 9.0)


def test_marks_beside_lines() -> None:
    """Marks and pictures stand as far to the left of the line as its plain stroke would."""
    offset = "<PerpendicularOffset>20</PerpendicularOffset></LineSymbolizer>"
    for graphic in (mark(), f"<Graphic>{INLINE}<Rotation>90</Rotation></Graphic>"):
        found = layers_of(f"<LineSymbolizer><Stroke><GraphicStroke>{graphic}</GraphicStroke></Stroke>{offset}")[-1]
        assert isinstance(found, Marker | PictureMarker)
        assert (found.dx_pt, found.dy_pt) == (0.0, pytest.approx(15.0))


def test_points_on_lines_and_areas_stand_once() -> None:
    """A point symbolizer beside one for lines; GeoServer's functions put it on ends and vertices."""
    line_and_mark = layers_of(line(), point())
    assert line_and_mark[1].placement == "center"  # type: ignore[attr-defined]
    end = point().replace("<Graphic>", f"<Geometry>{function('endPoint', prop('geom'))}</Geometry><Graphic>")
    assert layers_of(line(), end)[1].placement == "last"  # type: ignore[attr-defined]


INLINE = f'<ExternalGraphic><InlineContent encoding="base64">{PNG}</InlineContent><Format>image/png</Format></ExternalGraphic>'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><path d="M0 0h20v10z"/></svg>'


def test_pictures_inside_the_document() -> None:
    """As base64, as XML, as a data address; as wide as they are, and as high as their size."""
    (found,) = layers_of(f"<PointSymbolizer><Graphic>{INLINE}<Size>16</Size></Graphic></PointSymbolizer>")
    assert isinstance(found, PictureMarker)
    assert (found.width_pt, found.height_pt, found.media_type) == (12.0, 12.0, "image/png")
    inline = f'<ExternalGraphic><InlineContent encoding="xml">{SVG}</InlineContent><Format>image/svg+xml</Format></ExternalGraphic>'
    (drawn,) = layers_of(f"<PointSymbolizer><Graphic>{inline}<Size>16</Size></Graphic></PointSymbolizer>")
    assert isinstance(drawn, PictureMarker)
    assert (drawn.width_pt, drawn.height_pt, drawn.media_type) == (24.0, 12.0, "image/svg+xml")
    data = f'<ExternalGraphic><OnlineResource xlink:href="data:image/png;base64,{PNG}"/><Format>image/png</Format></ExternalGraphic>'
    (fill,) = layers_of(f"<PolygonSymbolizer><Fill><GraphicFill><Graphic>{data}</Graphic></GraphicFill></Fill></PolygonSymbolizer>")
    assert isinstance(fill, PictureFill)
    assert (fill.width_pt, fill.height_pt) == (3.0, 3.0)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.png", "file:///etc/passwd", "a.png", "//server/share/a.svg", ""])
def test_nothing_outside_the_document_is_opened(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures, styles and data by their address: no request leaves the machine, no file is read, the next graphic is drawn."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was asked of the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    resource = f'<OnlineResource xlink:href="{address}"/>'
    outside = f"<ExternalGraphic>{resource}<Format>image/png</Format></ExternalGraphic>"
    graphic = mark().replace("<Mark>", outside + "<Mark>")
    file = saved(tmp_path, sld(rule(point(graphic)), constraint=f"<RemoteOWS><Service>WFS</Service>{resource}</RemoteOWS>"))
    (found,) = read_styles(file)
    assert found.style.theme.symbol.layers[0].path == shapes.CIRCLE  # type: ignore[union-attr]
    assert len(found.warnings) == 2


def test_lengths_on_the_ground_are_noted() -> None:
    """They would change with the scale."""
    found = read(
        sld(
            rule(
                line(width="10")
                .replace("<Line", "<Line")
                .replace("<LineSymbolizer>", '<LineSymbolizer uom="http://www.opengeospatial.org/se/units/metre">')
            )
        )
    )
    assert "ground" in found.warnings[0].found
    assert found.style.theme.symbol.layers[0].width_pt == pytest.approx(10 / 10_000 / 0.0254 * 72)  # type: ignore[union-attr]


# --- labels ---------------------------------------------------------------------------------------------------------------


def test_label_texts() -> None:
    """Mixed content with values and functions; line ends of the layout do not count, one that stands alone does."""
    mixed = f"\n   {prop('A')} of {function('strToLowerCase', prop('B'))}\n  "
    assert style_of(rule(text(mixed))).labels[0].text == Concat((Column("A"), Literal(" of "), Call("lower", (Column("B"),))))
    broken = f"{prop('A')}<![CDATA[\n]]>{prop('B')}"
    assert style_of(rule(text(broken))).labels[0].text == Concat((Column("A"), Literal("\n"), Column("B")))
    chosen = function("if_then_else", function("greaterThan", prop("A"), literal("5")), prop("A"), literal("few"))
    assert style_of(rule(text(chosen))).labels[0].text == Case(((Comparison(">", Column("A"), Literal(5)), Column("A")),), Literal("few"))


def test_label_looks_and_places() -> None:
    """Font, halo, anchor on the other side of the text, displacement, rotation clockwise."""
    font = f"<Font>{css(font_family='Noto Serif', font_size='16', font_weight='bold', font_style='italic')}</Font>"
    halo = f"<Halo><Radius>2</Radius><Fill>{css(fill='#ffffff')}</Fill></Halo>"
    anchor = "<AnchorPoint><AnchorPointX>1</AnchorPointX><AnchorPointY>0</AnchorPointY></AnchorPoint>"
    moved = "<Displacement><DisplacementX>-4</DisplacementX><DisplacementY>8</DisplacementY></Displacement><Rotation>30</Rotation>"
    place = f"<LabelPlacement><PointPlacement>{anchor}{moved}</PointPlacement></LabelPlacement>"
    (label,) = style_of(rule(text(prop("A"), font + place + halo + f"<Fill>{css(fill='#0000ff')}</Fill>"))).labels
    assert (label.symbol.family, label.symbol.size_pt, label.symbol.is_bold, label.symbol.is_italic) == ("Noto Serif", 12.0, True, True)
    assert (label.symbol.color, label.symbol.halo_color, label.symbol.halo_pt) == (BLUE, Color(255, 255, 255), 1.5)
    assert (label.placement.anchors, label.placement.dx_pt, label.placement.dy_pt) == (("NW",), -3.0, 6.0)
    assert label.symbol.rotation_deg == -30.0


def test_labels_along_lines() -> None:
    """Straight unless GeoServer's followLine says curved; above by the offset to the middle of the text."""
    place = "<LabelPlacement><LinePlacement><PerpendicularOffset>10</PerpendicularOffset></LinePlacement></LabelPlacement>"
    options = '<VendorOption name="followLine">true</VendorOption><VendorOption name="repeat">200</VendorOption>'
    (straight,) = style_of(rule(text(prop("A"), place))).labels
    (curved,) = style_of(rule(text(prop("A"), place + options))).labels
    assert (straight.placement.along, straight.placement.side, straight.placement.distance_pt) == ("straight", "above", 3.75)
    assert (curved.placement.along, curved.placement.repeat_pt) == ("curved", 150.0)


def test_many_rules_of_labels_are_read_in_a_time_that_grows_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the features are areas is told by all rules, and asked once."""
    asked: list[str] = []
    name: Callable[[XmlNode], str] = vars(XmlNode)["name"].fget

    def counted(node: XmlNode) -> str:
        asked.append(name(node))
        return asked[-1]

    monkeypatch.setattr(XmlNode, "name", property(counted))
    counts = []
    for number in (20, 40):
        asked.clear()
        rules = (rule(text(prop(f"A{i}")), test=compare("EqualTo", "K", str(i))) for i in range(number))
        assert len(style_of(*rules).labels) == number
        counts.append(asked.count("TextSymbolizer"))
    assert counts[1] <= 2 * counts[0]


def test_labels_that_would_lie_on_each_other_stand_once() -> None:
    """A distance of next to nothing would be labels without end."""
    found = read(sld(rule(text(prop("A"), '<VendorOption name="repeat">1e-9</VendorOption>'))))
    assert found.style.labels[0].placement.repeat_pt == 0 and "once" in found.warnings[0].used


def test_labels_of_areas_stand_in_their_middle_and_one_text_of_many_rules_is_one_class() -> None:
    """Rules of a theme repeat their text symbolizer."""
    style = style_of(*(rule(polygon(), text(prop("A")), test=compare("EqualTo", "K", v), title=v) for v in "ab"))
    (label,) = style.labels
    assert label.placement.anchors == ("C",)
    assert label.filter == Or((Comparison("=", Column("K"), Literal("a")), Comparison("=", Column("K"), Literal("b"))))
    assert isinstance(style.theme, Categories)


def test_labels_of_the_others_leave_out_what_other_rules_draw() -> None:
    """A null is none of the listed values, so it has the others' label."""
    style = style_of(rule(polygon(), test=compare("EqualTo", "K", "a")), rule(polygon("#0000ff"), text(prop("A")), test="else"))
    assert style.labels[0].filter == Or((Comparison("<>", Column("K"), Literal("a")), IsNull(Column("K"))))


def test_comments_and_filters_in_filters_do_not_matter() -> None:
    """Both are found in real files; what stands in an element that nobody knows is noted."""
    test = f"<ogc:Filter><!-- a -->{compare('EqualTo', 'K', 'a').replace('>K<', '><!-- the kind -->K<')}</ogc:Filter>"
    found = read(sld(rule(polygon().replace("</Poly", "<stroke/></Poly"), test=test)))
    assert isinstance(found.style.theme, Categories)
    assert found.style.theme.fields == ("K",)
    assert [(w.where, w.used) for w in found.warnings] == [("line 1 <stroke>", "it is not used")]


def test_a_text_that_cannot_be_made_is_noted() -> None:
    """The features are drawn without it."""
    found = read(sld(rule(polygon(), text(function("runScript", prop("A"))))))
    assert found.style.labels == ()
    assert "runScript" in found.warnings[0].found


# --- rasters --------------------------------------------------------------------------------------------------------------

ENTRIES = (
    '<ColorMapEntry color="#ff0000" quantity="0" label="low" opacity="0"/><ColorMapEntry color="#0000ff" quantity="5"/>'
    '<ColorMapEntry color="#00ff00" quantity="20" label="high"/>'
)


def raster_of(inside: str) -> Style:
    return style_of(rule(raster(inside)))


def test_color_maps() -> None:
    """Ramps, intervals and values, with opacity, labels and the band they are of."""
    band = "<ChannelSelection><GrayChannel><SourceChannelName>2</SourceChannelName></GrayChannel></ChannelSelection>"
    ramp = raster_of(f"<Opacity>0.5</Opacity>{band}<ColorMap>{ENTRIES}</ColorMap>")
    assert ramp.opacity == 0.5
    assert isinstance(ramp.theme, Stretch)
    assert (ramp.theme.band, ramp.theme.recipe.kind, ramp.theme.recipe.limits) == (2, StretchKind.CUSTOM, (0.0, 20.0))
    assert ramp.theme.ramp.stops == ((0.0, Color(255, 0, 0, 0)), (0.25, BLUE), (1.0, GREEN))
    assert labels_of(ramp)[0] == "high"
    classes = raster_of(f'<ColorMap type="intervals">{ENTRIES}</ColorMap>').theme
    assert isinstance(classes, Classified)
    assert [(c.upper, c.label) for c in classes.classes] == [(0.0, "low"), (5.0, ""), (20.0, "high")]
    values = raster_of(f'<ColorMap type="values">{ENTRIES}</ColorMap>').theme
    assert isinstance(values, UniqueRaster)
    assert [c.values for c in values.classes] == [(0.0,), (5.0,), (20.0,)]


def test_cells_of_other_values_are_not_drawn() -> None:
    """Single values stay as they are: a result's other values get no class of their own, by entries and by Recode."""
    recode = "<se:Recode><se:LookupValue>Rasterdata</se:LookupValue>"
    recode += "<se:MapItem><se:Data>0</se:Data><se:Value>#ff0000</se:Value></se:MapItem></se:Recode>"
    measures = Measures(2, distinct=((0.0, 1), (9.0, 1)), distinct_is_whole=True)
    for made in (f'<ColorMap type="values">{ENTRIES}</ColorMap>', f"<ColorMap>{recode}</ColorMap>"):
        style = raster_of(made)
        facts = RasterFacts(9, 9, (Band("float32"),), (1.0, 1.0))
        assert fit(style, facts, dict.fromkeys(needs(style, facts, Classification.AUTO), measures), Classification.AUTO) == style
        assert isinstance(style.theme, UniqueRaster) and style.theme.default == TRANSPARENT


def test_color_maps_of_se() -> None:
    """Categorize and Interpolate on the raster's values."""
    lookup = "<se:LookupValue>Rasterdata</se:LookupValue>"
    categorize = f'<se:Categorize fallbackValue="#000000" thresholdsBelongTo="preceding">{lookup}{STEPS}</se:Categorize>'
    theme = raster_of(f"<ColorMap>{categorize}</ColorMap>").theme
    assert isinstance(theme, Classified)
    assert [c.upper for c in theme.classes] == [5.0, 9.0, math.inf]
    below = raster_of(f"<ColorMap>{categorize.replace('preceding', 'succeeding')}</ColorMap>").theme
    assert isinstance(below, Classified)
    assert 4.99 < below.classes[0].upper < 5.0


def test_channels_and_contrast() -> None:
    """Bands by number, each stretched by itself or all alike."""
    normalized = '<Normalize><VendorOption name="minValue">10</VendorOption><VendorOption name="maxValue">90</VendorOption></Normalize>'
    own = f"<ContrastEnhancement>{normalized}<GammaValue>2</GammaValue></ContrastEnhancement>"
    channels = "".join(
        f"<{name}Channel><SourceChannelName>{band}</SourceChannelName>{inner}</{name}Channel>"
        for name, band, inner in (("Red", 3, own), ("Green", 2, ""), ("Blue", 1, ""))
    )
    theme = raster_of(f"<ChannelSelection>{channels}</ChannelSelection><ContrastEnhancement><Histogram/></ContrastEnhancement>").theme
    assert isinstance(theme, RGB)
    assert theme.bands == (3, 2, 1)
    assert [r.kind for r in theme.recipes] == [StretchKind.CUSTOM, StretchKind.HISTOGRAM_EQUALIZE, StretchKind.HISTOGRAM_EQUALIZE]
    assert (theme.recipes[0].limits, theme.recipes[0].gamma) == ((10.0, 90.0), 2.0)


def test_points_turned_into_a_heat_map_are_one() -> None:
    """GeoServer's transformation with its colour map; its own radius and weight."""
    told = (("weightAttr", literal("POP")), ("radiusPixels", function("env", literal("radius"), literal("40"))))
    inner = "".join(function("parameter", literal(name), value) for name, value in told)
    made = f"<Transformation>{function('vec:Heatmap', inner)}</Transformation>{rule(raster(f'<ColorMap>{ENTRIES}</ColorMap>'))}"
    found = read(sld(f"<FeatureTypeStyle>{made}</FeatureTypeStyle>"))
    assert isinstance(found.style.theme, HeatMap)
    assert (found.style.theme.radius_pt, found.style.theme.weight, found.warnings) == (30.0, Column("POP"), ())
    assert found.style.theme.ramp.stops[0] == (0.0, Color(255, 0, 0, 0))
    other = read(sld(f"<FeatureTypeStyle>{made.replace('vec:Heatmap', 'vec:Contour')}</FeatureTypeStyle>"))
    assert "transformation" in other.warnings[0].found


def test_relief() -> None:
    """Alone, or over a ramp."""
    relief = "<ShadedRelief><ReliefFactor>3</ReliefFactor></ShadedRelief>"
    assert raster_of(relief).theme == ShadedRelief(z_factor=3.0)
    theme = raster_of(f"<ColorMap>{ENTRIES}</ColorMap>{relief}").theme
    assert isinstance(theme, Stretch)
    assert theme.relief == ShadedRelief(z_factor=3.0)


# --- documents ------------------------------------------------------------------------------------------------------------


def test_layers_by_name_and_styles_that_stand_alone(tmp_path: Path) -> None:
    """One style for each named layer; the default of several styles; a FeatureTypeStyle without a descriptor."""
    one = sld(rule(polygon()), name="one")
    inner = one[one.index("<NamedLayer>") : one.index("</StyledLayer")]
    others = "<FeatureTypeStyle><Rule/></FeatureTypeStyle></UserStyle><UserStyle><IsDefault>1</IsDefault>"
    styled = inner.replace("<UserStyle>", "<UserStyle>" + others)
    document = one.replace("</StyledLayer", styled.replace(">one<", ">two<") + "</StyledLayer")
    first, second = read_styles(saved(tmp_path, document))
    assert (first.name, second.name) == ("one", "two")
    assert first.style.theme == second.style.theme
    assert "2 styles" in second.warnings[0].found
    alone = document[document.index("<FeatureTypeStyle>") : document.index("</FeatureTypeStyle>")] + "</FeatureTypeStyle>"
    (third,) = read_styles(saved(tmp_path, alone, "road.se"))
    assert third.style.theme == first.style.theme


@pytest.mark.parametrize("color", ["#12345", "reddish", "url(http://a)", ""])
def test_a_color_that_is_none(color: str) -> None:
    """An empty one is the usual grey; others are told with their line."""
    if not color:
        assert layers_of(polygon("")) == (Fill(GREY),)
        return
    assert re.search("line 1 <CssParameter>.*a colour", refused(lambda: layers_of(polygon(color))))


def test_classes_by_several_values_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """They multiply: four values of sixty classes each would be thirteen million rules."""
    items = "".join(f"<se:MapItem><se:Data>{i}</se:Data><se:Value>#{i:06x}</se:Value></se:MapItem>" for i in range(60))
    fills = (css(fill=se_function("Recode", items).replace(">N<", f">N{number}<")) for number in range(4))
    text_of = rule(*(f"<PolygonSymbolizer><Fill>{fill}</Fill></PolygonSymbolizer>" for fill in fills))
    monkeypatch.setattr(classifiers, "_expanded", lambda *_: pytest.fail("rules were made"))
    assert "12960000: At most" in refused(lambda: read(sld(text_of)))


def test_too_many_rules_and_classes_are_refused(tmp_path: Path) -> None:
    """Ten megabytes of rules; more than 20 000 of them; classes of classes."""
    assert "At most 20,000 rules" in refused(lambda: read_styles(saved(tmp_path, sld(rule(polygon()) * 90_000))))
    assert "At most 33,554,432 bytes" in refused(lambda: read_styles(saved(tmp_path, sld(rule(polygon()) * 300_000))))
    assert "20001: At most" in refused(lambda: read(sld("<Rule/>" * 20_001)))
    steps = "".join(f"<se:Value>#ff0000</se:Value><se:Threshold>{i}</se:Threshold>" for i in range(300)) + "<se:Value>#0000ff</se:Value>"
    first, second = se_function("Categorize", steps), se_function("Categorize", steps).replace(">N<", ">M<")
    made = f"<PolygonSymbolizer><Fill>{css(fill=first)}</Fill><Stroke>{css(stroke=second)}</Stroke></PolygonSymbolizer>"
    assert "At most 20,000 rules" in refused(lambda: read(sld(rule(made))))


def recoded(field: str, count: int) -> str:
    items = "".join(f"<se:MapItem><se:Data>{i}</se:Data><se:Value>#{i:06x}</se:Value></se:MapItem>" for i in range(count))
    inside = f"<se:LookupValue>{prop(field)}</se:LookupValue>{items}"
    return f"<PolygonSymbolizer><Fill>{css(fill=f'<se:Recode>{inside}</se:Recode>')}</Fill></PolygonSymbolizer>"


def test_classes_that_multiply_are_counted_before_they_are_made() -> None:
    """Symbols that classify by several fields each make the product of their classes."""
    assert "12960000: At most" in refused(lambda: style_of(rule(*(recoded(f"A{k}", 60) for k in range(4)))))
    assert "At most 20,000 rules" in refused(lambda: style_of(*(rule(*(recoded(f"A{k}", 10) for k in range(4))) for _ in range(3))))
    assert len(labels_of(style_of(rule(recoded("A", 20), recoded("B", 20))))) == 400


def test_bands_named_without_end() -> None:
    """The digits at the end of a name are its band, however long the name."""
    name = "1" * 500_000 + "a2b"
    theme = raster_of(
        f"<ChannelSelection><GrayChannel><SourceChannelName>{name}</SourceChannelName></GrayChannel></ChannelSelection>"
    ).theme
    assert isinstance(theme, Stretch) and theme.band == 2


def test_words_between_the_ends_of_a_ramp_stay() -> None:
    """A word stands beside the slice it falls in, a number only beside itself; ends without words have their numbers."""

    def labels(low: str, between: str, high: str, place: int = 300) -> list[str]:
        entries = zip((100, place, 500), (low, between, high), strict=True)
        written = "".join(f'<ColorMapEntry color="#0000{v % 90 + 10}" quantity="{v}" label="{label}"/>' for v, label in entries)
        style = read(sld(rule(raster(f"<ColorMap>{written}</ColorMap>")))).style
        return [item.label for item in legend_items(style)]

    assert labels("low", "mid", "high") == ["high", "", "mid", "", "low"]
    assert labels("", "mid", "", 370) == ["500", "mid", "", "", "100"]
    assert labels("low", "350", "high", 350) == ["high", "", "300", "", "low"]

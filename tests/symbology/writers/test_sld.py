"""Styles written as SLD: what the language can say is read back as it was, and the rest is told in a comment."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from rendermap.symbology import ramps, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Comparison,
    Concat,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
)
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.lyrx.reader import read_layers as read_lyrx
from rendermap.symbology.readers.sld.reader import read_layers
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.style import (
    RGB,
    Break,
    Breaks,
    Categories,
    Category,
    Classified,
    Graded,
    HeatMap,
    Proportional,
    RasterCategory,
    RasterClass,
    Rule,
    Rules,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Fill, GradientFill, Hatch, Marker, Ramp, SizeBy, Stroke, Symbol
from rendermap.symbology.writers.sld import write_sld
from rendermap.symbology.xml_document import parse_xml
from tests.builders.styles import breaks, document, feature_layer, fill, rgb, simple, stroke, symbol, unique

RED, BLUE, HALF = Color(255, 0, 0), Color(0, 0, 255), Color(10, 20, 30, 128)
OUTLINE = Stroke(Color(40, 40, 40), 0.75, cap="butt", join="miter")
RED_AREA, BLUE_AREA = Symbol((Fill(RED), OUTLINE)), Symbol((Fill(HALF), Stroke(BLUE, 1.1, (3.0, 1.5), "round", "bevel")))
POINT, LINE, POLYGON = GeometryKind.POINT, GeometryKind.LINE, GeometryKind.POLYGON
POP = Column("POP")
SPACES = {"se": "http://www.opengis.net/se", "sld": "http://www.opengis.net/sld", "ogc": "http://www.opengis.net/ogc"}


def read_back(style: Style, geometry: GeometryKind | None) -> NamedStyle:
    """The style after it was written and read."""
    return read_layers(parse_xml(write_sld(style, geometry, "towns").encode()))[0]


def same(style: Style, geometry: GeometryKind | None) -> None:
    """But for labels, which go by their own rule in SLD."""
    found = read_back(style, geometry)
    assert found.warnings == ()
    labels = tuple(replace(label, of_drawn_only=False) for label in style.labels)
    assert replace(found.style, name="", source="") == replace(style, labels=labels)


ABOVE = Comparison(">", POP, Literal(10))
THEMES: tuple[tuple[Theme, GeometryKind], ...] = (
    (Single(RED_AREA, "Areas"), POLYGON),
    (Single(Symbol((Stroke(RED, 4.0), Stroke(BLUE, 2.0, offset_pt=1.5))), "Roads"), LINE),
    (Single(Symbol((Hatch(OUTLINE, 45.0, 6.0), Hatch(OUTLINE, 20.0, 7.0)))), POLYGON),
    (Single(Symbol((Fill(RED), Marker(shapes.SQUARE, 4.0, BLUE, placement="pattern", spacing_pt=10.0)))), POLYGON),
    (Single(Symbol((Marker(shapes.DIAMOND, 9.0, RED, OUTLINE, rotation_deg=30.0, dx_pt=3.0, dy_pt=-2.0),))), POINT),
    (Single(Symbol((Marker("M0 0L0.5 0.25L-0.25 0.5Z", 9.0, RED), Marker(shapes.CROSS, 8.0, stroke=OUTLINE)))), POINT),
    (Single(Symbol((Marker("M0 0C0.1 0.2 0.3 0.4 0.5 0.5Z", 9.0, RED),))), POINT),
    (Single(Symbol((Stroke(RED, 2.0), Marker(shapes.ARROW, 6.0, BLUE, placement="line", spacing_pt=30.0)))), LINE),
    (Single(Symbol((Stroke(RED, 2.0), Marker(shapes.ARROW, 6.0, BLUE, placement="last")))), LINE),
    (Single(Symbol((Marker(shapes.TRIANGLE, 6.0, BLUE, rotation_by=Column("DIR"), rotation_clockwise=True),))), POINT),
    (
        Categories(
            ("KIND",),
            (Category((("a",), ("b & <c>",)), RED_AREA, "A or B"), Category(((None,),), BLUE_AREA, "none")),
            Symbol((Fill(HALF),)),
            "Others",
            "Kinds",
        ),
        POLYGON,
    ),
    (Categories(("K", "L"), (Category((("1", "x"),), RED_AREA), Category((("1", "y"), ("2", "x")), BLUE_AREA)), Symbol()), POLYGON),
    (Breaks("POP", 0.0, (Break(10.5, RED_AREA, "few"), Break(20.0, BLUE_AREA, "many")), heading="POP"), POLYGON),
    (
        Breaks("POP", -math.inf, (Break(1.0, RED_AREA), Break(math.inf, BLUE_AREA)), default=RED_AREA, default_label="?", heading="P"),
        POLYGON,
    ),
    (Breaks("POP", 0.0, (Break(1.0, RED_AREA), Break(2.0, BLUE_AREA)), normalization_field="AREA", heading="POP"), POLYGON),
    (Graded(POP, RED_AREA, Ramp(((0.0, RED), (0.25, BLUE), (1.0, RED))), (0.0, 8.0), (0.0, 8.0), heading="POP"), POLYGON),
    (Graded(POP, RED_AREA, Ramp(((0.0, RED), (1.0, BLUE))), (0.0, 8.0), (0.0, 8.0), BLUE_AREA, "unknown", "Towns"), POLYGON),
    (Proportional(Symbol((Marker(shapes.CIRCLE, 6.0, RED),)), SizeBy(POP, ((10.0, 1.0), (1000.0, 8.0))), 8.0), POINT),
    (Proportional(Symbol((Marker(shapes.CIRCLE, 6.0, RED),)), SizeBy(POP, ((10.0, 1.0), (1000.0, 10.0)), 0.5), 10.0), POINT),
    (
        Rules(
            (
                Rule(RED_AREA, "far", ABOVE, min_scale_denominator=1e6, max_scale_denominator=5e4),
                Rule(BLUE_AREA, "near", Like(Column("N"), "a%_", ignores_case=True), max_scale_denominator=None, min_scale_denominator=5e4),
                Rule(RED_AREA, "rest", is_else=True),
            )
        ),
        POLYGON,
    ),
    (Single(Symbol((Stroke(RED, 5.0), Stroke(BLUE, 3.0, level=1)))), LINE),
    (Categories(("K",), (Category((("1",),), Symbol((Stroke(RED, 5.0), Stroke(BLUE, 3.0, level=1)))),), Symbol()), LINE),
)


@pytest.mark.parametrize(("theme", "geometry"), THEMES, ids=lambda v: type(v).__name__)
def test_themes_of_features_come_back(theme: Theme, geometry: GeometryKind) -> None:
    """The intent, not only the picture, survives the way out and in."""
    same(Style(theme), geometry)


CUSTOM = StretchRecipe(StretchKind.CUSTOM, (0.5, 250.0), template_limits=(0.5, 250.0))
RASTERS: tuple[Theme, ...] = (
    Stretch(Ramp(((0.0, RED), (0.5, HALF), (1.0, BLUE))), CUSTOM, band=2, labels=("high", "low")),
    Stretch(ramps.GRAYS, StretchRecipe(StretchKind.MINIMUM_MAXIMUM, gamma=1.5)),
    Classified((RasterClass(1.5, RED, "low"), RasterClass(9.0, HALF, "high"))),
    UniqueRaster((RasterCategory((3.0,), RED, "three"), RasterCategory((7.0,), BLUE)), TRANSPARENT),
    RGB((3, 2, 1), (StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE), StretchRecipe(StretchKind.NONE), CUSTOM)),
    ShadedRelief(z_factor=2.0),
    Stretch(Ramp(((0.0, RED), (1.0, BLUE))), CUSTOM, relief=ShadedRelief()),
)


@pytest.mark.parametrize("theme", RASTERS, ids=lambda t: type(t).__name__)
def test_themes_of_rasters_come_back(theme: Theme) -> None:
    """With opacity and scales of the layer."""
    same(Style(theme, opacity=0.5, min_scale_denominator=1e6, max_scale_denominator=1e3), None)


def test_a_minimum_and_an_open_end_of_raster_classes_draw_the_same() -> None:
    """What is below the minimum is a class that is not seen; no upper limit is a very high one."""
    found = read_back(Style(Classified((RasterClass(5.0, RED), RasterClass(math.inf, BLUE)), minimum=1.0)), None).style.theme
    assert isinstance(found, Classified)
    assert [(c.upper, c.color.a) for c in found.classes] == [(1.0, 0), (5.0, 255), (1e300, 255)]


CONDITIONS: tuple[Expression, ...] = (
    Not(IsNull(POP)),
    And((ABOVE, Or((Comparison("=", Column("N"), Literal("x ")), Comparison("<>", Column("M"), Column("N")))))),
    Comparison("<=", Arithmetic("/", Arithmetic("+", POP, Literal(1.5)), Column("AREA")), Literal(3)),
    Comparison("=", Call("upper", (Column("N"),)), Literal("X")),
    Like(Column("N"), "50\\% of\\_%", "\\"),
)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: type(c).__name__)
def test_filters_come_back(condition: Expression) -> None:
    """Of the layer, of rules and of labels."""
    label = LabelClass(Column("N"), placement=Placement(("E",)), filter=condition)
    same(Style(Rules((Rule(RED_AREA, "a", condition), Rule(BLUE_AREA, "b"))), filter=condition, labels=(label,)), POLYGON)


LABELS = (
    LabelClass(Column("N"), TextSymbol("Noto Sans", 9.0, BLUE, True, True, Color(255, 255, 255), 1.5), Placement(("NE",), dx_pt=3.0)),
    LabelClass(Concat((Column("N"), Literal(" of "), Call("lower", (Column("M"),)))), placement=Placement(("C",)), name="two"),
    LabelClass(Concat((Column("N"), Literal("\n"), Call("by_pattern", (POP, Literal("#,##0")))))),
    LabelClass(Case(((And((ABOVE, Not(IsNull(POP)))), Column("N")),), Literal("few"))),
    LabelClass(Column("N"), placement=Placement(("C",), "curved", "above", 2.0, repeat_pt=150.0)),
    LabelClass(Column("N"), placement=Placement(("C",), "straight", "below", 1.0)),
    LabelClass(Column("N"), placement=Placement(("W",), may_overlap=True, must_fit=True, wrap_chars=12)),
    LabelClass(Column("N"), priority=5.0, rotation_by=Column("DIR"), rotation_clockwise=True, max_scale_denominator=5e4),
)


@pytest.mark.parametrize("label", LABELS)
def test_labels_come_back(label: LabelClass) -> None:
    """Text, look, place, order."""
    same(Style(Single(RED_AREA, "a"), labels=(label,)), POLYGON)


def test_scales_of_the_layer_come_back() -> None:
    """They stand in each rule, for the language knows no others."""
    same(Style(Single(RED_AREA), min_scale_denominator=2e5, max_scale_denominator=1e3, blend="multiply"), POLYGON)


@pytest.mark.parametrize(
    ("style", "word"),
    [
        (Style(Single(Symbol((GradientFill(Ramp(((0.0, RED), (1.0, BLUE)))),)))), "gradient"),
        (Style(HeatMap(Ramp(((0.0, RED), (1.0, BLUE))))), "heat map"),
        (Style(Single(RED_AREA), opacity=0.5), "opacity"),
        (Style(Rules((Rule(RED_AREA, "x", Comparison("=", Call("wrap", (POP, Literal(3))), Literal("a"))), Rule(BLUE_AREA)))), "left out"),
        (Style(Single(RED_AREA), labels=(LabelClass(Call("wrap", (POP, Literal(3)))),)), "labels"),
    ],
)
def test_what_cannot_be_said_is_told(style: Style, word: str) -> None:
    """In a comment of the document; the nearest thing is written."""
    written = write_sld(style, POLYGON, "x -- y")
    comments = [str(c.text) for c in etree.fromstring(written.encode()).iter() if not isinstance(c.tag, str)]
    assert any(word in comment for comment in comments)
    assert read_layers(parse_xml(written.encode()))


def test_a_rule_that_cannot_be_said_shows_nothing_hidden() -> None:
    """A rule without its filter would show all features."""
    test = Comparison("=", Call("wrap", (POP, Literal(3))), Literal("a"))
    found = read_back(Style(Rules((Rule(RED_AREA, "x", test), Rule(BLUE_AREA, "y", ABOVE)))), POLYGON).style
    assert found == replace(found, theme=Single(BLUE_AREA, "y"), filter=ABOVE)


LAYER_FILES = (
    simple(symbol("Polygon", stroke(rgb(9, 9, 9), 0.7), fill(rgb(200, 30, 40, 60))), label="All of it"),
    unique(["KIND"], [(["a"], symbol("Line", stroke(rgb(1, 2, 3), 2.5))), (["b"], symbol("Line", stroke(rgb(200, 2, 3), 1.25)))]),
    breaks("POP", [10.0, 20.5, 90.0]),
)


@pytest.mark.parametrize("renderer", LAYER_FILES, ids=lambda r: r["type"])
def test_a_layer_file_written_as_sld_has_the_same_legend(renderer: dict[str, Any]) -> None:
    """The same symbols beside the same words, so the same picture."""
    style = read_lyrx(Node(document(feature_layer(renderer)), "$"))[0].style
    geometry = LINE if isinstance(style.theme, Categories) else POLYGON
    assert legend_items(read_back(style, geometry).style) == legend_items(style)


ORDERS = {
    "Rule": ("Name", "Description", "Filter", "ElseFilter", "MinScaleDenominator", "MaxScaleDenominator"),
    "PolygonSymbolizer": ("Geometry", "Fill", "Stroke", "Displacement", "PerpendicularOffset", "VendorOption"),
    "LineSymbolizer": ("Geometry", "Stroke", "PerpendicularOffset"),
    "PointSymbolizer": ("Geometry", "Graphic"),
    "TextSymbolizer": ("Label", "Font", "LabelPlacement", "Halo", "Fill", "Priority", "VendorOption"),
    "RasterSymbolizer": ("Opacity", "ChannelSelection", "ColorMap", "ContrastEnhancement", "ShadedRelief"),
    "Graphic": ("ExternalGraphic", "Mark", "Opacity", "Size", "Rotation", "AnchorPoint", "Displacement"),
    "Mark": ("WellKnownName", "InlineContent", "Format", "Fill", "Stroke"),
    "Stroke": ("GraphicStroke", "SvgParameter"),
    "PointPlacement": ("AnchorPoint", "Displacement", "Rotation"),
    "LinePlacement": ("PerpendicularOffset", "IsRepeated", "Gap", "IsAligned"),
    "NamedLayer": ("Name", "LayerFeatureConstraints", "UserStyle"),
}


@pytest.mark.parametrize(("theme", "geometry"), [*THEMES, *((theme, None) for theme in RASTERS)], ids=lambda v: type(v).__name__)
def test_elements_stand_in_the_order_of_the_schema(theme: Theme, geometry: GeometryKind | None) -> None:
    """Validating clients ask for it."""
    labels = LABELS if geometry else ()
    root = etree.fromstring(write_sld(Style(theme, labels=labels, filter=ABOVE if geometry else None), geometry, "a").encode())
    assert root.get("version") == ("1.1.0" if geometry else "1.0.0")
    for element in root.iter("{*}*"):
        order = ORDERS.get(etree.QName(element).localname)
        names = [etree.QName(inner).localname for inner in element if isinstance(inner.tag, str)]
        if order:
            places = [order.index(name) for name in names if name in order]
            assert places == sorted(places), (element.tag, names)
            assert all(name in order or name.endswith("Symbolizer") for name in names)

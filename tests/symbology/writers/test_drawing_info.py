"""Styles as drawingInfo: what REST can say is read back as it was; the rest is said by the nearest."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from rendermap.symbology.document import parse_document
from rendermap.symbology.expressions.evaluate import value_in
from rendermap.symbology.expressions.tree import And, Arithmetic, Call, Case, Column, Comparison, Concat, IsNull, Like, Literal, Not, Or
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.readers.drawing_info.reader import read_layer
from rendermap.symbology.shapes import CIRCLE, SQUARE
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    DotDensity,
    Dots,
    Engine,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rule,
    Rules,
    Single,
    Stretch,
    StretchRecipe,
    Style,
    Theme,
)
from rendermap.symbology.symbols import Color, Fill, Hatch, Marker, Ramp, SizeBy, Stroke, Symbol
from rendermap.symbology.writers.arcade import to_arcade
from rendermap.symbology.writers.drawing_info import write_drawing_info
from rendermap.symbology.writers.sql import Unsayable, to_sql

RED, BLUE, BLACK, WHITE = Color(255, 0, 0), Color(0, 0, 255, 128), Color(0, 0, 0), Color(255, 255, 255)
AREA = Symbol((Fill(RED), Stroke(BLACK, 0.5)))
OTHER = Symbol((Hatch(Stroke(BLACK, 0.75), 45.0, 6.0),))
LINE = Symbol((Stroke(RED, 2.0),))
POINT = Symbol((Marker(CIRCLE, 8.0, RED, Stroke(WHITE, 1.0)),))
TURNED = Symbol((Marker(SQUARE, 8.0, RED, rotation_by=Column("DIR"), rotation_clockwise=True),))
RAMP = Ramp(((0.0, WHITE), (0.25, BLUE), (1.0, RED)))


def written(style: Style, geometry: str = "polygon") -> dict[str, Any]:
    kind = None if geometry == "raster" else GeometryKind(geometry)
    found: dict[str, Any] = json.loads(json.dumps(write_drawing_info(style, kind), allow_nan=False))
    return found


def again(theme: Theme, geometry: str = "polygon", **more: Any) -> Style:
    """The style read from what was written; nothing may be lost on the way without being told."""
    found = read_layer(parse_document(json.dumps(written(Style(theme, **more), geometry)).encode()), "")
    assert found.warnings == ()
    return found.style


@pytest.mark.parametrize(
    ("theme", "geometry"),
    [
        (Single(AREA, "Area"), "polygon"),
        (Single(LINE), "line"),
        (Single(POINT), "point"),
        (Single(TURNED), "point"),
        (Categories(("A",), (Category((("1",),), AREA, "One"), Category(((None,),), OTHER, "None"))), "polygon"),
        (Categories(("A", "B"), (Category((("1", "x"),), AREA), Category((("2", "a,b"),), OTHER)), AREA, "other", "Kinds"), "polygon"),
        (Categories(("A", "B", "C"), (Category((("1", "x", "y"), ("2", None, "z")), LINE),), heading="H"), "line"),
        (Categories(("A",), (Category((("1",),), LINE, "", "First"), Category((("2",), ("3",)), LINE, "", "Second"))), "line"),
        (Categories((), (Category((("A",),), POINT),), expression=Call("upper", (Column("N"),))), "point"),
        (Breaks("A", 0.0, (Break(1.5, AREA, "low"), Break(7.0, OTHER, "high")), Method.QUANTILE, AREA, "no data", heading="A"), "polygon"),
        (Breaks("A", -math.inf, (Break(0.0, AREA), Break(math.inf, OTHER)), normalization_field="B", heading="Shares"), "polygon"),
        (Breaks("", 0.0, (Break(1.0, LINE), Break(2.0, LINE)), expression=Arithmetic("*", Column("A"), Literal(2)), heading="T"), "line"),
        (Graded(Column("A"), AREA, RAMP, (2.0, 10.0), (2.0, 10.0), heading="A", labels=("few", "many")), "polygon"),
        (Graded(Arithmetic("/", Column("A"), Column("B")), AREA, RAMP, (0.0, 8.0), (0.0, 8.0), heading="Share"), "polygon"),
        (Proportional(POINT, SizeBy(Column("N"), ((1.0, 0.5), (4.0, 1.0), (9.0, 2.0))), heading="N"), "point"),
        (Proportional(LINE, SizeBy(Column("N"), ((1.0, 0.5), (9.0, 2.0))), heading="N", label="Flow"), "line"),
        (HeatMap(RAMP, 12.0, Column("W"), labels=("many", "few"), heading="Finds"), "point"),
        (HeatMap(RAMP, 12.0), "point"),
        (DotDensity((Dots(Column("A"), Symbol((Marker(CIRCLE, 2.0, RED),)), "Ah"),), 50.0, AREA, 9), "polygon"),
    ],
)
def test_what_is_written_is_read_back(theme: Theme, geometry: str) -> None:
    """Every theme that REST has a renderer for."""
    assert again(theme, geometry).theme == theme


@pytest.mark.parametrize("opacity", [1.0, 0.7, 0.0])
def test_opacity(opacity: float) -> None:
    """Clients read transparency in per cent."""
    assert written(Style(Single(AREA), opacity=opacity))["transparency"] == round((1 - opacity) * 100)
    assert again(Single(AREA), opacity=opacity).opacity == pytest.approx(opacity)


def test_graduated_markers_on_polygons() -> None:
    """The fill below is said once, the markers are the classes'."""
    theme = Breaks("A", 0.0, tuple(Break(n, Symbol((*AREA.layers, Marker(CIRCLE, n, RED)))) for n in (4.0, 8.0)), heading="A")
    assert again(theme).theme == theme
    assert written(Style(theme))["renderer"]["backgroundFillSymbol"]["type"] == "esriSFS"


@pytest.mark.parametrize(("field", "divisor"), [("A", None), ("", None), ("A", "C")])
def test_excluded_features_have_no_value_to_class_by(field: str, divisor: str | None) -> None:
    """REST has no word for them, but Arcade can say it: clients must not class them like the others."""
    expression = None if field else Arithmetic("*", Column("A"), Literal(2))
    out = Comparison("<", Column("B"), Literal(5))
    theme = Breaks(field, 0.0, (Break(9.0, AREA),), normalization_field=divisor, expression=expression, excluded=out)
    found = again(theme).theme
    assert isinstance(found, Breaks) and found.expression is not None and found.field == ""
    values = [value_in(found.expression, {"A": 4, "B": b, "C": c}) for b, c in [(1, 2), (7, 2), (None, 2), (7, 0), (7, None)]]
    whole = 4 if field else 8
    shares = [None, whole / 2, whole / 2, None, None] if divisor else [None, whole, whole, whole, whole]
    assert values == shares
    by_text = replace(theme, excluded=Like(Column("B"), "a%"))
    assert "renderer" not in written(Style(by_text))


def test_gaps_are_told_by_lower_limits() -> None:
    """A gap is no class of its own."""
    theme = Breaks("A", 0.0, (Break(5.0, AREA), Break(math.nextafter(10.0, 0), Symbol(), is_gap=True), Break(20.0, OTHER)), heading="A")
    infos = written(Style(theme))["renderer"]["classBreakInfos"]
    assert [(info.get("classMinValue"), info["classMaxValue"]) for info in infos] == [(None, 5.0), (10.0, 20.0)]
    assert again(theme).theme == theme


def test_sizes_that_are_no_straight_line() -> None:
    """Areas in proportion are told at several numbers, each right."""
    size = SizeBy(Column("N"), ((4.0, 1.0), (100.0, 5.0)), 0.5)
    (variable,) = written(Style(Proportional(POINT, size)), "point")["renderer"]["visualVariables"]
    assert len(variable["stops"]) == 9
    for stop in variable["stops"]:
        assert stop["size"] == pytest.approx(8 * math.sqrt(stop["value"] / 4))


def test_numbers_that_json_does_not_know() -> None:
    """Sizes beyond all numbers are the largest there is."""
    size = SizeBy(Column("N"), ((1.0, 1e308), (1e308, 1e308)))
    stops = written(Style(Proportional(POINT, size)), "point")["renderer"]["visualVariables"][0]["stops"]
    assert stops[0]["size"] == pytest.approx(1.797e308, rel=1e-3)


def test_proportional_symbols_on_polygons() -> None:
    """One class alone may have a fill below."""
    theme = Proportional(POINT, SizeBy(Column("N"), ((1.0, 1.0), (9.0, 3.0))), under=AREA)
    found = written(Style(theme))["renderer"]
    assert (found["type"], found["field"], found["backgroundFillSymbol"]["type"]) == ("classBreaks", "N", "esriSFS")
    assert found["visualVariables"][0]["type"] == "sizeInfo"


def test_rules_that_are_unique_values_in_disguise() -> None:
    """Rules of one field's values are told as such; any others are not told at all."""
    one, two = (
        Comparison("=", Column("A"), Literal("1")),
        Or((Comparison("=", Column("a"), Literal("2")), Comparison("=", Column("A"), Literal("3")))),
    )
    rules = Rules((Rule(AREA, "One", one), Rule(OTHER, "Two", two), Rule(AREA, "else", is_else=True)))
    found = again(rules).theme
    assert isinstance(found, Categories)
    assert [c.values for c in found.classes] == [(("1",),), (("2",), ("3",))] and found.default == AREA
    assert again(Rules((Rule(AREA, "All"),))).theme == Single(AREA, "All")
    for other in (
        Rules((Rule(AREA, filter=Comparison(">", Column("A"), Literal(1))),)),
        Rules((Rule(AREA, filter=one), Rule(AREA, filter=one))),
        Rules((Rule(AREA, filter=one, min_scale_denominator=5.0),)),
        Engine(("<Style/>",)),
    ):
        assert "renderer" not in written(Style(other))


def test_rasters_have_no_renderer() -> None:
    """Clients of map services do not know them; the transparency is told."""
    found = written(Style(Stretch(RAMP, StretchRecipe()), opacity=0.5), "raster")
    assert found == {"transparency": 50, "labelingInfo": None}


@pytest.mark.parametrize(
    ("label", "geometry"),
    [
        (LabelClass(Column("A"), placement=Placement(("NE",))), "point"),
        (
            LabelClass(
                Column("A"),
                TextSymbol("Noto Sans", 12.0, RED, True, True, WHITE, 1.5, 10.0, box_color=BLUE, line_height=1.2),
                Placement(("S",), distance_pt=2.0, dx_pt=1.0, dy_pt=-1.0, may_overlap=True),
                "Big",
                And((Comparison(">", Column("A"), Literal(5)), Like(Column("B"), "x%"))),
                94_488.0,
                9448.8,
                -2.0,
                Column("DIR"),
                True,
            ),
            "point",
        ),
        (LabelClass(Column("A"), placement=Placement(("C",), "straight", "above", repeat_pt=200.0)), "line"),
        (LabelClass(Column("A"), placement=Placement(("C",), "horizontal", "on")), "line"),
        (LabelClass(Column("A"), placement=Placement(("C",), "horizontal", each_part=True)), "polygon"),
    ],
)
def test_labels_are_read_back(label: LabelClass, geometry: str) -> None:
    """What servers can say of labels."""
    symbol = {"point": POINT, "line": LINE, "polygon": AREA}[geometry]
    (found,) = again(Single(symbol), geometry, labels=(label,)).labels
    for key in ("text", "symbol", "placement", "name", "filter", "priority", "rotation_by", "rotation_clockwise"):
        assert getattr(found, key) == getattr(label, key), key
    for scale in ("min_scale_denominator", "max_scale_denominator"):
        assert (getattr(found, scale) or 0) == pytest.approx(getattr(label, scale) or 0)


def test_labels_that_cannot_be_said_are_left_out() -> None:
    """A label without its condition would stand where none should."""
    hidden = Comparison("=", Call("upper", (Column("A"),)), Literal("X"))
    found = written(Style(Single(POINT), labels=(LabelClass(Column("A"), filter=hidden), LabelClass(Column("B")))), "point")
    assert [item["labelExpression"] for item in found["labelingInfo"]] == ["[B]"]
    assert written(Style(Single(POINT), labels=(LabelClass(Column("A"), filter=hidden),)), "point")["labelingInfo"] is None


@pytest.mark.parametrize(
    "expression",
    [
        Comparison("=", Column("A B"), Literal("it's")),
        Or((IsNull(Column("A")), Not(Comparison("<=", Column("A"), Literal(1.5))))),
        And((Like(Column("A"), "a!_%", "!"), Comparison("<>", Arithmetic("+", Column("A"), Literal(1)), Literal(2)))),
    ],
)
def test_conditions_as_sql(expression: Any) -> None:
    """What is written is read as the same condition."""
    from rendermap.symbology.expressions.sql import parse_filter

    assert parse_filter(to_sql(expression)) == expression


def test_values_as_arcade() -> None:
    """Quotes are escaped; choices and functions have their Arcade names; what Arcade has not is not said."""
    value = Case(((IsNull(Column('a"b')), Literal("none")),), Concat((Call("round", (Column("A"), Literal(1))), Literal(" m"))))
    assert to_arcade(value) == 'When(IsEmpty($feature["a\\"b"]), "none", Concatenate([Round($feature["A"], 1), " m"]))'
    with pytest.raises(Unsayable):
        to_arcade(Call("zero_filled", (Column("A"), Literal(2))))
    assert "renderer" not in written(Style(Categories((), (), expression=Call("zero_filled", (Column("A"), Literal(2))))))


@pytest.mark.parametrize(
    "value",
    [
        Call("join", (Call("upper", (Column("NAME"),)), Literal("\n"), Call("grouped", (Column("VAL"), Literal(1))))),
        Call("join", (Column("NAME"), Literal("/"), Column("VAL"))),
        Concat((Call("fixed", (Column("VAL"), Literal(2))), Literal(" "), Call("grouped", (Column("VAL"),)))),
        Concat((Call("text_or_empty", (Column("NAME"),)), Call("by_spec", (Column("VAL"), Literal(",.1f"))))),
        Concat((Call("slice", (Column("NAME"), Literal(None), Literal(3))), Call("substring", (Column("NAME"), Literal(1), Literal(2))))),
    ],
)
def test_values_of_other_languages_as_arcade(value: Any) -> None:
    """What QGIS, Python and VBScript have and Arcade has not is said in Arcade's words, and means the same."""
    from rendermap.symbology.expressions.arcade import parse_value
    from rendermap.symbology.expressions.evaluate import value_in

    said = parse_value(to_arcade(value))
    for row in ({"NAME": "Graz", "VAL": 12345.678}, {"NAME": "Wien", "VAL": -3}, {"NAME": None, "VAL": 2}, {"NAME": "Linz", "VAL": None}):
        assert (value_in(said, row) or "") == (value_in(value, row) or ""), row

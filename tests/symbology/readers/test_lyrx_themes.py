"""Renderers of ArcGIS Pro: amounts, expressions, visual variables, scales and symbol levels."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology.expressions.tree import Arithmetic, Column, Comparison, Literal, columns
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.style_reader import NamedStyle, to_scale_denominator
from rendermap.symbology.style import (
    Breaks,
    Categories,
    DotDensity,
    Graded,
    HeatMap,
    Proportional,
    Single,
    Style,
    Theme,
)
from rendermap.symbology.symbols import PLAIN, Color, Fill, Marker, SizeBy, Stroke, Symbol
from tests.builders.styles import Json, breaks, feature_layer, fill, read, rgb, simple, stroke, symbol, unique, vector_marker

RED, BLACK = Color(255, 0, 0), Color(0, 0, 0)
SQUARE: Json = {"rings": [[[-5, -5], [-5, 5], [5, 5], [5, -5]]]}
RAMP: Json = {"type": "CIMFixedColorRamp", "colors": [rgb(0, 0, 0), rgb(255, 0, 0)]}
POINT = symbol("Point", vector_marker(8, SQUARE, fill(rgb(255, 0, 0))))
LINE = symbol("Line", stroke(rgb(255, 0, 0), 2))
AREA = symbol("Polygon", fill(rgb(0, 0, 0)))


def one(renderer: Json, **more: Any) -> NamedStyle:
    (found,) = read(feature_layer(renderer, **more))
    return found


def exact(renderer: Json, **more: Any) -> Theme:
    """The theme of a renderer that is drawn just as it is written."""
    found = one(renderer, **more)
    assert found.warnings == ()
    return found.style.theme


def marker_of(found: Symbol) -> Marker:
    layer = found.layers[-1]
    assert isinstance(layer, Marker)
    return layer


# --- amounts -----------------------------------------------------------------------------------------------------------


def proportional(minimum: Json, **more: Any) -> Json:
    return {"type": "CIMProportionalRenderer", "field": "A", "minSymbol": minimum, "minDataValue": 4, "maxDataValue": 100, **more}


@pytest.mark.parametrize(
    ("renderer", "exponent"),
    [(proportional(POINT), 0.5), (proportional(POINT, flanneryCompensation=True), 0.5716), (proportional(LINE), 1.0)],
)
def test_proportional_symbols(renderer: Json, exponent: float) -> None:
    """The smallest symbol stands for the smallest number; areas of points grow with it, widths of lines too."""
    theme = exact(renderer)
    assert isinstance(theme, Proportional)
    assert theme.size == SizeBy(Column("A"), ((4.0, 1.0), (100.0, 25.0**exponent)), exponent)


def test_proportional_symbols_on_polygons() -> None:
    """Polygons keep their fill below; numbers per another field are divided; an unknown least number is taken from the result."""
    theme = exact(proportional(POINT, backgroundSymbol=AREA, normalizationType="Field", normalizationField="B", minDataValue=0))
    assert isinstance(theme, Proportional)
    assert theme.under == Symbol((Fill(BLACK),)) and theme.size.stops == ()
    assert theme.size.value == Arithmetic("/", Column("A"), Column("B"))


def test_sizes_in_map_units_are_told() -> None:
    """Circles of so many metres are circles in proportion."""
    found = one(proportional(POINT, unitSymbolization={"valueRepresentation": "Radius"}))
    assert isinstance(found.style.theme, Proportional) and found.style.theme.size.exponent == 1.0
    assert found.warnings[0].where.endswith("unitSymbolization")


def test_heat_map() -> None:
    """Radius, weight and legend texts; the ramp goes from thin to dense."""
    json = {"type": "CIMHeatMapRenderer", "colorScheme": RAMP, "field": "W", "radius": 25, "minLabel": "few", "maxLabel": "many"}
    theme = exact(json | {"autoAdjustPixelIntensity": True, "heading": "Finds"})
    assert isinstance(theme, HeatMap)
    assert (theme.radius_pt, theme.weight, theme.labels, theme.limits, theme.heading) == (25.0, Column("W"), ("many", "few"), None, "Finds")
    assert theme.ramp.stops[-1][1] == RED
    plain = exact({"type": "CIMHeatMapRenderer", "field": ""})
    assert isinstance(plain, HeatMap) and plain.weight is None
    assert one(json | {"autoAdjustPixelIntensity": False}).warnings
    wide = one(json | {"autoAdjustPixelIntensity": True, "radius": 1e308})
    assert isinstance(wide.style.theme, HeatMap) and wide.style.theme.radius_pt == 300 and "300 pt" in wide.warnings[0].used


def dots(**more: Any) -> Json:
    placed = vector_marker(
        2, SQUARE, fill(rgb(255, 0, 0)), markerPlacement={"type": "CIMMarkerPlacementInsidePolygon", "gridType": "Random"}
    )
    other = vector_marker(2, SQUARE, fill(rgb(0, 0, 255)))
    return {
        "type": "CIMDotDensityRenderer",
        "fieldNames": ["A", "B"],
        "fieldLabels": ["Ah"],
        "dotValue": 50,
        "dotSize": 3,
        "randomSeed": 9,
        "dotDensitySymbol": symbol("Polygon", placed, other, stroke(width=0.5)),
        **more,
    }


def test_dot_density() -> None:
    """One kind of dot for each field, of its marker's colour and the size told; the rest of the symbol is the polygons'."""
    theme = exact(dots())
    assert isinstance(theme, DotDensity)
    assert (theme.dot_value, theme.seed, theme.under) == (50.0, 9, Symbol((Stroke(BLACK, 0.5),)))
    assert [(d.value, d.label, marker_of(d.symbol).fill, marker_of(d.symbol).size_pt) for d in theme.dots] == [
        (Column("A"), "Ah", RED, 3.0),
        (Column("B"), "", Color(0, 0, 255), 3.0),
    ]


def test_dots_coloured_along_a_ramp() -> None:
    """Fields without a marker of their own take a colour of the ramp; expressions go before fields."""
    only = symbol("Polygon", vector_marker(2, SQUARE, fill(rgb(9, 9, 9))))
    infos = [{"expression": "$feature.A + $feature.B"}, {"expression": "$feature.C"}]
    theme = exact(dots(dotDensitySymbol=only, colorRamp=RAMP, valueExpressionInfos=infos))
    assert isinstance(theme, DotDensity)
    assert [marker_of(d.symbol).fill for d in theme.dots] == [BLACK, RED]
    assert [columns(d.value) for d in theme.dots] == [{"A", "B"}, {"C"}]


@pytest.mark.parametrize("more", [{"maintainDensity": True, "referenceScale": 1000}, {"useMasking": True}, {"exclusionClause": "A > 1"}])
def test_what_dots_do_not_do_is_told(more: Json) -> None:
    """Dots stand for the same at all scales, fall anywhere and in all polygons."""
    assert len(one(dots(**more)).warnings) == 1


@pytest.mark.parametrize("kind", ["DotDensity", "Dictionary", "Proportional", "PieChart", "Representation"])
def test_other_renderers_draw_something(kind: str) -> None:
    """What cannot be drawn as such is drawn plainly and told."""
    found = one({"type": f"CIM{kind}Renderer"})
    assert found.style.theme == Single(PLAIN)
    assert found.warnings


def test_charts_keep_their_base() -> None:
    """Features under charts are drawn."""
    found = one({"type": "CIMChartRenderer", "baseSymbol": AREA})
    assert found.style.theme == Single(Symbol((Fill(BLACK),))) and found.warnings[0].found == "charts"


# --- classes -----------------------------------------------------------------------------------------------------------


def unclassed(**more: Any) -> Json:
    variable = {"type": "CIMColorVisualVariable", "colorRamp": RAMP, "minValue": 2, "maxValue": 8, **more}
    return breaks("A", [None], classBreakType="UnclassedColor", visualVariables=[variable])


def test_colours_without_classes() -> None:
    """The ramp lies between the two numbers told."""
    theme = exact(unclassed())
    assert isinstance(theme, Graded)
    assert (theme.value, theme.limits, theme.ramp.stops[-1][1], theme.heading) == (Column("A"), (2.0, 8.0), RED, "")
    assert one(unclassed(polygonSymbolColorTarget="Outline")).warnings


def test_excluded_features() -> None:
    """An exclusion clause is a condition; one outside the subset is an error: what it hides would show."""
    theme = exact(breaks("A", [1.0], exclusionClause="B = 0"))
    assert isinstance(theme, Breaks) and theme.excluded == Comparison("=", Column("B"), Literal(0))
    with pytest.raises(StyleInvalid) as caught:
        one(breaks("A", [1.0], exclusionClause="B = NOW()"))
    assert "exclusionClause" in caught.value.reason


def test_breaks_of_an_expression() -> None:
    """Classes of what Arcade makes of a feature; the field beside it does not count."""
    theme = exact(breaks("A", [1.0], valueExpressionInfo={"expression": "$feature.B * 2"}))
    assert isinstance(theme, Breaks)
    assert (theme.field, columns(theme.expression or Literal(None))) == ("", {"B"})


@pytest.mark.parametrize("order", [None, True, False])
def test_the_order_of_classes_in_a_legend(order: bool | None) -> None:
    """Only a document that says so lists the highest class first; the classes themselves always go upwards."""
    more = {} if order is None else {"showInAscendingOrder": order}
    theme = exact(breaks("A", [1.0, 2.0], **more))
    assert isinstance(theme, Breaks) and [c.upper for c in theme.classes] == [1.0, 2.0]
    uppers = [item.values for item in legend_items(Style(theme))]
    assert uppers == ([("2",), ("1",)] if order is False else [("1",), ("2",)])


def test_groups_and_headings() -> None:
    """Several groups keep their headings; values joined in a class share its symbol; three fields are a combination."""
    json = unique(["A", "B", "C"], [(["1", "x", "y"], AREA)])
    json["groups"] = [dict(json["groups"][0], heading=heading) for heading in ("One", "Two")]
    json["groups"][0]["classes"][0]["values"].append({"fieldValues": ["2", "x", "<Null>"]})
    theme = exact(json)
    assert isinstance(theme, Categories)
    assert [c.heading for c in theme.classes] == ["One", "Two"]
    assert theme.classes[0].values == (("1", "x", "y"), ("2", "x", None))


@pytest.mark.parametrize("count", [20_000, 20_001])
def test_more_classes_than_any_map_has(count: int) -> None:
    """The limit is told in clear words."""
    values = [{"fieldValues": [str(i)]} for i in range(count)]
    json = unique(["A"], [(["1"], AREA)])
    json["groups"][0]["classes"][0]["values"] = values
    if count <= 20_000:
        assert isinstance(one(json).style.theme, Categories)
        return
    with pytest.raises(StyleInvalid) as caught:
        one(json)
    assert "At most 20,000 classes" in caught.value.sentence


# --- scales ------------------------------------------------------------------------------------------------------------


def test_other_symbols_at_other_scales() -> None:
    """Alternates have their range; a symbol with a range of its own shows nothing beyond it."""
    other = symbol("Polygon", fill(rgb(255, 0, 0))) | {"minScale": 50_000, "maxScale": 10_000}
    theme = exact(simple(AREA, alternateSymbols=[other]))
    assert isinstance(theme, Single) and theme.symbol.layers == (Fill(BLACK),)
    (alternate,) = theme.symbol.alternates
    assert alternate.symbol == Symbol((Fill(RED),))
    assert (alternate.min_scale_denominator, alternate.max_scale_denominator) == (
        to_scale_denominator(50_000),
        to_scale_denominator(10_000),
    )
    ranged = exact(simple(AREA | {"minScale": 5000}))
    assert isinstance(ranged, Single) and ranged.symbol.layers == () and len(ranged.symbol.alternates) == 1


def test_sizes_by_scale() -> None:
    """Sizes between two scales go in steps, which is told; beyond them they stay."""
    sizes = [{"scale": 1000, "size": 12}, {"scale": 10_000, "size": 4}]
    found = one(simple(POINT | {"scaleDependentSizeVariation": sizes}))
    assert isinstance(found.style.theme, Single) and len(found.warnings) == 1
    whole = found.style.theme.symbol
    assert marker_of(whole).size_pt == 4.0
    sizes_pt = [marker_of(a.symbol).size_pt for a in whole.alternates]
    assert sizes_pt[0] == 12.0 and sizes_pt == sorted(sizes_pt, reverse=True) and 4.0 < sizes_pt[-1] < 5.0


# --- visual variables --------------------------------------------------------------------------------------------------


def test_rotation_by_an_expression() -> None:
    """A number made from the feature turns markers, in older documents in brackets; chance turns none, which is told."""
    info: Json = {"visualVariableInfoType": "Expression", "valueExpressionInfo": {"expression": "$feature.DIR + 90"}}
    variable = {"type": "CIMRotationVisualVariable", "visualVariableInfoZ": info, "rotationTypeZ": "Arithmetic"}
    theme = exact(simple(POINT, visualVariables=[variable]))
    assert isinstance(theme, Single)
    turned = marker_of(theme.symbol)
    assert columns(turned.rotation_by or Literal(None)) == {"DIR"} and not turned.rotation_clockwise
    older = {"type": "CIMRotationVisualVariable", "visualVariableInfoZ": {"visualVariableInfoType": "Expression", "expression": "[DIR]"}}
    theme = exact(simple(POINT, visualVariables=[older]))
    assert isinstance(theme, Single) and marker_of(theme.symbol).rotation_by == Column("DIR")
    chance = {"type": "CIMRotationVisualVariable", "visualVariableInfoZ": {"visualVariableInfoType": "Random"}}
    assert one(simple(POINT, visualVariables=[chance])).warnings


def sizes(**more: Any) -> Json:
    return {"type": "CIMSizeVisualVariable", "valueExpressionInfo": {"expression": "$feature.N"}, **more}


@pytest.mark.parametrize(
    ("more", "stops"),
    [
        ({"variableType": "Graduated", "minSize": 4, "maxSize": 16, "minValue": 10, "maxValue": 20}, ((10.0, 0.5), (20.0, 2.0))),
        ({"variableType": "Graduated", "dataValues": [1, 2, 3], "sizeValues": [8, 16, 8]}, ((1.0, 1.0), (2.0, 2.0), (3.0, 1.0))),
        ({"variableType": "Expression"}, ((0.0, 0.0), (1000.0, 125.0))),
        ({"variableType": "Proportional", "minSize": 8, "minValue": 5, "maxSize": 32}, ((5.0, 1.0), (20.0, 4.0))),
    ],
)
def test_sizes_by_a_number(more: Json, stops: tuple[tuple[float, float], ...]) -> None:
    """Sizes in points become factors of the symbol's own; a lone symbol has a legend of sizes."""
    theme = exact(simple(POINT, visualVariables=[sizes(**more)]))
    assert isinstance(theme, Proportional)
    assert theme.size == SizeBy(Column("N"), stops)


def test_sizes_as_pro_writes_them() -> None:
    """Sizes go by the height of a marker; those of outlines are lines'; a renderer's own proportion gives way to them."""
    written = sizes(
        variableType="Graduated", minSize=4, maxSize=16, minValue=10, maxValue=20, axis="HeightAxis", valueRepresentation="Radius"
    )
    assert isinstance(exact(simple(POINT, visualVariables=[written])), Proportional)
    theme = exact(proportional(POINT, visualVariables=[written]))
    assert isinstance(theme, Proportional) and theme.size == SizeBy(Column("N"), ((10.0, 0.5), (20.0, 2.0)))
    assert isinstance(exact(simple(symbol("Polygon", stroke(width=2)), visualVariables=[written | {"target": "outline"}])), Proportional)
    assert one(simple(POINT, visualVariables=[written | {"target": "outline"}])).warnings
    bare = {"type": "CIMSizeVisualVariable", "expression": "$feature.N", "minSize": 8, "maxSize": 16, "minValue": 0, "maxValue": 1}
    assert isinstance(exact(simple(POINT, visualVariables=[bare])), Proportional)


def test_sizes_on_top_of_classes() -> None:
    """Each class is sized from its own symbol; chance is told."""
    json = unique(["A"], [(["1"], POINT)], visualVariables=[sizes(variableType="Graduated", maxSize=16, maxValue=2)])
    theme = exact(json)
    assert isinstance(theme, Categories)
    assert marker_of(theme.classes[0].symbol).size_by == SizeBy(Column("N"), ((0.0, 0.0), (2.0, 2.0)))
    assert one(simple(POINT, visualVariables=[sizes(variableType="Random")])).warnings


def test_colours_by_a_number() -> None:
    """On one symbol they are a ramp; on classes they are told."""
    variable = {"type": "CIMColorVisualVariable", "colorRamp": RAMP, "expression": "[N]", "minValue": 1, "maxValue": 3}
    theme = exact(simple(AREA, visualVariables=[variable]))
    assert isinstance(theme, Graded) and (theme.value, theme.limits) == (Column("N"), (1.0, 3.0))
    found = one(unique(["A"], [(["1"], AREA)], visualVariables=[variable]))
    assert isinstance(found.style.theme, Categories) and found.warnings
    levels = {
        "type": "CIMMultilevelColorVisualVariable",
        "colorRamp": RAMP,
        "expression": "[N]",
        "levels": [{"minValue": 2, "maxValue": 5}],
    }
    theme = exact(simple(AREA, visualVariables=[levels]))
    assert isinstance(theme, Graded) and theme.limits == (2.0, 5.0)


def test_transparency_by_a_number() -> None:
    """One for all numbers is the symbol's; others are told."""
    variable = {"type": "CIMTransparencyVisualVariable", "field": "N", "transparencyValues": [60, 60], "dataValues": [1, 2]}
    assert exact(simple(AREA, visualVariables=[variable])) == Single(Symbol((Fill(Color(0, 0, 0, 102)),)))
    assert one(simple(AREA, visualVariables=[variable | {"transparencyValues": [60, 0]}])).warnings


# --- layers ------------------------------------------------------------------------------------------------------------


def test_symbol_levels() -> None:
    """The drawing order begins with the topmost; it counts only where it is used."""
    line = symbol("Line", stroke(name="upper"), stroke(width=3, name="lower"))
    drawing: Json = {"symbolLayers": [{"symbolLayerName": "upper"}, {"symbolLayerName": "lower"}]}
    for is_used, wanted in ((True, [1, 2]), (False, [0, 0])):
        theme = exact(simple(line), symbolLayerDrawing=drawing | {"useSymbolLayerDrawing": is_used})
        assert isinstance(theme, Single) and [layer.level for layer in theme.symbol.layers] == wanted


@pytest.mark.parametrize(("mode", "blend"), [("Multiply", "multiply"), ("SoftLight", "soft-light"), ("Add", "plus"), ("NoSuch", "normal")])
def test_blending_modes(mode: str, blend: str) -> None:
    """Each mode of the specification; others are told."""
    found = one(simple(), blendingMode=mode)
    assert found.style.blend == blend
    assert bool(found.warnings) is (mode == "NoSuch")


def test_display_filters() -> None:
    """The one chosen, or the only one, is a filter; those by scale are told, and a switch without filters says nothing."""
    choices = [{"name": "Big", "whereClause": "A > 5"}, {"name": "All", "whereClause": ""}]
    wanted = Comparison(">", Column("A"), Literal(5))
    assert one(simple(), enableDisplayFilters=True, displayFilterChoices=choices, displayFilterName="Big").style.filter == wanted
    assert one(simple(), enableDisplayFilters=True).warnings == ()
    by_scale = [{"name": "Big", "whereClause": "A > 5", "minScale": 1000}]
    found = one(simple(), enableDisplayFilters=True, displayFilters=by_scale)
    assert found.style.filter is None and found.warnings[0].where.endswith("displayFilters")


@pytest.mark.parametrize("key", ["layerMasks", "featureReduction", "layerEffects", "featureSortInfos"])
def test_what_is_not_done_to_layers_is_told(key: str) -> None:
    """Masks, reductions, effects and orders; lists with nothing in them say nothing."""
    assert one(simple(), **{key: ["x"]}).warnings[0].where.endswith(key)
    assert one(simple(), **{key: []}).warnings == ()


def test_layers_of_other_kinds_are_told() -> None:
    """A layer that nobody draws is named with the first that is drawn."""
    other = {"type": "CIMAnnotationLayer", "name": "Names", "uRI": "CIMPATH=map/Names.json"}
    (found,) = read(other, feature_layer(simple()))
    assert "Names" in found.warnings[0].found and found.warnings[0].used == "it is left out"

"""Renderers of the REST JSON: densities, expressions, visual variables and what web maps add."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology.expressions.tree import Arithmetic, Column, Literal, columns
from rendermap.symbology.readers.drawing_info.reader import read_layer
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.style import Breaks, Categories, DotDensity, Graded, HeatMap, Method, Proportional, Single, Theme
from rendermap.symbology.symbols import PLAIN, Color, Fill, Marker, SizeBy, Stroke, Symbol
from tests.builders.styles import Json, node

RED, BLUE, BLACK = Color(255, 0, 0), Color(0, 0, 255), Color(0, 0, 0)
SFS: Json = {"type": "esriSFS", "style": "esriSFSSolid", "color": [255, 0, 0, 255]}
SMS: Json = {"type": "esriSMS", "style": "esriSMSCircle", "color": [255, 0, 0, 255], "size": 8}
LINE: Json = {"type": "esriSLS", "style": "esriSLSSolid", "color": [0, 0, 0, 255], "width": 1}


def read(json: Json) -> NamedStyle:
    return read_layer(node(json), "file")


def exact(json: Json) -> Theme:
    """The theme of a renderer that is drawn just as it is written."""
    found = read(json)
    assert found.warnings == ()
    return found.style.theme


def simple(symbol: Json = SMS, **variable: Any) -> Json:
    return {"type": "simple", "symbol": symbol, "visualVariables": [variable]}


# --- classes -----------------------------------------------------------------------------------------------------------


def test_classes_by_an_expression() -> None:
    """Arcade classifies; what is outside the subset draws all alike."""
    infos = [{"value": "a", "symbol": SFS}]
    theme = exact({"type": "uniqueValue", "valueExpression": "Upper($feature.A)", "uniqueValueInfos": infos})
    assert isinstance(theme, Categories) and theme.fields == () and columns(theme.expression or Literal(None)) == {"A"}
    plain = exact({"type": "uniqueValue", "valueExpression": "$feature.A", "uniqueValueInfos": infos})
    assert isinstance(plain, Categories) and (plain.fields, plain.expression) == (("A",), None)
    found = read({"type": "uniqueValue", "valueExpression": "Area($feature)", "uniqueValueInfos": infos})
    assert found.style.theme == Single(Symbol((Fill(RED),))) and found.warnings
    breaks = exact({"type": "classBreaks", "valueExpression": "$feature.A * 2", "classBreakInfos": [{"classMaxValue": 1, "symbol": SFS}]})
    assert isinstance(breaks, Breaks) and columns(breaks.expression or Literal(None)) == {"A"}


def test_groups() -> None:
    """Newer documents group values; values in one class share its symbol."""
    classes = [{"label": "One", "symbol": SFS, "values": [["1", "x"], ["2", "<Null>"]]}]
    groups = [{"heading": "First", "classes": classes}, {"heading": "Second", "classes": []}]
    theme = exact({"type": "uniqueValue", "field1": "A", "field2": "B", "uniqueValueGroups": groups})
    assert isinstance(theme, Categories)
    assert (theme.classes[0].values, theme.classes[0].heading) == ((("1", "x"), ("2", None)), "First")
    with pytest.raises(StyleInvalid):
        read({"type": "uniqueValue", "field1": "A", "uniqueValueGroups": [{"classes": [{"values": 7}]}]})


def test_limits_of_web_maps() -> None:
    """The largest whole number of JavaScript stands for none; fills lie below graduated markers."""
    infos = [{"classMaxValue": 5, "symbol": SMS}, {"classMaxValue": 9007199254740991, "symbol": SMS}]
    json = {"type": "classBreaks", "field": "A", "minValue": -9007199254740991, "classBreakInfos": infos, "backgroundFillSymbol": SFS}
    theme = exact(json)
    assert isinstance(theme, Breaks)
    assert (theme.minimum, theme.classes[1].upper) == (-math.inf, math.inf)
    assert isinstance(theme.classes[0].symbol.layers[0], Fill)


def test_a_gap_between_classes_stays_one() -> None:
    """Features between two classes are none of either, but those of all others; what rounding leaves is no gap."""
    infos = [{"classMinValue": low, "classMaxValue": high, "symbol": SFS} for low, high in [(10, 20), (0, 5), (20.0000001, 30)]]
    theme = exact({"type": "classBreaks", "field": "A", "classificationMethod": "esriClassifyQuantile", "classBreakInfos": infos})
    assert isinstance(theme, Breaks)
    assert [(round(c.upper, 6), c.is_gap, bool(c.symbol.layers)) for c in theme.classes] == [
        (5, False, True),
        (10, True, False),
        (20, False, True),
        (30, False, True),
    ]
    assert theme.classes[1].upper < 10 and theme.minimum == 0 and theme.method is Method.MANUAL


def test_the_heading_of_one_group() -> None:
    """It stands above the classes, below the title of the legend where there is one."""
    groups = [{"heading": "Zones", "classes": [{"label": "One", "symbol": SFS, "values": [["1"]]}]}]
    json: Json = {"type": "uniqueValue", "field1": "A", "uniqueValueGroups": groups}
    theme = exact(json)
    assert isinstance(theme, Categories) and (theme.heading, theme.classes[0].heading) == ("Zones", "")
    titled = exact({**json, "legendOptions": {"title": "Plan"}})
    assert isinstance(titled, Categories) and (titled.heading, titled.classes[0].heading) == ("Plan", "Zones")


@pytest.mark.parametrize("key", ["uniqueValueInfos", "classBreakInfos"])
def test_more_classes_than_any_map_has(key: str) -> None:
    """The limit is told in clear words."""
    kind = "uniqueValue" if key == "uniqueValueInfos" else "classBreaks"
    with pytest.raises(StyleInvalid) as caught:
        read({"type": kind, "field1": "A", "field": "A", key: [{"value": "1", "classMaxValue": 1}] * 50_000})
    assert "At most 20,000 classes" in caught.value.sentence


# --- densities ---------------------------------------------------------------------------------------------------------


def test_heat_maps_old_and_new() -> None:
    """The radius in points of newer documents, and the blur of older ones in units of its own."""
    stops = [{"ratio": 0, "color": [0, 0, 0, 0]}, {"ratio": 1, "color": [255, 0, 0, 255]}]
    new = exact(
        {"type": "heatmap", "field": "W", "colorStops": stops, "radius": 12, "legendOptions": {"minLabel": "few", "maxLabel": "many"}}
    )
    old = exact({"type": "heatmap", "colorStops": stops, "blurRadius": 10})
    assert isinstance(new, HeatMap) and (new.radius_pt, new.weight, new.labels) == (12.0, Column("W"), ("many", "few"))
    assert isinstance(old, HeatMap) and (old.radius_pt, old.weight, old.ramp.stops[1]) == (18.0, None, (1.0, RED))
    assert read({"type": "heatmap", "colorStops": stops, "maxPixelIntensity": 80}).warnings
    wide = read({"type": "heatmap", "colorStops": stops, "radius": 1e308})
    assert isinstance(wide.style.theme, HeatMap) and wide.style.theme.radius_pt == 300 and "300 pt" in wide.warnings[0].used


def test_dot_density() -> None:
    """Each attribute has its colour; polygons have their outline and background."""
    kinds = [{"field": "A", "label": "Ah", "color": [255, 0, 0, 255]}, {"valueExpression": "$feature.B * 2", "color": [0, 0, 255, 255]}]
    json = {"type": "dotDensity", "attributes": kinds, "dotValue": 100, "dotSize": 2, "seed": 7, "outline": LINE}
    theme = exact(json | {"backgroundColor": [9, 9, 9, 255]})
    assert isinstance(theme, DotDensity)
    assert (theme.dot_value, theme.seed) == (100.0, 7)
    assert theme.under == Symbol((Fill(Color(9, 9, 9)), Stroke(BLACK, 1.0)))
    markers = [dots.symbol.layers[0] for dots in theme.dots]
    assert [(m.fill, m.size_pt) for m in markers if isinstance(m, Marker)] == [(RED, 2.0), (BLUE, 2.0)]
    assert [d.label for d in theme.dots] == ["Ah", ""]
    assert read(json | {"referenceScale": 5000}).warnings
    assert read({"type": "dotDensity"}).style.theme == Single(PLAIN)


@pytest.mark.parametrize("kind", ["pieChart", "dictionary", "nonsense"])
def test_stated_fallbacks(kind: str) -> None:
    """What nobody draws has the symbol below it, or a plain one."""
    assert read({"type": kind}).style.theme == Single(PLAIN)
    found = read({"type": kind, "backgroundFillSymbol": SFS})
    assert found.style.theme == Single(Symbol((Fill(RED),))) and found.warnings[0].where == "$.type"


def test_observations_without_a_clock() -> None:
    """A temporal renderer draws as its observations."""
    found = read({"type": "temporal", "observationRenderer": {"type": "simple", "symbol": SFS}})
    assert found.style.theme == Single(Symbol((Fill(RED),))) and found.warnings


# --- visual variables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "size"),
    [
        (
            {"field": "N", "stops": [{"value": 1, "size": 4}, {"value": 9, "size": 16}]},
            SizeBy(Column("N"), ((1.0, 0.5), (9.0, 2.0))),
        ),
        (
            {"field": "N", "minSize": 8, "maxSize": 32, "minDataValue": 0, "maxDataValue": 10},
            SizeBy(Column("N"), ((0.0, 1.0), (10.0, 4.0))),
        ),
        (
            {"field": "N", "normalizationField": "M", "minSize": 8, "maxSize": 16, "minDataValue": 0, "maxDataValue": 1},
            SizeBy(Arithmetic("/", Column("N"), Column("M")), ((0.0, 1.0), (1.0, 2.0))),
        ),
        ({"valueExpression": "$feature.N"}, SizeBy(Column("N"), ((0.0, 0.0), (1000.0, 125.0)))),
    ],
)
def test_sizes(variable: Json, size: SizeBy) -> None:
    """Stops, ranges, shares and sizes that an expression gives itself."""
    theme = exact(simple(type="sizeInfo", **variable))
    assert isinstance(theme, Proportional) and theme.size == size


def test_sizes_in_proportion() -> None:
    """One size, for the least number: areas of others are in proportion."""
    theme = exact(simple(type="sizeInfo", field="N", minSize=8, minDataValue=4, valueRepresentation="area"))
    assert isinstance(theme, Proportional) and theme.size.exponent == 0.5
    (low, small), (high, large) = theme.size.stops
    assert (large / small) ** 2 == pytest.approx(high / low)


def test_sizes_of_web_maps() -> None:
    """Sizes on the one class that web maps write; sizes by the scale and of the view are told."""
    infos = [{"classMaxValue": 9007199254740991, "symbol": SMS, "label": "All"}]
    stops = [{"value": 1, "size": 4}, {"value": 9, "size": 16}]
    json = {
        "type": "classBreaks",
        "field": "N",
        "classBreakInfos": infos,
        "visualVariables": [{"type": "sizeInfo", "field": "N", "stops": stops}],
    }
    assert isinstance(exact(json), Proportional)
    by_scale = {"type": "sizeInfo", "stops": [{"value": 1000, "size": 2}, {"value": 9000, "size": 6}], "expression": "view.scale"}
    found = read(simple(type="sizeInfo", field="N", minSize=4, maxSize=by_scale, minDataValue=0, maxDataValue=10))
    assert isinstance(found.style.theme, Proportional) and found.warnings[0].where.endswith("maxSize")
    assert isinstance(read(simple(**by_scale)).style.theme, Single)
    assert read(simple(**by_scale)).warnings and read(simple(type="sizeInfo", target="outline", field="N")).warnings


def test_colours() -> None:
    """Stops are a ramp between the first and the last number; older documents have colours and a range."""
    stops = [{"value": 10, "color": [0, 0, 0, 255], "label": "low"}, {"value": 30, "color": [255, 0, 0, 255], "label": "high"}]
    theme = exact(simple(SFS, type="colorInfo", field="N", stops=stops))
    assert isinstance(theme, Graded)
    assert (theme.value, theme.limits, theme.labels, theme.ramp.stops) == (
        Column("N"),
        (10.0, 30.0),
        ("low", "high"),
        ((0.0, BLACK), (1.0, RED)),
    )
    older = exact(simple(SFS, type="colorInfo", field="N", minDataValue=0, maxDataValue=4, colors=[[0, 0, 0], [0, 0, 255], [255, 0, 0]]))
    assert isinstance(older, Graded) and older.ramp.stops[1] == (0.5, BLUE) and older.limits == (0.0, 4.0)
    on_classes = {"type": "uniqueValue", "field1": "A", "uniqueValueInfos": [{"value": "1", "symbol": SFS}]}
    assert read(on_classes | {"visualVariables": [{"type": "colorInfo", "field": "N", "stops": stops}]}).warnings


def test_transparency() -> None:
    """One for all numbers is the symbol's; others are told."""
    theme = exact(simple(SFS, type="opacityInfo", stops=[{"value": 1, "opacity": 0.4}, {"value": 2, "opacity": 0.4}]))
    assert isinstance(theme, Single) and theme.symbol == Symbol((Fill(Color(255, 0, 0, 102)),))
    older = exact(simple(SFS, type="transparencyInfo", stops=[{"value": 1, "transparency": 60}]))
    assert older == theme
    assert read(simple(SFS, type="opacityInfo", stops=[{"value": 1, "opacity": 0.4}, {"value": 2, "opacity": 1}])).warnings


def test_rotation() -> None:
    """By a field or an expression; tilts are of scenes; unknown variables are told."""
    theme = exact(simple(type="rotationInfo", valueExpression="$feature.DIR + 90", rotationType="arithmetic"))
    assert isinstance(theme, Single)
    (marker,) = theme.symbol.layers
    assert isinstance(marker, Marker) and columns(marker.rotation_by or Literal(None)) == {"DIR"} and not marker.rotation_clockwise
    tilted = exact(simple(type="rotationInfo", field="T", axis="tilt"))
    assert isinstance(tilted, Single) and isinstance(tilted.symbol.layers[0], Marker) and tilted.symbol.layers[0].rotation_by is None
    assert read(simple(type="nonsense")).warnings


# --- layers of web maps ------------------------------------------------------------------------------------------------


def test_layers_of_web_maps() -> None:
    """Opacity, blending, name and definition of a web map's layer."""
    inside = {"drawingInfo": {"renderer": {"type": "simple", "symbol": SFS}, "transparency": 50}, "definitionExpression": "A = 1"}
    found = read({"title": "Depth", "opacity": 0.5, "blendMode": "multiply", "layerDefinition": inside})
    assert (found.name, found.style.opacity, found.style.blend) == ("Depth", 0.25, "multiply")
    assert found.style.filter is not None and found.warnings == ()
    assert read({"type": "simple", "symbol": SFS, "blendMode": "nonsense"}).warnings

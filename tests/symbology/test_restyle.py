"""What a request may change of a layer's look: what is drawn is what a layer file would draw, what is not is refused by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rendermap.errors import InvalidParameter
from rendermap.symbology.classify import fit
from rendermap.symbology.document import Node
from rendermap.symbology.expressions.table import LANGUAGES
from rendermap.symbology.expressions.tree import Arithmetic, Call, Column
from rendermap.symbology.facts import Band, Facts, Field, FieldKind, GeometryKind, RasterFacts, VectorFacts
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.readers.drawing_info.reader import read_layer
from rendermap.symbology.restyle import restyled
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import Categories, Category, Classification, DotDensity, Dots, Graded, HeatMap, Proportional, Single, Style
from rendermap.symbology.symbols import PLAIN, Color, Fill, Marker, PictureMarker, Symbol
from rendermap.symbology.writers.drawing_info import write_drawing_info
from tests.builders.styles import rgb

Json = dict[str, Any]
FIELDS = (Field("level", FieldKind.REAL), Field("people", FieldKind.INTEGER), Field("kind", FieldKind.TEXT))
POINTS, AREAS = (VectorFacts(kind, FIELDS, 9) for kind in (GeometryKind.POINT, GeometryKind.POLYGON))
PLAIN_STYLE = Style(Single(PLAIN), source="layer file")
DOT = {"type": "esriSMS", "style": "esriSMSCircle", "color": [200, 0, 0, 255], "size": 6}
AREA = {"type": "esriSFS", "style": "esriSFSSolid", "color": [200, 0, 0, 255], "outline": None}
SIZES = {"minSize": 4, "maxSize": 30, "minDataValue": 0, "maxDataValue": 8}
COLORS = {"stops": [{"value": 0, "color": [255, 255, 255, 255]}, {"value": 8, "color": [0, 0, 200, 255]}]}
LISTED = {"type": "colorInfo", "field": "level", "colors": [[0, 0, 0], [9, 9, 9]], "minDataValue": 0, "maxDataValue": 8}
FAINTER = [{"value": 0, "transparency": 0}, {"value": 8, "transparency": 90}]
MANY = [{"value": number, "size": number} for number in range(100)]
OUTLINE = {
    "type": "sizeInfo",
    "target": "outline",
    "expression": "view.scale",
    "stops": [{"value": 1e5, "size": 1}, {"value": 1e7, "size": 0}],
}


def simple(*variables: Json, symbol: Json | None = None) -> Json:
    return {"type": "simple", "symbol": symbol or DOT, "visualVariables": list(variables)}


def sized(**more: Any) -> Json:
    return {"type": "sizeInfo", "field": "level", **SIZES, **more}


def colored(**more: Any) -> Json:
    return {"type": "colorInfo", "field": "level", **COLORS, **more}


def looked(renderer: Json, facts: Facts = POINTS) -> Style:
    return restyled(PLAIN_STYLE, facts, json.dumps({"renderer": renderer}))


def refusal(renderer: Json, facts: Facts = POINTS) -> str:
    with pytest.raises(InvalidParameter) as caught:
        looked(renderer, facts)
    return " ".join((caught.value.sentence, *caught.value.details))


CLASSES = [{"value": "a", "symbol": DOT}, {"value": "b", "symbol": DOT}]
ON_AREAS = {
    "type": "classBreaks", "field": "level", "minValue": 0, "classBreakInfos": [{"classMaxValue": 8, "symbol": DOT}],
    "backgroundFillSymbol": AREA, "visualVariables": [sized()],
}  # fmt: skip
DRAWN: list[tuple[Json, Facts, type]] = [
    (simple(sized()), POINTS, Proportional),
    (simple({"type": "sizeInfo", "field": "level", "stops": [{"value": 0, "size": 4}, {"value": 8, "size": 30}]}), POINTS, Proportional),
    (simple(sized(normalizationField="people")), POINTS, Proportional),
    (simple({"type": "sizeInfo", "valueExpression": "$feature.level / $feature.people", **SIZES}), POINTS, Proportional),
    (simple({"type": "sizeInfo", "field": "level", "minSize": 4, "minDataValue": 1, "valueRepresentation": "area"}), POINTS, Proportional),
    (ON_AREAS, AREAS, Proportional),
    (simple(colored()), POINTS, Graded),
    (simple(colored(), OUTLINE, symbol=AREA), AREAS, Graded),
    (
        simple({"type": "colorInfo", "field": "level", "colors": [[0, 0, 0], [9, 9, 9]], "minDataValue": 0, "maxDataValue": 8}),
        POINTS,
        Graded,
    ),
    (simple({"type": "rotationInfo", "field": "level"}), POINTS, Single),
    (simple({"type": "transparencyInfo", "field": "level", "stops": [{"value": 0, "transparency": 40}]}), POINTS, Single),
    ({"type": "uniqueValue", "field1": "kind", "uniqueValueInfos": CLASSES, "visualVariables": [sized()]}, POINTS, Categories),
    ({"type": "heatmap", "field": "people", "colorStops": [], "radius": 9, "maxDensity": 0.4, "minDensity": 0}, POINTS, HeatMap),
]


@pytest.mark.parametrize(("renderer", "facts", "kind"), DRAWN)
def test_a_request_looks_as_a_layer_file_does(renderer: Json, facts: Facts, kind: type) -> None:
    """Sizes and colours by a number, on classes too; the outline that smart mapping lets follow the scale stays as it is."""
    theme = looked(renderer, facts).theme
    assert isinstance(theme, kind)
    assert theme == fit(read_layer(Node({"renderer": renderer}, "$")).style, facts, {}, Classification.AS_TEMPLATE).theme


def cim(*layers: Json) -> Json:
    return {"type": "CIMSymbolReference", "symbol": {"type": "CIMPointSymbol", "symbolLayers": list(layers)}}


RED_FILL = {"type": "CIMPolygonSymbol", "symbolLayers": [{"type": "CIMSolidFill", "enable": True, "color": rgb(200, 0, 0)}]}
SQUARE = {"rings": [[[-1, -1], [-1, 1], [1, 1], [1, -1], [-1, -1]]]}
GRAPHIC = {"type": "CIMMarkerGraphic", "geometry": SQUARE, "symbol": RED_FILL}
FRAME = {"xmin": -1, "ymin": -1, "xmax": 1, "ymax": 1}
CIM_MARKER = {"type": "CIMVectorMarker", "enable": True, "size": 8, "frame": FRAME, "markerGraphics": [GRAPHIC]}


@pytest.mark.parametrize("symbol", [cim(CIM_MARKER), cim(CIM_MARKER)["symbol"]])
def test_symbols_of_cim_are_drawn(symbol: Json) -> None:
    """With and without the reference around them."""
    theme = looked(simple(symbol=symbol)).theme
    assert isinstance(theme, Single)
    (marker,) = theme.symbol.layers
    assert isinstance(marker, Marker) and (marker.fill, marker.size_pt) == (Color(200, 0, 0), 8)


UNDRAWN: list[tuple[Json, Facts, str]] = [
    (simple({"type": "transparencyInfo", "field": "level", "stops": FAINTER}), POINTS, "visualVariables[0]: transparency by a number"),
    (simple({"type": "glow"}), POINTS, "the visual variable 'glow'"),
    (simple(colored(), sized()), POINTS, "on top of colours"),
    (simple(sized(), colored()), POINTS, "colours by a number on top of classes or sizes"),
    (simple(sized(target="outline")), POINTS, "outlines by the scale or a number"),
    (simple(sized(valueUnit="feet")), POINTS, "sizes in map units"),
    (simple({"type": "sizeInfo", "field": "level", "stops": MANY}), POINTS, "sizeInfo: more than 64"),
    (simple(sized(maxSize=1e6)), POINTS, "sizeInfo: sizes or numbers too small, too large"),
    (simple(sized(minDataValue=8 - 1e-12)), POINTS, "sizeInfo: sizes or numbers too small, too large"),
    (simple(sized(maxDataValue=1e307)), POINTS, "sizeInfo: numbers beyond"),
    (simple(colored(stops=[{"value": "-1e308", "color": [1, 2, 3]}, COLORS["stops"][1]])), POINTS, "colorInfo: numbers beyond"),
    (simple(sized(valueExpression="Round($feature.level)")), POINTS, "sizeInfo: a value other than"),
    (simple(colored(field="kind")), POINTS, "colorInfo: a field that"),
    (simple(sized(field="kind"), {"type": "rotationInfo", "field": "level"}), POINTS, "sizeInfo, rotationInfo: a field that"),
    (ON_AREAS | {"field": "kind", "visualVariables": []}, AREAS, "renderer classBreaks: a field that"),
    ({"type": "dotDensity", "dotValue": 1, "attributes": [{"field": "people"}]}, AREAS, "renderer dotDensity: dots"),
    ({"type": "pieChart"}, POINTS, "renderer pieChart"),
    ({"type": "temporal", "observationRenderer": simple()}, POINTS, "features by their age"),
    ({"type": "rasterStretch", "stretchType": "minMax"}, POINTS, "for another kind of data"),
    ({"type": "rasterStretch", "stretchType": "minMax"}, RasterFacts(9, 9, (Band("float32"),), (1, 1)), "made from the data"),
    (simple(symbol=cim()), POINTS, "a CIM symbol none of whose layers is enabled"),
    (simple(symbol=cim({**CIM_MARKER, "enable": False})), POINTS, "a CIM symbol none of whose layers is enabled"),
    (simple(symbol=cim({"type": "CIMObjectMarker3D", "enable": True})), POINTS, "CIMObjectMarker3D"),
    (simple(symbol=cim({"type": "CIMPictureMarker", "enable": True, "URL": "data:image/png;base64,AA=="})), POINTS, "Pictures"),
    (simple(symbol={"type": "esriHologram"}), POINTS, "a symbol of the kind 'esriHologram'"),
    (simple(symbol={**DOT, "style": "esriSMSRose"}), POINTS, "the marker style"),
]  # fmt: skip


@pytest.mark.parametrize(("renderer", "facts", "said"), UNDRAWN)
def test_what_is_not_drawn_is_refused_by_its_name(renderer: Json, facts: Facts, said: str) -> None:
    """A picture has no place to say what was left out."""
    assert said in refusal(renderer, facts)


OVERRIDE = {"primitiveName": "m", "propertyName": "Size", "expression": "@"}
ASKING: list[Json] = [
    simple(sized(field="@")),
    simple(sized(normalizationField="@")),
    simple({"type": "sizeInfo", "valueExpression": "$feature.@", **SIZES}),
    simple({"type": "sizeInfo", "valueExpression": "$feature.level * $feature['@']", **SIZES}),
    simple(colored(field="@")),
    simple(colored(field="parcels.@")),
    simple(colored(normalizationField="@")),
    simple({"type": "colorInfo", "valueExpression": "$feature.@", **COLORS}),
    simple({"type": "rotationInfo", "field": "@"}),
    simple({"type": "rotationInfo", "valueExpression": "$feature.@ * 2"}),
    simple() | {"rotationExpression": "[@]"},
    {"type": "uniqueValue", "field1": "kind", "uniqueValueInfos": CLASSES, "visualVariables": [sized(field="@")]},
    ON_AREAS | {"visualVariables": [sized(field="@")]},
    {"type": "heatmap", "field": "@", "colorStops": [], "radius": 9},
    simple(symbol=cim(CIM_MARKER | {"primitiveName": "m"}) | {"primitiveOverrides": [OVERRIDE]}),
]  # fmt: skip


@pytest.mark.parametrize("renderer", ASKING)
def test_variables_ask_for_fields_that_are_told(renderer: Json) -> None:
    """Each field of each variable, in expressions too; a field that is not told is as one that is not there, and is not named."""
    hidden, missing = (refusal(json.loads(json.dumps(renderer).replace("@", name))) for name in ("owner", "nothing"))
    assert hidden == missing and "owner" not in hidden and "a field that the layer does not have" in hidden
    looked(json.loads(json.dumps(renderer).replace("@", "people")))


def _expression(text: str) -> Any:
    return LANGUAGES["arcade"].value(text)


RAMP_STYLE = Style(Graded(Column("level"), PLAIN, read_layer(Node({"renderer": simple(colored())}, "$")).style.theme.ramp, (0, 8)))  # type: ignore[union-attr]
OWN = [
    (Style(DotDensity((Dots(Column("people"), Symbol((Marker(CIRCLE, 2.0, Color(1, 2, 3)),))),), 5.0)), AREAS),
    (Style(Categories((), (Category((("1",),), PLAIN),), expression=_expression("Round($feature.level)"))), POINTS),
    (Style(Single(Symbol((PictureMarker(b"png", "image/png", 9, 9),)))), POINTS),
    (Style(Single(Symbol((Fill(Color(1, 2, 3)),))), labels=(LabelClass(Call("upper", (Column("kind"),))),)), AREAS),
    (RAMP_STYLE, AREAS),
]


@pytest.mark.parametrize(("style", "facts"), OWN)
def test_a_style_is_taken_back_as_it_is_told(style: Style, facts: VectorFacts) -> None:
    """What documents tell of a layer may be sent with a request: it is the very style, whatever strangers may not ask for."""
    told = write_drawing_info(style, facts.geometry)
    assert told["renderer"]
    look = json.dumps({**told, "transparency": 40})
    assert restyled(style, facts, look, told) == Style(style.theme, 0.6, labels=style.labels)
    if style is not RAMP_STYLE:
        with pytest.raises(InvalidParameter):
            restyled(PLAIN_STYLE, facts, look)


def test_sums_of_numbers_are_drawn() -> None:
    """Arcade's + joins texts as well: it is a sum where the layer tells that all are numbers, and only there."""
    theme = looked(simple({"type": "sizeInfo", "valueExpression": "1 + $feature.level + $feature.people * 2", **SIZES})).theme
    assert isinstance(theme, Proportional) and isinstance(theme.size.value, Arithmetic) and theme.size.value.operator == "+"
    assert "a value other than" in refusal(simple({"type": "sizeInfo", "valueExpression": "$feature.kind + $feature.level", **SIZES}))


def test_labels_are_drawn_or_refused() -> None:
    """Texts joined of fields are drawn; of a text that only a function makes it is not one field that is written instead."""
    symbol = {"type": "esriTS", "color": [0, 0, 0, 255], "font": {"size": 9}}

    def labelled(expression: str, where: str = "") -> Style:
        info = {"labelExpressionInfo": {"expression": expression}, "where": where, "symbol": symbol}
        return restyled(PLAIN_STYLE, POINTS, json.dumps({"labelingInfo": [info]}))

    assert labelled("$feature.kind + ' ' + $feature.people", "kind LIKE 'a%'").labels
    with pytest.raises(InvalidParameter) as refused:
        labelled("$feature.kind", "UPPER(kind) = 'A'")
    assert "where has functions" in refused.value.details[0]
    for expression, said in (
        ("Round($feature.level)", "labelingInfo"),
        ("Portal($feature.kind)", "labelingInfo[0]"),
        ("$feature.owner", ""),
    ):
        with pytest.raises(InvalidParameter) as caught:
            labelled(expression)
        assert said in " ".join(caught.value.details), caught.value.details

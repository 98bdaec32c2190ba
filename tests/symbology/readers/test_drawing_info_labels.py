"""Labels of the REST JSON: what they say, how they look and where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.symbology.expressions.tree import Column, Comparison, Concat, Literal, columns
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.readers.drawing_info.reader import read_layer
from rendermap.symbology.readers.style_reader import NamedStyle, to_scale_denominator
from rendermap.symbology.symbols import Color
from tests.builders.styles import Json, node

SYMBOLS: dict[str, Json] = {
    "point": {"type": "esriSMS", "color": [0, 0, 0, 255], "size": 8},
    "line": {"type": "esriSLS", "color": [0, 0, 0, 255], "width": 1},
    "polygon": {"type": "esriSFS", "style": "esriSFSSolid", "color": [255, 0, 0, 255]},
}


def read(*classes: Json, kind: str = "point", **more: Any) -> NamedStyle:
    return read_layer(node({"renderer": {"type": "simple", "symbol": SYMBOLS[kind]}, "labelingInfo": list(classes), **more}), "file")


def one(kind: str = "point", **more: Any) -> LabelClass:
    """The class, drawn just as it is written."""
    found = read({"labelExpression": "[A]", **more}, kind=kind)
    assert found.warnings == ()
    (label,) = found.style.labels
    return label


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"labelExpression": "[A]"}, Column("A")),
        (
            {"labelExpression": '[A] CONCAT " m" CONCAT NEWLINE CONCAT [B C]'},
            Concat((Column("A"), Literal(" m"), Literal("\n"), Column("B C"))),
        ),
        ({"labelExpression": "'it''s ' CONCAT [A]"}, Concat((Literal("it's "), Column("A")))),
        ({"labelExpression": None, "labelExpressionInfo": {"expression": "$feature.A"}}, Column("A")),
        ({"labelExpression": None, "labelExpressionInfo": {"value": "{A} m"}}, Concat((Column("A"), Literal(" m")))),
    ],
)
def test_what_labels_say(given: Json, wanted: object) -> None:
    """The spelling of servers, Arcade, and fields in braces."""
    assert one(**given).text == wanted


def test_an_expression_outside_the_subset() -> None:
    """Its first field is written alone, and it is told."""
    found = read({"labelExpressionInfo": {"expression": "First(FeatureSetByName($map, $feature.NAME))"}})
    assert found.style.labels[0].text == Column("NAME")
    assert found.warnings[0].where == "$.labelingInfo[0].labelExpressionInfo.expression"
    assert read({"labelExpression": "nonsense("}).style.labels == ()
    assert columns(read({"labelExpression": '[A] & " " & [B]'}).style.labels[0].text) == {"A", "B"}


def test_how_labels_look() -> None:
    """Font, halo, box and move of an esriTS."""
    font = {"family": "Noto Sans", "size": 12, "style": "italic", "weight": "bold"}
    symbol = {"type": "esriTS", "color": [255, 0, 0, 255], "haloColor": [255, 255, 255, 255], "haloSize": 1.5, "font": font, "angle": 10}
    found = one(symbol=symbol | {"xoffset": 2, "yoffset": -3, "backgroundColor": [0, 0, 0, 99]})
    look = found.symbol
    assert (look.family, look.size_pt, look.is_bold, look.is_italic) == ("Noto Sans", 12.0, True, True)
    assert (look.color, look.halo_color, look.halo_pt, look.rotation_deg) == (Color(255, 0, 0), Color(255, 255, 255), 1.5, 10.0)
    assert (look.box_color, found.placement.dx_pt, found.placement.dy_pt) == (Color(0, 0, 0, 99), 2.0, -3.0)
    lined = read({"labelExpression": "[A]", "symbol": {"type": "esriTS", "font": {"decoration": "underline"}}})
    assert lined.warnings[0].where.endswith("font.decoration")


@pytest.mark.parametrize(
    ("name", "anchor"),
    [("AboveRight", "NE"), ("CenterCenter", "C"), ("BelowLeft", "SW"), ("AboveCenter", "N")],
)
def test_places_at_points(name: str, anchor: str) -> None:
    """Each of the nine."""
    assert one(labelPlacement=f"esriServerPointLabelPlacement{name}").placement.anchors == (anchor,)
    assert len(one().placement.anchors) == 8


@pytest.mark.parametrize(("name", "side"), [("AboveAlong", "above"), ("CenterAlong", "on"), ("BelowAlong", "below")])
def test_places_on_lines(name: str, side: str) -> None:
    """Above, on and below, along the line; at its ends is told."""
    found = one("line", labelPlacement=f"esriServerLinePlacement{name}", repeatLabel=True, repeatLabelDistance=200)
    assert (found.placement.side, found.placement.along, found.placement.repeat_pt) == (side, "straight", 200.0)
    assert read({"labelExpression": "[A]", "labelPlacement": "esriServerLinePlacementAboveStart"}, kind="line").warnings


def test_places_in_polygons() -> None:
    """Across the middle."""
    found = one("polygon", labelPlacement="esriServerPolygonPlacementAlwaysHorizontal").placement
    assert (found.anchors, found.along) == (("C",), "horizontal")
    outlined = read({"labelExpression": "[A]"}, kind="line", geometryType="esriGeometryPolygon").style.labels[0].placement
    assert (outlined.anchors, outlined.along) == (("C",), "horizontal")


def test_conditions_scales_and_turns() -> None:
    """A class has its condition, its scales, its rank and its direction; one whose condition is not understood is left out."""
    turn = {"angleExpression": "[DIR]", "rotationType": "geographic"}
    found = one(where="A > 1", minScale=50_000, maxScale=1000, priority=2, labelAngleInfo=turn, deconflictionStrategy="none")
    assert found.filter == Comparison(">", Column("A"), Literal(1))
    assert (found.min_scale_denominator, found.max_scale_denominator) == (to_scale_denominator(50_000), to_scale_denominator(1000))
    assert (found.rotation_by, found.rotation_clockwise, found.priority, found.placement.may_overlap) == (Column("DIR"), True, -2.0, True)
    assert read({"labelExpression": "[A]", "where": "A = NOW()"}).style.labels == ()
    assert read({"labelExpression": "[A]", "useCodedValues": True}).warnings


def test_labels_that_are_off() -> None:
    """A layer may carry labels without showing them."""
    assert read({"labelExpression": "[A]"}, showLabels=False).style.labels == ()

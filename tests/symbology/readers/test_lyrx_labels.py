"""Label classes of ArcGIS Pro: what they say, how they look and where they may stand."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.symbology.document import StyleWarning
from rendermap.symbology.expressions.tree import Call, Column, Comparison, Literal, columns
from rendermap.symbology.labels import LabelClass, Placement
from rendermap.symbology.readers.style_reader import to_scale_denominator
from rendermap.symbology.symbols import Color
from tests.builders.styles import Json, feature_layer, fill, read, rgb, simple, stroke, symbol, vector_marker

WHITE, RED, BLACK = Color(255, 255, 255), Color(255, 0, 0), Color(0, 0, 0)
KINDS = {
    "point": symbol("Point", vector_marker(8, {"rings": [[[0, 0], [1, 1], [1, 0]]]}, fill(rgb(0, 0, 0)))),
    "line": symbol("Line", stroke()),
    "polygon": symbol("Polygon", fill(rgb(0, 0, 0))),
}


def label(**more: Any) -> Json:
    return {"type": "CIMLabelClass", "expression": "$feature.A", "expressionEngine": "Arcade", "visibility": True, **more}


def labels(*classes: Json, kind: str = "point", **more: Any) -> tuple[tuple[LabelClass, ...], tuple[StyleWarning, ...]]:
    (found,) = read(feature_layer(simple(KINDS[kind]), labelClasses=list(classes), **{"labelVisibility": True, **more}))
    return found.style.labels, found.warnings


def one(kind: str = "point", **more: Any) -> LabelClass:
    """The class, drawn just as it is written."""
    (found,), notes = labels(label(**more), kind=kind)
    assert notes == ()
    return found


def maplex(kind: str, **more: Any) -> Placement:
    return one(kind, maplexLabelPlacementProperties={"canOverrunFeature": True, **more}).placement


def standard(kind: str, **more: Any) -> Placement:
    return one(kind, standardLabelPlacementProperties=more).placement


def text_symbol(**more: Any) -> Json:
    return {"type": "CIMSymbolReference", "symbol": {"type": "CIMTextSymbol", "height": 10, **more}}


def polygon(*layers: Json) -> Json:
    return {"type": "CIMPolygonSymbol", "symbolLayers": list(layers)}


# --- whether and what --------------------------------------------------------------------------------------------------


def test_labels_only_where_they_are_on() -> None:
    """Most layers carry label classes without showing them: a flag left out is off, of the layer and of the class."""
    assert labels(label(), labelVisibility=None) == ((), ())
    assert labels(label(visibility=None)) == ((), ())
    assert len(labels(label(), label(name="b"))[0]) == 2


@pytest.mark.parametrize(
    ("engine", "expression"),
    [
        ("Arcade", "$feature.A + ' m, ' + $feature['B']"),
        ("VBScript", '[A] & " m, " & [B]'),
        ("Python", '[A] + " m, " + [B]'),
        ("JScript", '[A] + " m, " + [B]'),
    ],
)
def test_languages(engine: str, expression: str) -> None:
    """Each engine's way to join fields and text."""
    found = one(expression=expression, expressionEngine=engine)
    assert columns(found.text) == {"A", "B"}


def test_an_expression_outside_the_subset() -> None:
    """Its first field is written alone, and it is told; without one there is no label."""
    (found,), (note,) = labels(label(expression="First(FeatureSetByName($map, $feature.NAME))"))
    assert found.text == Column("NAME") and note.where.endswith("labelClasses[0].expression")
    assert labels(label(expression="Now()"))[0] == ()


def test_conditions_scales_and_ranks() -> None:
    """A class has its condition, its scales and its rank: in CIM 1 goes first."""
    found = one(whereClause="A > 1", minimumScale=50_000, maximumScale=1000, priority=3, name="Big")
    assert found.filter == Comparison(">", Column("A"), Literal(1))
    assert (found.min_scale_denominator, found.max_scale_denominator) == (to_scale_denominator(50_000), to_scale_denominator(1000))
    assert (found.priority, found.name) == (-3.0, "Big")
    assert one(priority=-1).priority == 0.0
    hidden, notes = labels(label(whereClause="A = NOW()"))
    assert hidden == () and notes[0].where.endswith("whereClause")


def test_coded_values_are_told() -> None:
    """Only the data has the descriptions; once for a layer, and not where no field stands in the text as it is."""
    (note,) = labels(label(useCodedValue=True), label(useCodedValue=True, expression="'No. ' + $feature.B"))[1]
    assert note.where.endswith("useCodedValue")
    assert labels(label(useCodedValue=True, expression="Round($feature.A, 1) + ' m'"))[1] == ()
    either = "IIf($feature.A > 1, $feature.B, '')"
    assert labels(label(useCodedValue=True, expression=either))[1]


def test_a_font_that_stands_in_is_told_once() -> None:
    """However many classes name it; each font by itself."""
    classes = (label(textSymbol=text_symbol(fontFamilyName=family)) for family in ("Corbel", "Tahoma", "Corbel", "Corbel"))
    assert [note.found for note in labels(*classes)[1]] == ["the font Corbel", "the font Tahoma"]


# --- how they look -----------------------------------------------------------------------------------------------------


def test_text_symbol() -> None:
    """Family, face, size, colour, halo, spacing and case."""
    found = one(
        textSymbol=text_symbol(
            fontFamilyName="DejaVu Serif",
            fontStyleName="Bold Italic",
            height=9,
            symbol=polygon(fill(rgb(255, 0, 0))),
            haloSize=1.5,
            haloSymbol=polygon(fill(rgb(255, 255, 255))),
            letterSpacing=10,
            textCase="AllCaps",
            angle=30,
        )
    )
    look = found.symbol
    assert (look.family, look.is_bold, look.is_italic, look.size_pt, look.color) == ("DejaVu Serif", True, True, 9.0, RED)
    assert (look.halo_color, look.halo_pt, look.rotation_deg) == (WHITE, 1.5, 30.0)
    assert look.letter_spacing_pt == pytest.approx(0.54)
    assert found.text == Call("upper", (Column("A"),))


def test_a_halo_needs_a_symbol() -> None:
    """Every text symbol has a halo size."""
    assert one(textSymbol=text_symbol(haloSize=1)).symbol.halo_color is None


def test_a_box_behind_the_text() -> None:
    """A callout's background, outline and margin."""
    callout = {"type": "CIMBackgroundCallout", "backgroundSymbol": polygon(stroke(), fill(rgb(255, 255, 255)))}
    found = one(textSymbol=text_symbol(callout=callout | {"margin": {"left": 2, "right": 2, "top": 1, "bottom": 1}}))
    assert (found.symbol.box_color, found.symbol.box_outline, found.symbol.box_margin_pt) == (WHITE, BLACK, 1.5)


@pytest.mark.parametrize(
    "more",
    [
        {"shadowColor": rgb(0, 0, 0), "shadowOffsetX": 1},
        {"underline": True},
        {"letterWidth": 80},
        {"fontEffects": "Superscript"},
        {"textCase": "SmallCaps"},
        {"callout": {"type": "CIMSimpleLineCallout"}},
    ],
)
def test_what_text_cannot_do_is_told(more: Json) -> None:
    """Shadows, lines, widths and the like."""
    found, (note,) = labels(label(textSymbol=text_symbol(**more)))
    assert found and "textSymbol.symbol" in note.where


# --- where -------------------------------------------------------------------------------------------------------------


def test_maplex_at_points() -> None:
    """Around, on, or on one side; ranks of zones where they are used."""
    assert maplex("point", pointPlacementMethod="AroundPoint", primaryOffset=2, primaryOffsetUnit="Point").distance_pt == 2.0
    assert maplex("point", pointPlacementMethod="AroundPoint").anchors[:2] == ("NE", "N")
    assert maplex("point", pointPlacementMethod="CenteredOnPoint").anchors == ("C",)
    assert maplex("point", pointPlacementMethod="SouthWestOfPoint").anchors == ("SW",)
    zones = {"aboveLeft": 2, "centerRight": 1, "belowLeft": 0}
    ranked = maplex("point", enablePointPlacementPriorities=True, pointExternalZonePriorities=zones)
    assert ranked.anchors == ("E", "NW")


@pytest.mark.parametrize(
    ("method", "along", "side"),
    [
        ("CenteredCurvedOnLine", "curved", "on"),
        ("OffsetStraightFromLine", "straight", "above"),
        ("OffsetHorizontalFromLine", "horizontal", "above"),
    ],
)
def test_maplex_on_lines(method: str, along: str, side: str) -> None:
    """Curved, straight or level; on the line or off it."""
    found = maplex("line", linePlacementMethod=method)
    assert (found.along, found.side) == (along, side)


def test_maplex_repeats_and_sides() -> None:
    """A label again every so far, in points whatever the unit; below where told; never removed means always drawn."""
    found = maplex(
        "line",
        linePlacementMethod="OffsetCurvedFromLine",
        constrainOffset="BelowLine",
        repeatLabel=True,
        minimumRepetitionInterval=1,
        repetitionIntervalUnit="Inch",
        neverRemoveLabel=True,
        multiPartOption="OneLabelPerPart",
    )
    assert (found.side, found.repeat_pt, found.may_overlap, found.each_part) == ("below", 72.0, True, True)


def test_repeats_of_next_to_nothing() -> None:
    """They would be labels without end: the line has its label once."""
    close = {"repeatLabel": True, "minimumRepetitionInterval": 1e-9, "repetitionIntervalUnit": "Point"}
    (found,), notes = labels(label(maplexLabelPlacementProperties={"canOverrunFeature": True, **close}), kind="line")
    assert found.placement.repeat_pt == 0 and "once" in notes[0].used


def test_maplex_in_polygons() -> None:
    """Inside, where only it fits; long texts in lines; around where told."""
    inside = one(
        "polygon",
        maplexLabelPlacementProperties={
            "polygonPlacementMethod": "HorizontalInPolygon",
            "canStackLabel": True,
            "labelStackingProperties": {"maximumNumberOfCharsPerLine": 12},
        },
    ).placement
    assert (inside.anchors, inside.must_fit, inside.wrap_chars) == (("C",), True, 12)
    assert not maplex("polygon", canPlaceLabelOutsidePolygon=True).must_fit
    assert len(maplex("polygon", polygonPlacementMethod="HorizontalAroundPolygon").anchors) == 8
    notes = labels(label(maplexLabelPlacementProperties={"polygonPlacementMethod": "CurvedInPolygon"}), kind="polygon")[1]
    assert "CurvedInPolygon" in notes[0].found


def test_the_standard_engine() -> None:
    """Ranks around points, sides of lines, insides of polygons."""
    assert standard("point", pointPlacementPriorities={"aboveRight": 1, "centerLeft": 2}).anchors == ("NE", "W")
    assert standard("point", pointPlacementMethod="OnTopPoint", allowOverlappingLabels=True) == Placement(("C",), may_overlap=True)
    above = standard("line", lineLabelPosition={"above": True, "inLine": True, "parallel": True, "offset": 3})
    assert (above.along, above.side, above.distance_pt) == ("straight", "above", 3.0)
    curved = standard("line", lineLabelPosition={"produceCurvedLabels": True, "onTop": True})
    assert (curved.along, curved.side) == ("curved", "on")
    assert standard("polygon", placeOnlyInsidePolygon=True, numLabelsOption="OneLabelPerPart").must_fit


def test_outlines_of_polygons_are_labelled_as_polygons() -> None:
    """A polygon without a fill is no line: the symbol's type tells, and so do Maplex properties."""
    outline = symbol("Polygon", stroke())
    for properties in (
        {"standardLabelPlacementProperties": {"featureType": "Line"}},
        {"maplexLabelPlacementProperties": {"featureType": "Polygon"}},
    ):
        (found,) = read(feature_layer(simple(outline), labelClasses=[label(**properties)], labelVisibility=True))
        assert (found.style.labels[0].placement.along, found.style.labels[0].placement.anchors) == ("horizontal", ("C",))


def test_turned_labels() -> None:
    """A field turns the text, clockwise in geographic style."""
    found = one(
        maplexLabelPlacementProperties={"rotationProperties": {"enable": True, "rotationField": "DIR", "rotationType": "Geographic"}}
    )
    assert (found.rotation_by, found.rotation_clockwise) == (Column("DIR"), True)
    off = one(maplexLabelPlacementProperties={"rotationProperties": {"rotationField": "DIR"}})
    assert off.rotation_by is None

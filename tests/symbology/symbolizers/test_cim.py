"""Symbols of CIM: every kind of symbol layer, where markers stand, what effects do."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from rendermap.errors import StyleInvalid
from rendermap.symbology import paths, shapes
from rendermap.symbology.document import StyleWarning
from rendermap.symbology.expressions.tree import Arithmetic, Column, Literal
from rendermap.symbology.symbolizers.marker.glyphs import outline, told_letters
from rendermap.symbology.symbolizers.table import from_cim
from rendermap.symbology.symbols import (
    Color,
    Fill,
    GradientFill,
    Hatch,
    Marker,
    PictureFill,
    PictureMarker,
    SizeBy,
    Stroke,
    Symbol,
    SymbolLayer,
    recolored,
)
from tests.builders.styles import Json, fill, node, rgb, stroke, symbol, vector_marker

RED = Color(255, 0, 0)
BLACK = Color(0, 0, 0)
SQUARE: Json = {"rings": [[[-5, -5], [-5, 5], [5, 5], [5, -5]]]}
RAMP: Json = {"type": "CIMFixedColorRamp", "colors": [rgb(0, 0, 0), rgb(255, 0, 0)]}


def png(size: tuple[int, int] = (20, 10), color: tuple[int, int, int] = (255, 255, 255)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def read(*layers: Json, kind: str = "Polygon", **more: Any) -> tuple[Symbol, list[StyleWarning]]:
    root = node(symbol(kind, *layers, **more))
    return from_cim(root), root.notes


def only(*layers: Json, kind: str = "Polygon", **more: Any) -> tuple[SymbolLayer, ...]:
    """The layers of a symbol that is drawn just as it is written."""
    found, notes = read(*layers, kind=kind, **more)
    assert notes == []
    return found.layers


def effect(name: str, **more: Any) -> list[Json]:
    return [{"type": f"CIMGeometricEffect{name}", **more}]


def placed(name: str, **more: Any) -> Json:
    return vector_marker(8, SQUARE, fill(rgb(255, 0, 0)), markerPlacement={"type": f"CIMMarkerPlacement{name}", **more})


# --- fills -------------------------------------------------------------------------------------------------------------


def test_gradient_fill() -> None:
    """A gradient keeps its ramp, way, angle and number of steps."""
    (found,) = only(
        {"type": "CIMGradientFill", "enable": True, "colorRamp": RAMP, "gradientMethod": "Circular", "angle": 30, "interval": 7}
    )
    assert isinstance(found, GradientFill)
    assert (found.method, found.angle_deg, found.steps) == ("circular", 30.0, 7)
    (smooth,) = only({"type": "CIMGradientFill", "enable": True, "colorRamp": RAMP, "gradientType": "Continuous"})
    assert isinstance(smooth, GradientFill) and smooth.steps == 24


def test_picture_fill() -> None:
    """An embedded picture is as high as told, and as broad as it is in proportion; its tint colours it."""
    (found,) = only({"type": "CIMPictureFill", "enable": True, "url": png(), "height": 6, "scaleX": 2, "rotation": 15})
    assert isinstance(found, PictureFill) and (found.width_pt, found.height_pt, found.rotation_deg) == (24.0, 6.0, 15.0)
    (red,) = only({"type": "CIMPictureFill", "enable": True, "url": png(), "height": 6, "tintColor": rgb(255, 0, 0, 50)})
    assert isinstance(red, PictureFill) and red.opacity == pytest.approx(0.5, abs=0.01)
    with Image.open(io.BytesIO(red.content)) as image:
        assert image.convert("RGB").getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["CIMPictureFill", "CIMPictureMarker", "CIMPictureStroke"])
@pytest.mark.parametrize("url", ["http://127.0.0.1/a.png", "file:///etc/passwd", "a.png", "data:image/png;base64,AAAA"])
def test_pictures_elsewhere_are_not_fetched(kind: str, url: str) -> None:
    """The nearest plain thing is drawn, and it is said why."""
    found, (note,) = read({"type": kind, "enable": True, "url": url, "size": 9, "width": 2, "tintColor": rgb(255, 0, 0)})
    assert note.where.endswith("symbolLayers[0].url")
    (layer,) = found.layers
    assert RED in (getattr(layer, "color", None), getattr(layer, "fill", None))


# --- effects -----------------------------------------------------------------------------------------------------------


def test_a_drop_shadow() -> None:
    """Fills and lines are moved."""
    moved = fill(rgb(0, 0, 0)) | {"effects": effect("Move", offsetX=2, offsetY=-3)}
    assert only(moved) == (Fill(BLACK, dx_pt=2.0, dy_pt=-3.0),)


def test_a_solid_around_a_line() -> None:
    """A buffer with a solid in it is a broad line; on a polygon it grows."""
    assert only(fill(rgb(255, 0, 0)) | {"effects": effect("Buffer", size=4)}) == (Stroke(RED, 8.0), Fill(RED))


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, (6.0, 2.0)),
        ({"offsetAlongLine": 2}, (4.0, 2.0, 2.0, 0.0)),
        ({"offsetAlongLine": 7}, (0.0, 1.0, 6.0, 1.0)),
        ({"offsetAlongLine": 6}, (0.0, 2.0, 6.0, 0.0)),
        ({"offsetAlongLine": 8}, (6.0, 2.0)),
    ],
)
def test_dashes_begun_inside_their_pattern(more: Json, wanted: tuple[float, ...]) -> None:
    """The pattern begins where it says, and repeats as it is."""
    (found,) = only(stroke(capStyle="Butt", effects=effect("Dashes", dashTemplate=[6, 2], **more)))
    assert isinstance(found, Stroke) and found.dash_pt == wanted


def test_dashes_fitted_to_ends_are_told() -> None:
    """The beginning is right; the end is said to be otherwise."""
    found, notes = read(stroke(effects=effect("Dashes", dashTemplate=[6, 2], lineDashEnding="HalfPattern")))
    assert isinstance(found.layers[0], Stroke) and found.layers[0].dash_pt == (3.0, 2.0, 3.0, 0.0)
    assert notes[0].where.endswith("effects[0].lineDashEnding")


def test_effects_of_a_whole_symbol() -> None:
    """What is said of the symbol is done to all its layers."""
    found = only(stroke(width=2), stroke(rgb(255, 0, 0), 4), kind="Line", effects=effect("Offset", offset=3))
    assert [layer.offset_pt for layer in found if isinstance(layer, Stroke)] == [-3.0, -3.0]


@pytest.mark.parametrize("name", ["Wave", "Smooth", "Cut", "Jog", "Radial", "Extension", "TaperedPolygon", "EnclosingPolygon", "NoSuch"])
def test_other_effects_are_told(name: str) -> None:
    """The line is drawn without what nothing here can do."""
    found, (note,) = read(stroke(effects=effect(name)))
    assert found.layers == (Stroke(BLACK, 1.0),)
    assert name in note.found


def test_arrow_and_donut_have_something_near() -> None:
    """An arrow is a line with a head, a ring along the edge an outline."""
    arrow, notes = read(stroke(effects=effect("Arrow", width=9)), kind="Line")
    assert notes and isinstance(arrow.layers[1], Marker) and (arrow.layers[1].placement, arrow.layers[1].size_pt) == ("last", 9.0)
    donut, notes = read(fill(rgb(255, 0, 0)) | {"effects": effect("Donut", width=3)})
    assert notes and donut.layers == (Stroke(RED, 3.0),)


# --- markers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "wanted"),
    [
        (placed("AlongLineSameSize", placementTemplate=[20], angleToLine=True), [("line", 20.0, False, 0.0)]),
        (placed("AlongLineSameSize", placementTemplate=[20]), [("line", 20.0, True, 0.0)]),
        (placed("AtExtremities", extremityPlacement="Both", angleToLine=True), [("first", 0.0, False, 180.0), ("last", 0.0, False, 0.0)]),
        (
            placed("AtRatioPositions", positionArray=[0, 0.5, 1], angleToLine=True),
            [(p, 0.0, False, 0.0) for p in ("first", "center", "last")],
        ),
        (placed("OnLine", relativeTo="LineEnd", angleToLine=True), [("last", 0.0, False, 0.0)]),
        (placed("OnVertices", angleToLine=True, placeOnRegularVertices=True), [("vertex", 0.0, False, 0.0)]),
        (placed("PolygonCenter"), [("center", 0.0, True, 0.0)]),
    ],
)
def test_where_markers_stand(marker: Json, wanted: list[tuple[object, ...]]) -> None:
    """Each placement, turned with the line where it says so."""
    found = [m for m in only(marker) if isinstance(m, Marker)]
    assert [(m.placement, m.spacing_pt, m.is_upright, m.rotation_deg) for m in found] == wanted


def test_grids_in_polygons() -> None:
    """Rows and columns have their own distance; chance is told."""
    (found,) = only(placed("InsidePolygon", gridType="Fixed", stepX=10, stepY=5, shiftOddRows=True))
    assert isinstance(found, Marker)
    assert (found.placement, found.spacing_pt, found.spacing_y_pt, found.is_staggered) == ("pattern", 10.0, 5.0, True)
    _, (note,) = read(placed("InsidePolygon", gridType="Random", stepX=10, stepY=10))
    assert "chance" in note.found


def test_picture_marker() -> None:
    """As high as its size says, as broad as the picture is in proportion, moved by its anchor."""
    (found,) = only(
        {"type": "CIMPictureMarker", "enable": True, "url": png(), "size": 12, "anchorPoint": {"x": 0, "y": -0.5}}, kind="Point"
    )
    assert isinstance(found, PictureMarker)
    assert (found.width_pt, found.height_pt, found.dy_pt, found.media_type) == (24.0, 12.0, 6.0, "image/png")


def test_points_and_boxes_in_markers() -> None:
    """A marker may hold other markers at points, and boxes given by their corners."""
    inner = {"type": "CIMPointSymbol", "symbolLayers": [vector_marker(4, SQUARE, fill(rgb(255, 0, 0)))]}
    outer = vector_marker(20, SQUARE) | {"markerGraphics": [{"geometry": {"points": [[5, 0], [-5, 0]]}, "symbol": inner}]}
    found = [m for m in only(outer, kind="Point") if isinstance(m, Marker)]
    assert [(m.dx_pt, m.size_pt) for m in found] == [(10.0, 4.0), (-10.0, 4.0)]
    (box,) = only(vector_marker(10, {"xmin": -5, "ymin": -5, "xmax": 5, "ymax": 5}, fill(rgb(255, 0, 0))), kind="Point")
    assert isinstance(box, Marker) and paths.box_of(box.path) == (-0.5, -0.5, 0.5, 0.5)


def test_text_in_a_marker() -> None:
    """Letters are drawn as shapes, and the other font is told."""
    text = {"type": "CIMTextSymbol", "fontFamilyName": "Arial", "height": 8, "symbol": {"symbolLayers": [fill(rgb(255, 0, 0))]}}
    graphic = {"geometry": {"x": 0, "y": 0}, "symbol": text, "textString": "H"}
    found, (note,) = read(vector_marker(10, SQUARE) | {"markerGraphics": [graphic]}, kind="Point")
    (letter,) = found.layers
    assert isinstance(letter, Marker) and letter.fill == RED and letter.size_pt == 8.0
    left, top, right, bottom = paths.box_of(letter.path)
    assert 0.5 < right - left < 0.7 and bottom - top == pytest.approx(0.729, abs=0.01)
    assert "DejaVu" in note.used


def test_letters_of_other_scripts_in_a_marker() -> None:
    """They come from another font, side by side with the first one's; a letter that no font has is told."""
    alone, first, both = (outline(text, "Arial") for text in ("\u5317", "\u00e9", "\u00e9\u5317"))
    widths = [right - left for left, _, right, _ in map(paths.box_of, (alone, first, both))]
    assert alone and 0.8 < widths[0] < 1.0 and widths[2] > sum(widths[:2])
    assert "without" not in told_letters("\u00e9 \u5317", "Arial") and "without '\U00010900'" in told_letters("a\U00010900", "Arial")


@pytest.mark.parametrize(
    ("font", "index", "path"),
    [
        ("ESRI Default Marker", 33, shapes.CIRCLE),
        ("ESRI Default Marker", 94, shapes.STAR),
        ("ESRI Default Marker", 500, shapes.CIRCLE),
        ("ESRI Wetland", 65, shapes.CIRCLE),
    ],
)
def test_signs_of_fonts_of_pictures(font: str, index: int, path: str) -> None:
    """Known signs have their shape; a picture that nobody knows is a circle, not the letter in its place."""
    found, (note,) = read({"type": "CIMCharacterMarker", "enable": True, "size": 10, "characterIndex": index, "fontFamilyName": font})
    assert isinstance(found.layers[0], Marker) and found.layers[0].path == path
    assert str(index) in note.found


@pytest.mark.parametrize(("font", "index"), [("Arial", 65), ("Wingdings", 171), ("Arial", 0x2605), ("Wingdings", 0xF0AB)])
def test_signs_of_other_fonts(font: str, index: int) -> None:
    """Letters are letters, and the stars of Wingdings are stars."""
    found, (note,) = read({"type": "CIMCharacterMarker", "enable": True, "size": 10, "characterIndex": index, "fontFamilyName": font})
    assert isinstance(found.layers[0], Marker) and found.layers[0].path.startswith("M") and found.layers[0].path != shapes.CIRCLE
    assert "DejaVu" in note.used


def test_a_halo_lies_below_all() -> None:
    """Each shape stands on a broader one; pictures have none, which is told."""
    halo = {"type": "CIMPolygonSymbol", "symbolLayers": [fill(rgb(255, 255, 255))]}
    marker = vector_marker(8, SQUARE, stroke(width=1), fill(rgb(255, 0, 0)))
    below, above = only(marker, kind="Point", haloSize=2, haloSymbol=halo)
    white = Color(255, 255, 255)
    assert isinstance(below, Marker) and (below.fill, below.stroke) == (white, Stroke(white, 5.0))
    assert isinstance(above, Marker) and above.fill == RED
    assert len(only(marker, kind="Point", haloSize=2)) == 1


def test_a_turned_symbol_turns_about_its_point() -> None:
    """What stands right of the point stands above it after a quarter turn."""
    (found,) = only(vector_marker(8, SQUARE, fill(rgb(255, 0, 0)), offsetX=6), kind="Point", angle=90)
    assert isinstance(found, Marker)
    assert (round(found.dx_pt, 6), round(found.dy_pt, 6), found.rotation_deg) == (0.0, 6.0, 90.0)


# --- whole symbols -----------------------------------------------------------------------------------------------------


def test_locked_colours_stay() -> None:
    """A layer whose colour is locked keeps it where classes are coloured anew."""
    found = Symbol(only(fill(rgb(255, 0, 0)), fill(rgb(0, 0, 0)) | {"colorLocked": True}))
    assert [layer.color for layer in recolored(found, Color(1, 2, 3)).layers if isinstance(layer, Fill)] == [BLACK, Color(1, 2, 3)]


def test_levels_by_name() -> None:
    """Layers with a name in the drawing order have its level, others the lowest."""
    root = node(symbol("Line", stroke(name="top"), stroke(width=3)))
    assert [layer.level for layer in from_cim(root, {"top": 2}).layers] == [0, 2]


def override(name: str, what: str, expression: str) -> Json:
    info = {"type": "CIMExpressionInfo", "expression": expression}
    return {"type": "CIMPrimitiveOverride", "primitiveName": name, "propertyName": what, "valueExpressionInfo": info}


def test_sizes_and_rotations_follow_expressions() -> None:
    """An override gives size, width and angle themselves, instead of the symbol layer's own, and of no other layer."""
    turned = vector_marker(8, SQUARE, fill(rgb(255, 0, 0)), primitiveName="a", rotation=30)
    reference = symbol("Point", turned, vector_marker(5, SQUARE, fill(rgb(0, 0, 0)), primitiveName="b"))
    root = node(reference | {"primitiveOverrides": [override("a", "Size", "$feature.K * 4"), override("a", "Rotation", "$feature.DIR")]})
    other, found = from_cim(root).layers
    assert isinstance(found, Marker) and isinstance(other, Marker) and root.notes == []
    assert found.size_by == SizeBy(Arithmetic("*", Column("K"), Literal(4)), ((0.0, 0.0), (1000.0, 125.0)))
    assert (found.rotation_deg, found.rotation_by, found.rotation_clockwise) == (0.0, Column("DIR"), False)
    assert other.size_by is None and other.rotation_by is None
    line = symbol("Line", stroke(width=2, primitiveName="a")) | {"primitiveOverrides": [override("a", "Width", "$feature.W")]}
    (drawn,) = from_cim(node(line)).layers
    assert isinstance(drawn, Stroke) and drawn.size_by == SizeBy(Column("W"), ((0.0, 0.0), (1000.0, 500.0)))


def test_other_overrides_are_told() -> None:
    """Colours, parts inside a layer and expressions outside the subset stay as the symbol has them."""
    told = [override("a", "Color", "$feature.C"), override("inside", "Size", "$feature.K"), override("a", "Width", "Geometry($feature)")]
    root = node(symbol("Line", stroke(primitiveName="a")) | {"primitiveOverrides": told})
    (drawn,) = from_cim(root).layers
    assert isinstance(drawn, Stroke) and drawn.size_by is None
    assert [note.where.removeprefix("$.primitiveOverrides") for note in root.notes] == ["[0]", "[1]", "[2].valueExpressionInfo.expression"]


def test_hatching_of_several_lines() -> None:
    """Each stroke of the line symbol is hatched."""
    line = symbol("Line", stroke(rgb(255, 0, 0)), stroke(width=3))["symbol"]
    found = only({"type": "CIMHatchFill", "enable": True, "lineSymbol": line, "rotation": 45, "separation": 4})
    assert found == (Hatch(Stroke(BLACK, 3.0), 45.0, 4.0), Hatch(Stroke(RED, 1.0), 45.0, 4.0))


# --- hostile symbols ---------------------------------------------------------------------------------------------------


def test_lengths_that_no_map_has() -> None:
    """Endless widths and sizes are cut to a bound, and it is told."""
    found, notes = read(stroke(width=1e200), vector_marker(1e250, SQUARE, fill(rgb(255, 0, 0)), offsetX=-1e99))
    marker, line = found.layers
    assert isinstance(line, Stroke) and line.width_pt == 2000.0
    assert isinstance(marker, Marker) and (marker.size_pt, marker.dx_pt) == (2000.0, -2000.0)
    assert notes


def test_patterns_of_nothing() -> None:
    """Dashes too fine to be seen, or more of them than anyone draws, are whole lines, and it is told."""
    fine, (note,) = read(stroke(effects=effect("Dashes", dashTemplate=[0.01, 0.01])))
    assert isinstance(fine.layers[0], Stroke) and fine.layers[0].dash_pt == () and "no length" in note.found
    many, (note,) = read(stroke(effects=effect("Dashes", dashTemplate=[1.0] * 1000)))
    assert isinstance(many.layers[0], Stroke) and many.layers[0].dash_pt == () and "1000" in note.found


@pytest.mark.parametrize(("template", "words"), [([0, 0], "no length"), ([-1, 2], "shorter than nothing")])
def test_dashes_of_nothing_are_told(template: list[float], words: str) -> None:
    """Patterns that cannot be drawn as written are not mended in silence."""
    _, (note,) = read(stroke(effects=effect("Dashes", dashTemplate=template)))
    assert words in note.found


def test_lines_narrower_than_nothing_are_told() -> None:
    """A width of nothing is a line that is not there; less than that is no width."""
    assert read(stroke(width=0))[1] == []
    _, (note,) = read(stroke(width=-3))
    assert "narrower than nothing" in note.found


def test_more_layers_than_anyone_can_see() -> None:
    """A symbol of thousands of layers is refused."""
    with pytest.raises(StyleInvalid) as caught:
        read(*[stroke()] * 201)
    assert "At most 200 layers" in caught.value.sentence

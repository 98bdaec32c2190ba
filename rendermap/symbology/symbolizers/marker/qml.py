"""QGIS marker layers -> Marker."""

from __future__ import annotations

import math

from rendermap.symbology import paths, shapes
from rendermap.symbology.fonts import substitute_for
from rendermap.symbology.qgis.markers import turned_marker
from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.qgis.symbols import enabled_layers, faded_layer
from rendermap.symbology.symbolizers.fill import qml as fills
from rendermap.symbology.symbolizers.marker.characters import sign_of
from rendermap.symbology.symbolizers.marker.glyphs import outline
from rendermap.symbology.symbolizers.stroke import qml as strokes
from rendermap.symbology.symbols import Color, Fill, Marker, Stroke
from rendermap.symbology.xml_document import XmlNode

_SHAPES = {
    "circle": shapes.CIRCLE,
    "square": shapes.SQUARE,
    "rectangle": shapes.SQUARE,
    "square_with_corners": shapes.CUT_SQUARE,
    "rounded_square": shapes.ROUNDED_SQUARE,
    "quarter_square": shapes.QUARTER_SQUARE,
    "half_square": shapes.HALF_SQUARE,
    "diagonal_half_square": shapes.DIAGONAL_HALF_SQUARE,
    "trapezoid": shapes.TRAPEZOID,
    "parallelogram_left": shapes.PARALLELOGRAM_LEFT,
    "parallelogram_right": shapes.PARALLELOGRAM_RIGHT,
    "diamond": shapes.DIAMOND,
    "shield": shapes.SHIELD,
    "pentagon": shapes.PENTAGON,
    "hexagon": shapes.POINTED_HEXAGON,
    "octagon": shapes.OCTAGON,
    "decagon": shapes.DECAGON,
    "triangle": shapes.TRIANGLE,
    "equilateral_triangle": shapes.EQUILATERAL_TRIANGLE,
    "left_half_triangle": shapes.LEFT_HALF_TRIANGLE,
    "right_half_triangle": shapes.RIGHT_HALF_TRIANGLE,
    "star": shapes.STAR,
    "regular_star": shapes.STAR,
    "diamond_star": shapes.DIAMOND_STAR,
    "heart": shapes.HEART,
    "arrow": shapes.NORTH_ARROW,
    "cross_fill": shapes.FILLED_CROSS,
    "asterisk_fill": shapes.FILLED_ASTERISK,
    "filled_arrowhead": shapes.FILLED_ARROWHEAD,
    "semi_circle": shapes.HALF_CIRCLE,
    "third_circle": shapes.THIRD_CIRCLE,
    "quarter_circle": shapes.QUARTER_CIRCLE,
}
_OPEN_SHAPES = {
    "cross": shapes.CROSS,
    "cross2": shapes.X,
    "x": shapes.X,
    "line": shapes.UPRIGHT,
    "arrowhead": shapes.ARROWHEAD,
    "half_arc": shapes.HALF_ARC,
    "third_arc": shapes.THIRD_ARC,
    "quarter_arc": shapes.QUARTER_ARC,
}
_RED = Color(255, 0, 0)
_BELOW = 0.1
"""QGIS puts the middle of a font's ascent at the point, which is about so much of its size above the middle of a letter."""


def read(node: XmlNode) -> tuple[Marker, ...] | None:
    """SimpleMarker, EllipseMarker and FilledMarker with their outline, FontMarker by the nearest sign."""
    match node.attribute("class"):
        case "SimpleMarker":
            return _simple(read_properties(node))
        case "EllipseMarker":
            return _ellipse(read_properties(node))
        case "FilledMarker":
            return _filled(read_properties(node))
        case "FontMarker":
            return _sign(read_properties(node))
    return None


def shape_of(properties: Properties, *keys: str) -> tuple[str, bool]:
    """(path, open): the shape by its name, a circle with a warning where QGIS has a new one."""
    name = properties.text(*keys, default="circle").lower()
    if name in _OPEN_SHAPES:
        return _OPEN_SHAPES[name], True
    if name not in _SHAPES:
        properties.node.warn(f"the marker shape {name!r}", "a circle is used")
    return _SHAPES.get(name, shapes.CIRCLE), False


def _simple(properties: Properties) -> tuple[Marker, ...]:
    path, is_open = shape_of(properties, "name")
    fill = None if is_open else properties.color("color", default=_RED)
    marker = Marker(path, max(properties.length("size", default=2.0), 0.0), fill, strokes.outline(properties))
    return _visible(turned_marker(marker, properties, (1.0, 1.0), drawn=("size", "angle")))


def _ellipse(properties: Properties) -> tuple[Marker, ...]:
    """As wide and high as it says: the shape is stretched within a box as large as the longer side."""
    path, is_open = shape_of(properties, "symbol_name")
    width, height = properties.length("symbol_width", default=4.0), properties.length("symbol_height", default=3.0)
    side = max(width, height)
    if side <= 0 or min(width, height) < 0:
        return ()
    if width != height:
        path = paths.stretch_path(path, width / side, height / side)
    fill = None if is_open else properties.color("color", "fill_color")
    marker = Marker(path, side, fill, strokes.outline(properties))
    return _visible(turned_marker(marker, properties, (width / side, height / side), drawn=("angle",)))


def _filled(properties: Properties) -> tuple[Marker, ...]:
    """The shape in the solid and the outline of its fill symbol."""
    path, _ = shape_of(properties, "name")
    symbol = properties.node.child("symbol")
    layers = [(node, fills.read(node)) for node in (enabled_layers(symbol) if symbol else ())]
    for node, found in layers:
        if found is None or not all(isinstance(layer, Fill | Stroke) for layer in found):
            node.warn(f"a marker filled with {node.attribute('class')}", "it is drawn without")
    alpha = symbol.number("alpha", 1.0) if symbol else 1.0
    flat = [faded_layer(layer, alpha) for _, found in layers for layer in found or ()]
    fill = next((layer.color for layer in reversed(flat) if isinstance(layer, Fill)), None)
    line = next((layer for layer in reversed(flat) if isinstance(layer, Stroke)), None)
    marker = Marker(path, max(properties.length("size", default=2.0), 0.0), fill, line)
    return _visible(turned_marker(marker, properties, (1.0, 1.0), drawn=("size", "angle")))


def _sign(properties: Properties) -> tuple[Marker, ...]:
    """Letters at the size of their font; an outline only where it was given a width."""
    font, text = properties.text("font"), properties.text("chr", default="A")
    is_bold = "bold" in properties.text("font_style").lower()
    sign = sign_of(font, ord(text), is_bold=is_bold) if len(text) == 1 else None
    path, share = (sign.path, sign.share) if sign else (outline(text, font, is_bold=is_bold), 1.0)
    if not path:
        return ()
    if substitute_for(font) != (font, True):
        properties.node.warn(
            f"the text {text[:20]!r} of the font {font!r}", sign.told if sign else "the font that stands in for it is used"
        )
    line = strokes.outline(properties) if properties.number("outline_width") > 0 else None
    color: Color | None = properties.color("color")
    if sign is not None and not sign.is_filled:
        color, line = None, line or Stroke(properties.color("color"), max(properties.length("size") * 0.06, 0.5))
    marker = Marker(paths.move_path(path, 0.0, _BELOW), max(properties.length("size", default=4.2), 0.0) * share, color, line)
    return _visible(turned_marker(marker, properties, (1.0, 1.0), drawn=("size", "angle")))


def _visible(marker: Marker) -> tuple[Marker, ...]:
    has_fill = marker.fill is not None and marker.fill.a > 0
    return (marker,) if marker.size_pt > 0 and (has_fill or marker.stroke) and math.isfinite(marker.size_pt) else ()

"""QGIS line patterns -> Hatch."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.qgis.symbols import enabled_layers, faded_layer
from rendermap.symbology.symbolizers.stroke import qml as strokes
from rendermap.symbology.symbols import Hatch, Stroke
from rendermap.symbology.xml_document import XmlNode

_DISTANCE_MM = 5.0


def read(node: XmlNode) -> tuple[Hatch, ...] | None:
    """LinePatternFill: one Hatch per line of its line symbol."""
    if node.attribute("class") != "LinePatternFill":
        return None
    properties = read_properties(node)
    properties.warn_overrides()
    if properties.number("offset"):
        node.warn("a pattern that is moved", "it is drawn without the offset")
    angle = properties.number("angle", "lineangle", default=45.0)
    distance = max(abs(properties.length("distance", default=_DISTANCE_MM)), 0.75)
    return tuple(Hatch(line, angle % 180.0, distance) for line in _lines(node, properties))


def _lines(node: XmlNode, properties: Properties) -> list[Stroke]:
    symbol = node.child("symbol")
    if symbol is None:
        return [Stroke(properties.color("color"), properties.width("line_width", "linewidth"))]
    found: list[Stroke] = []
    for layer in enabled_layers(symbol):
        lines = strokes.read(layer)
        if lines is None:
            layer.warn(f"hatching with {layer.attribute('class')}", "the hatching is drawn without it")
        for line in lines or ():
            plain = faded_layer(_plain(line, layer), symbol.number("alpha", 1.0))
            found += [plain] if isinstance(plain, Stroke) else []
    return found


def _plain(line: Stroke, node: XmlNode) -> Stroke:
    if line.offset_pt or line.size_by:
        node.warn("hatch lines with an offset, or as wide as the feature says", "plain lines are used")
    return replace(line, offset_pt=0.0, size_by=None)

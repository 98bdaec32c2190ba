"""QGIS simple fills -> Fill, or the hatching that its brush draws, with the outline on top."""

from __future__ import annotations

from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.symbolizers.stroke import qml as strokes
from rendermap.symbology.symbols import Color, Fill, Hatch, Stroke, SymbolLayer, faded
from rendermap.symbology.xml_document import XmlNode

# How Qt fills its brush patterns: lines one pixel wide in a tile of eight, or a share of the pixels.
_LINES: dict[str, tuple[tuple[float, float], ...]] = {
    "horizontal": ((0.0, 6.0),),
    "vertical": ((90.0, 6.0),),
    "cross": ((0.0, 6.0), (90.0, 6.0)),
    "b_diagonal": ((45.0, 4.243),),
    "f_diagonal": ((135.0, 4.243),),
    "diagonal_x": ((45.0, 4.243), (135.0, 4.243)),
}
_SHARES = {"dense1": 0.9375, "dense2": 0.875, "dense3": 0.625, "dense4": 0.5, "dense5": 0.375, "dense6": 0.125, "dense7": 0.0625}
_LINE_PT = 0.75
_BLUE = Color(0, 0, 255)


def read(node: XmlNode) -> tuple[SymbolLayer, ...] | None:
    """SimpleFill."""
    if node.attribute("class") != "SimpleFill":
        return None
    properties = read_properties(node)
    properties.warn_overrides()
    if any(properties.offset()):
        node.warn("a fill beside its polygon", "it is drawn inside it")
    line = strokes.outline(properties)
    return (*_inside(properties), *((line,) if line else ()))


def _inside(properties: Properties) -> tuple[Fill | Hatch, ...]:
    style, color = properties.text("style", default="solid"), properties.color("color", default=_BLUE)
    if style == "no" or not color.a:
        return ()
    if style in _LINES:
        return tuple(Hatch(Stroke(color, _LINE_PT), angle, distance) for angle, distance in _LINES[style])
    if style in _SHARES:
        properties.node.warn(f"the dotted brush {style}", "a solid as light as the dots is used")
        return (Fill(faded(color, _SHARES[style])),)
    return (Fill(color),)

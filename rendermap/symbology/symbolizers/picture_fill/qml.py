"""QGIS picture fills -> PictureFill, with the outline on top."""

from __future__ import annotations

from rendermap.symbology.embedded import Embedded
from rendermap.symbology.qgis.pictures import picture_of, svg_of
from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.qgis.symbols import enabled_layers
from rendermap.symbology.symbolizers.stroke import qml as strokes
from rendermap.symbology.symbols import Color, Fill, PictureFill, SymbolLayer
from rendermap.symbology.xml_document import XmlNode

_GREY = Color(190, 190, 190)
_PT_PER_PX = 0.75


def read(node: XmlNode) -> tuple[SymbolLayer, ...] | None:
    """SVGFill and RasterFill; only pictures inside the document are drawn, files and addresses are never opened."""
    kind = node.attribute("class")
    if kind not in ("SVGFill", "RasterFill"):
        return None
    properties = read_properties(node)
    properties.warn_overrides()
    picture = svg_of(properties, "svgFile") if kind == "SVGFill" else picture_of(properties, "imageFile")
    symbol = node.child("symbol")
    lines = [line for layer in (enabled_layers(symbol) if symbol else ()) for line in strokes.read(layer) or ()]
    if picture is None:
        node.warn("a fill with a picture that is not in the document", "a solid in its colour is used")
        return (Fill(properties.color("color", default=_GREY) if kind == "SVGFill" else _GREY), *lines)
    return (_fill(properties, picture, kind), *lines)


def _fill(properties: Properties, picture: Embedded, kind: str) -> PictureFill:
    unit = "pattern_width_unit" if kind == "SVGFill" else "width_unit"
    width = properties.length("width", default=20.0 if kind == "SVGFill" else 0.0, unit=unit)
    if width <= 0:
        width = picture.width * _PT_PER_PX
    opacity = min(max(properties.number("alpha", default=1.0), 0.0), 1.0)
    turn = -properties.number("angle") % 360.0
    if properties.number("height"):
        properties.node.warn("a picture of another shape than its own", "it keeps its shape")
    return PictureFill(picture.content, picture.media_type, width, width / picture.aspect, opacity, turn)

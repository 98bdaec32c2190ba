"""Drop shadows of QGIS symbol layers: the same lines and fills once more below, moved and in one colour."""

from __future__ import annotations

import math
from dataclasses import replace

from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.qgis.symbols import SHADOW, effects_of, warn_effect
from rendermap.symbology.symbols import BLACK, Color, Fill, Stroke, SymbolLayer, faded
from rendermap.symbology.xml_document import XmlNode

_DISTANCE_MM, _ANGLE_DEG, _BLUR = 2.0, 135.0, 2.645
_NORMAL, _MULTIPLY = "0", "13"
_MODIFIES_ONLY = "0"


def with_shadows(node: XmlNode, layers: tuple[SymbolLayer, ...]) -> tuple[SymbolLayer, ...]:
    """The layers of a symbol layer element above the shadows that it throws; shadows of anything but lines and fills are noted."""
    shadows = [shadow for effect in effects_of(node) if effect.attribute("type") == SHADOW for shadow in _shadow(effect, layers)]
    return (*shadows, *layers)


def _shadow(effect: XmlNode, layers: tuple[SymbolLayer, ...]) -> tuple[SymbolLayer, ...]:
    properties = read_properties(effect)
    if not all(isinstance(layer, Fill | Stroke) for layer in layers) or properties.text("draw_mode") == _MODIFIES_ONLY:
        warn_effect(effect)
        return ()
    color = _color(properties)
    _warn(properties, color)
    distance = properties.length("offset_distance", default=_DISTANCE_MM, unit="offset_unit")
    angle = math.radians(properties.number("offset_angle", default=_ANGLE_DEG))
    # QGIS turns clockwise from above
    dx, dy = round(distance * math.sin(angle), 4), round(distance * math.cos(angle), 4)
    return tuple(_moved(layer, color, dx, dy) for layer in _shading(layers, color))


def _shading(layers: tuple[SymbolLayer, ...], color: Color) -> tuple[SymbolLayer, ...]:
    """The layers whose shadows are drawn: where they shine through, a fill's outline would be a darker line in its own shadow."""
    fills = tuple(layer for layer in layers if isinstance(layer, Fill))
    return fills if fills and color.a < 255 else layers


def _moved(layer: SymbolLayer, color: Color, dx: float, dy: float) -> SymbolLayer:
    assert isinstance(layer, Fill | Stroke)
    shade = faded(color, layer.color.a / 255)
    return replace(layer, color=shade, dx_pt=layer.dx_pt + dx, dy_pt=layer.dy_pt + dy, is_locked=True)


def _color(properties: Properties) -> Color:
    """Older versions told how transparent a shadow is, in per cent or as a share."""
    transparency = properties.number("transparency")
    opacity = properties.number("opacity", default=1 - (transparency / 100 if transparency > 1 else transparency))
    return faded(properties.color("color"), opacity)


def _warn(properties: Properties, color: Color) -> None:
    node = properties.node
    if properties.number("blur_level", default=_BLUR) > 0:
        node.warn("a blurred shadow", "it has sharp edges")
    mode = properties.text("blend_mode", default=_MULTIPLY)
    # black multiplied is black
    if mode != _NORMAL and not (mode == _MULTIPLY and color[:3] == BLACK[:3]):
        node.warn("a shadow blended with what is below", "it is drawn over it")

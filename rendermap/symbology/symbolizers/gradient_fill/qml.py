"""QGIS gradients -> GradientFill."""

from __future__ import annotations

import math

from rendermap.symbology import ramps
from rendermap.symbology.qgis.properties import Properties, read_properties, to_pair
from rendermap.symbology.qgis.ramps import gradient
from rendermap.symbology.symbols import Color, GradientFill, Ramp
from rendermap.symbology.xml_document import XmlNode

_BLUE, _WHITE = Color(0, 0, 255), Color(255, 255, 255)
_LINEAR, _RADIAL = "0", "1"


def read(node: XmlNode) -> tuple[GradientFill, ...] | None:
    """GradientFill between its reference points, ShapeburstFill from the edge inwards."""
    kind = node.attribute("class")
    if kind not in ("GradientFill", "ShapeburstFill"):
        return None
    properties = read_properties(node)
    properties.warn_overrides()
    if any(properties.offset()):
        node.warn("a fill beside its polygon", "it is drawn inside it")
    if kind == "ShapeburstFill":
        return (_shapeburst(properties),)
    _warn(properties)
    return (_between_points(properties),)


def _ramp(properties: Properties) -> Ramp:
    if properties.text("color_type", default="0") == "1":
        return gradient(properties)
    return Ramp(((0.0, properties.color("color", default=_BLUE)), (1.0, properties.color("gradient_color2", default=_WHITE))))


def _between_points(properties: Properties) -> GradientFill:
    node, ramp = properties.node, _ramp(properties)
    x1, y1 = to_pair(properties.text("reference_point1", default="0.5,0"), node, "reference_point1")
    x2, y2 = to_pair(properties.text("reference_point2", default="0.5,1"), node, "reference_point2")
    kind = properties.text("type", default=_LINEAR)
    if kind == _LINEAR:
        turn = math.degrees(math.atan2(y1 - y2, x2 - x1)) + properties.number("angle")
        return GradientFill(ramp, "linear", round(turn % 360.0, 6))
    if kind != _RADIAL:
        node.warn("a conical gradient", "a circular one is used")
    elif not properties.flag("reference_point1_iscentroid") and max(abs(x1 - 0.5), abs(y1 - 0.5)) > 0.01:
        node.warn("a circular gradient about a point off the middle", "it spreads from the middle")
    return GradientFill(_reaching(ramp, math.hypot(x2 - x1, y2 - y1)), "circular")


def _reaching(ramp: Ramp, radius: float) -> Ramp:
    """The ramp whose end lies at a radius (of sides of 1 about the middle), as one that ends in the corners."""
    share = radius / math.hypot(0.5, 0.5)
    if share >= 1.0 or share <= 0.0:
        return ramps.cut(ramp, 0.0, 1.0 / share) if share > 0 else ramp
    return Ramp((*((place * share, color) for place, color in ramp.stops), (1.0, ramp.stops[-1][1])))


def _warn(properties: Properties) -> None:
    if properties.text("coordinate_mode", default="0") != "0":
        properties.node.warn("a gradient across the view", "each polygon has its own")
    if properties.text("spread", default="0") != "0":
        properties.node.warn("a gradient that repeats", "its last colour goes on")


def _shapeburst(properties: Properties) -> GradientFill:
    ramp = _ramp(properties)
    if not properties.flag("use_whole_shape", True):
        properties.node.warn("a gradient to a distance from the edge", "it reaches the middle of the polygon")
    if properties.flag("ignore_rings"):
        properties.node.warn("holes that cast no gradient", "the gradient starts from them too")
    return GradientFill(ramp, "buffered")

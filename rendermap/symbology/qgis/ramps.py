"""QGIS colour ramps -> Ramp."""

from __future__ import annotations

import re
from itertools import pairwise

from rendermap.symbology import ramps
from rendermap.symbology.document import to_number
from rendermap.symbology.qgis.properties import Properties, read_properties, to_color
from rendermap.symbology.symbols import Color, Ramp
from rendermap.symbology.xml_document import XmlNode

# Colours may hold colons of their own, but only a stop's place is followed by a semicolon.
_STOP = re.compile(r"(?:^|:)\s*([0-9.eE+-]+);([^;]*?)(?=$|;|:\s*[0-9.eE+-]+;)")
_WHITE = Color(255, 255, 255)


def read_ramp(node: XmlNode | None) -> Ramp | None:
    """A ``colorramp`` element; None for none, for random colours, and for ramps that are only named."""
    if node is None:
        return None
    properties = read_properties(node)
    match node.attribute("type"):
        case "gradient":
            return gradient(properties)
        case "preset":
            return _preset(properties)
    return None


def gradient(properties: Properties) -> Ramp:
    """Two colours and the stops between."""
    first, last = properties.color("color1"), properties.color("color2", default=_WHITE)
    inner = sorted(_stops(properties.text("stops")), key=lambda stop: stop[0])
    stops = ((0.0, first), *((p, c) for p, c in inner if 0 < p < 1), (1.0, last))
    return Ramp(_stepped(stops)) if properties.flag("discrete") else Ramp(stops)


def _stops(text: str) -> list[tuple[float, Color]]:
    found = ((to_number(place), to_color(color)) for place, color in _STOP.findall(text))
    return [(place, color) for place, color in found if place is not None and color is not None]


def _stepped(stops: tuple[tuple[float, Color], ...]) -> tuple[tuple[float, Color], ...]:
    """Each colour up to the next stop."""
    steps = [(stops[0][0], stops[0][1])]
    for (_, color), (place, following) in pairwise(stops):
        steps += [(place, color), (place, following)]
    return tuple(steps)


def _preset(properties: Properties) -> Ramp | None:
    colors: list[Color] = []
    while (color := to_color(properties.text(f"preset_color_{len(colors)}"))) is not None:
        colors.append(color)
    return ramps.of_colors(colors) if colors else None

"""Fill -> Mapnik."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.effects import set_effects
from rendermap.symbology.symbolizers.symbolizer import Canvas, format_number, paint
from rendermap.symbology.symbols import Fill


def write(fill: Fill, canvas: Canvas) -> list[Element]:
    """A PolygonSymbolizer on polygons."""
    if canvas.geometry is not GeometryKind.POLYGON or not fill.color.a:
        return []
    element = Element("PolygonSymbolizer", paint("fill", fill.color))
    element.set("gamma", format_number(seamless_gamma(fill.color.a / 255)))
    return [set_effects(element, fill)]


def seamless_gamma(opacity: float) -> float:
    """The gamma under which two neighbours that share a pixel half and half cover it as one polygon would.

    Drawn plainly, each covers half of what shines through the other, and coverages show hairlines.  Two layers of opacity
    o * c look like one of opacity o when c = (1 - sqrt(1 - o)) / o; opaque fills stop at c = 0.8 to keep edges smooth.
    """
    if opacity <= 0:
        return 1.0
    half = min((1 - math.sqrt(1 - opacity)) / opacity, 0.8)
    return math.log(half) / math.log(0.5)

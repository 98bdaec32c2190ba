"""Stroke -> Mapnik."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.sizing import factor
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number, moved, paint, to_px
from rendermap.symbology.symbols import Stroke


def write(stroke: Stroke, canvas: Canvas) -> list[Element]:
    """A LineSymbolizer; a point has no line."""
    if canvas.geometry is GeometryKind.POINT or not is_visible(stroke):
        return []
    element = Element("LineSymbolizer", paint("stroke", stroke.color) | moved(stroke.dx_pt, stroke.dy_pt))
    width = to_px(stroke.width_pt)
    if stroke.size_by:
        width = f"{format_number(stroke.width_pt * PX_PER_PT)}*{factor(stroke.size_by, canvas)}"
    element.set("stroke-width", width)
    element.set("stroke-linecap", stroke.cap)
    element.set("stroke-linejoin", stroke.join)
    if stroke.dash_pt:
        element.set("stroke-dasharray", ", ".join(to_px(max(d, 0.001)) for d in stroke.dash_pt))
    if stroke.offset_pt:
        # Mapnik counts to the right of the direction, whatever its manual says.
        element.set("offset", to_px(-stroke.offset_pt))
    return [element]


def is_visible(stroke: Stroke) -> bool:
    """False when nothing of it can be seen."""
    return stroke.width_pt > 0 and stroke.color.a > 0

"""Stroke -> Mapnik."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.effects import set_effects
from rendermap.symbology.symbolizers.sizing import factor
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number, paint, to_px
from rendermap.symbology.symbols import MITER_LIMIT, Stroke

_SHORTEST_PATTERN_PX = 0.5


def write(stroke: Stroke, canvas: Canvas) -> list[Element]:
    """A LineSymbolizer; a point has no line."""
    if canvas.geometry is GeometryKind.POINT or not is_visible(stroke):
        return []
    element = Element("LineSymbolizer", paint("stroke", stroke.color))
    width = to_px(stroke.width_pt)
    if stroke.size_by:
        width = f"{format_number(stroke.width_pt * PX_PER_PT)}*{factor(stroke.size_by, canvas)}"
    element.set("stroke-width", width)
    element.set("stroke-linecap", stroke.cap)
    element.set("stroke-linejoin", stroke.join)
    if dashes := dashes_px(stroke):
        element.set("stroke-dasharray", ", ".join(format_number(dash) for dash in dashes))
        if stroke.dash_offset_pt:
            element.set("stroke-dashoffset", format_number(stroke.dash_offset_pt * PX_PER_PT % sum(dashes)))
    if stroke.join == "miter" and stroke.miter_limit != MITER_LIMIT:
        element.set("stroke-miterlimit", format_number(stroke.miter_limit))
    if stroke.offset_pt:
        # Mapnik counts to the right of the direction, whatever its manual says.
        element.set("offset", to_px(-stroke.offset_pt))
    return [set_effects(element, stroke)]


def is_visible(stroke: Stroke) -> bool:
    """False when nothing of it can be seen."""
    return stroke.width_pt > 0 and stroke.color.a > 0


def dashes_px(stroke: Stroke) -> tuple[float, ...]:
    """Dashes and gaps in turn, none where the line is whole or the dashes are too short to be told apart (and would take for ever)."""
    lengths = stroke.dash_pt * (1 + len(stroke.dash_pt) % 2)
    if sum(lengths) * PX_PER_PT < _SHORTEST_PATTERN_PX:
        return ()
    return tuple(max(length * PX_PER_PT, 0.001) for length in lengths)

"""SLD and SE fills of lines <-> Hatch."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers import sld_marks as marks
from rendermap.symbology.symbolizers.fill.sld import read_fill
from rendermap.symbology.symbolizers.se_elements import patterned, px, se
from rendermap.symbology.symbolizers.sld_graphics import PlacedGraphic, chosen, graphics_of, look_of
from rendermap.symbology.symbolizers.sld_parameters import short
from rendermap.symbology.symbolizers.stroke.sld import read_stroke, stroke_element
from rendermap.symbology.symbols import Color, Hatch, Stroke, faded
from rendermap.symbology.xml_document import XmlNode

_ANGLES = {
    "horline": (0.0,),
    "vertline": (90.0,),
    "slash": (45.0,),
    "backslash": (135.0,),
    "plus": (0.0, 90.0),
    "times": (45.0, 135.0),
}
_DIAGONAL = ("slash", "backslash", "times")
_SIZE_PX = 8.0


def lines_of(mark: XmlNode) -> tuple[float, ...]:
    """The angles of the lines that a fill of this mark is, none for other marks."""
    return _ANGLES.get(marks.name_of(mark).removeprefix("shape://"), ())


def read(node: XmlNode) -> tuple[Hatch, ...] | None:
    """A polygon symbolizer filled with marks that join to lines."""
    found: list[Hatch] = []
    for drawn in graphics_of(node):
        mark = chosen(drawn.graphic) if drawn.placement == "pattern" else None
        if isinstance(mark, XmlNode) and lines_of(mark):
            found += _hatches(drawn, mark)
    return tuple(found) or None


def _hatches(drawn: PlacedGraphic, mark: XmlNode) -> list[Hatch]:
    look = look_of(drawn, _SIZE_PX)
    if look.size_by or look.rotation_by:
        drawn.graphic.warn("lines that change by the feature", "they are alike for all features")
    is_diagonal = marks.name_of(mark).removeprefix("shape://") in _DIAGONAL
    separation = (look.size_pt + drawn.gap_pt) * (math.sqrt(0.5) if is_diagonal else 1.0)
    if separation <= 0:
        drawn.graphic.warn("lines without distance", "they are not drawn")
        return []
    line = _line(mark, look.opacity, drawn.unit)
    return [Hatch(line, (angle + look.rotation_deg) % 180.0, short(separation)) for angle in lines_of(mark)]


def _line(mark: XmlNode, opacity: float, unit: float) -> Stroke:
    stroke, fill = mark.child("Stroke"), mark.child("Fill")
    if stroke is not None:
        line = read_stroke(stroke, unit)
        return Stroke(faded(line.color, opacity), line.width_pt, line.dash_pt, line.cap, line.join)
    return Stroke(faded(read_fill(fill) if fill else Color(0, 0, 0), opacity), 0.75)


def write(hatch: Hatch, geometry: GeometryKind) -> list[Element]:
    """A polygon filled with lines: of GeoServer's own directions where it has them, else turned."""
    if geometry is not GeometryKind.POLYGON:
        return []
    name = next((name for name, angles in _ANGLES.items() if angles == (hatch.angle_deg % 180.0,)), "horline")
    size_pt = hatch.separation_pt / (math.sqrt(0.5) if name in _DIAGONAL else 1.0)
    turn = -hatch.angle_deg if name == "horline" else 0.0
    mark = se("Mark", se("WellKnownName", text=f"shape://{name}"), stroke_element(hatch.stroke))
    turned = se("Rotation", text=f"{turn:.10g}") if turn else None
    return [patterned(se("Graphic", mark, se("Size", text=px(size_pt)), turned), 0.0)]

"""SLD and SE marks <-> Marker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from rendermap.symbology import paths, shapes
from rendermap.symbology.embedded import Embedded
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers import sld_marks as marks
from rendermap.symbology.symbolizers.fill.sld import GREY, read_fill
from rendermap.symbology.symbolizers.hatch.sld import lines_of
from rendermap.symbology.symbolizers.se_elements import fill_element, graphic, placed, se
from rendermap.symbology.symbolizers.sld_graphics import Look, PlacedGraphic, chosen, graphics_of, look_of
from rendermap.symbology.symbolizers.stroke.sld import read_stroke, stroke_element
from rendermap.symbology.symbols import BLACK, Color, Marker, Stroke, faded
from rendermap.symbology.xml_document import XmlNode

_OUTLINE = Stroke(BLACK, 0.75, cap="butt", join="miter")


def read(node: XmlNode) -> tuple[Marker, ...] | None:
    """The marks of a symbolizer: at points, along lines, as a pattern in polygons."""
    found = []
    for drawn in graphics_of(node):
        mark = chosen(drawn.graphic)
        if isinstance(mark, Embedded) or (drawn.placement == "pattern" and mark is not None and lines_of(mark)):
            continue
        found.append(_marker(drawn, mark))
    return tuple(found) or None


def _marker(drawn: PlacedGraphic, mark: XmlNode | None) -> Marker:
    look = look_of(drawn)
    spacing = look.size_pt + drawn.gap_pt if drawn.placement in ("line", "pattern") else 0.0
    placed = {"placement": drawn.placement, "spacing_pt": spacing, **turned(look)}
    if mark is None:
        return Marker(shapes.SQUARE, look.size_pt, faded(GREY, look.opacity), _faded(_OUTLINE, look.opacity), **placed)
    fill, line = _paints(mark, look, drawn.unit)
    if marks.name_of(mark) == marks.DOT:
        return Marker(shapes.CIRCLE, line.width_pt if line else look.size_pt, line.color if line else fill, **placed)
    path, is_open = marks.path_of(mark)
    if look.anchor != (0.0, 0.0):
        path = paths.move_path(path, -look.anchor[0], look.anchor[1])
    if is_open:
        line = line or (_faded(Stroke(fill, 0.75, cap="butt", join="miter"), 1.0) if fill else None)
    return Marker(path, look.size_pt, None if is_open else fill, line, **placed)


def turned(look: Look) -> dict[str, Any]:
    """What a graphic's look says of any layer that stands at points."""
    return {
        "rotation_deg": look.rotation_deg,
        "dx_pt": look.dx_pt,
        "dy_pt": look.dy_pt,
        "rotation_by": look.rotation_by,
        "rotation_clockwise": look.rotation_by is not None,
        "size_by": look.size_by,
    }


def _paints(mark: XmlNode, look: Look, unit: float) -> tuple[Color | None, Stroke | None]:
    """Fill and outline; a mark that names neither is grey with a black outline."""
    fill, stroke = mark.child("Fill"), mark.child("Stroke")
    if fill is None and stroke is None:
        return faded(GREY, look.opacity), _faded(_OUTLINE, look.opacity)
    if fill is not None and fill.child("GraphicFill"):
        fill.warn("a mark filled with a pattern", "a plain fill is used")
    if stroke is not None and stroke.child("GraphicStroke"):
        stroke.warn("a mark outlined with marks", "a plain outline is used")
    line = read_stroke(stroke, unit) if stroke else None
    if line is not None and look.size_by and marks.name_of(mark) != "circle":
        mark.warn("an outline as wide on marks of all sizes", "it is thinner on smaller marks")
    return faded(read_fill(fill), look.opacity) if fill else None, _faded(replace(line, size_by=None), look.opacity) if line else None


def _faded(line: Stroke, opacity: float) -> Stroke:
    return replace(line, color=faded(line.color, opacity))


def write(marker: Marker, geometry: GeometryKind) -> list[Element]:
    """A mark of the nearest name: well known, GeoServer's, or its own shape as a text geometry or inline SVG."""
    fill = fill_element(marker.fill) if marker.fill else None
    line = stroke_element(marker.stroke) if marker.stroke else None
    if fill is None and line is None:
        return []
    mark = se("Mark", *_shape(marker), fill, line)
    return placed(marker, graphic(marker, mark, marker.size_pt), marker.size_pt, geometry)


def _shape(marker: Marker) -> list[Element]:
    name = marks.name_for(marker.path, has_fill=marker.fill is not None)
    if name:
        return [se("WellKnownName", text=name)]
    content = se("InlineContent", encoding="xml")
    svg = SubElement(content, "svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": "-0.5 -0.5 1 1"})
    SubElement(svg, "path", d=marker.path)
    return [content, se("Format", text="image/svg+xml")]

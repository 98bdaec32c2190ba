"""SLD and SE strokes <-> Stroke."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers import sld_parameters as parameters
from rendermap.symbology.symbolizers.se_elements import displacement, painted, parameter, px, se, sized
from rendermap.symbology.symbols import BLACK, Color, SizeBy, Stroke
from rendermap.symbology.xml_document import XmlNode

_CAPS = {"butt": "butt", "round": "round", "square": "square"}
_JOINS = {"mitre": "miter", "miter": "miter", "round": "round", "bevel": "bevel"}
_KNOWN = ("stroke", "stroke-opacity", "stroke-width", "stroke-linejoin", "stroke-linecap", "stroke-dasharray", "stroke-dashoffset")
_NARROWEST_PERIOD_PT = 0.1


def read(node: XmlNode) -> tuple[Stroke, ...] | None:
    """The plain stroke of a line or polygon symbolizer."""
    if node.name not in ("LineSymbolizer", "PolygonSymbolizer"):
        return None
    stroke = node.child("Stroke")
    if stroke is None or stroke.child("GraphicStroke"):
        return None
    unit = parameters.unit_pt(node)
    line = read_stroke(stroke, unit)
    if node.name == "LineSymbolizer":
        return (replace(line, offset_pt=parameters.length_pt(node.child("PerpendicularOffset"), 0.0, unit)),)
    dx, dy = parameters.point(node.child("Displacement"), ("DisplacementX", "DisplacementY"), (0.0, 0.0), unit)
    return (replace(line, dx_pt=dx, dy_pt=dy),)


def read_stroke(node: XmlNode, unit: float) -> Stroke:
    """A Stroke element, also of a mark; black and 1 px wide where it says nothing.  Raises StyleInvalid."""
    parameters.warn_unknown(node, _KNOWN)
    color, width_pt, size_by = _color(node), *_width(node, unit)
    cap, join = _word(node, "stroke-linecap", _CAPS, "butt"), _word(node, "stroke-linejoin", _JOINS, "miter")
    return Stroke(color, width_pt, _dashes(node, unit), cap, join, size_by=size_by)


def _color(node: XmlNode) -> Color:
    opacity = parameters.share(parameters.css(node, "stroke-opacity"))
    if node.child("GraphicFill"):
        node.warn("a line filled with a pattern", "a plain line is used")
    return parameters.color(parameters.css(node, "stroke"), BLACK, opacity)


def _width(node: XmlNode, unit: float) -> tuple[float, SizeBy | None]:
    return parameters.size(parameters.css(node, "stroke-width"), 1.0, unit)


def _word(node: XmlNode, name: str, words: dict[str, str], default: str) -> str:
    parameter = parameters.css(node, name)
    text = (parameters.constant(parameter) or default).lower()
    if parameter is not None and text not in words:
        parameter.warn(f"{name} {text[:40]!r}", f"{default} is used")
    return words.get(text, words[default])


def _dashes(node: XmlNode, unit: float) -> tuple[float, ...]:
    """Dashes and gaps in turn from where they begin; a pattern of nothing is a whole line, as in SVG."""
    parameter = parameters.css(node, "stroke-dasharray")
    dashes = parameters.lengths_pt(parameter, unit)
    if not dashes or parameter is None:
        return ()
    if sum(dashes) < _NARROWEST_PERIOD_PT:
        parameter.warn("dashes of no length", "a whole line is drawn")
        return ()
    dashes = dashes * 2 if len(dashes) % 2 else dashes
    return _begun_at(dashes, parameters.length_pt(parameters.css(node, "stroke-dashoffset"), 0.0, unit))


def _begun_at(dashes: tuple[float, ...], offset: float) -> tuple[float, ...]:
    """The pattern begun offset further on: what is cut off its first dash comes last."""
    offset %= sum(dashes)
    if not offset:
        return dashes
    index = 0
    while offset >= dashes[index]:
        offset -= dashes[index]
        index += 1
    turned = (dashes[index] - offset, *dashes[index + 1 :], *dashes[:index], offset)
    # Begun within a gap there is a dash of no length first; begun within a dash the cut off piece needs a gap of none behind it.
    return (0.0, *turned) if index % 2 else (*turned, 0.0)


def write(stroke: Stroke, geometry: GeometryKind) -> list[Element]:
    """A LineSymbolizer; a PolygonSymbolizer where the outline of an area is moved."""
    if geometry is GeometryKind.POINT:
        return []
    moved = displacement(stroke.dx_pt, stroke.dy_pt)
    if geometry is GeometryKind.POLYGON and moved is not None:
        return [se("PolygonSymbolizer", stroke_element(stroke), moved)]
    return [
        se("LineSymbolizer", stroke_element(stroke), se("PerpendicularOffset", text=px(stroke.offset_pt)) if stroke.offset_pt else None)
    ]


def stroke_element(stroke: Stroke) -> Element:
    """A Stroke, also of a mark."""
    dashes = " ".join(px(dash) for dash in stroke.dash_pt)
    return se(
        "Stroke",
        *painted("stroke", stroke.color),
        sized(parameter("stroke-width", ""), stroke.width_pt, stroke.size_by),
        parameter("stroke-linejoin", "mitre" if stroke.join == "miter" else stroke.join),
        parameter("stroke-linecap", stroke.cap),
        parameter("stroke-dasharray", dashes) if dashes else None,
    )

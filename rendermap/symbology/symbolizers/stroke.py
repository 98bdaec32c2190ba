"""Stroke: a line along the geometry, or along a polygon's outline."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.symbolizer import Assets, Symbolizer, paint, to_px
from rendermap.symbology.symbols import Color, Stroke

# Lengths in line widths, as ArcGIS draws its simple line styles.
_DASHES: dict[str, tuple[float, ...]] = {
    "esriSLSSolid": (),
    "esriSLSDash": (4, 3),
    "esriSLSDot": (1, 3),
    "esriSLSDashDot": (4, 3, 1, 3),
    "esriSLSDashDotDot": (8, 3, 1, 3, 1, 3),
    "esriSLSLongDash": (8, 3),
    "esriSLSLongDashDot": (8, 3, 1, 3),
    "esriSLSShortDash": (4, 1),
    "esriSLSShortDot": (1, 1),
    "esriSLSShortDashDot": (4, 1, 1, 1),
    "esriSLSShortDashDotDot": (4, 1, 1, 1, 1, 1),
}


def from_cim(node: Node) -> tuple[Stroke, ...] | None:
    """CIMSolidStroke with dashes and offset; gradient and picture strokes by their nearest plain line."""
    if node.type not in ("CIMSolidStroke", "CIMGradientStroke", "CIMPictureStroke"):
        return None
    color = _color(node)
    dashes, offset = _effects(node)
    width = max(node.number("width"), 0.0)
    cap, join = node.text("capStyle", "Round").lower(), node.text("joinStyle", "Round").lower()
    if not width:
        return ()
    return (
        Stroke(
            color,
            width,
            dashes,
            cap if cap in ("butt", "round", "square") else "round",
            join if join in ("miter", "round", "bevel") else "round",
            offset,
        ),
    )


def _color(node: Node) -> Color:
    if node.type == "CIMSolidStroke":
        return colors.from_cim(node.child("color"))
    if node.type == "CIMPictureStroke":
        node.warn("a picture stroke", "a plain line in its tint is used")
        return colors.from_cim(node.child("tintColor"), Color(104, 104, 104))
    node.warn("a gradient stroke", "a plain line in the ramp's middle colour is used")
    ramp = node.child("colorRamp")
    return ramps.color_at(ramps.from_cim(ramp), 0.5) if ramp else Color(104, 104, 104)


def _effects(node: Node) -> tuple[tuple[float, ...], float]:
    dashes: tuple[float, ...] = ()
    offset = 0.0
    for effect in node.children("effects"):
        if effect.type == "CIMGeometricEffectDashes":
            dashes = _pairs(effect.numbers("dashTemplate"))
        elif effect.type == "CIMGeometricEffectOffset":
            # ArcGIS counts to the right of the direction.
            offset -= effect.number("offset")
        else:
            effect.warn(f"the effect {effect.type}", "the line is drawn without it")
    return dashes, offset


def _pairs(template: tuple[float, ...]) -> tuple[float, ...]:
    """Dashes and gaps in pairs; an odd template repeats to become even; a dash of nothing is a dot the caps make visible."""
    lengths = tuple(max(v, 0.0) for v in template)
    lengths = lengths * 2 if len(lengths) % 2 else lengths
    return lengths if sum(lengths) > 0.01 else ()


def from_esri(node: Node) -> tuple[Stroke, ...] | None:
    """esriSLS."""
    if node.type != "esriSLS":
        return None
    style = node.text("style", "esriSLSSolid")
    color = colors.from_esri(node.get("color"))
    width = max(node.number("width", 1.0), 0.0)
    if style == "esriSLSNull" or color is None or not width:
        return ()
    if style not in _DASHES:
        node.warn(f"the line style {style!r}", "a whole line is used", "style")
    dashes = tuple(d * max(width, 1.0) for d in _DASHES.get(style, ()))
    return (Stroke(color, width, dashes, "butt" if dashes else "round", "round"),)


def to_esri(stroke: Stroke) -> dict[str, Any]:
    """esriSLS, its style the nearest by the rhythm of the dashes."""
    return {
        "type": "esriSLS",
        "style": _style_of(stroke),
        "color": colors.to_esri(stroke.color),
        "width": stroke.width_pt,
    }


def _style_of(stroke: Stroke) -> str:
    unit = max(stroke.width_pt, 1.0)
    same_count = [(name, dashes) for name, dashes in _DASHES.items() if len(dashes) == len(stroke.dash_pt)]
    if not same_count:
        return "esriSLSDash"
    return min(same_count, key=lambda row: sum(abs(a - b / unit) for a, b in zip(row[1], stroke.dash_pt, strict=True)))[0]


def to_mapnik(stroke: Stroke, geometry: GeometryKind, assets: Assets) -> list[Element]:
    """A LineSymbolizer; a point has no line."""
    if geometry is GeometryKind.POINT or not is_visible(stroke):
        return []
    element = Element("LineSymbolizer", paint("stroke", stroke.color))
    element.set("stroke-width", to_px(stroke.width_pt))
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


STROKE = Symbolizer(Stroke, from_cim, from_esri, to_esri, to_mapnik)

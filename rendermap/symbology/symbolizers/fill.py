"""Fill: a solid inside."""

from __future__ import annotations

import math
from typing import Any
from xml.etree.ElementTree import Element

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.symbolizer import Assets, Symbolizer, format_number, paint
from rendermap.symbology.symbols import Color, Fill

_GREY = Color(156, 156, 156)


def from_cim(node: Node) -> tuple[Fill, ...] | None:
    """CIMSolidFill; gradient, picture and other fills by their nearest solid."""
    if node.type == "CIMSolidFill":
        _warn_effects(node)
        return _visible(colors.from_cim(node.child("color")))
    if node.type == "CIMGradientFill":
        node.warn("a gradient fill", "a solid in the ramp's middle colour is used")
        ramp = node.child("colorRamp")
        return _visible(ramps.color_at(ramps.from_cim(ramp), 0.5) if ramp else _GREY)
    if node.type in ("CIMPictureFill", "CIMWaterFill", "CIMProceduralFill"):
        node.warn(f"a fill of the kind {node.type}", "a solid in its tint is used")
        return _visible(colors.from_cim(node.child("tintColor") or node.child("color"), _GREY))
    return None


def _warn_effects(node: Node) -> None:
    for effect in node.children("effects"):
        effect.warn(f"the effect {effect.type}", "the fill is drawn without it")


def _visible(color: Color) -> tuple[Fill, ...]:
    return (Fill(color),) if color.a else ()


def from_esri(node: Node) -> tuple[Fill, ...] | None:
    """esriSFS solid or null; esriPFS by a grey solid."""
    if node.type == "esriPFS":
        node.warn("a picture fill", "a grey solid is used")
        return (Fill(_GREY),)
    style = node.text("style", "esriSFSSolid")
    if node.type != "esriSFS" or style not in ("esriSFSSolid", "esriSFSNull"):
        return None
    color = colors.from_esri(node.get("color"))
    return _visible(color) if color and style == "esriSFSSolid" else ()


def to_esri(fill: Fill) -> dict[str, Any]:
    """esriSFS."""
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": colors.to_esri(fill.color), "outline": None}


def to_mapnik(fill: Fill, geometry: GeometryKind, assets: Assets) -> list[Element]:
    """A PolygonSymbolizer on polygons."""
    if geometry is not GeometryKind.POLYGON or not fill.color.a:
        return []
    element = Element("PolygonSymbolizer", paint("fill", fill.color))
    element.set("gamma", format_number(_seamless_gamma(fill.color.a / 255)))
    return [element]


def _seamless_gamma(opacity: float) -> float:
    """The gamma under which two neighbours that share a pixel half and half cover it as one polygon would.

    Drawn plainly, each covers half of what shines through the other, and coverages show hairlines.  Two layers of opacity
    o * c look like one of opacity o when c = (1 - sqrt(1 - o)) / o; opaque fills stop at c = 0.8 to keep edges smooth.
    """
    half = min((1 - math.sqrt(1 - opacity)) / opacity, 0.8)
    return math.log(half) / math.log(0.5)


FILL = Symbolizer(Fill, from_cim, from_esri, to_esri, to_mapnik)

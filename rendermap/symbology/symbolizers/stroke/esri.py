"""Esri JSON lines <-> Stroke."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Stroke

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


def read(node: Node) -> tuple[Stroke, ...] | None:
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


def write(stroke: Stroke) -> dict[str, Any]:
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

"""Esri JSON markers <-> Marker."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers.stroke import esri as strokes
from rendermap.symbology.symbols import Color, Marker, Stroke

_ESRI_SHAPES = {
    "esriSMSCircle": shapes.CIRCLE,
    "esriSMSSquare": shapes.SQUARE,
    "esriSMSDiamond": shapes.DIAMOND,
    "esriSMSTriangle": shapes.TRIANGLE,
    "esriSMSCross": shapes.CROSS,
    "esriSMSX": shapes.X,
}
_OPEN_SHAPES = (shapes.CROSS, shapes.X)
_GREY = Color(104, 104, 104)


def read(node: Node) -> tuple[Marker, ...] | None:
    """esriSMS with its outline; esriPMS by a grey circle."""
    if node.type == "esriPMS":
        node.warn("a picture marker", "a grey circle is used")
        return (Marker(shapes.CIRCLE, max(node.number("width", 10.0), 1.0), _GREY),)
    if node.type != "esriSMS":
        return None
    style, color = node.text("style", "esriSMSCircle"), colors.from_esri(node.get("color"))
    path = _ESRI_SHAPES.get(style, shapes.CIRCLE)
    if style not in _ESRI_SHAPES:
        node.warn(f"the marker style {style!r}", "a circle is used", "style")
    outline = node.child("outline")
    line = next(iter(strokes.read(_typed(outline)) or ()), None) if outline else None
    if path in _OPEN_SHAPES:
        color, line = None, line or (Stroke(color, 1.0, cap="butt", join="miter") if color else None)
    if (color is None or not color.a) and line is None:
        return ()
    return (
        Marker(
            path,
            max(node.number("size", 8.0), 0.0),
            fill=color,
            stroke=line,
            rotation_deg=node.number("angle"),
            dx_pt=node.number("xoffset"),
            dy_pt=node.number("yoffset"),
        ),
    )


def _typed(outline: Node) -> Node:
    """A marker's outline often comes without type and style."""
    return outline if outline.type else Node({**outline.value, "type": "esriSLS"}, outline.path, outline.notes)


def write(marker: Marker) -> dict[str, Any]:
    """esriSMS; a shape of its own as a circle."""
    style = next((name for name, path in _ESRI_SHAPES.items() if path == marker.path), "esriSMSCircle")
    outline = marker.stroke and {"color": colors.to_esri(marker.stroke.color), "width": marker.stroke.width_pt}
    color = marker.fill or (marker.stroke.color if marker.stroke and marker.path in _OPEN_SHAPES else None)
    return {
        "type": "esriSMS",
        "style": style,
        "color": colors.to_esri(color) if color else [0, 0, 0, 0],
        "size": marker.size_pt,
        "angle": marker.rotation_deg,
        "xoffset": marker.dx_pt,
        "yoffset": marker.dy_pt,
        "outline": outline,
    }

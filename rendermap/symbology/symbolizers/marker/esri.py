"""Esri JSON markers <-> Marker."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors, paths, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers.marker.glyphs import outline, told_letters
from rendermap.symbology.symbolizers.marker.paths import fitted
from rendermap.symbology.symbolizers.stroke.esri import read_outline
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
_BLACK = Color(0, 0, 0)


def read(node: Node) -> tuple[Marker, ...] | None:
    """esriSMS with its outline, esriSMSPath too; esriTS by the outline of its letters."""
    if node.type == "esriTS":
        return _text(node)
    if node.type != "esriSMS":
        return None
    color = colors.from_esri(node.get("color"))
    path = _path(node)
    outline_node = node.child("outline")
    line = read_outline(outline_node) if outline_node else None
    if path in _OPEN_SHAPES:
        color, line = None, line or (Stroke(color, 1.0, cap="butt", join="miter") if color else None)
    if (color is None or not color.a) and line is None:
        return ()
    size = max(node.number("size", 8.0), 0.0)
    return (_placed(node, path, size, color, line),)


def _path(node: Node) -> str:
    style = node.text("style", "esriSMSCircle")
    path = fitted(node.text("path")) if style == "esriSMSPath" else _ESRI_SHAPES.get(style, "")
    if not path:
        node.warn(f"the marker style {style!r}", "a circle is used", "path" if style == "esriSMSPath" else "style")
    return path or shapes.CIRCLE


def _placed(node: Node, path: str, size: float, color: Color | None, line: Stroke | None) -> Marker:
    dx, dy, turn = node.number("xoffset"), node.number("yoffset"), node.number("angle")
    return Marker(path, size, fill=color, stroke=line, rotation_deg=turn, dx_pt=dx, dy_pt=dy)


def _text(node: Node) -> tuple[Marker, ...]:
    """A text as a symbol."""
    font = node.child("font")
    family = font.text("family") if font else ""
    path = outline(node.text("text"), family, is_bold=bool(font and "bold" in font.text("weight").lower()))
    node.warn("text as a symbol", told_letters(node.text("text"), family) if path else "nothing is drawn", "text")
    if not path:
        return ()
    color = colors.from_esri(node.get("color")) or _BLACK
    halo, width = colors.from_esri(node.get("haloColor")), node.number("haloSize")
    size = max(font.number("size", 10.0) if font else 10.0, 0.0)
    below = (_placed(node, path, size, halo, Stroke(halo, 2 * width)),) if halo and width > 0 else ()
    return (*below, _placed(node, path, size, color, None))


def write(marker: Marker) -> dict[str, Any]:
    """esriSMS; a shape of its own as a path."""
    style = next((name for name, path in _ESRI_SHAPES.items() if path == marker.path), "esriSMSPath")
    outline = marker.stroke and {"color": colors.to_esri(marker.stroke.color), "width": marker.stroke.width_pt}
    color = marker.fill or (marker.stroke.color if marker.stroke and marker.path in _OPEN_SHAPES else None)
    size, dx, dy = marker.size_pt, marker.dx_pt, marker.dy_pt
    if style == "esriSMSPath":
        # Clients centre a path and make its longer side as long as the size says.
        x0, y0, x1, y1 = paths.box_of(marker.path)
        size, dx, dy = size * max(x1 - x0, y1 - y0), dx + (x0 + x1) / 2 * marker.size_pt, dy - (y0 + y1) / 2 * marker.size_pt
    spelled = {
        "type": "esriSMS",
        "style": style,
        "color": colors.to_esri(color) if color else [0, 0, 0, 0],
        "size": size,
        "angle": marker.rotation_deg,
        "xoffset": dx,
        "yoffset": dy,
        "outline": outline,
    }
    return spelled | ({"path": marker.path} if style == "esriSMSPath" else {})

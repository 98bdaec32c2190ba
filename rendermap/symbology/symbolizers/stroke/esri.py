"""Esri JSON lines <-> Stroke."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Color, Marker, Stroke, SymbolLayer

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
_HEADS = {
    "arrow": shapes.ARROW,
    "circle": shapes.CIRCLE,
    "square": shapes.SQUARE,
    "diamond": shapes.DIAMOND,
    "cross": shapes.CROSS,
    "x": shapes.X,
}
_HEAD_WIDTHS = 3.0
_SMALLEST_HEAD_PT = 6.0


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """esriSLS, with the markers at its ends."""
    if node.type != "esriSLS":
        return None
    style = node.text("style", "esriSLSSolid")
    color = colors.from_esri(node.get("color"))
    width = node.number("width", 1.0)
    if width < 0:
        node.warn("a line narrower than nothing", "it is not drawn", "width")
    if style == "esriSLSNull" or color is None or width <= 0:
        return ()
    if style not in _DASHES:
        node.warn(f"the line style {style!r}", "a whole line is used", "style")
    dashes = tuple(d * max(width, 1.0) for d in _DASHES.get(style, ()))
    marker = node.child("marker")
    return (Stroke(color, width, dashes, _cap(node, dashes), _join(node)), *(_heads(marker, color, width) if marker else ()))


def read_outline(node: Node) -> Stroke | None:
    """The outline of a marker or a fill, which often comes without type and style."""
    typed = node if node.type else Node({**node.value, "type": "esriSLS"}, node.path, node.notes)
    return next((layer for layer in read(typed) or () if isinstance(layer, Stroke)), None)


def _cap(node: Node, dashes: tuple[float, ...]) -> str:
    cap = node.text("cap").lower().removeprefix("esrilcs")
    return cap if cap in ("butt", "round", "square") else "butt" if dashes else "round"


def _join(node: Node) -> str:
    join = node.text("join").lower().removeprefix("esriljs")
    return join if join in ("miter", "round", "bevel") else "round"


def _heads(node: Node, line: Color, width: float) -> tuple[Marker, ...]:
    """What stands at the ends, as large as the line is broad; an arrow at the beginning looks back."""
    style = node.text("style", "arrow")
    if style not in _HEADS:
        node.warn(f"the line marker {style!r}", "an arrow is used", "style")
    path, color = _HEADS.get(style, shapes.ARROW), colors.from_esri(node.get("color")) or line
    size, where = max(_HEAD_WIDTHS * width, _SMALLEST_HEAD_PT), node.text("placement", "begin-end")
    ends = [end for end, word in (("first", "begin"), ("last", "end")) if word in where.split("-")]
    is_open = path in (shapes.CROSS, shapes.X)
    paint: dict[str, Any] = {"stroke": Stroke(color, width)} if is_open else {"fill": color}
    return tuple(Marker(path, size, **paint, placement=end, rotation_deg=180.0 if end == "first" else 0.0) for end in ends)


def write(stroke: Stroke) -> dict[str, Any]:
    """esriSLS, its style the nearest by the rhythm of the dashes."""
    return {
        "type": "esriSLS",
        "style": _style_of(stroke),
        "color": colors.to_esri(stroke.color),
        "width": stroke.width_pt,
    }


def write_heads(ends: dict[str, Marker]) -> dict[str, Any] | None:
    """The ``marker`` of an esriSLS for markers at the ends ``first`` and ``last`` of a line; None for none."""
    if not ends:
        return None
    marker = next(iter(ends.values()))
    style = next((name for name, path in _HEADS.items() if path == marker.path), "arrow")
    color = marker.fill or (marker.stroke.color if marker.stroke else None)
    placement = "-".join(word for end, word in (("first", "begin"), ("last", "end")) if end in ends)
    return {"type": "simple", "style": style, "placement": placement, "color": colors.to_esri(color) if color else None}


def _style_of(stroke: Stroke) -> str:
    unit = max(stroke.width_pt, 1.0)
    same_count = [(name, dashes) for name, dashes in _DASHES.items() if len(dashes) == len(stroke.dash_pt)]
    if not same_count:
        return "esriSLSDash"
    return min(same_count, key=lambda row: sum(abs(a - b / unit) for a, b in zip(row[1], stroke.dash_pt, strict=True)))[0]

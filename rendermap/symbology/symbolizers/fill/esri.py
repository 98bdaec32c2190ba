"""Esri JSON fills <-> Fill."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Fill

_PATTERNS = ("Horizontal", "Vertical", "Cross", "DiagonalCross", "ForwardDiagonal", "BackwardDiagonal")


def read(node: Node) -> tuple[Fill, ...] | None:
    """esriSFS solid or null; a style that nobody knows as a solid."""
    style = node.text("style", "esriSFSSolid").removeprefix("esriSFS")
    if node.type != "esriSFS" or style in _PATTERNS:
        return None
    if style not in ("Solid", "Null"):
        node.warn(f"the fill style {style!r}", "a solid is used", "style")
    color = colors.from_esri(node.get("color"))
    return (Fill(color),) if color and color.a and style != "Null" else ()


def write(fill: Fill) -> dict[str, Any]:
    """esriSFS."""
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": colors.to_esri(fill.color), "outline": None}

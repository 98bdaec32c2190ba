"""Esri JSON fills <-> Fill."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Color, Fill

_GREY = Color(156, 156, 156)


def read(node: Node) -> tuple[Fill, ...] | None:
    """esriSFS solid or null; esriPFS by a grey solid."""
    if node.type == "esriPFS":
        node.warn("a picture fill", "a grey solid is used")
        return (Fill(_GREY),)
    style = node.text("style", "esriSFSSolid")
    if node.type != "esriSFS" or style not in ("esriSFSSolid", "esriSFSNull"):
        return None
    color = colors.from_esri(node.get("color"))
    return (Fill(color),) if color and color.a and style == "esriSFSSolid" else ()


def write(fill: Fill) -> dict[str, Any]:
    """esriSFS."""
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": colors.to_esri(fill.color), "outline": None}

"""Esri JSON picture fills <-> PictureFill."""

from __future__ import annotations

import base64
from typing import Any

from rendermap.symbology.document import Node
from rendermap.symbology.embedded import Unusable
from rendermap.symbology.symbolizers.picture_marker.esri import picture_of
from rendermap.symbology.symbols import Color, Fill, PictureFill, SymbolLayer

_GREY = Color(156, 156, 156)
_SMALLEST_PT = 1.0


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """esriPFS with its picture inside; any other by a grey solid."""
    if node.type != "esriPFS":
        return None
    try:
        picture = picture_of(node)
    except Unusable as error:
        node.warn(f"a picture fill: {error}", "a grey solid is used", "url")
        return (Fill(_GREY),)
    if node.number("xoffset") or node.number("yoffset"):
        node.warn("a picture begun some way off", "it begins where it falls", "xoffset")
    width = node.number("width", picture.width * 0.75) * abs(node.number("xscale", 1.0) or 1.0)
    height = node.number("height", picture.height * 0.75) * abs(node.number("yscale", 1.0) or 1.0)
    size = max(width, _SMALLEST_PT), max(height, _SMALLEST_PT)
    return (PictureFill(picture.content, picture.media_type, *size, rotation_deg=node.number("angle")),)


def write(fill: PictureFill) -> dict[str, Any]:
    """esriPFS with its picture inside."""
    return {
        "type": "esriPFS",
        "url": "",
        "imageData": base64.b64encode(fill.content).decode(),
        "contentType": fill.media_type,
        "width": fill.width_pt,
        "height": fill.height_pt,
        "angle": fill.rotation_deg,
        "xoffset": 0,
        "yoffset": 0,
        "xscale": 1,
        "yscale": 1,
        "outline": None,
    }

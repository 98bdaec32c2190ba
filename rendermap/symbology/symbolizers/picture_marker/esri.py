"""Esri JSON pictures at points <-> PictureMarker."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from rendermap.symbology import shapes
from rendermap.symbology.document import Node
from rendermap.symbology.embedded import Embedded, Unusable, read_base64, read_data_url
from rendermap.symbology.symbols import Color, Marker, PictureMarker, PointLayer, SymbolLayer

_GREY = Color(104, 104, 104)


def picture_of(node: Node) -> Embedded:
    """The picture of an esriPMS or esriPFS: its ``imageData``, else a ``data:`` address.  Raises Unusable; nothing is ever fetched."""
    data = node.text("imageData")
    gallery = node.notes.gallery
    if data and not data.startswith("data:"):
        return read_base64(data, gallery)
    return read_data_url(data or node.text("url"), gallery)


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """esriPMS with its picture inside; any other by a grey circle."""
    if node.type != "esriPMS":
        return None
    width, height = node.number("width"), node.number("height")
    try:
        picture = picture_of(node)
    except Unusable as error:
        node.warn(f"a picture marker: {error}", "a grey circle is used", "url")
        return (_placed(node, Marker(shapes.CIRCLE, max(width, height, 1.0), _GREY)),)
    if width <= 0 and height <= 0:
        height = picture.height * 0.75
    width, height = width if width > 0 else height * picture.aspect, height if height > 0 else width / picture.aspect
    return (_placed(node, PictureMarker(picture.content, picture.media_type, width, height)),)


def _placed(node: Node, layer: PointLayer) -> PointLayer:
    return replace(layer, rotation_deg=node.number("angle"), dx_pt=node.number("xoffset"), dy_pt=node.number("yoffset"))


def write(marker: PictureMarker) -> dict[str, Any]:
    """esriPMS with its picture inside."""
    return {
        "type": "esriPMS",
        "url": "",
        "imageData": base64.b64encode(marker.content).decode(),
        "contentType": marker.media_type,
        "width": marker.width_pt,
        "height": marker.height_pt,
        "angle": marker.rotation_deg,
        "xoffset": marker.dx_pt,
        "yoffset": marker.dy_pt,
    }

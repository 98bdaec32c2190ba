"""CIM picture markers -> PictureMarker."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology import colors, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.embedded import Unusable, read_data_url
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbolizers.cim_placements import stand
from rendermap.symbology.symbolizers.tints import tinted
from rendermap.symbology.symbols import Color, Marker, PictureMarker, PointLayer, SymbolLayer

_GREY = Color(104, 104, 104)


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMPictureMarker of an embedded picture, ``size`` high; any other by a circle in its tint."""
    if node.type != "CIMPictureMarker":
        return None
    size = node.number("size", 10.0)
    if size <= 0:
        return ()
    marker = _picture(node, size) or _circle(node, size)
    return cim_effects.apply(node, stand(node, (marker,)))


def _picture(node: Node, size: float) -> PointLayer | None:
    try:
        picture, opacity = tinted(node, read_data_url(node.text("url"), node.notes.gallery))
    except Unusable as error:
        node.warn(f"a picture marker: {error}", "a circle in its tint is used", "url")
        return None
    width = size * picture.aspect * abs(node.number("scaleX", 1.0) or 1.0)
    marker = PictureMarker(picture.content, picture.media_type, width, size, opacity)
    anchor = node.child("anchorPoint")
    if anchor is None:
        return marker
    across, up = (width, size) if node.text("anchorPointUnits", "Relative") == "Relative" else (1.0, 1.0)
    return replace(marker, dx_pt=-anchor.number("x") * across, dy_pt=-anchor.number("y") * up)


def _circle(node: Node, size: float) -> Marker:
    tint = colors.from_cim(node.child("tintColor"), _GREY)
    return Marker(shapes.CIRCLE, size, _GREY if tint[:3] == (255, 255, 255) else tint)

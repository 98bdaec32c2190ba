"""CIM picture fills -> PictureFill."""

from __future__ import annotations

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.embedded import Unusable, read_data_url
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbolizers.tints import tinted
from rendermap.symbology.symbols import Color, Fill, PictureFill, SymbolLayer

_GREY = Color(156, 156, 156)
_SMALLEST_PT = 1.0


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMPictureFill of an embedded picture, ``height`` high; any other by a solid in its tint."""
    if node.type != "CIMPictureFill":
        return None
    try:
        picture, opacity = tinted(node, read_data_url(node.text("url"), node.notes.gallery))
    except Unusable as error:
        node.warn(f"a picture fill: {error}", "a solid in its tint is used", "url")
        tint = colors.from_cim(node.child("tintColor"), _GREY)
        return cim_effects.apply(node, (Fill(_GREY if tint[:3] == (255, 255, 255) else tint),))
    if node.number("offsetX") or node.number("offsetY"):
        node.warn("a picture begun some way off", "it begins where it falls", "offsetX")
    height = max(node.number("height", picture.height * 0.75), _SMALLEST_PT)
    width = max(height * picture.aspect * abs(node.number("scaleX", 1.0) or 1.0), _SMALLEST_PT)
    turn = node.number("rotation")
    return cim_effects.apply(node, (PictureFill(picture.content, picture.media_type, width, height, opacity, turn),))

"""CIM strokes -> Stroke."""

from __future__ import annotations

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node
from rendermap.symbology.embedded import Unusable, read_data_url
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbols import MITER_LIMIT, Color, PictureMarker, Stroke, SymbolLayer

_GREY = Color(104, 104, 104)
_WHITE = Color(255, 255, 255)


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMSolidStroke with its effects; a gradient by its middle colour, a picture by markers along the line."""
    if node.type not in ("CIMSolidStroke", "CIMGradientStroke", "CIMPictureStroke"):
        return None
    width = node.number("width")
    if width < 0:
        node.warn("a line narrower than nothing", "it is not drawn", "width")
    if width <= 0:
        return ()
    layer = _pictures(node, width) if node.type == "CIMPictureStroke" else None
    return cim_effects.apply(node, (layer or _line(node, width),))


def _line(node: Node, width: float) -> Stroke:
    cap, join = node.text("capStyle", "Round").lower(), node.text("joinStyle", "Round").lower()
    return Stroke(
        _color(node),
        width,
        cap=cap if cap in ("butt", "round", "square") else "round",
        join=join if join in ("miter", "round", "bevel") else "round",
        miter_limit=max(node.number("miterLimit", MITER_LIMIT), 1.0),
    )


def _color(node: Node) -> Color:
    if node.type == "CIMSolidStroke":
        return colors.from_cim(node.child("color"))
    if node.type == "CIMPictureStroke":
        tint = colors.from_cim(node.child("tintColor"), _GREY)
        return _GREY if tint[:3] == _WHITE[:3] else tint
    node.warn("a gradient stroke", "a plain line in the ramp's middle colour is used")
    ramp = node.child("colorRamp")
    return ramps.color_at(ramps.from_cim(ramp), 0.5) if ramp else _GREY


def _pictures(node: Node, width: float) -> PictureMarker | None:
    """The picture as often as a line is long; it does not bend with it."""
    try:
        picture = read_data_url(node.text("url"), node.notes.gallery)
    except Unusable as error:
        node.warn(f"a picture stroke: {error}", "a plain line in its tint is used", "url")
        return None
    node.warn("a picture stroke", "its picture stands along the line, unbent")
    across = max(width * picture.aspect, 1.0)
    return PictureMarker(picture.content, picture.media_type, across, width, placement="line", spacing_pt=across)

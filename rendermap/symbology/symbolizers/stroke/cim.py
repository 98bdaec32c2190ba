"""CIM strokes -> Stroke."""

from __future__ import annotations

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Color, Stroke


def read(node: Node) -> tuple[Stroke, ...] | None:
    """CIMSolidStroke with dashes and offset; gradient and picture strokes by their nearest plain line."""
    if node.type not in ("CIMSolidStroke", "CIMGradientStroke", "CIMPictureStroke"):
        return None
    color = _color(node)
    dashes, offset = _effects(node)
    width = max(node.number("width"), 0.0)
    cap, join = node.text("capStyle", "Round").lower(), node.text("joinStyle", "Round").lower()
    if not width:
        return ()
    return (
        Stroke(
            color,
            width,
            dashes,
            cap if cap in ("butt", "round", "square") else "round",
            join if join in ("miter", "round", "bevel") else "round",
            offset,
        ),
    )


def _color(node: Node) -> Color:
    if node.type == "CIMSolidStroke":
        return colors.from_cim(node.child("color"))
    if node.type == "CIMPictureStroke":
        node.warn("a picture stroke", "a plain line in its tint is used")
        return colors.from_cim(node.child("tintColor"), Color(104, 104, 104))
    node.warn("a gradient stroke", "a plain line in the ramp's middle colour is used")
    ramp = node.child("colorRamp")
    return ramps.color_at(ramps.from_cim(ramp), 0.5) if ramp else Color(104, 104, 104)


def _effects(node: Node) -> tuple[tuple[float, ...], float]:
    dashes: tuple[float, ...] = ()
    offset = 0.0
    for effect in node.children("effects"):
        if effect.type == "CIMGeometricEffectDashes":
            dashes = _pairs(effect.numbers("dashTemplate"))
        elif effect.type == "CIMGeometricEffectOffset":
            # ArcGIS counts to the right of the direction.
            offset -= effect.number("offset")
        else:
            effect.warn(f"the effect {effect.type}", "the line is drawn without it")
    return dashes, offset


def _pairs(template: tuple[float, ...]) -> tuple[float, ...]:
    """Dashes and gaps in pairs; an odd template repeats to become even; a dash of nothing is a dot the caps make visible."""
    lengths = tuple(max(v, 0.0) for v in template)
    lengths = lengths * 2 if len(lengths) % 2 else lengths
    return lengths if sum(lengths) > 0.01 else ()

"""CIM fills -> Fill."""

from __future__ import annotations

from rendermap.symbology import colors, ramps
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Color, Fill

_GREY = Color(156, 156, 156)


def read(node: Node) -> tuple[Fill, ...] | None:
    """CIMSolidFill; gradient, picture and other fills by their nearest solid."""
    if node.type == "CIMSolidFill":
        _warn_effects(node)
        return _visible(colors.from_cim(node.child("color")))
    if node.type == "CIMGradientFill":
        node.warn("a gradient fill", "a solid in the ramp's middle colour is used")
        ramp = node.child("colorRamp")
        return _visible(ramps.color_at(ramps.from_cim(ramp), 0.5) if ramp else _GREY)
    if node.type in ("CIMPictureFill", "CIMWaterFill", "CIMProceduralFill"):
        node.warn(f"a fill of the kind {node.type}", "a solid in its tint is used")
        return _visible(colors.from_cim(node.child("tintColor") or node.child("color"), _GREY))
    return None


def _warn_effects(node: Node) -> None:
    for effect in node.children("effects"):
        effect.warn(f"the effect {effect.type}", "the fill is drawn without it")


def _visible(color: Color) -> tuple[Fill, ...]:
    return (Fill(color),) if color.a else ()

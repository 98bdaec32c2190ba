"""CIM fills -> Fill."""

from __future__ import annotations

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbols import Color, Fill, SymbolLayer

_GREY = Color(156, 156, 156)


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMSolidFill with its effects; fills of water and of rule packages by a solid."""
    if node.type == "CIMSolidFill":
        color = colors.from_cim(node.child("color"))
    elif node.type in ("CIMWaterFill", "CIMProceduralFill"):
        node.warn(f"a fill of the kind {node.type}", "a solid in its colour is used")
        color = colors.from_cim(node.child("color"), _GREY)
    else:
        return None
    return cim_effects.apply(node, (Fill(color),) if color.a else ())

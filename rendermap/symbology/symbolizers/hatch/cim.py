"""CIM hatch fills -> Hatch."""

from __future__ import annotations

from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbolizers.stroke import cim as strokes
from rendermap.symbology.symbols import Hatch, Stroke, SymbolLayer


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMHatchFill: one Hatch per stroke of its line symbol."""
    if node.type != "CIMHatchFill":
        return None
    if node.number("offset") or node.number("offsetX"):
        node.warn("hatching begun some way off", "it begins where it falls", "offsetX")
    symbol = node.need("lineSymbol")
    found: list[Hatch] = []
    for layer in reversed(symbol.children("symbolLayers")):
        if not layer.flag("enable"):
            continue
        lines = strokes.read(layer)
        if lines is None:
            layer.warn(f"hatching with {layer.type}", "the hatching is drawn without it")
        for line in lines or ():
            if isinstance(line, Stroke):
                found.append(Hatch(_plain(line, layer), node.number("rotation"), max(node.number("separation", 5.0), 0.1)))
    return cim_effects.apply(node, found)


def _plain(line: Stroke, node: Node) -> Stroke:
    if line.dash_pt:
        node.warn("dashed hatch lines", "whole lines are used", "effects")
    return Stroke(line.color, line.width_pt)

"""What no symbol of an Esri document may go beyond: lengths that no map has would hold up every picture."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from rendermap.limits import SYMBOL_LAYERS
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Marker, Stroke, SymbolLayer

L = TypeVar("L", bound=SymbolLayer)

LARGEST_PT = 2000.0
MOST_DASHES = 64


def bounded(node: Node, layers: tuple[SymbolLayer, ...]) -> tuple[SymbolLayer, ...]:
    """The layers with their lengths within bounds, which is noted.  Raises StyleInvalid for more layers than anyone can see."""
    if len(layers) > SYMBOL_LAYERS.value:
        raise node.beyond("symbolLayers", SYMBOL_LAYERS, len(layers))
    return tuple(_bounded(node, layer) for layer in layers)


def _bounded(node: Node, layer: SymbolLayer) -> SymbolLayer:
    if isinstance(layer, Stroke):
        return _bounded_line(node, layer)
    layer = _shortened(node, layer)
    if isinstance(layer, Marker) and layer.stroke:
        return replace(layer, stroke=_bounded_line(node, layer.stroke))
    return layer


def _bounded_line(node: Node, line: Stroke) -> Stroke:
    if len(line.dash_pt) > MOST_DASHES:
        node.warn(f"a pattern of {len(line.dash_pt)} dashes and gaps", "a whole line is used")
        line = replace(line, dash_pt=())
    return _shortened(node, line)


def _shortened(node: Node, layer: L) -> L:
    lengths: dict[str, Any] = {f.name: getattr(layer, f.name) for f in fields(layer) if f.name.endswith("_pt") and f.name != "dash_pt"}
    far = {name: min(max(value, -LARGEST_PT), LARGEST_PT) for name, value in lengths.items() if abs(value) > LARGEST_PT}
    if far:
        node.warn(f"lengths of more than {LARGEST_PT:g} points", f"{LARGEST_PT:g} points are used")
    return replace(layer, **far) if far else layer

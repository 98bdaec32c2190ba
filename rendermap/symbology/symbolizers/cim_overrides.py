"""Properties of CIM symbol layers that follow an expression (``primitiveOverrides``): sizes, widths and rotations by the feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rendermap.symbology.document import Node
from rendermap.symbology.esri_expressions import arcade_or_field
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.symbols import PointLayer, SizeBy, Stroke, SymbolLayer

_FARTHEST_PT = 1000.0
_AS_IT_IS = "it is as the symbol has it"
LayerReader = Callable[[Node], tuple[SymbolLayer, ...]]
Change = Callable[[Node, SymbolLayer, Operand], SymbolLayer]


def overridden(reference: Node | None, read_layer: LayerReader) -> LayerReader:
    """A reader of the layers of the symbol under a reference, with its overrides; notes those of other properties and of parts inside."""
    overrides = reference.children("primitiveOverrides") if reference is not None else ()
    if reference is None or not overrides:
        return read_layer
    symbol = reference.child("symbol")
    names = {name for layer in (symbol.children("symbolLayers") if symbol else ()) if (name := layer.text("primitiveName"))}
    followed = tuple((o, value) for o in overrides if (value := _value(o, names)) is not None)

    def read(layer: Node) -> tuple[SymbolLayer, ...]:
        own = {o.text("propertyName"): value for o, value in followed if o.text("primitiveName") == layer.text("primitiveName")}
        return tuple(_changed(layer, drawn, own) for drawn in read_layer(layer))

    return read


def _value(override: Node, names: set[str]) -> Operand | None:
    """What an override makes of a feature; None, with a note, for a property that stays as it is."""
    name = override.text("propertyName")
    if name not in _CHANGES or override.text("primitiveName") not in names:
        override.warn(f"the property {name[:40]!r} by an expression", _AS_IT_IS)
        return None
    return arcade_or_field(override, _AS_IT_IS)


def _changed(node: Node, layer: SymbolLayer, values: Mapping[str, Operand]) -> SymbolLayer:
    for name, value in values.items():
        layer = _CHANGES[name](node, layer, value)
    return layer


def _sized(node: Node, layer: SymbolLayer, value: Operand) -> SymbolLayer:
    return replace(layer, size_by=_points(value, node.number("size", 10.0))) if isinstance(layer, PointLayer) else layer


def _widened(node: Node, layer: SymbolLayer, value: Operand) -> SymbolLayer:
    return replace(layer, size_by=_points(value, node.number("width"))) if isinstance(layer, Stroke) else layer


def _points(value: Operand, own_pt: float) -> SizeBy | None:
    """A number that is the length itself.  own_pt: the length without it; nothing stays nothing."""
    return SizeBy(value, ((0.0, 0.0), (_FARTHEST_PT, _FARTHEST_PT / own_pt))) if own_pt > 0 else None


def _turned(node: Node, layer: SymbolLayer, value: Operand) -> SymbolLayer:
    """The expression's angle instead of the marker's own."""
    if not isinstance(layer, PointLayer):
        return layer
    is_clockwise = node.flag("rotateClockwise")
    own = -node.number("rotation") if is_clockwise else node.number("rotation")
    return replace(layer, rotation_deg=layer.rotation_deg - own, rotation_by=value, rotation_clockwise=is_clockwise)


_CHANGES: dict[str, Change] = {"Size": _sized, "Width": _widened, "Rotation": _turned}

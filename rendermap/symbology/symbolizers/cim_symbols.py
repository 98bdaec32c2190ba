"""Whole symbols of CIM: what is said once for all their layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from rendermap.limits import SYMBOL_LAYERS
from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbolizers.esri_bounds import bounded
from rendermap.symbology.symbols import Color, Marker, PictureMarker, PointLayer, Stroke, Symbol, SymbolLayer

LayerReader = Callable[[Node], tuple[SymbolLayer, ...]]


def read(node: Node, levels: Mapping[str, int], read_layer: LayerReader) -> Symbol:
    """A CIMPointSymbol, CIMLineSymbol or CIMPolygonSymbol.  levels: by the names of symbol layers; unnamed ones are drawn first."""
    if node.flag("useRealWorldSymbolSizes"):
        node.warn("sizes in map units", "they are drawn as points on the screen", "useRealWorldSymbolSizes")
    layers: list[SymbolLayer] = []
    listed = node.children("symbolLayers")
    if len(listed) > SYMBOL_LAYERS.value:
        raise node.beyond("symbolLayers", SYMBOL_LAYERS, len(listed))
    for layer in reversed(listed):
        if layer.flag("enable"):
            layers += _named(layer, read_layer(layer), levels)
    drawn = cim_effects.apply(node, layers)
    turn = node.number("angle")
    turned = tuple(_turned(layer, turn) for layer in drawn) if turn else drawn
    return Symbol(bounded(node, (*_halo(node, turned), *turned)))


def _named(node: Node, layers: tuple[SymbolLayer, ...], levels: Mapping[str, int]) -> Iterator[SymbolLayer]:
    level, is_locked = levels.get(node.text("name"), 0), node.flag("colorLocked")
    return (replace(layer, level=level, is_locked=is_locked) for layer in layers) if level or is_locked else iter(layers)


def _turned(layer: SymbolLayer, turn: float) -> SymbolLayer:
    """A marker turned about its symbol's point."""
    if not isinstance(layer, PointLayer):
        return layer
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = layer.dx_pt * cos - layer.dy_pt * sin, layer.dx_pt * sin + layer.dy_pt * cos
    return replace(layer, rotation_deg=layer.rotation_deg + turn, dx_pt=dx, dy_pt=dy)


def _halo(node: Node, layers: tuple[SymbolLayer, ...]) -> Iterator[SymbolLayer]:
    """Each shape once more below all others, broader by the halo."""
    color, size = halo_color(node), node.number("haloSize")
    if color is None or size <= 0:
        return
    for layer in layers:
        if isinstance(layer, Marker):
            edge = layer.stroke.width_pt if layer.stroke else 0.0
            fill = color if layer.fill else None
            yield replace(layer, fill=fill, stroke=Stroke(color, edge + 2 * size), level=0)
        elif isinstance(layer, PictureMarker):
            node.warn("a halo around a picture", "the picture is drawn without it", "haloSymbol")


def halo_color(node: Node) -> Color | None:
    """The colour of a ``haloSymbol``, None without one."""
    symbol = node.child("haloSymbol")
    fills = [layer for layer in symbol.children("symbolLayers") if layer.flag("enable")] if symbol else []
    solid = next((layer for layer in fills if layer.type == "CIMSolidFill"), None)
    if fills and solid is None:
        node.warn("a halo that is no solid", "the symbol is drawn without it", "haloSymbol")
    color = colors.from_cim(solid.child("color")) if solid else None
    return color if color and color.a else None

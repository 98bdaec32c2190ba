"""Symbol references of CIM: a symbol with its range of scales, those that stand in for it at others, and its size by scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rendermap.symbology.document import Node
from rendermap.symbology.readers.style_reader import to_scale_denominator
from rendermap.symbology.symbolizers.table import NO_LEVELS, from_cim
from rendermap.symbology.symbols import (
    Alternate,
    Marker,
    PictureMarker,
    Stroke,
    Symbol,
    SymbolLayer,
    map_layers,
)

_STEPS = 6
"""Sizes that follow the scale are drawn in so many steps from one given scale to the next."""


@dataclass(frozen=True, slots=True)
class SymbolReader:
    """Reads the symbols of one layer.  levels: of symbol layers, by their names."""

    levels: Mapping[str, int] = field(default_factory=lambda: NO_LEVELS)

    def of_class(self, node: Node) -> Symbol:
        """The symbol of a class or a renderer, with its ``alternateSymbols``."""
        return self.read(node.child("symbol"), node.children("alternateSymbols"))

    def read(self, reference: Node | None, others: tuple[Node, ...] = ()) -> Symbol:
        """A symbol reference, and other references used at other scales.  Raises StyleInvalid."""
        main = self._sized(reference)
        alternates = tuple(a for other in others for a in self._alternate(other, self._sized(other)))
        if reference is not None and (reference.number("minScale") > 0 or reference.number("maxScale") > 0):
            return Symbol((), (*self._alternate(reference, main), *alternates))
        return replace(main, alternates=(*main.alternates, *alternates)) if alternates else main

    def _alternate(self, reference: Node, symbol: Symbol) -> Iterator[Alternate]:
        farthest, nearest = to_scale_denominator(reference.number("minScale")), to_scale_denominator(reference.number("maxScale"))
        yield Alternate(symbol, farthest, nearest)

    def _sized(self, reference: Node | None) -> Symbol:
        symbol = from_cim(reference, self.levels)
        stops = _stops(reference)
        own = size_pt(symbol)
        if len(stops) < 2 or own <= 0:
            return symbol
        assert reference is not None
        reference.warn(
            "sizes that follow the scale", f"{_STEPS} steps from one given scale to the next are used", "scaleDependentSizeVariation"
        )
        return replace(resized(symbol, stops[-1][1] / own), alternates=tuple(_alternates(symbol, own, stops)))


def _stops(reference: Node | None) -> list[tuple[float, float]]:
    """(scale denominator, size), nearest scale first."""
    variations = reference.children("scaleDependentSizeVariation") if reference else ()
    pairs = {v.number("scale"): max(v.number("size"), 0.0) for v in variations}
    return sorted((scale, size) for scale, size in pairs.items() if scale > 0)


def _alternates(symbol: Symbol, own: float, stops: list[tuple[float, float]]) -> Iterator[Alternate]:
    """The symbol in each step; beyond the farthest scale it is as the symbol itself."""
    yield Alternate(resized(symbol, stops[0][1] / own), to_scale_denominator(stops[0][0]), None)
    for (near, small), (far, large) in pairwise(stops):
        for step in range(_STEPS):
            low, high = (near + (far - near) * (step + i) / _STEPS for i in (0, 1))
            size = small + (large - small) * (step + 0.5) / _STEPS
            yield Alternate(resized(symbol, size / own), to_scale_denominator(high), to_scale_denominator(low))


def size_pt(symbol: Symbol) -> float:
    """What ArcGIS calls the size of a symbol: of its largest marker, else the width of its broadest line."""
    markers = [x.size_pt if isinstance(x, Marker) else x.height_pt for x in symbol.layers if isinstance(x, Marker | PictureMarker)]
    lines = [layer.width_pt for layer in symbol.layers if isinstance(layer, Stroke)]
    return max(markers or lines, default=0.0)


def resized(symbol: Symbol, factor: float) -> Symbol:
    """The symbol with its markers and lines so many times as large."""
    return map_layers(symbol, lambda layer: _resized(layer, factor))


def _resized(layer: SymbolLayer, factor: float) -> SymbolLayer:
    if isinstance(layer, Stroke):
        dashes = tuple(d * factor for d in layer.dash_pt)
        return replace(layer, width_pt=layer.width_pt * factor, dash_pt=dashes, offset_pt=layer.offset_pt * factor)
    if isinstance(layer, Marker):
        line = replace(layer.stroke, width_pt=layer.stroke.width_pt * factor) if layer.stroke else None
        dx, dy = layer.dx_pt * factor, layer.dy_pt * factor
        return replace(layer, size_pt=layer.size_pt * factor, stroke=line, dx_pt=dx, dy_pt=dy)
    if isinstance(layer, PictureMarker):
        return replace(layer, width_pt=layer.width_pt * factor, height_pt=layer.height_pt * factor)
    return layer

"""The table of symbol layer kinds, and whole symbols by it.  A new kind is one folder and one row here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

from rendermap.symbology.document import Node
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.fill.row import FILL
from rendermap.symbology.symbolizers.gradient_fill.row import GRADIENT_FILL
from rendermap.symbology.symbolizers.hatch.row import HATCH
from rendermap.symbology.symbolizers.marker.row import MARKER
from rendermap.symbology.symbolizers.picture_fill.row import PICTURE_FILL
from rendermap.symbology.symbolizers.picture_marker.row import PICTURE_MARKER
from rendermap.symbology.symbolizers.stroke import esri as stroke_esri
from rendermap.symbology.symbolizers.stroke.row import STROKE
from rendermap.symbology.symbolizers.symbolizer import Canvas, Symbolizer
from rendermap.symbology.symbols import Fill, Hatch, Marker, Stroke, Symbol, SymbolLayer
from rendermap.table import Table

SYMBOLIZERS: Table[Symbolizer] = Table(
    "symbolizer",
    {
        "stroke": STROKE,
        "fill": FILL,
        "hatch": HATCH,
        "marker": MARKER,
        "picture_marker": PICTURE_MARKER,
        "picture_fill": PICTURE_FILL,
        "gradient_fill": GRADIENT_FILL,
    },
)


def symbolizer_of(layer: SymbolLayer) -> Symbolizer:
    """The row for a symbol layer; raises KeyError for a kind that has none."""
    for row in SYMBOLIZERS:
        if isinstance(layer, row.kind):
            return row
    raise KeyError(type(layer).__name__)


def to_mapnik(layers: Iterable[SymbolLayer], canvas: Canvas) -> list[Element]:
    """Symbol layers as elements of one Mapnik rule, drawn first to last for each feature."""
    return [element for layer in layers for element in symbolizer_of(layer).to_mapnik(layer, canvas)]


def from_cim(node: Node | None) -> Symbol:
    """A CIMSymbolReference, or the symbol itself.  CIM lists its layers top first.

    Raises StyleInvalid when something has the wrong type; notes what is not drawn as written.
    """
    inner = node.child("symbol") if node is not None and node.type in ("CIMSymbolReference", "") else node
    if inner is None:
        if node is not None:
            node.warn("a reference without a symbol", "nothing is drawn")
        return Symbol()
    if inner.has("effects"):
        inner.warn("effects on the whole symbol", "the symbol is drawn without them", "effects")
    if inner.has("haloSymbol"):
        inner.warn("a halo", "the symbol is drawn without it", "haloSymbol")
    layers: list[SymbolLayer] = []
    for layer in reversed(inner.children("symbolLayers")):
        if layer.flag("enable"):
            layers += _layers_from_cim(layer)
    turn = inner.number("angle")
    return Symbol(tuple(_turned(layer, turn) for layer in layers))


def _turned(layer: SymbolLayer, turn: float) -> SymbolLayer:
    return replace(layer, rotation_deg=layer.rotation_deg + turn) if turn and isinstance(layer, Marker) else layer


def _layers_from_cim(node: Node) -> tuple[SymbolLayer, ...]:
    for row in SYMBOLIZERS:
        layers = row.from_cim(node) if row.from_cim else None
        if layers is not None:
            return layers
    node.warn(f"a symbol layer of the kind {node.type!r}", "the symbol is drawn without it")
    return ()


def from_esri(node: Node | None) -> Symbol:
    """A symbol of the REST JSON, fills with their outline on top.  Raises StyleInvalid."""
    if node is None:
        return Symbol()
    if node.type == "CIMSymbolReference":
        return from_cim(node)
    for row in SYMBOLIZERS:
        layers = row.from_esri(node) if row.from_esri else None
        if layers is not None:
            outline = node.child("outline") if row.kind in (Fill, Hatch) else None
            return Symbol((*layers, *(stroke_esri.read(_as_line(outline)) or () if outline else ())))
    node.warn(f"a symbol of the kind {node.type!r}", "nothing is drawn")
    return Symbol()


def _as_line(node: Node) -> Node:
    return node if node.type else Node({**node.value, "type": "esriSLS"}, node.path, node.notes)


def to_esri(symbol: Symbol, geometry: GeometryKind) -> dict[str, Any] | None:
    """The nearest single symbol of the REST JSON: the topmost layer that shows the colour; None for nothing at all."""
    if geometry is GeometryKind.POLYGON:
        outline = _topmost(symbol, Stroke)
        inside = _topmost(symbol, Fill) or _topmost(symbol, Hatch)
        if inside is None:
            empty = {"type": "esriSFS", "style": "esriSFSNull", "color": [0, 0, 0, 0], "outline": None}
            return {**empty, "outline": _spelled(outline)} if outline else None
        return {**_spelled(inside), "outline": _spelled(outline) if outline else None}
    layer = _topmost(symbol, Marker if geometry is GeometryKind.POINT else Stroke)
    return _spelled(layer) if layer else None


def _spelled(layer: SymbolLayer) -> dict[str, Any]:
    spell = symbolizer_of(layer).to_esri
    assert spell is not None
    return spell(layer)


def _topmost(symbol: Symbol, kind: type[SymbolLayer]) -> SymbolLayer | None:
    return next((layer for layer in reversed(symbol.layers) if isinstance(layer, kind)), None)

"""The table of symbol layer kinds, and whole symbols by it.  A new kind is one folder and one row here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType, UnionType
from typing import Any
from xml.etree.ElementTree import Element

from rendermap.symbology.document import Node
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.ramps import color_at
from rendermap.symbology.symbolizers import cim_symbols
from rendermap.symbology.symbolizers.cim_overrides import overridden
from rendermap.symbology.symbolizers.esri_bounds import bounded
from rendermap.symbology.symbolizers.fill.row import FILL
from rendermap.symbology.symbolizers.gradient_fill.row import GRADIENT_FILL
from rendermap.symbology.symbolizers.hatch import esri as hatch_esri
from rendermap.symbology.symbolizers.hatch.row import HATCH
from rendermap.symbology.symbolizers.marker.row import MARKER
from rendermap.symbology.symbolizers.picture_fill.row import PICTURE_FILL
from rendermap.symbology.symbolizers.picture_marker.row import PICTURE_MARKER
from rendermap.symbology.symbolizers.stroke import esri as stroke_esri
from rendermap.symbology.symbolizers.stroke.row import STROKE
from rendermap.symbology.symbolizers.symbolizer import Canvas, Symbolizer
from rendermap.symbology.symbols import Color, Fill, GradientFill, Hatch, Marker, PictureFill, PointLayer, Stroke, Symbol, SymbolLayer
from rendermap.symbology.xml_document import XmlNode
from rendermap.table import Table

NO_LEVELS: Mapping[str, int] = MappingProxyType({})

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


def from_cim(node: Node | None, levels: Mapping[str, int] = NO_LEVELS) -> Symbol:
    """A CIMSymbolReference, or the symbol itself.  CIM lists its layers top first.

    levels: the symbol level of each symbol layer's name.  Raises StyleInvalid when something has the wrong type; notes what is not drawn as
    written.
    """
    inner = node.child("symbol") if node is not None and node.type in ("CIMSymbolReference", "") else node
    if inner is None:
        if node is not None:
            node.warn("a reference without a symbol", "nothing is drawn")
        return Symbol()
    return cim_symbols.read(inner, levels, overridden(node, layers_from_cim))


def layers_from_cim(node: Node) -> tuple[SymbolLayer, ...]:
    """The layers that one CIM symbol layer is drawn as, bottom first; notes one of a kind that nobody draws."""
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
    if node.type.startswith("CIM"):
        return from_cim(node)
    for row in SYMBOLIZERS:
        layers = row.from_esri(node) if row.from_esri else None
        if layers is not None:
            outline = node.child("outline") if node.type in ("esriSFS", "esriPFS") else None
            line = stroke_esri.read_outline(outline) if outline else None
            return Symbol(bounded(node, (*layers, *((line,) if line else ()))))
    node.warn(f"a symbol of the kind {node.type!r}", "nothing is drawn")
    return Symbol()


def from_sld(node: XmlNode) -> tuple[SymbolLayer, ...]:
    """A symbolizer of SLD or SE as layers, bottom first: what fills, then what runs along edges.  Raises StyleInvalid."""
    found = [layers for row in SYMBOLIZERS if row.from_sld and (layers := row.from_sld(node)) is not None]
    return tuple(sorted((layer for layers in found for layer in layers), key=_is_edge))


def to_sld(layers: Iterable[SymbolLayer], geometry: GeometryKind) -> list[Element]:
    """Symbol layers as symbolizers of SE 1.1, drawn first to last; a fill and the plain outline above it are one.

    Raises InvalidExpression for values that the language cannot say.
    """
    found: list[Element] = []
    for layer in layers:
        spell = symbolizer_of(layer).to_sld
        for element in spell(layer, geometry) if spell else ():
            if found and _is_outline_of(element, found[-1]):
                found[-1].append(element[0])
            else:
                found.append(element)
    return found


def _is_outline_of(line: Element, area: Element) -> bool:
    return (
        (line.tag, area.tag) == ("se:LineSymbolizer", "se:PolygonSymbolizer")
        and [inner.tag for inner in area] == ["se:Fill"]
        and [inner.tag for inner in line] == ["se:Stroke"]
        and line[0].find("se:GraphicStroke") is None
    )


def _is_edge(layer: SymbolLayer) -> bool:
    return isinstance(layer, Stroke) or getattr(layer, "placement", "") == "line"


def to_esri(symbol: Symbol, geometry: GeometryKind) -> dict[str, Any] | None:
    """The nearest single symbol of the REST JSON: the topmost layer that shows the colour; None for nothing at all."""
    if geometry is GeometryKind.POLYGON:
        return _polygon(symbol)
    if geometry is GeometryKind.POINT:
        layer = _topmost(symbol, PointLayer)
        return _spelled(layer) if layer else None
    line = _topmost(symbol, Stroke) or _line_of_markers(symbol)
    if line is None:
        return None
    ends = {x.placement: x for x in symbol.layers if isinstance(x, Marker) and x.placement in ("first", "last")}
    heads = stroke_esri.write_heads(ends)
    return _spelled(line) | ({"marker": heads} if heads else {})


def _line_of_markers(symbol: Symbol) -> Stroke | None:
    """A dotted line for one that is drawn by markers alone."""
    markers = (x for x in reversed(symbol.layers) if isinstance(x, Marker) and x.placement not in ("points", "first", "last"))
    color = next((found for marker in markers if (found := _paint_of(marker))), None)
    return Stroke(color, 2.0, (2.0, 6.0), "butt") if color else None


def _paint_of(marker: Marker) -> Color | None:
    return marker.fill or (marker.stroke.color if marker.stroke else None)


def _polygon(symbol: Symbol) -> dict[str, Any] | None:
    outline = _topmost(symbol, Stroke)
    inside = _topmost(symbol, Fill | Hatch | PictureFill | GradientFill)
    if isinstance(inside, GradientFill):
        inside = Fill(color_at(inside.ramp, 0.5))
    line = _spelled(outline) if outline else None
    if inside is None:
        dots = next(
            (color for x in reversed(symbol.layers) if isinstance(x, Marker) and x.placement == "pattern" and (color := _paint_of(x))), None
        )
        if dots:
            return {"type": "esriSFS", "style": "esriSFSDiagonalCross", "color": list(dots), "outline": line}
        return {"type": "esriSFS", "style": "esriSFSNull", "color": [0, 0, 0, 0], "outline": line} if line else None
    if isinstance(inside, Hatch):
        return {**hatch_esri.write_all(tuple(x for x in symbol.layers if isinstance(x, Hatch))), "outline": line}
    return {**_spelled(inside), "outline": line}


def _spelled(layer: SymbolLayer) -> dict[str, Any]:
    spell = symbolizer_of(layer).to_esri
    assert spell is not None
    return spell(layer)


def _topmost(symbol: Symbol, kind: type[SymbolLayer] | UnionType) -> SymbolLayer | None:
    return next((layer for layer in reversed(symbol.layers) if isinstance(layer, kind)), None)

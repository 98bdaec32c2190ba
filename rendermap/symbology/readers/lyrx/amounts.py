"""CIM renderers of amounts: symbols in proportion, heat maps and dots."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology import ramps
from rendermap.symbology.document import Node
from rendermap.symbology.esri_expressions import arcade_or_field, divided, value_of
from rendermap.symbology.expressions.tree import Column, Operand
from rendermap.symbology.readers.lyrx.classes import excluded_by, is_descending
from rendermap.symbology.readers.lyrx.references import SymbolReader
from rendermap.symbology.readers.style_reader import check_count, heat_radius
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import DotDensity, Dots, HeatMap, Proportional, Single, VectorTheme
from rendermap.symbology.symbolizers.table import layers_from_cim
from rendermap.symbology.symbols import PLAIN, Color, Marker, PointLayer, Ramp, SizeBy, Symbol, SymbolLayer, recolored

AREA, FLANNERY, LENGTH = 0.5, 0.5716, 1.0
"""Powers of the number: areas in proportion, areas as people see them, lengths in proportion."""

_HEAT = Ramp(((0.0, Color(255, 255, 178, 0)), (0.25, Color(254, 204, 92)), (0.6, Color(253, 141, 60)), (1.0, Color(189, 0, 38))))


def read_proportional(node: Node, symbols: SymbolReader) -> VectorTheme:
    """Symbols that grow with a number from the smallest, which stands for the smallest number."""
    background = node.child("backgroundSymbol")
    under = symbols.read(background) if background else None
    smallest = symbols.read(node.child("minSymbol") or node.child("minimumSymbol") or node.child("symbol"))
    value = arcade_or_field(node, "all features have the smallest symbol", "field")
    if value is None or not smallest.layers:
        node.warn("symbols in proportion to nothing that is known", "all features have the smallest one", "field")
        return Single(Symbol((*(under.layers if under else ()), *smallest.layers)) if smallest.layers or under else PLAIN)
    _warn_of_rest(node)
    size = SizeBy(divided(value, node), *in_proportion(node.number("minDataValue"), node.number("maxDataValue"), _exponent(node, smallest)))
    return Proportional(smallest, size, under=under, heading=node.text("heading"))


def _warn_of_rest(node: Node) -> None:
    if node.flag("useDefaultSymbol"):
        node.warn("a symbol for features without a number", "they are not drawn", "defaultSymbol")
    if excluded_by(node) is not None:
        node.warn("features left out of proportional symbols", "they are drawn like all others", "exclusionClause")
    if is_descending(node):
        node.warn("sizes from the largest down", "the legend lists them from the smallest up", "showInAscendingOrder")
    if node.has("unitSymbolization"):
        node.warn("sizes in map units", "sizes in proportion to the number are used", "unitSymbolization")


def _exponent(node: Node, smallest: Symbol) -> float:
    unit = node.child("unitSymbolization")
    if unit is not None:
        return AREA if unit.text("valueRepresentation", "Radius") == "Area" else LENGTH
    if not any(isinstance(layer, PointLayer) for layer in smallest.layers):
        return LENGTH
    return FLANNERY if node.flag("flanneryCompensation") else AREA


def in_proportion(low: float, high: float, exponent: float) -> tuple[tuple[tuple[float, float], ...], float]:
    """(stops, exponent) of a size in proportion to a number; no stops, to be fitted to the result, where low is no size."""
    if not 0 < low < high:
        return (), exponent
    return ((low, 1.0), (high, (high / low) ** exponent)), exponent


# --- heat maps ---------------------------------------------------------------------------------------------------------


def read_heat_map(node: Node, symbols: SymbolReader) -> VectorTheme:
    """How densely points lie; the densest place of the result has the ramp's upper end."""
    del symbols
    ramp, field = node.child("colorScheme"), node.text("field")
    if node.has("autoAdjustPixelIntensity") and not node.flag("autoAdjustPixelIntensity"):
        node.warn("a highest density told in pixels", "that of the result is used", "maxPixelIntensity")
    weight: Operand | None = Column(field) if field and field.casefold() not in ("shape", "<none>") else None
    return HeatMap(
        ramps.from_cim(ramp) if ramp else _HEAT,
        heat_radius(node, node.number("radius", 10.0), 10.0),
        weight,
        labels=(node.text("maxLabel", "Dense"), node.text("minLabel", "Sparse")),
        heading=node.text("heading"),
    )


# --- dots --------------------------------------------------------------------------------------------------------------


def read_dots(node: Node, symbols: SymbolReader) -> VectorTheme:
    """Dots in polygons: one kind for each field, in the colours of the symbol's markers or along the ramp."""
    values = _values(node)
    markers, under = _parts(node, symbols)
    if not values or node.number("dotValue") <= 0:
        node.warn("dots of nothing that is known", "the polygons are drawn without them", "fieldNames")
        return Single(under if under.layers else PLAIN)
    if node.number("referenceScale") > 0 or node.flag("maintainDensity"):
        node.warn("dots that stand for less at nearer scales", "they stand for the same at all scales", "maintainDensity")
    if node.flag("useMasking"):
        node.warn("dots kept out of other features", "they fall anywhere", "maskingLayer")
    if excluded_by(node) is not None:
        node.warn("polygons left out of dots", "all have them", "exclusionClause")
    labels = node.texts("fieldLabels")
    dots = tuple(
        Dots(value, marker, labels[i] if i < len(labels) else "")
        for i, (value, marker) in enumerate(zip(values, _dot_symbols(node, markers, len(values)), strict=True))
    )
    return DotDensity(dots, node.number("dotValue"), under if under.layers else None, int(node.number("randomSeed", 1)) or 1)


def _values(node: Node) -> list[Operand]:
    infos = node.children("valueExpressionInfos")
    fields = node.texts("fieldNames")
    check_count(node, "fieldNames", len(fields) + len(infos))
    if not infos:
        return [Column(field) for field in fields]
    found = (value_of(info, "expression", "its dots are left out") for info in infos)
    return [value for value in found if value is not None]


def _parts(node: Node, symbols: SymbolReader) -> tuple[list[Marker], Symbol]:
    """The markers, which are the dots, and the rest, which is the polygons'."""
    reference = node.child("dotDensitySymbol")
    whole = reference.child("symbol") if reference else None
    if whole is None:
        return [], Symbol()
    layers = [layer for layer in whole.children("symbolLayers") if layer.flag("enable")]
    dots = [marker for layer in layers if layer.type.endswith("Marker") for marker in layers_from_cim(_unplaced(layer))]
    rest: list[SymbolLayer] = []
    for layer in reversed(layers):
        if not layer.type.endswith("Marker"):
            rest += layers_from_cim(layer)
    return [dot for dot in dots if isinstance(dot, Marker)], Symbol(tuple(rest))


def _unplaced(layer: Node) -> Node:
    """A dot's marker without its chance places: where dots stand is worked out from their number."""
    return Node({key: value for key, value in layer.value.items() if key.lower() != "markerplacement"}, layer.path, layer.notes)


def _dot_symbols(node: Node, markers: list[Marker], count: int) -> list[Symbol]:
    size, ramp = node.number("dotSize"), node.child("colorRamp")
    first = markers[0] if markers else Marker(CIRCLE, 2.0, Color(0, 0, 0))
    if len(markers) < count:
        steps = ramps.sample(ramps.from_cim(ramp), count) if ramp else (first.fill or Color(0, 0, 0),) * count
        found = [recolored(Symbol((replace(first, is_locked=False),)), color) for color in steps]
    else:
        found = [Symbol((marker,)) for marker in markers[:count]]
    if size <= 0:
        return found
    return [Symbol(tuple(replace(m, size_pt=size) for m in each.layers if isinstance(m, Marker))) for each in found]

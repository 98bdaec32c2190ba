"""CIM renderers -> vector themes."""

from __future__ import annotations

from collections.abc import Callable

from rendermap.symbology.document import Node
from rendermap.symbology.readers.lyrx.amounts import read_dots, read_heat_map, read_proportional
from rendermap.symbology.readers.lyrx.classes import NULL, read_breaks, read_method, read_unique
from rendermap.symbology.readers.lyrx.references import SymbolReader
from rendermap.symbology.readers.lyrx.variables import with_variables
from rendermap.symbology.style import Single, VectorTheme
from rendermap.symbology.symbols import PLAIN

__all__ = ["NULL", "read_method", "read_renderer"]

_SYMBOL_KEYS = ("symbol", "defaultSymbol", "dotDensitySymbol", "backgroundSymbol", "baseSymbol")


def read_renderer(node: Node, symbols: SymbolReader) -> VectorTheme:
    """The theme of a feature layer; renderers that cannot be drawn become the nearest simpler one.  Raises StyleInvalid."""
    theme = _READERS.get(node.type, _read_unknown)(node, symbols)
    return with_variables(theme, node)


def _read_simple(node: Node, symbols: SymbolReader) -> VectorTheme:
    return Single(symbols.of_class(node), node.text("label"))


def _read_chart(node: Node, symbols: SymbolReader) -> VectorTheme:
    node.warn("charts", "features are drawn without them")
    base = node.child("baseSymbol")
    return Single(symbols.read(base) if base else PLAIN, node.text("label"))


def _read_unknown(node: Node, symbols: SymbolReader) -> VectorTheme:
    kind = "military and other symbols by a dictionary" if node.type == "CIMDictionaryRenderer" else f"a renderer of the kind {node.type!r}"
    node.warn(kind, "all features have one plain symbol")
    reference = next((node.child(key) for key in _SYMBOL_KEYS if node.has(key)), None)
    symbol = symbols.read(reference) if reference else PLAIN
    return Single(symbol if symbol.layers or symbol.alternates else PLAIN)


_READERS: dict[str, Callable[[Node, SymbolReader], VectorTheme]] = {
    "CIMSimpleRenderer": _read_simple,
    "CIMUniqueValueRenderer": read_unique,
    "CIMClassBreaksRenderer": read_breaks,
    "CIMProportionalRenderer": read_proportional,
    "CIMHeatMapRenderer": read_heat_map,
    "CIMDotDensityRenderer": read_dots,
    "CIMChartRenderer": _read_chart,
    "CIMPieChartRenderer": _read_chart,
    "CIMBarChartRenderer": _read_chart,
    "CIMStackedChartRenderer": _read_chart,
    "CIMStackedBarChartRenderer": _read_chart,
}

"""QGIS renderers of vector layers -> themes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rendermap.limits import CLASSES, RENDERER_DEPTH
from rendermap.symbology import ramps
from rendermap.symbology.document import to_number
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.qgis.overrides import field_or_value, value_of
from rendermap.symbology.qgis.properties import PT_PER_MM, Properties
from rendermap.symbology.qgis.ramps import gradient, read_ramp
from rendermap.symbology.qgis.symbols import enabled_layers, warn_effects
from rendermap.symbology.readers.qml.rules import read_rules
from rendermap.symbology.readers.qml.symbols import read_symbol, shades_of
from rendermap.symbology.sizes import told_as_sizes
from rendermap.symbology.style import Break, Breaks, Categories, Category, Graded, HeatMap, Method, Single, Value, VectorTheme
from rendermap.symbology.symbols import PLAIN, Ramp, SizeBy, Symbol, sized, turned
from rendermap.symbology.template import map_symbols
from rendermap.symbology.xml_document import XmlNode

# Names of QGIS 3.10 and later, and of those before.
_METHODS = {
    "equalinterval": Method.EQUAL_INTERVAL,
    "equal": Method.EQUAL_INTERVAL,
    "quantile": Method.QUANTILE,
    "jenks": Method.NATURAL_BREAKS,
    "stddev": Method.STANDARD_DEVIATION,
    "pretty": Method.DEFINED_INTERVAL,
    "fixed": Method.DEFINED_INTERVAL,
    "logarithmic": Method.GEOMETRIC_INTERVAL,
}
_RADIUS_PT = {"0": PT_PER_MM, "2": 0.75, "4": 1.0, "5": 72.0, "mm": PT_PER_MM, "pixel": 0.75, "point": 1.0, "inch": 72.0}
_LARGEST_SHARE = 20.0
_BELL = 1.28
"""QGIS's bell, the square of 1 - (distance / radius)², is broader than ours: ours of so much more radius is within 0.07 of it."""


def read_renderer(node: XmlNode, depth: int = 0) -> VectorTheme:
    """The theme of a ``renderer-v2`` element; renderers that cannot be drawn become the nearest simpler one.  Raises StyleInvalid."""
    if depth > RENDERER_DEPTH.value:
        raise node.beyond(RENDERER_DEPTH)
    kind = node.attribute("type")
    inner = node.child("renderer-v2")
    if kind in _WRAPPERS and inner is not None:
        node.warn(f"the renderer {kind}", _WRAPPERS[kind])
        return read_renderer(inner, depth + 1)
    _warn(node)
    theme = _READERS.get(kind, _read_unknown)(node)
    return _by_renderer(theme, node)


@dataclass(frozen=True, slots=True)
class _Symbols:
    """The symbols of a renderer by name, each read when it is asked for."""

    nodes: dict[str, XmlNode]
    has_levels: bool

    def get(self, name: str) -> Symbol:
        return read_symbol(self.nodes.get(name), has_levels=self.has_levels)


def _symbols(node: XmlNode) -> _Symbols:
    listed = node.child("symbols")
    nodes = {symbol.attribute("name"): symbol for symbol in (listed.children("symbol") if listed else ())}
    return _Symbols(nodes, node.flag("symbollevels"))


def _warn(node: XmlNode) -> None:
    warn_effects(node)
    if node.flag("enableorderby"):
        node.warn("features drawn in an order of their own", "they are drawn as the dataset has them")
    if (to_number(node.attribute("referencescale")) or -1) > 0:
        node.warn("symbols that grow with the map", "they are as large at every scale")


def _read_single(node: XmlNode) -> VectorTheme:
    symbols = _symbols(node)
    own = symbols.nodes.get(next(iter(symbols.nodes), ""))
    return (_graded(own, symbols.has_levels) if own else None) or told_as_sizes(read_symbol(own, has_levels=symbols.has_levels))


def _graded(node: XmlNode, has_levels: bool) -> Graded | None:
    """Colours along a ramp by a number, where that is what the symbol's main colour is; None where it is not."""
    shades = [(layer.attribute("class"), *shade) for layer in enabled_layers(node, has_shadows=True) for shade in shades_of(layer).items()]
    if len(shades) != 1 or shades[0][1] != ("outlineColor" if shades[0][0] == "SimpleLine" else "fillColor"):
        return None
    override = shades[0][2]
    numbers = [to_number(override.shade.get(key, "")) for key in ("minValue", "maxValue")]
    value = override.value()
    if value is None or numbers[0] is None or numbers[1] is None or not numbers[1] > numbers[0]:
        return None
    ramp = gradient(Properties(override.node, override.shade))
    symbol = read_symbol(node, has_levels=has_levels, is_shaded=True)
    return Graded(value, symbol, ramp, (numbers[0], numbers[1]))


def _read_null(node: XmlNode) -> VectorTheme:
    return Single(Symbol())


# --- categories --------------------------------------------------------------------------------------------------------


def _read_categories(node: XmlNode) -> VectorTheme:
    symbols = _symbols(node)
    field, value = field_or_value(node.attribute("attr"), node)
    if not field and value is None:
        return Single(symbols.get(next(iter(symbols.nodes), "")))
    listed = _listed(node, "categories", "category")
    others = next((c for c in listed if _is_others(c)), None)
    classes = tuple(_category(c, symbols) for c in listed if c is not others)
    return Categories(
        (field,) if field else (),
        classes,
        None if others is None else _shown(others, symbols),
        others.attribute("label") if others is not None else "",
        ramp=_ramp(node),
        expression=value,
    )


def _category(node: XmlNode, symbols: _Symbols) -> Category:
    values = node.children("val") or (node,)
    return Category(
        tuple((_typed(v.attribute("value"), v.attribute("type")),) for v in values), _shown(node, symbols), node.attribute("label")
    )


def _is_others(node: XmlNode) -> bool:
    """QGIS draws all other values by the category of the empty value, or of null."""
    return not node.children("val") and (not node.attribute("value") or node.attribute("type") == "NULL")


def _typed(text: str, kind: str) -> Value:
    if kind == "NULL":
        return None
    if kind in ("bool", "boolean"):
        return text.lower() in ("1", "true")
    number = to_number(text) if kind in ("double", "integer", "int", "long", "longlong", "uint", "ulonglong") else None
    if number is None:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _shown(node: XmlNode, symbols: _Symbols) -> Symbol:
    return symbols.get(node.attribute("symbol")) if node.flag("render", True) else Symbol()


def _listed(node: XmlNode, group: str, name: str) -> tuple[XmlNode, ...]:
    parent = node.child(group)
    listed = parent.children(name) if parent else ()
    if len(listed) > CLASSES.value:
        raise node.beyond(CLASSES, len(listed))
    return listed


def _ramp(node: XmlNode) -> Ramp | None:
    return read_ramp(next((r for r in node.children("colorramp") if r.attribute("name") in ("[source]", "")), None))


# --- ranges ------------------------------------------------------------------------------------------------------------


def _read_ranges(node: XmlNode) -> VectorTheme:
    symbols = _symbols(node)
    field, value = field_or_value(node.attribute("attr"), node)
    listed = _listed(node, "ranges", "range")
    if not listed or (not field and value is None):
        if listed:
            return Single(symbols.get(listed[0].attribute("symbol")))
        raise node.wrong("no ranges", "at least one")
    ranges = sorted(((r.number("lower"), r.number("upper"), r) for r in listed), key=lambda r: (r[1], r[0]))
    is_descending = len(listed) > 1 and listed[0].number("upper") > listed[-1].number("upper")
    classes = _classes(ranges, symbols)
    method = _method(node) if len(classes) == len(ranges) else Method.MANUAL
    return Breaks(field, ranges[0][0], classes, method, ramp=_ramp(node), expression=value, is_descending=is_descending)


def _classes(ranges: list[tuple[float, float, XmlNode]], symbols: _Symbols) -> tuple[Break, ...]:
    """A class for each range, and one that draws nothing for each gap; both ends belong to a range."""
    classes: list[Break] = []
    for lower, upper, node in ranges:
        if classes and lower > classes[-1].upper:
            classes.append(Break(math.nextafter(lower, -math.inf), Symbol(), is_gap=True))
        classes.append(Break(upper, _shown(node, symbols), node.attribute("label")))
    return tuple(classes)


def _method(node: XmlNode) -> Method:
    told = node.child("classificationMethod")
    mode = node.child("mode")
    name = told.attribute("id") if told else mode.attribute("name") if mode else ""
    return _METHODS.get(name.lower(), Method.MANUAL)


# --- others ------------------------------------------------------------------------------------------------------------


def _read_heat_map(node: XmlNode) -> VectorTheme:
    unit = node.attribute("radius_unit", "0").lower()
    if unit not in _RADIUS_PT:
        node.warn("a radius on the ground", "as many millimetres on the screen are used")
    radius = min(max(node.number("radius", 10.0), 0.1) * _RADIUS_PT.get(unit, PT_PER_MM) * _BELL, 300.0)
    text = node.attribute("weight_expression")
    highest = node.number("max_value")
    ramp = read_ramp(node.child("colorramp"))
    if ramp is None:
        node.warn("a ramp that is not told", "a grey one is used")
    return HeatMap(
        ramp or ramps.reverse(ramps.GRAYS),
        radius,
        value_of(text, node) if text else None,
        (0.0, highest) if highest > 0 else None,
    )


def _read_25d(node: XmlNode) -> VectorTheme:
    node.warn("buildings with height", "their ground is drawn")
    symbols = _symbols(node)
    own = node.child("symbol")
    symbol = read_symbol(own) if own else symbols.get(next(iter(symbols.nodes), ""))
    return Single(symbol if symbol.layers else PLAIN)


def _read_unknown(node: XmlNode) -> VectorTheme:
    node.warn(f"a renderer of the kind {node.attribute('type')!r}", "all features have one symbol")
    symbols = _symbols(node)
    symbol = symbols.get(next(iter(symbols.nodes), ""))
    return Single(symbol if symbol.layers else PLAIN)


def _by_renderer(theme: VectorTheme, node: XmlNode) -> VectorTheme:
    """The theme with its markers turned and sized by what the renderer of QGIS 2 says of all its symbols."""
    rotation, scale = node.child("rotation"), node.child("sizescale")
    text = rotation.attribute("field") if rotation else ""
    if rotation is not None and text:
        field, value = field_or_value(text, rotation)
        operand = Column(field) if field else value
        theme = map_symbols(theme, partial(turned, rotation_by=operand, clockwise=True)) if operand else theme
    text = scale.attribute("field") if scale else ""
    if scale is not None and text:
        field, value = field_or_value(text, scale)
        operand = Column(field) if field else value
        is_area = scale.attribute("scalemethod") != "diameter"
        if operand:
            scale.warn(f"symbols enlarged by {text[:80]!r}", f"by at most {_LARGEST_SHARE:g}")
            largest = _LARGEST_SHARE**2 if is_area else _LARGEST_SHARE
            size_by = SizeBy(operand, ((0.0, 0.0), (largest, _LARGEST_SHARE)), 0.5 if is_area else 1.0)
            theme = map_symbols(theme, partial(sized, size_by=size_by))
    return theme


_READERS: dict[str, Callable[[XmlNode], VectorTheme]] = {
    "singleSymbol": _read_single,
    "categorizedSymbol": _read_categories,
    "graduatedSymbol": _read_ranges,
    "RuleRenderer": read_rules,
    "heatmapRenderer": _read_heat_map,
    "nullSymbol": _read_null,
    "25dRenderer": _read_25d,
}
_WRAPPERS = {
    "pointDisplacement": "points that lie on each other are drawn where they are",
    "pointCluster": "each point is drawn",
    "invertedPolygonRenderer": "the inside of the polygons is drawn",
    "mergedFeatureRenderer": "each feature is drawn whole",
    "embeddedSymbol": "the symbols that features carry are not used",
}

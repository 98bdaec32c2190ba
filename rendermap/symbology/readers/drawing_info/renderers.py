"""Renderers of the REST JSON -> vector themes."""

from __future__ import annotations

import math
from collections.abc import Callable

from rendermap.symbology import colors
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.esri_expressions import value_of
from rendermap.symbology.expressions.tree import Column, Operand
from rendermap.symbology.readers.drawing_info.classes import heading_of, is_beyond, lower_of, method_of, upper_of
from rendermap.symbology.readers.drawing_info.variables import with_variables
from rendermap.symbology.readers.style_reader import check_count, heat_radius
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import Break, Breaks, Categories, Category, DotDensity, Dots, HeatMap, Method, Single, Value, VectorTheme
from rendermap.symbology.symbolizers.stroke.esri import read_outline
from rendermap.symbology.symbolizers.table import from_esri
from rendermap.symbology.symbols import PLAIN, Color, Fill, Marker, Ramp, Symbol, SymbolLayer

NULL = "<Null>"
BLUR_PT = 1.8
"""Points of influence for one unit of the older ``blurRadius``: clients draw 2.4 px for it."""

_ALL_ALIKE = "all features have one symbol"
_FARTHEST = 9007199254740991.0
"""Web maps write the largest whole number of JavaScript for no limit."""

_HEAT = Ramp(((0.0, Color(63, 40, 102, 0)), (0.1, Color(71, 43, 119)), (0.5, Color(173, 91, 184)), (1.0, Color(255, 255, 0))))


def read_renderer(node: Node) -> VectorTheme:
    """The theme of a feature layer; renderers that cannot be drawn become the nearest simpler one.  Raises StyleInvalid."""
    return with_variables(_READERS.get(node.type, _read_unknown)(node), node)


def _read_simple(node: Node) -> VectorTheme:
    return Single(_symbol(node), node.text("label"))


def _symbol(node: Node) -> Symbol:
    return from_esri(node.child("symbol"))


def _read_unknown(node: Node) -> VectorTheme:
    kind = "charts" if node.type == "pieChart" else "symbols by a dictionary" if node.type == "dictionary" else f"a renderer {node.type!r}"
    node.warn(kind, "all features have one plain symbol", "type")
    reference = node.child("defaultSymbol") or node.child("backgroundFillSymbol")
    symbol = from_esri(reference) if reference else PLAIN
    return Single(symbol if symbol.layers else PLAIN)


def _read_temporal(node: Node) -> VectorTheme:
    """Observations as they are drawn without a clock."""
    node.warn("features by their age", "all are drawn as observations", "type")
    inner = node.child("observationRenderer")
    return _READERS.get(inner.type, _read_unknown)(inner) if inner and inner.type != node.type else Single(PLAIN)


# --- unique values -----------------------------------------------------------------------------------------------------


def _read_unique(node: Node) -> VectorTheme:
    fields = tuple(f for f in (node.text("field1") or node.text("field"), node.text("field2"), node.text("field3")) if f)
    expression = None if fields else _expression(node)
    if isinstance(expression, Column):
        fields, expression = (expression.name,), None
    default = node.child("defaultSymbol")
    if not fields and expression is None:
        return _first_alone(node, default, "uniqueValueInfos")
    width = len(fields) or 1
    groups = node.children("uniqueValueGroups")
    classes = _grouped(node, width) if groups else _listed(node, width)
    return Categories(
        fields,
        tuple(classes),
        from_esri(default) if default else None,
        node.text("defaultLabel") if default else "",
        heading_of(node) or (groups[0].text("heading") if len(groups) == 1 else ""),
        expression=expression,
    )


def _expression(node: Node) -> Operand | None:
    return value_of(node, "valueExpression", _ALL_ALIKE)


def _first_alone(node: Node, default: Node | None, infos: str) -> VectorTheme:
    """Where nobody can tell a feature's class."""
    if not node.has("valueExpression"):
        node.warn("classes by nothing that is known", _ALL_ALIKE, "field")
    first = next(iter(node.children(infos)), None)
    return Single(from_esri(default or (first.child("symbol") if first else None)))


def _listed(node: Node, width: int) -> list[Category]:
    delimiter = node.text("fieldDelimiter", ",")
    infos = node.children("uniqueValueInfos")
    check_count(node, "uniqueValueInfos", len(infos))
    return [Category((_values(info, info.text("value"), width, delimiter),), _symbol(info), info.text("label")) for info in infos]


def _values(node: Node, text: str, width: int, delimiter: str) -> tuple[Value, ...]:
    parts = [part.strip() for part in text.split(delimiter.strip() or delimiter or ",")] if width > 1 else [text]
    if len(parts) != width:
        raise node.wrong("value", f"{width} values divided by {delimiter!r}")
    return tuple(None if part == NULL else part for part in parts)


def _grouped(node: Node, width: int) -> list[Category]:
    groups = node.children("uniqueValueGroups")
    check_count(node, "uniqueValueGroups", sum(len(group.children("classes")) for group in groups))
    found = []
    for group in groups:
        # the heading of a group that is alone stands above all, unless the legend has a title
        heading = group.text("heading") if len(groups) > 1 or heading_of(node) else ""
        for item in group.children("classes"):
            rows = item.get("values") or []
            if not isinstance(rows, list):
                raise item.wrong("values", "a list")
            combinations = tuple(_combination(item, i, row, width) for i, row in enumerate(rows))
            if combinations:
                found.append(Category(combinations, _symbol(item), item.text("label"), heading))
    return found


def _combination(node: Node, index: int, row: object, width: int) -> tuple[Value, ...]:
    parts = row if isinstance(row, list) else [row]
    if len(parts) != width or any(isinstance(p, dict | list) for p in parts):
        raise node.wrong(f"values[{index}]", f"{width} values")
    return tuple(None if part in (None, NULL) else part if isinstance(part, bool) else str(part) for part in parts)


# --- class breaks ------------------------------------------------------------------------------------------------------


def _read_breaks(node: Node) -> VectorTheme:
    infos = node.children("classBreakInfos")
    if not infos:
        raise node.wrong("classBreakInfos", "at least one class")
    check_count(node, "classBreakInfos", len(infos))
    expression = _expression(node)
    field = expression.name if isinstance(expression, Column) else "" if expression is not None else node.text("field")
    default = node.child("defaultSymbol")
    if not field and expression is None:
        return _first_alone(node, default, "classBreakInfos")
    kind = node.text("normalizationType", "esriNormalizeNone")
    value_of_limit = _unnormalized(node, kind)
    under = node.child("backgroundFillSymbol")
    base = from_esri(under).layers if under else ()
    infos = tuple(sorted(infos, key=upper_of))
    classes = _classes(infos, base, value_of_limit)
    return Breaks(
        field,
        _minimum(node, infos[0], classes[0].upper, value_of_limit),
        classes,
        Method.MANUAL if any(c.is_gap for c in classes) else method_of(node),
        from_esri(default) if default else None,
        node.text("defaultLabel") if default else "",
        node.text("normalizationField") or None if kind == "esriNormalizeByField" else None,
        heading_of(node),
        expression=None if isinstance(expression, Column) else expression,
    )


def _classes(infos: tuple[Node, ...], below: tuple[SymbolLayer, ...], value_of_limit: Callable[[float], float]) -> tuple[Break, ...]:
    """A class for each, lowest first, and a gap before each one that begins above the end of the last; both ends belong to a class."""
    classes: list[Break] = []
    for info in infos:
        lower = lower_of(info)
        if classes and lower is not None and is_beyond(start := value_of_limit(_limit(lower)), classes[-1].upper):
            classes.append(Break(math.nextafter(start, -math.inf), Symbol(), is_gap=True))
        upper = value_of_limit(_limit(upper_of(info)))
        classes.append(Break(upper, Symbol((*below, *_symbol(info).layers)), info.text("label")))
    return tuple(classes)


def _limit(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= _FARTHEST else value


def _minimum(node: Node, first: Node, upper: float, value_of_limit: Callable[[float], float]) -> float:
    lowest = to_number(node.get("minValue"))
    if lowest is None:
        lowest = lower_of(first)
    if lowest is None or lowest <= -_FARTHEST or value_of_limit(lowest) > upper:
        return -math.inf
    return value_of_limit(lowest)


def _unnormalized(node: Node, kind: str) -> Callable[[float], float]:
    """Limits of normalised classes as numbers of the field itself."""
    if kind == "esriNormalizeByLog":
        return lambda limit: 10.0 ** min(limit, 300.0)
    total = node.number("normalizationTotal")
    if kind == "esriNormalizeByPercentOfTotal" and total > 0:
        node.warn("shares of a total", "the total of the template is used", "normalizationTotal")
        return lambda limit: limit * total / 100
    return float


# --- densities ---------------------------------------------------------------------------------------------------------


def _read_heat_map(node: Node) -> VectorTheme:
    """``radius`` of newer documents is in points, ``blurRadius`` of older ones in units of its own."""
    listed = node.children("colorStops")
    check_count(node, "colorStops", len(listed))
    stops = [(min(max(s.number("ratio"), 0.0), 1.0), colors.from_esri(s.get("color")) or Color(0, 0, 0, 0)) for s in listed]
    for key in ("maxDensity", "maxPixelIntensity"):
        if node.number(key) > 0:
            node.warn("a highest density told in pixels", "that of the result is used", key)
    radius = node.number("radius") or node.number("blurRadius", 10.0) * BLUR_PT
    field = node.text("field")
    expression = value_of(node, "valueExpression", "each point counts once")
    ramp = Ramp(tuple(sorted(stops, key=lambda stop: stop[0]))) if len(stops) > 1 else _HEAT
    legend = node.child("legendOptions")
    labels = (legend.text("maxLabel", "Dense"), legend.text("minLabel", "Sparse")) if legend else ("Dense", "Sparse")
    weight = expression or (Column(field) if field else None)
    return HeatMap(ramp, heat_radius(node, radius, 18.0), weight, labels=labels, heading=heading_of(node))


def _read_dots(node: Node) -> VectorTheme:
    kinds = node.children("attributes")
    check_count(node, "attributes", len(kinds))
    under = _polygons_under_dots(node)
    size = node.number("dotSize", 1.0)
    dots = tuple(dot for kind in kinds for dot in _dots_of(kind, size if size > 0 else 1.0))
    if not dots or node.number("dotValue") <= 0:
        node.warn("dots of nothing that is known", "the polygons are drawn without them", "attributes")
        return Single(under if under.layers else PLAIN)
    if node.number("referenceScale") > 0:
        node.warn("dots that stand for less at nearer scales", "they stand for the same at all scales", "referenceScale")
    seed = int(node.number("seed", 1.0)) or 1
    legend = node.child("legendOptions")
    unit = legend.text("unit") if legend else ""
    return DotDensity(dots, node.number("dotValue"), under if under.layers else None, seed, heading_of(node), unit)


def _dots_of(kind: Node, size: float) -> list[Dots]:
    field = kind.text("field")
    value = Column(field) if field else value_of(kind, "valueExpression", "its dots are left out")
    color = colors.from_esri(kind.get("color")) or Color(0, 0, 0)
    return [Dots(value, Symbol((Marker(CIRCLE, size, color),)), kind.text("label"))] if value is not None else []


def _polygons_under_dots(node: Node) -> Symbol:
    color, outline = colors.from_esri(node.get("backgroundColor")), node.child("outline")
    line = read_outline(outline) if outline else None
    layers: list[SymbolLayer] = [Fill(color)] if color and color.a else []
    return Symbol((*layers, *((line,) if line else ())))


FEATURE_RENDERERS = ("simple", "uniqueValue", "classBreaks", "heatmap", "dotDensity", "temporal")
"""Types that are drawn as they say; of all others only what stands in for them."""

_READERS: dict[str, Callable[[Node], VectorTheme]] = {
    "simple": _read_simple,
    "uniqueValue": _read_unique,
    "classBreaks": _read_breaks,
    "heatmap": _read_heat_map,
    "dotDensity": _read_dots,
    "temporal": _read_temporal,
}

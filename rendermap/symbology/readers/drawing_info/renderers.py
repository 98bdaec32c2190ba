"""Renderers of the REST JSON -> vector themes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from rendermap.symbology.document import Node, to_number
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.readers.drawing_info.classes import heading_of, method_of, upper_of
from rendermap.symbology.style import Break, Breaks, Categories, Category, Single, Value, VectorTheme
from rendermap.symbology.symbolizers.table import from_esri
from rendermap.symbology.symbols import PLAIN, Symbol, turned
from rendermap.symbology.template import map_symbols

NULL = "<Null>"


def read_renderer(node: Node) -> VectorTheme:
    """The theme of a feature layer; renderers that cannot be drawn become the nearest simpler one.  Raises StyleInvalid."""
    if node.type == "uniqueValue":
        return _turned(_read_unique(node), node)
    if node.type == "classBreaks":
        return _turned(_read_breaks(node), node)
    if node.type == "simple":
        return _turned(Single(from_esri(node.child("symbol")), node.text("label")), node)
    node.warn(f"a renderer of the kind {node.type!r}", "all features have one plain symbol", "type")
    reference = node.child("defaultSymbol") or node.child("backgroundFillSymbol")
    symbol = from_esri(reference) if reference else PLAIN
    return Single(symbol if symbol.layers else PLAIN)


def _read_unique(node: Node) -> VectorTheme:
    fields = tuple(f for f in (node.text("field1") or node.text("field"), node.text("field2"), node.text("field3")) if f)
    default = node.child("defaultSymbol")
    if not fields:
        node.warn("classes by an expression", "all features have one symbol", "valueExpression")
        first = next(iter(node.children("uniqueValueInfos")), None)
        return Single(from_esri(default or (first.child("symbol") if first else None)))
    classes = _grouped(node, len(fields)) if node.has("uniqueValueGroups") else _listed(node, len(fields))
    return Categories(
        fields,
        tuple(classes),
        from_esri(default) if default else None,
        node.text("defaultLabel") if default else "",
        heading_of(node),
    )


def _listed(node: Node, width: int) -> list[Category]:
    delimiter = node.text("fieldDelimiter", ",")
    by_symbol = []
    for info in node.children("uniqueValueInfos"):
        by_symbol.append(
            Category((_values(info, info.text("value"), width, delimiter),), from_esri(info.child("symbol")), info.text("label"))
        )
    return by_symbol


def _values(node: Node, text: str, width: int, delimiter: str) -> tuple[Value, ...]:
    parts = [part.strip() for part in text.split(delimiter.strip() or delimiter)] if width > 1 else [text]
    if len(parts) != width:
        raise node.wrong("value", f"{width} values divided by {delimiter!r}")
    return tuple(None if part == NULL else part for part in parts)


def _grouped(node: Node, width: int) -> list[Category]:
    groups = node.children("uniqueValueGroups")
    found = []
    for group in groups:
        heading = group.text("heading") if len(groups) > 1 else ""
        for item in group.children("classes"):
            combinations = tuple(_combination(item, i, row, width) for i, row in enumerate(item.get("values") or []))
            if combinations:
                found.append(Category(combinations, from_esri(item.child("symbol")), item.text("label"), heading))
    return found


def _combination(node: Node, index: int, row: object, width: int) -> tuple[Value, ...]:
    parts = row if isinstance(row, list) else [row]
    if len(parts) != width or any(isinstance(p, dict | list) for p in parts):
        raise node.wrong(f"values[{index}]", f"{width} values")
    return tuple(None if part in (None, NULL) else part if isinstance(part, bool) else str(part) for part in parts)


def _read_breaks(node: Node) -> VectorTheme:
    infos = node.children("classBreakInfos")
    if not infos:
        raise node.wrong("classBreakInfos", "at least one class")
    kind = node.text("normalizationType", "esriNormalizeNone")
    value_of = _unnormalized(node, kind)
    under = node.child("backgroundFillSymbol")
    base = from_esri(under).layers if under else ()
    classes = [
        Break(value_of(upper_of(info)), Symbol((*base, *from_esri(info.child("symbol")).layers)), info.text("label")) for info in infos
    ]
    classes.sort(key=lambda c: c.upper)
    lowest = to_number(node.get("minValue"))
    if lowest is None:
        lowest = to_number(infos[0].get("classMinValue"))
    default = node.child("defaultSymbol")
    return Breaks(
        node.text("field"),
        -math.inf if lowest is None or lowest < -1.7e308 or value_of(lowest) > classes[0].upper else value_of(lowest),
        tuple(classes),
        method_of(node),
        from_esri(default) if default else None,
        node.text("defaultLabel") if default else "",
        node.text("normalizationField") or None if kind == "esriNormalizeByField" else None,
        heading_of(node) or node.text("field"),
    )


def _unnormalized(node: Node, kind: str) -> Callable[[float], float]:
    """Limits of normalised classes as numbers of the field itself."""
    if kind == "esriNormalizeByLog":
        return lambda limit: 10.0 ** min(limit, 300.0)
    total = node.number("normalizationTotal")
    if kind == "esriNormalizeByPercentOfTotal" and total > 0:
        node.warn("shares of a total", "the total of the template is used", "normalizationTotal")
        return lambda limit: limit * total / 100
    return float


def _turned(theme: VectorTheme, node: Node) -> VectorTheme:
    """Markers turned by the renderer's rotation field; other visual variables are noted."""
    for variable in node.children("visualVariables"):
        if variable.type != "rotationInfo":
            variable.warn(f"the visual variable {variable.type}", "symbols are drawn without it")
    infos = [v for v in node.children("visualVariables") if v.type == "rotationInfo" and v.text("field")]
    field = infos[0].text("field") if infos else node.text("rotationExpression").strip("[] ")
    if not field:
        return theme
    turner = infos[0] if infos else node
    clockwise = turner.text("rotationType", "geographic") == "geographic"

    return map_symbols(theme, partial(turned, rotation_by=Column(field), clockwise=clockwise))

"""CIM renderers by classes: unique values, class breaks, and colours along a ramp."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from rendermap.errors import InvalidFilter
from rendermap.symbology import ramps
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.esri_expressions import divided, value_of
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Column, Expression, Operand
from rendermap.symbology.readers.lyrx.references import SymbolReader
from rendermap.symbology.readers.style_reader import check_count
from rendermap.symbology.style import Break, Breaks, Categories, Category, Graded, Method, Single, Value, VectorTheme
from rendermap.symbology.symbols import PLAIN, Ramp, Symbol

_METHODS = {
    "Manual": Method.MANUAL,
    "EqualInterval": Method.EQUAL_INTERVAL,
    "Quantile": Method.QUANTILE,
    "NaturalBreaks": Method.NATURAL_BREAKS,
    "GeometricalInterval": Method.GEOMETRIC_INTERVAL,
    "StandardDeviation": Method.STANDARD_DEVIATION,
    "DefinedInterval": Method.DEFINED_INTERVAL,
}
NULL = "<Null>"
_ALL_ALIKE = "all features have one symbol"


def read_method(node: Node) -> Method:
    """How classes were made; where it is not told they stay as they are."""
    return _METHODS.get(node.text("classificationMethod"), Method.MANUAL)


# --- unique values -----------------------------------------------------------------------------------------------------


def read_unique(node: Node, symbols: SymbolReader) -> VectorTheme:
    """Unique values of fields, or of what an Arcade expression makes of them."""
    fields, expression = node.texts("fields"), _expression(node)
    if isinstance(expression, Column):
        fields, expression = (expression.name,), None
    elif _has_expression(node):
        fields = ()
    if not fields and expression is None:
        if _has_expression(node):
            return _first_alone(node, symbols, _classes(node))
        raise node.wrong("fields", "at least one field")
    return Categories(
        fields,
        tuple(c for c in _categories(node, len(fields) or 1, symbols) if c.values),
        _default(node, symbols),
        node.text("defaultLabel") if node.flag("useDefaultSymbol") else "",
        next((group.text("heading") for group in node.children("groups")), ""),
        _ramp(node),
        expression,
    )


def _categories(node: Node, width: int, symbols: SymbolReader) -> Iterator[Category]:
    groups = node.children("groups")
    check_count(node, "groups", sum(len(group.children("classes")) for group in groups))
    check_count(node, "groups", sum(len(c.children("values")) for c in _classes(node)))
    for group in groups:
        heading = group.text("heading") if len(groups) > 1 else ""
        for item in group.children("classes"):
            yield _category(item, width, heading, symbols)


def _classes(node: Node) -> Iterator[Node]:
    return (item for group in node.children("groups") for item in group.children("classes"))


def _category(node: Node, width: int, heading: str, symbols: SymbolReader) -> Category:
    combinations: list[tuple[Value, ...]] = []
    for item in node.children("values"):
        texts = item.texts("fieldValues")
        if len(texts) != width:
            raise item.wrong("fieldValues", f"{width} values")
        combinations.append(tuple(None if text == NULL else text for text in texts))
    symbol = symbols.of_class(node) if node.flag("visible") else Symbol()
    return Category(tuple(combinations), symbol, node.text("label"), heading)


def _has_expression(node: Node) -> bool:
    info = node.child("valueExpressionInfo")
    return info is not None and bool(info.text("expression").strip())


def _expression(node: Node) -> Operand | None:
    """What ``valueExpressionInfo`` makes of a feature: it goes before fields."""
    return value_of(node.need("valueExpressionInfo"), "expression", _ALL_ALIKE) if _has_expression(node) else None


def _first_alone(node: Node, symbols: SymbolReader, classes: Iterator[Node]) -> VectorTheme:
    """Where nobody can tell a feature's class: the symbol of the others, or else of the first class, for all."""
    first = next(classes, None)
    reference = node.child("defaultSymbol") or (first.child("symbol") if first else None)
    return Single(symbols.read(reference) if reference else PLAIN)


def _default(node: Node, symbols: SymbolReader) -> Symbol | None:
    """``useDefaultSymbol`` alone decides; the symbol is written also where it is off."""
    return symbols.read(node.child("defaultSymbol")) if node.flag("useDefaultSymbol") else None


def _ramp(node: Node) -> Ramp | None:
    ramp = node.child("colorRamp")
    return ramps.from_cim(ramp) if ramp else None


# --- class breaks ------------------------------------------------------------------------------------------------------


def read_breaks(node: Node, symbols: SymbolReader) -> VectorTheme:
    """Graduated colours and symbols, and colours without classes."""
    field, expression = node.text("field"), _expression(node)
    if isinstance(expression, Column):
        field, expression = expression.name, None
    elif _has_expression(node):
        field = ""
    if not field and expression is None:
        node.warn("classes by nothing that is known", _ALL_ALIKE, "field")
        return _first_alone(node, symbols, iter(node.children("breaks")))
    if node.text("classBreakType") == "UnclassedColor":
        return _graded(node, expression or Column(field), symbols)
    return _graduated(node, field, expression, symbols)


def _graduated(node: Node, field: str, expression: Operand | None, symbols: SymbolReader) -> Breaks:
    value_of_limit, by_field = _normalization(node)
    under = _under(node, symbols)
    listed = node.children("breaks")
    if not listed:
        raise node.wrong("breaks", "at least one class")
    check_count(node, "breaks", len(listed))
    breaks = [Break(value_of_limit(b.number("upperBound")), _above(under, symbols.of_class(b)), b.text("label")) for b in listed]
    breaks.sort(key=lambda b: b.upper)
    return Breaks(
        field,
        _minimum(node, breaks[0].upper, value_of_limit),
        tuple(breaks),
        read_method(node),
        _default(node, symbols),
        node.text("defaultLabel") if node.flag("useDefaultSymbol") else "",
        by_field,
        node.text("heading"),
        _ramp(node),
        expression,
        excluded_by(node),
        is_descending=is_descending(node),
    )


def is_descending(node: Node) -> bool:
    """The order of classes in a legend: documents without a word of it list them upwards."""
    return node.has("showInAscendingOrder") and not node.flag("showInAscendingOrder")


def _under(node: Node, symbols: SymbolReader) -> Symbol:
    """What lies below graduated symbols on polygons."""
    background = node.child("backgroundSymbol") if node.text("classBreakType") == "GraduatedSymbol" else None
    return symbols.read(background) if background else Symbol()


def _above(under: Symbol, symbol: Symbol) -> Symbol:
    if not under.layers:
        return symbol
    alternates = tuple(type(a)(_above(under, a.symbol), a.min_scale_denominator, a.max_scale_denominator) for a in symbol.alternates)
    return Symbol((*under.layers, *symbol.layers), alternates)


def _minimum(node: Node, first: float, value_of_limit: Callable[[float], float]) -> float:
    """Absent is 0, and so is the lowest double; but a minimum above the first class leaves that class without a lower limit."""
    unset = to_number(node.get("minimumBreak"))
    if unset is not None and unset < -1.7e308:
        return -math.inf
    minimum = value_of_limit(node.number("minimumBreak"))
    return minimum if minimum <= first else -math.inf


def _normalization(node: Node) -> tuple[Callable[[float], float], str | None]:
    """How a limit is turned back into the field's own numbers, and the field that divides."""
    kind = node.text("normalizationType", "Nothing")
    if kind == "Field" and node.text("normalizationField"):
        return float, node.text("normalizationField")
    if kind == "Log":
        return lambda limit: 10.0 ** min(limit, 300.0), None
    if kind == "PercentOfTotal" and node.number("normalizationTotal") > 0:
        total = node.number("normalizationTotal")
        node.warn("shares of a total", "the total of the template is used", "normalizationTotal")
        return lambda limit: limit * total / 100, None
    return float, None


def excluded_by(node: Node) -> Expression | None:
    """The features that a renderer leaves out of its classes.

    Raises StyleInvalid for a condition that is not understood: without it, features would show that are hidden.
    """
    if node.flag("useExclusionSymbol"):
        node.warn("a symbol for excluded features", "they are drawn as those without a value", "exclusionSymbol")
    text = node.text("exclusionClause").strip()
    try:
        return parse_filter(text) if text else None
    except InvalidFilter as error:
        raise node.wrong("exclusionClause", f"a filter of the SQL subset ({error.reason or error.sentence})") from error


# --- colours without classes -------------------------------------------------------------------------------------------


def _graded(node: Node, value: Operand, symbols: SymbolReader) -> VectorTheme:
    variable = next((v for v in node.children("visualVariables") if v.type == "CIMColorVisualVariable"), None)
    first = next(iter(node.children("breaks")), None)
    symbol = symbols.of_class(first) if first else PLAIN
    ramp = (variable and variable.child("colorRamp")) or node.child("colorRamp")
    if variable is None or ramp is None:
        node.warn("colours without classes and without a ramp", _ALL_ALIKE)
        return Single(symbol)
    excluded_by_clause = excluded_by(node)
    if excluded_by_clause is not None:
        node.warn("features left out of colours without classes", "they are coloured like all others", "exclusionClause")
    return Graded(
        divided(value, node),
        symbol,
        ramps.from_cim(ramp),
        limits_of(variable),
        limits_of(variable),
        _default(node, symbols),
        node.text("defaultLabel") if node.flag("useDefaultSymbol") else "",
        node.text("heading"),
        tuple(b.text("label") for b in node.children("breaks") if b.text("label")),
    )


def limits_of(variable: Node) -> tuple[float, float] | None:
    """The numbers at the ends of a colour variable's ramp; None where they are not two."""
    low, high = variable.number("minValue"), variable.number("maxValue")
    target = variable.text("polygonSymbolColorTarget", "Fill")
    if target != "Fill":
        variable.warn("colours for outlines", "the fill is coloured", "polygonSymbolColorTarget")
    return (low, high) if high > low else None

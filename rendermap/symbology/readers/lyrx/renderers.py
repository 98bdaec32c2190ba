"""CIM renderers -> vector themes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from rendermap.symbology import ramps
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.style import Break, Breaks, Categories, Category, Method, Single, Value, VectorTheme
from rendermap.symbology.symbolizers.table import from_cim
from rendermap.symbology.symbols import PLAIN, Ramp, Symbol, recolored, turned
from rendermap.symbology.template import map_symbols

_METHODS = {
    "Manual": Method.MANUAL,
    "EqualInterval": Method.EQUAL_INTERVAL,
    "Quantile": Method.QUANTILE,
    "NaturalBreaks": Method.NATURAL_BREAKS,
    "GeometricalInterval": Method.GEOMETRIC_INTERVAL,
    "StandardDeviation": Method.STANDARD_DEVIATION,
    "DefinedInterval": Method.DEFINED_INTERVAL,
}
_FIELD = re.compile(r"""\s*(?:return\s+)?(?:\$feature\.(\w+)|\$feature\[['"]([^'"]+)['"]\]|\[([^\[\]]+)\])\s*;?\s*""")
_UNCLASSED_STEPS = 12
_SYMBOL_KEYS = ("symbol", "defaultSymbol", "dotDensitySymbol", "backgroundSymbol")
NULL = "<Null>"


def read_renderer(node: Node) -> VectorTheme:
    """The theme of a feature layer; renderers that cannot be drawn become the nearest simpler one.  Raises StyleInvalid."""
    theme = _READERS.get(node.type, _read_unknown)(node)
    return _with_variables(theme, node)


def read_method(node: Node) -> Method:
    """How classes were made; where it is not told they stay as they are."""
    return _METHODS.get(node.text("classificationMethod"), Method.MANUAL)


def _read_simple(node: Node) -> VectorTheme:
    if node.has("alternateSymbols"):
        node.warn("alternate symbols", "the main symbol is used at all scales", "alternateSymbols")
    return Single(from_cim(node.child("symbol")), node.text("label"))


# --- unique values -----------------------------------------------------------------------------------------------------


def _read_unique(node: Node) -> VectorTheme:
    fields = node.texts("fields")
    if node.has("valueExpressionInfo"):
        field = field_of(node.need("valueExpressionInfo").text("expression"))
        if field is None:
            return _without_expression(node)
        fields = (field,)
    if not fields:
        raise node.wrong("fields", "at least one field")
    classes = [
        _category(c, len(fields), group.text("heading") if len(node.children("groups")) > 1 else "")
        for group in node.children("groups")
        for c in group.children("classes")
    ]
    return Categories(
        fields,
        tuple(c for c in classes if c.values),
        _default(node),
        node.text("defaultLabel") if node.flag("useDefaultSymbol") else "",
        next((group.text("heading") for group in node.children("groups")), ""),
        _ramp(node),
    )


def _category(node: Node, width: int, heading: str) -> Category:
    combinations: list[tuple[Value, ...]] = []
    for item in node.children("values"):
        texts = item.texts("fieldValues")
        if len(texts) != width:
            raise item.wrong("fieldValues", f"{width} values")
        combinations.append(tuple(None if text == NULL else text for text in texts))
    if node.has("alternateSymbols"):
        node.warn("alternate symbols", "the main symbol is used at all scales", "alternateSymbols")
    symbol = from_cim(node.child("symbol")) if node.flag("visible") else Symbol()
    return Category(tuple(combinations), symbol, node.text("label"), heading)


def _without_expression(node: Node) -> VectorTheme:
    """Classes by an Arcade expression that is more than a field: all features in the symbol that most of them may have."""
    node.warn("classes by an Arcade expression", "all features have one symbol", "valueExpressionInfo")
    first = next((c for g in node.children("groups") for c in g.children("classes")), None)
    reference = node.child("defaultSymbol") or (first.child("symbol") if first else None)
    return Single(from_cim(reference) if reference else PLAIN)


def field_of(expression: str) -> str | None:
    """The field that an Arcade or VBScript expression is, when it is just a field."""
    match = _FIELD.fullmatch(expression)
    return next((name for name in match.groups() if name), None) if match else None


def _default(node: Node) -> Symbol | None:
    """``useDefaultSymbol`` alone decides; the symbol is written also where it is off."""
    return from_cim(node.child("defaultSymbol")) if node.flag("useDefaultSymbol") else None


def _ramp(node: Node) -> Ramp | None:
    ramp = node.child("colorRamp")
    return ramps.from_cim(ramp) if ramp else None


# --- class breaks ------------------------------------------------------------------------------------------------------


def _read_breaks(node: Node) -> VectorTheme:
    field = node.text("field")
    if node.has("valueExpressionInfo"):
        field = field_of(node.need("valueExpressionInfo").text("expression")) or ""
    if not field:
        node.warn("classes by an expression", "all features have one symbol", "valueExpressionInfo")
        first = next(iter(node.children("breaks")), None)
        return Single(from_cim(first.child("symbol")) if first else PLAIN)
    if node.text("classBreakType") == "UnclassedColor":
        return _read_unclassed(node, field)
    _warn_exclusion(node)
    value_of, by_field = _normalization(node)
    background = node.child("backgroundSymbol") if node.text("classBreakType") == "GraduatedSymbol" else None
    under = from_cim(background).layers if background else ()
    breaks = [
        Break(value_of(b.number("upperBound")), Symbol((*under, *from_cim(b.child("symbol")).layers)), b.text("label"))
        for b in node.children("breaks")
    ]
    if not breaks:
        raise node.wrong("breaks", "at least one class")
    breaks.sort(key=lambda b: b.upper)
    return Breaks(
        field,
        _minimum(node, breaks[0].upper, value_of),
        tuple(breaks),
        read_method(node),
        _default(node),
        node.text("defaultLabel") if node.flag("useDefaultSymbol") else "",
        by_field,
        node.text("heading") or field,
        _ramp(node),
    )


def _minimum(node: Node, first: float, value_of: Callable[[float], float]) -> float:
    """Absent is 0, and so is the lowest double; but a minimum above the first class leaves that class without a lower limit."""
    unset = to_number(node.get("minimumBreak"))
    if unset is not None and unset < -1.7e308:
        return -math.inf
    minimum = value_of(node.number("minimumBreak"))
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


def _read_unclassed(node: Node, field: str) -> VectorTheme:
    """Colours without classes: many narrow classes along the ramp."""
    variable = next((v for v in node.children("visualVariables") if v.type == "CIMColorVisualVariable"), None)
    first = next(iter(node.children("breaks")), None)
    symbol = from_cim(first.child("symbol")) if first else PLAIN
    ramp_node = (variable and variable.child("colorRamp")) or node.child("colorRamp")
    if variable is None or ramp_node is None:
        node.warn("colours without classes and without a ramp", "all features have one symbol")
        return Single(symbol)
    node.warn("colours without classes", f"{_UNCLASSED_STEPS} equal classes are used", "classBreakType")
    low, high = variable.number("minValue"), variable.number("maxValue")
    ramp, width = ramps.from_cim(ramp_node), (high - low) / _UNCLASSED_STEPS
    colors = ramps.sample(ramp, _UNCLASSED_STEPS)
    classes = [Break(low + width * (i + 1), recolored(symbol, color)) for i, color in enumerate(colors)]
    classes[0], classes[-1] = replace(classes[0], label=""), replace(classes[-1], upper=math.inf)
    return Breaks(field, -math.inf, tuple(classes), Method.MANUAL, heading=node.text("heading") or field, ramp=ramp)


def _warn_exclusion(node: Node) -> None:
    if node.text("exclusionClause"):
        node.warn("an exclusion clause", "excluded features are classed like all others", "exclusionClause")


# --- others ------------------------------------------------------------------------------------------------------------


def _read_proportional(node: Node) -> VectorTheme:
    node.warn("proportional symbols", "all features have the smallest one")
    under = node.child("backgroundSymbol")
    symbol = from_cim(node.child("minimumSymbol") or node.child("symbol"))
    return Single(Symbol((*(from_cim(under).layers if under else ()), *symbol.layers)) if symbol.layers or under else PLAIN)


def _read_chart(node: Node) -> VectorTheme:
    node.warn("charts", "features are drawn without them")
    base = node.child("baseSymbol")
    return Single(from_cim(base) if base else PLAIN)


def _read_unknown(node: Node) -> VectorTheme:
    node.warn(f"a renderer of the kind {node.type!r}", "all features have one plain symbol")
    reference = next((node.child(key) for key in _SYMBOL_KEYS if node.has(key)), None)
    symbol = from_cim(reference) if reference else PLAIN
    return Single(symbol if symbol.layers else PLAIN)


def _with_variables(theme: VectorTheme, node: Node) -> VectorTheme:
    """The theme with its markers turned by a field, when that is what a visual variable says."""
    for variable in node.children("visualVariables"):
        if variable.type == "CIMColorVisualVariable" and node.text("classBreakType") == "UnclassedColor":
            continue
        info = variable.child("visualVariableInfoZ") if variable.type == "CIMRotationVisualVariable" else None
        field = _rotation_field(info) if info else None
        if field is None:
            variable.warn(f"the visual variable {variable.type}", "symbols are drawn without it")
            continue
        theme = map_symbols(theme, partial(turned, rotation_by=Column(field), clockwise=_is_clockwise(variable)))
    return theme


def _rotation_field(info: Node) -> str | None:
    expression = info.child("valueExpressionInfo")
    return field_of(expression.text("expression") if expression else info.text("expression"))


def _is_clockwise(variable: Node) -> bool:
    return variable.text("rotationTypeZ", "Geographic") == "Geographic"


_READERS: dict[str, Callable[[Node], VectorTheme]] = {
    "CIMSimpleRenderer": _read_simple,
    "CIMUniqueValueRenderer": _read_unique,
    "CIMClassBreaksRenderer": _read_breaks,
    "CIMProportionalRenderer": _read_proportional,
    "CIMChartRenderer": _read_chart,
    "CIMPieChartRenderer": _read_chart,
    "CIMBarChartRenderer": _read_chart,
    "CIMStackedChartRenderer": _read_chart,
}

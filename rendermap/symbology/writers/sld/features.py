"""The themes of features -> FeatureTypeStyle elements of SE 1.1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from rendermap.errors import InvalidExpression
from rendermap.symbology import ramps
from rendermap.symbology.category_fit import ALL_OTHERS
from rendermap.symbology.expressions.filter_document import filter_element, spelled, value_element
from rendermap.symbology.expressions.logic import all_of, any_of, is_not_true
from rendermap.symbology.expressions.tree import Arithmetic, Column, Comparison, Expression, IsNull, Literal, Operand
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import (
    Breaks,
    Categories,
    DotDensity,
    Graded,
    HeatMap,
    Proportional,
    Rule,
    Rules,
    Single,
    Style,
    Theme,
    Value,
)
from rendermap.symbology.symbolizers.se_elements import se
from rendermap.symbology.symbolizers.symbolizer import format_number
from rendermap.symbology.symbolizers.table import to_sld
from rendermap.symbology.symbols import PLAIN, Fill, GradientFill, Marker, Stroke, Symbol, SymbolLayer, faded, map_layers, sized
from rendermap.symbology.template import map_symbols
from rendermap.symbology.writers.sld.labels import label_element

_BLANK = {GeometryKind.POINT: "PointSymbolizer", GeometryKind.LINE: "LineSymbolizer", GeometryKind.POLYGON: "PolygonSymbolizer"}


@dataclass(frozen=True, slots=True)
class _Scales:
    """The layer's own limits."""

    farthest: float | None
    nearest: float | None


def feature_styles(style: Style, geometry: GeometryKind, notes: list[str]) -> Iterator[Element]:
    """One FeatureTypeStyle for each symbol level, then one for labels.  notes: what the language cannot say is added."""
    theme = _opaque(style, notes)
    rules = tuple(_noted(rule, notes) for rule in _rules(theme, geometry, notes))
    limits = _Scales(style.min_scale_denominator, style.max_scale_denominator)
    levels = sorted({layer.level for rule in rules for layer in rule.symbol.layers}) or [0]
    heading = str(getattr(theme, "heading", ""))
    ramp = theme if isinstance(theme, Graded) else None
    for level in levels:
        elements = [e for rule in rules if (e := _rule(_at_level(rule, level), geometry, limits, ramp, notes)) is not None]
        if elements:
            yield se("FeatureTypeStyle", _described(heading), *elements, _composite(style))
    labels = [
        element
        for label in style.labels
        if (element := label_element(label, geometry, (limits.farthest, limits.nearest), notes)) is not None
    ]
    for element in labels:
        yield se("FeatureTypeStyle", element)


def _described(title: str) -> Element | None:
    return se("Description", se("Title", text=title)) if title else None


def _composite(style: Style) -> Element | None:
    return se("VendorOption", text=style.blend, name="composite") if style.blend != "normal" else None


def _opaque(style: Style, notes: list[str]) -> Theme:
    """The theme with the layer's opacity in its colours."""
    if style.opacity >= 1:
        return style.theme
    notes.append(f"the layer's opacity of {format_number(style.opacity)} is in the colours, so that overlaps show")
    return map_symbols(style.theme, lambda symbol: map_layers(symbol, lambda layer: _faded(layer, style.opacity)))  # type: ignore[arg-type]


def _faded(layer: SymbolLayer, opacity: float) -> SymbolLayer:
    match layer:
        case Fill() | Stroke():
            return replace(layer, color=faded(layer.color, opacity))
        case Marker():
            line = replace(layer.stroke, color=faded(layer.stroke.color, opacity)) if layer.stroke else None
            return replace(layer, fill=faded(layer.fill, opacity) if layer.fill else None, stroke=line)
    if hasattr(layer, "opacity"):
        return replace(layer, opacity=layer.opacity * opacity)  # type: ignore[call-arg]
    return layer


def _noted(rule: Rule, notes: list[str]) -> Rule:
    if rule.symbol.alternates:
        notes.append("other symbols at other scales are not said")
    if any(isinstance(layer, GradientFill) for layer in rule.symbol.layers):
        notes.append("a gradient is written as the colour in its middle")
    return rule


def _at_level(rule: Rule, level: int) -> Rule:
    return replace(rule, symbol=Symbol(tuple(layer for layer in rule.symbol.layers if layer.level == level)))


def _rule(rule: Rule, geometry: GeometryKind, limits: _Scales, graded: Graded | None, notes: list[str]) -> Element | None:
    """A Rule element; one whose filter cannot be said is left out, for without it hidden features would show."""
    try:
        test = se("ElseFilter") if rule.is_else else filter_element(rule.filter) if rule.filter is not None else None
        symbolizers = to_sld(rule.symbol.layers, geometry) or [se(_BLANK[geometry])]
        if graded is not None and rule.symbol == graded.symbol:
            symbolizers = [_graded(symbolizer, graded) for symbolizer in symbolizers]
    except InvalidExpression as error:
        notes.append(f"a rule {rule.label!r} is left out: {error.reason or error.sentence}")
        return None
    farthest, nearest = _tighter(rule, limits)
    return se(
        "Rule",
        se("Name", text=rule.label) if rule.label else None,
        _described(rule.label),
        test,
        se("MinScaleDenominator", text=_scale(nearest)) if nearest else None,
        se("MaxScaleDenominator", text=_scale(farthest)) if farthest else None,
        *symbolizers,
    )


def _tighter(rule: Rule, limits: _Scales) -> tuple[float | None, float | None]:
    farthest = min((s for s in (rule.min_scale_denominator, limits.farthest) if s is not None), default=None)
    nearest = max((s for s in (rule.max_scale_denominator, limits.nearest) if s is not None), default=None)
    return farthest, nearest


def _scale(value: float) -> str:
    return repr(int(value)) if float(value).is_integer() else repr(value)


# --- themes as rules --------------------------------------------------------------------------------------------------


def _rules(theme: Theme, geometry: GeometryKind, notes: list[str]) -> Iterator[Rule]:
    match theme:
        case Single():
            yield Rule(theme.symbol, theme.label)
        case Categories():
            yield from _categories(theme)
        case Breaks():
            yield from _breaks(theme)
        case Graded():
            yield from _graded_rules(theme)
        case Proportional():
            if theme.under is not None:
                yield Rule(theme.under)
            yield Rule(sized(theme.symbol, theme.size), theme.label)
        case Rules():
            yield from theme.rules
        case HeatMap():
            notes.append("a heat map is written as its points")
            yield Rule(Symbol((Marker(CIRCLE, theme.radius_pt, faded(ramps.color_at(theme.ramp, 1.0), 0.3)),)))
        case DotDensity():
            notes.append("dots are not said, only the areas under them")
            yield Rule(theme.under or Symbol())
        case _:
            notes.append("the engine's own symbols are not said")
            yield Rule(PLAIN)


def _categories(theme: Categories) -> Iterator[Rule]:
    keys: tuple[Operand, ...] = (theme.expression,) if theme.expression is not None else tuple(Column(name) for name in theme.fields)
    for category in theme.classes:
        rows = tuple(_row(keys, values) for values in category.values)
        test = any_of(tuple(row for row in rows if row is not None))
        if test is not None:
            yield Rule(category.symbol, category.label, test)
    if theme.default is not None and theme.default.layers:
        yield Rule(theme.default, theme.default_label or ALL_OTHERS, is_else=True)


def _row(keys: tuple[Operand, ...], values: tuple[Value, ...]) -> Expression | None:
    return all_of(
        tuple(IsNull(key) if value is None else Comparison("=", key, Literal(value)) for key, value in zip(keys, values, strict=True))
    )


def _breaks(theme: Breaks) -> Iterator[Rule]:
    value: Operand = theme.expression if theme.expression is not None else Column(theme.field)
    if theme.normalization_field:
        value = Arithmetic("/", value, Column(theme.normalization_field))
    low: tuple[Expression, ...] = (Comparison(">=", value, Literal(theme.minimum)),) if math.isfinite(theme.minimum) else ()
    excluded = (is_not_true(theme.excluded),) if theme.excluded is not None else ()
    for step in theme.classes:
        high = (Comparison("<=", value, Literal(step.upper)),) if math.isfinite(step.upper) else ()
        if not step.is_gap:
            yield Rule(step.symbol, step.label, all_of((*low, *high, *excluded)))
        low = (Comparison(">", value, Literal(step.upper)),)
    if theme.default is not None and theme.default.layers:
        yield Rule(theme.default, theme.default_label or ALL_OTHERS, is_else=True)


def _graded_rules(theme: Graded) -> Iterator[Rule]:
    yield Rule(theme.symbol)
    if theme.default is not None and theme.default.layers:
        yield Rule(theme.default, theme.default_label, IsNull(theme.value))


def _graded(symbolizer: Element, theme: Graded) -> Element:
    """The main colours of a symbolizer along the ramp: fills, and lines where nothing is filled."""
    names = [e for e in symbolizer.iter("se:SvgParameter") if e.get("name") == "fill"]
    names = names or [e for e in symbolizer.iter("se:SvgParameter") if e.get("name") == "stroke"]
    low, high = theme.limits or theme.template_limits or (0.0, 1.0)
    for name in names:
        name.text = None
        name.append(_interpolated(theme, low, high))
    return symbolizer


def _interpolated(theme: Graded, low: float, high: float) -> Element:
    points = [
        se(
            "InterpolationPoint",
            se("Data", text=spelled(low + (high - low) * position)),
            se("Value", text=f"#{color.r:02x}{color.g:02x}{color.b:02x}"),
        )
        for position, color in theme.ramp.stops
    ]
    lookup = se("LookupValue")
    lookup.append(value_element(theme.value))
    return se("Interpolate", lookup, *points, fallbackValue="#808080", mode="color")

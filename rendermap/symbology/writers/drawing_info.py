"""Styles as ``drawingInfo`` of the ArcGIS REST JSON: what clients take for the symbology of a map service's layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.expressions.logic import is_not_true
from rendermap.symbology.expressions.tree import Arithmetic, Case, Column, Comparison, Expression, IsNull, Literal, Operand, Or
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.readers.drawing_info.renderers import BLUR_PT, NULL
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    DotDensity,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rules,
    Single,
    Style,
    Theme,
    Value,
    VectorTheme,
)
from rendermap.symbology.symbolizers.table import to_esri
from rendermap.symbology.symbols import Fill, Marker, PointLayer, Stroke, Symbol
from rendermap.symbology.writers.arcade import to_arcade
from rendermap.symbology.writers.esri_labels import labeling_info
from rendermap.symbology.writers.esri_variables import value_keys, visual_variables
from rendermap.symbology.writers.sql import Unsayable

Json = dict[str, Any]

_METHODS = {
    Method.EQUAL_INTERVAL: "esriClassifyEqualInterval",
    Method.QUANTILE: "esriClassifyQuantile",
    Method.NATURAL_BREAKS: "esriClassifyNaturalBreaks",
    Method.GEOMETRIC_INTERVAL: "esriClassifyGeometricalInterval",
    Method.STANDARD_DEVIATION: "esriClassifyStandardDeviation",
    Method.DEFINED_INTERVAL: "esriClassifyDefinedInterval",
    Method.MANUAL: "esriClassifyManual",
}
_LARGEST = 1.7976931348623157e308
_DELIMITERS = (",", ";", "|", ", ", ":", "^", "~~")


def write_drawing_info(style: Style, geometry: GeometryKind | None, name: str = "") -> Json:
    """Renderer, transparency and labels.  geometry: None for a raster.  name: says nothing here, the layer's document has it.

    Clients of map services know no renderers of rasters, so these have none; nor has a theme that REST has no words for.
    """
    info: Json = {"transparency": round((1 - min(max(style.opacity, 0.0), 1.0)) * 100), "labelingInfo": None}
    del name
    if geometry is None or not isinstance(style.theme, VectorTheme):
        return info
    info["labelingInfo"] = labeling_info(style.labels, geometry.value)
    written = renderer(style.theme, geometry)
    whole: Json = _sayable({"renderer": written, **info} if written else info)
    return whole


def renderer(theme: Theme, geometry: GeometryKind) -> Json | None:
    """The nearest renderer of the REST JSON, None where there is none."""
    make = _RENDERERS.get(type(theme))
    try:
        written = make(theme, geometry) if make else None
    except Unsayable:
        return None
    if written is None or not isinstance(theme, VectorTheme):
        return written
    variables = visual_variables(theme)
    return {**written, "visualVariables": variables} if variables else written


def _single(theme: Single | Graded, geometry: GeometryKind) -> Json:
    label = theme.label if isinstance(theme, Single) else ""
    return {"type": "simple", "label": label, "description": "", "symbol": to_esri(_shown(theme.symbol), geometry)}


def _shown(symbol: Symbol) -> Symbol:
    """A symbol that shows at some scales only is told as it is at the first of them."""
    return symbol.alternates[0].symbol if symbol.alternates and not symbol.layers else symbol


# --- unique values -----------------------------------------------------------------------------------------------------


def _categories(theme: Categories, geometry: GeometryKind) -> Json:
    delimiter = _delimiter(theme)
    infos = [
        {
            "value": delimiter.join(_spelled(part) for part in values),
            "label": category.label,
            "description": "",
            "symbol": to_esri(_shown(category.symbol), geometry),
        }
        for category in theme.classes
        for values in category.values
    ]
    written: Json = {"type": "uniqueValue", **_fields(theme), "fieldDelimiter": delimiter, **_default(theme, geometry)}
    written["uniqueValueInfos"] = infos
    if any(len(c.values) > 1 or c.heading for c in theme.classes):
        written["uniqueValueGroups"] = _groups(theme, geometry)
    return written | _legend(theme.heading)


def _fields(theme: Categories) -> Json:
    if theme.expression is not None:
        return {"field1": None, "valueExpression": to_arcade(theme.expression)}
    return {f"field{i + 1}": theme.fields[i] if i < len(theme.fields) else None for i in range(3)}


def _groups(theme: Categories, geometry: GeometryKind) -> list[Json]:
    groups: dict[str, list[Json]] = {}
    for category in theme.classes:
        spelled = [[_spelled(part) for part in values] for values in category.values]
        symbol = to_esri(_shown(category.symbol), geometry)
        entry = {"label": category.label, "description": "", "symbol": symbol, "values": spelled}
        groups.setdefault(category.heading, []).append(entry)
    return [{"heading": heading, "classes": classes} for heading, classes in groups.items()]


def _spelled(value: Value) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else str(value)


def _delimiter(theme: Categories) -> str:
    """One that stands in no value."""
    if len(theme.fields) < 2:
        return ","
    values = [_spelled(part) for c in theme.classes for row in c.values for part in row]
    return next((d for d in _DELIMITERS if not any(d.strip() in value for value in values)), _DELIMITERS[-1])


def _default(theme: Categories | Breaks, geometry: GeometryKind) -> Json:
    if theme.default is None:
        return {"defaultSymbol": None, "defaultLabel": None}
    return {"defaultSymbol": to_esri(_shown(theme.default), geometry), "defaultLabel": theme.default_label}


def _legend(heading: str) -> Json:
    return {"legendOptions": {"title": heading}} if heading else {}


# --- class breaks ------------------------------------------------------------------------------------------------------


def _breaks(theme: Breaks, geometry: GeometryKind) -> Json:
    value = _value_without_excluded(theme)
    background, drawn = _parted([c.symbol for c in theme.classes if not c.is_gap], geometry)
    kind = GeometryKind.POINT if background else geometry
    written: Json = {
        "type": "classBreaks",
        "field": None if value is not None else theme.field,
        "minValue": _finite(theme.minimum),
        "classificationMethod": _METHODS[theme.method],
        "classBreakInfos": [
            {**limits, "label": c.label, "description": "", "symbol": to_esri(symbol, kind)}
            for (c, limits), symbol in zip(_limited(theme.classes), drawn, strict=True)
        ],
        **_default(theme, geometry),
    }
    if value is not None:
        written["valueExpression"] = to_arcade(value)
    elif theme.normalization_field:
        written |= {"normalizationType": "esriNormalizeByField", "normalizationField": theme.normalization_field}
    if background:
        written["backgroundFillSymbol"] = to_esri(background, GeometryKind.POLYGON)
    return written | _legend(theme.heading)


def _value_without_excluded(theme: Breaks) -> Operand | None:
    """What Arcade classes by: nothing for excluded features, which REST has no other word for.  None where a field says it."""
    if theme.excluded is None:
        return theme.expression
    kept = is_not_true(theme.excluded)
    if theme.expression is not None:
        return Case(((kept, theme.expression),))
    value = Column(theme.field)
    if not theme.normalization_field:
        return Case(((kept, value),))
    divisor = Column(theme.normalization_field)
    # a null is 0 to Arcade's arithmetic
    has_none = Or((IsNull(value), IsNull(divisor), Comparison("=", divisor, Literal(0))))
    return Case(((has_none, Literal(None)), (kept, Arithmetic("/", value, divisor))))


def _limited(classes: tuple[Break, ...]) -> Iterator[tuple[Break, Json]]:
    """Each class with its limits: the upper one, and the lower one above a gap."""
    gap: Break | None = None
    for each in classes:
        if not each.is_gap:
            lower = {"classMinValue": math.nextafter(gap.upper, math.inf)} if gap else {}
            yield each, {**lower, "classMaxValue": _finite(each.upper)}
        gap = each if each.is_gap else None


def _parted(symbols: list[Symbol], geometry: GeometryKind) -> tuple[Symbol | None, list[Symbol]]:
    """(what all polygons have below, the markers on them) where each symbol has markers; (None, the symbols) elsewhere."""
    shown = [_shown(symbol) for symbol in symbols]
    marked = [tuple(x for x in s.layers if isinstance(x, PointLayer) and x.placement not in ("pattern", "points")) for s in shown]
    if geometry is not GeometryKind.POLYGON or not all(marked):
        return None, shown
    below = tuple(layer for layer in shown[0].layers if isinstance(layer, Fill | Stroke))
    return Symbol(below), [Symbol(layers) for layers in marked]


def _sayable(value: Any) -> Any:
    """The same in JSON's numbers, which know no infinity: sizes in proportion may run out of what a double holds."""
    if isinstance(value, dict):
        return {key: _sayable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sayable(item) for item in value]
    return _finite(value) if isinstance(value, float) else value


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(_LARGEST, value) if math.isinf(value) else 0.0


# --- amounts -----------------------------------------------------------------------------------------------------------


def _proportional(theme: Proportional, geometry: GeometryKind) -> Json:
    """One symbol with sizes; on polygons one class, which alone may have a fill below."""
    if geometry is not GeometryKind.POLYGON:
        return {"type": "simple", "label": theme.label, "description": "", "symbol": to_esri(_shown(theme.symbol), geometry)}
    under = to_esri(theme.under, geometry) if theme.under else None
    symbol = to_esri(_shown(theme.symbol), GeometryKind.POINT)
    info = {"classMaxValue": _LARGEST, "label": theme.label, "description": "", "symbol": symbol}
    return {
        "type": "classBreaks",
        **value_keys(theme.size.value),
        "minValue": -_LARGEST,
        "classBreakInfos": [info],
        "backgroundFillSymbol": under,
    }


def _heat_map(theme: HeatMap, geometry: GeometryKind) -> Json:
    del geometry
    stops = [{"ratio": position, "color": colors.to_esri(color)} for position, color in theme.ramp.stops]
    weight = value_keys(theme.weight) if theme.weight is not None else {"field": None}
    dense, sparse = theme.labels
    legend = {"legendOptions": {"title": theme.heading, "minLabel": sparse, "maxLabel": dense}}
    return {"type": "heatmap", **weight, "colorStops": stops, "radius": theme.radius_pt, "blurRadius": theme.radius_pt / BLUR_PT, **legend}


def _dots(theme: DotDensity, geometry: GeometryKind) -> Json:
    del geometry
    kinds, size = [], 1.0
    for dots in theme.dots:
        marker = next((layer for layer in reversed(dots.symbol.layers) if isinstance(layer, Marker)), None)
        color = marker.fill if marker else None
        size = marker.size_pt if marker else size
        kinds.append({**value_keys(dots.value), "label": dots.label, "color": colors.to_esri(color) if color else [0, 0, 0, 255]})
    under = to_esri(theme.under, GeometryKind.POLYGON) if theme.under else None
    return {
        "type": "dotDensity",
        "attributes": kinds,
        "dotValue": theme.dot_value,
        "dotSize": size,
        "seed": theme.seed,
        "backgroundColor": under["color"] if under and "color" in under else [0, 0, 0, 0],
        "outline": under["outline"] if under else None,
        **({"legendOptions": legend} if (legend := {k: v for k, v in (("title", theme.heading), ("unit", theme.unit)) if v}) else {}),
    }


# --- rules -------------------------------------------------------------------------------------------------------------


def _rules(theme: Rules, geometry: GeometryKind) -> Json | None:
    """Rules that are unique values of one field in disguise; REST has no others."""
    rules = [rule for rule in theme.rules if rule.min_scale_denominator is None and rule.max_scale_denominator is None]
    if len(rules) != len(theme.rules):
        return None
    if len(rules) == 1 and rules[0].filter is None:
        return _single(Single(rules[0].symbol, rules[0].label), geometry)
    default = next((rule for rule in rules if rule.is_else), None)
    found = [(rule, _values_of(rule.filter)) for rule in rules if rule is not default]
    fields = {name.casefold(): name for _, pairs in found for name, _ in pairs}
    if len(fields) != 1 or not all(pairs for _, pairs in found):
        return None
    classes = tuple(Category(tuple((value,) for _, value in pairs), r.symbol, r.label, r.heading) for r, pairs in found)
    listed = [row for c in classes for row in c.values]
    if len(set(listed)) != len(listed):
        return None
    symbol, label = (default.symbol, default.label) if default else (None, "")
    return _categories(Categories((next(iter(fields.values())),), classes, symbol, label, theme.heading), geometry)


def _values_of(test: Expression | None) -> list[tuple[str, Value]]:
    """(field, value) of each value that a rule asks for; none where it asks for anything else."""
    match test:
        case Comparison("=", Column(name), Literal(value)):
            return [(name, value)]
        case Or(terms):
            found = [_values_of(term) for term in terms]
            return [pair for pairs in found for pair in pairs] if all(found) else []
    return []


_RENDERERS: dict[type[Any], Callable[[Any, GeometryKind], Json | None]] = {
    Single: _single,
    Graded: _single,
    Categories: _categories,
    Breaks: _breaks,
    Proportional: _proportional,
    HeatMap: _heat_map,
    DotDensity: _dots,
    Rules: _rules,
}

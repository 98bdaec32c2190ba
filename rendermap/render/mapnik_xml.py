"""A run of vector layers -> a Mapnik map document, as escaped text.

Every rule list is read first match wins: features that are not drawn at all meet a rule that paints nothing first, then each class
needs one comparison only, and what is left is the default's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, SubElement, tostring

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import InvalidFilter, SourceUnreadable, StyleInvalid
from rendermap.render.assets import Assets
from rendermap.render.mapnik_filter import NEVER, Columns, compare, filter_text, number_literal
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.style import Breaks, Categories, Single, Style, Value
from rendermap.symbology.symbolizers.table import to_mapnik
from rendermap.symbology.symbols import Symbol
from rendermap.symbology.template import values_of

NOTHING = Symbol()
_IS_POINT = "([mapnik::geometry_type] = point)"
Rules = Iterator[tuple[str | None, Symbol]]


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """One layer of a document.  datasource: Mapnik's parameters for the columns the rules ask for."""

    crs: str
    geometry: GeometryKind
    style: Style
    columns: Columns
    rules: tuple[tuple[str | None, Symbol], ...]
    is_mixed: bool = False


def drawn_layer(plan: LayerPlan) -> DrawnLayer:
    """The rules of a vector layer, first match wins, and the columns they need.

    Raises SourceUnreadable for a raster, StyleInvalid for a style whose fields the dataset does not have.
    """
    facts = plan.layer.facts
    if not isinstance(facts, VectorFacts):
        raise SourceUnreadable(reason="a raster in a run of vector layers")
    columns = Columns(facts.fields)
    rules = tuple(_reachable(_rules(plan.style, columns)))
    for value in values_of(plan.style.theme):
        columns.operand(value)
    return DrawnLayer(plan.crs, facts.geometry, plan.style, columns, rules, facts.is_mixed)


def map_document(layers: Sequence[DrawnLayer], datasources: Sequence[Mapping[str, str]], crs: str, assets: Assets) -> str:
    """The document of a map that draws the layers, bottom first.

    crs: canonical name of the map's CRS.  datasources: Mapnik's parameters, one per layer.
    """
    root = Element("Map", srs=to_srs(crs))
    for number, (layer, parameters) in enumerate(zip(layers, datasources, strict=True)):
        styles = [_style_element(f"style {number} level {level}", layer, level, assets) for level in _levels(layer)]
        root.extend(styles)
        element = SubElement(root, "Layer", {"name": f"layer {number}", "srs": to_srs(layer.crs)})
        _set_opacity(element, styles, layer.style.opacity)
        for style in styles:
            SubElement(element, "StyleName").text = style.get("name")
        source = SubElement(element, "Datasource")
        for name, value in parameters.items():
            SubElement(source, "Parameter", name=name).text = value
    return tostring(root, encoding="unicode")


def to_srs(crs: str) -> str:
    """Mapnik's spelling of a canonical CRS name; in lower case its fast path between 4326 and 3857 is taken."""
    return crs.lower() if crs.startswith(("EPSG:", "ESRI:")) else crs


@dataclass(frozen=True, slots=True)
class RuleCanvas:
    """What the symbols of a rule are drawn on."""

    geometry: GeometryKind
    assets: Assets
    columns: Columns

    def file(self, content: bytes, suffix: str) -> str:
        """See `Canvas`."""
        return self.assets.path(content, suffix)

    def value(self, operand: Operand) -> str:
        """See `Canvas`."""
        return self.columns.operand(operand)


def _levels(layer: DrawnLayer) -> list[int]:
    """The symbol levels of a layer, lowest first: all features are drawn at one before any is drawn at the next."""
    return sorted({part.level for _, symbol in layer.rules for part in symbol.layers}) or [0]


def _set_opacity(element: Element, styles: Sequence[Element], opacity: float) -> None:
    """Opacity is the layer's, not each symbol's nor each level's: overlaps must not show.  Costs one more picture of the same size."""
    if len(styles) > 1:
        element.set("cache-features", "true")
    if opacity < 1:
        whole = styles[0] if len(styles) == 1 else element
        whole.set("opacity", f"{max(opacity, 0.0):.4f}")


def _style_element(name: str, layer: DrawnLayer, level: int, assets: Assets) -> Element:
    style = Element("Style", {"name": name, "filter-mode": "first"})
    canvas = RuleCanvas(layer.geometry, assets, layer.columns)
    on_points = replace(canvas, geometry=GeometryKind.POINT)
    for test, symbol in layer.rules:
        parts = [part for part in symbol.layers if part.level == level]
        if layer.is_mixed and layer.geometry is not GeometryKind.POINT:
            style.append(_rule(f"({test}) and {_IS_POINT}" if test else _IS_POINT, to_mapnik(parts, on_points)))
        style.append(_rule(test, to_mapnik(parts, canvas)))
    return style


def _rule(test: str | None, symbolizers: list[Element]) -> Element:
    rule = Element("Rule")
    if test is not None:
        SubElement(rule, "Filter").text = test
    # Mapnik passes over a rule that draws nothing, and its features would be drawn by the next ones.  A feature has no raster,
    # so this draws nothing and yet is a symbolizer.
    rule.extend(symbolizers or [Element("RasterSymbolizer")])
    return rule


# --- rules: (filter or None for whatever is left, symbol) -------------------------------------------------------------


def _rules(style: Style, columns: Columns) -> Rules:
    if style.filter is not None:
        yield f"(not {_whole(filter_text(style.filter, columns))})", NOTHING
    try:
        match style.theme:
            case Single():
                yield None, style.theme.symbol
            case Categories():
                yield from _categories(style.theme, columns)
            case Breaks():
                yield from _breaks(style.theme, columns)
            case _:
                raise StyleInvalid(reason="a raster theme on a vector layer")
    except InvalidFilter as error:
        raise StyleInvalid("The layer's symbology names a field that the result does not have.", reason=error.reason) from error


def _reachable(rules: Rules) -> Rules:
    """The rules without those that never match, up to the one that always does."""
    for test, symbol in rules:
        if test != NEVER:
            yield test, symbol
        if test is None:
            return


def _categories(theme: Categories, columns: Columns) -> Rules:
    for category in theme.classes:
        tests = [test for values in category.values if (test := _combination(theme, values, columns)) != NEVER]
        if tests:
            yield " or ".join(tests), category.symbol
    if theme.default is not None:
        yield None, theme.default


def _combination(theme: Categories, values: tuple[Value, ...], columns: Columns) -> str:
    tests = [_equal(name, value, columns) for name, value in zip(theme.fields, values, strict=True)]
    return NEVER if NEVER in tests else "(" + " and ".join(tests) + ")"


def _equal(name: str, value: Value, columns: Columns) -> str:
    if value is None:
        return columns.is_null(name)
    try:
        return compare(columns, name, "=", value)
    except InvalidFilter:
        columns.find(name)
        return NEVER


def _breaks(theme: Breaks, columns: Columns) -> Rules:
    leftover = theme.default or NOTHING
    value, unknown = _quotient(theme, columns)
    below = f"({value} < {number_literal(_float(theme.minimum))})"
    yield f"{unknown} or {below}" if unknown else below, leftover
    for step in theme.classes:
        yield f"({value} <= {number_literal(_float(step.upper))})", step.symbol
    if theme.default is not None:
        yield None, theme.default


def _quotient(theme: Breaks, columns: Columns) -> tuple[str, str]:
    """The classified value, and a filter for features that have none ("" where no null could pass for a number)."""
    field = columns.find(theme.field)
    if theme.normalization_field:
        divisor = columns.value(theme.normalization_field)
        unknown = f"({columns.is_null(theme.field)} or {columns.is_null(theme.normalization_field)} or {divisor}=0)"
        return f"({columns.value(theme.field)}*1.0/{divisor})", unknown
    drawn = theme.default is not None or (theme.classes and theme.minimum <= 0 <= theme.classes[-1].upper)
    return columns.value(field.name), columns.is_null(field.name) if drawn else ""


def _float(value: float) -> float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)


def _whole(text: str) -> str:
    return f"({text})"

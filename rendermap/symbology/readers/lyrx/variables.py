"""Visual variables of CIM: what a renderer's symbols take from the feature besides their class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise

from rendermap.symbology import ramps
from rendermap.symbology.document import Node
from rendermap.symbology.esri_expressions import arcade_or_field, divided
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.readers.lyrx.amounts import AREA, LENGTH
from rendermap.symbology.readers.lyrx.classes import limits_of
from rendermap.symbology.readers.lyrx.references import size_pt
from rendermap.symbology.style import DotDensity, Graded, HeatMap, Proportional, Single, Style, VectorTheme
from rendermap.symbology.symbols import SizeBy, Symbol, faded_symbol, sized, turned
from rendermap.symbology.template import map_symbols, template_geometry

_WITHOUT = "symbols are drawn without it"
_FARTHEST_PT = 1000.0


def with_variables(theme: VectorTheme, node: Node) -> VectorTheme:
    """The theme with all of its renderer's visual variables; notes those that are not drawn."""
    for variable in node.children("visualVariables"):
        apply = _APPLY.get(variable.type)
        if apply is None:
            variable.warn(f"the visual variable {variable.type}", _WITHOUT)
        elif not (variable.type == "CIMColorVisualVariable" and node.text("classBreakType") == "UnclassedColor"):
            theme = apply(theme, variable)
    return theme


def _rotated(theme: VectorTheme, variable: Node) -> VectorTheme:
    """Markers turned by the feature.  Tilts about the other axes are of scenes."""
    info = variable.child("visualVariableInfoZ")
    kind = info.text("visualVariableInfoType", "None") if info else "None"
    if info is None or (kind == "None" and not info.has("expression") and not info.has("valueExpressionInfo")):
        return theme
    if kind == "Random":
        variable.warn("markers turned by chance", "they are not turned", "visualVariableInfoZ")
        return theme
    value = arcade_or_field(info, "markers are not turned")
    if value is None:
        return theme
    is_clockwise = variable.text("rotationTypeZ", "Geographic") == "Geographic"
    return map_symbols(theme, partial(turned, rotation_by=value, clockwise=is_clockwise))


def _colored(theme: VectorTheme, variable: Node) -> VectorTheme:
    ramp = variable.child("colorRamp")
    value = arcade_or_field(variable, _WITHOUT)
    if not isinstance(theme, Single) or ramp is None or value is None:
        variable.warn("colours by a number on top of classes", _WITHOUT)
        return theme
    limits = limits_of(next(iter(variable.children("levels")), variable))
    return Graded(divided(value, variable), theme.symbol, ramps.from_cim(ramp), limits, limits)


def _sized(theme: VectorTheme, variable: Node) -> VectorTheme:
    kind = variable.text("variableType", "Graduated" if variable.has("maxSize") or variable.has("sizeValues") else "None")
    if kind == "None" or isinstance(theme, HeatMap | DotDensity):
        return theme
    if variable.text("target") == "outline" and template_geometry(Style(theme)) == "point":
        variable.warn("outlines of markers by a number", "markers are drawn with their own outlines", "target")
        return theme
    value = arcade_or_field(variable, "symbols are drawn in their own size")
    stops, exponent = _stops(variable, kind)
    if value is None or not stops:
        variable.warn(f"sizes by {kind.lower()}", "symbols are drawn in their own size", "variableType")
        return theme
    if variable.text("axis", "AllAxes") in ("WidthAxis", "DepthAxis"):
        variable.warn("sizes of one side only", "symbols grow as a whole", "axis")
    if variable.has("valueUnits"):
        variable.warn("sizes in map units", "sizes in points are used", "valueUnits")
    return in_sizes(theme, divided(value, variable), stops, exponent)


def in_sizes(
    theme: VectorTheme, value: Operand, stops: tuple[tuple[float, float], ...], exponent: float = 1.0, heading: str = ""
) -> VectorTheme:
    """The theme with its symbols in sizes of points by a number.  stops: (number, size in points), ascending.  heading: of the legend."""

    def by(symbol: Symbol) -> SizeBy:
        own = size_pt(symbol) or 1.0
        return SizeBy(value, tuple((number, size / own) for number, size in stops), exponent)

    if isinstance(theme, Proportional):
        return replace(theme, size=by(theme.symbol))
    if isinstance(theme, Single):
        largest = max(factor for _, factor in by(theme.symbol).stops)
        return Proportional(theme.symbol, by(theme.symbol), max(largest, 50.0), heading=heading, label=theme.label)
    return map_symbols(theme, lambda symbol: sized(symbol, by(symbol)))


def _stops(variable: Node, kind: str) -> tuple[tuple[tuple[float, float], ...], float]:
    """((number, size in points), ...) ascending by number, and the power between them; none where nothing tells them."""
    numbers, sizes = variable.numbers("dataValues"), variable.numbers("sizeValues")
    if len(numbers) == len(sizes) > 1:
        return _ascending(tuple(zip(numbers, sizes, strict=True))), LENGTH
    if kind == "Expression":
        return ((0.0, 0.0), (_FARTHEST_PT, _FARTHEST_PT)), LENGTH
    low, high = variable.number("minValue"), variable.number("maxValue")
    small, large = variable.number("minSize"), variable.number("maxSize")
    if kind == "Proportional" and low > 0 and small > 0:
        exponent = AREA if variable.text("valueRepresentation", "Radius") == "Area" else LENGTH
        top = low * (large / small) ** (1 / exponent) if large > small else max(high, low * 10)
        return ((low, small), (top, small * (top / low) ** exponent)), exponent
    return _ascending(((low, small), (high, large))) if kind == "Graduated" else (), LENGTH


def _ascending(stops: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    rows = sorted((number, max(size, 0.0)) for number, size in stops)
    return tuple(rows) if all(a[0] < b[0] for a, b in pairwise(rows)) and any(size for _, size in rows) else ()


def _transparent(theme: VectorTheme, variable: Node) -> VectorTheme:
    """One transparency for all numbers is the symbols' own; others are told."""
    told = set(variable.numbers("transparencyValues"))
    if len(told) == 1:
        return map_symbols(theme, partial(faded_symbol, opacity=1 - told.pop() / 100))
    variable.warn("transparency by a number", _WITHOUT)
    return theme


_APPLY: dict[str, Callable[[VectorTheme, Node], VectorTheme]] = {
    "CIMRotationVisualVariable": _rotated,
    "CIMColorVisualVariable": _colored,
    "CIMMultilevelColorVisualVariable": _colored,
    "CIMSizeVisualVariable": _sized,
    "CIMTransparencyVisualVariable": _transparent,
}

"""Visual variables of the REST JSON: what symbols take from the feature besides their class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rendermap.symbology import colors
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.esri_expressions import value_of
from rendermap.symbology.expressions.tree import Arithmetic, Column, Operand
from rendermap.symbology.readers.drawing_info.classes import heading_of
from rendermap.symbology.readers.lyrx.variables import in_sizes
from rendermap.symbology.readers.style_reader import check_count
from rendermap.symbology.style import Breaks, DotDensity, Graded, HeatMap, Single, VectorTheme
from rendermap.symbology.symbols import Color, Ramp, faded_symbol, turned
from rendermap.symbology.template import map_symbols

_WITHOUT = "symbols are drawn without it"
_ROOTED = ("area", "diameter-area")


def with_variables(theme: VectorTheme, node: Node) -> VectorTheme:
    """The theme with all of its renderer's visual variables; notes those that are not drawn."""
    variables = node.children("visualVariables")
    if any(v.type in ("sizeInfo", "colorInfo") for v in variables):
        theme = _lone(theme)
    for variable in variables:
        apply = _APPLY.get(variable.type)
        if apply is None:
            variable.warn(f"the visual variable {variable.type!r}", _WITHOUT)
        else:
            theme = apply(theme, variable)
    older = node.text("rotationExpression").strip("[] ")
    if older and not any(v.type == "rotationInfo" for v in variables):
        theme = map_symbols(theme, partial(turned, rotation_by=Column(older), clockwise=_is_clockwise(node)))
    return theme


def _lone(theme: VectorTheme) -> VectorTheme:
    """Web maps carry sizes and colours by a number on classes of which there is one only."""
    return Single(theme.classes[0].symbol, theme.classes[0].label) if isinstance(theme, Breaks) and len(theme.classes) == 1 else theme


def _value(variable: Node, used: str) -> Operand | None:
    """What a variable goes by.  Expressions in ``expression`` are of the view, not of the feature."""
    value = value_of(variable, "valueExpression", used)
    field, divisor = variable.text("field"), variable.text("normalizationField")
    if value is None and field:
        value = Column(field)
    if value is None and not variable.has("valueExpression"):
        variable.warn("a visual variable of the view", used, "expression" if variable.has("expression") else "field")
    return Arithmetic("/", value, Column(divisor)) if value is not None and divisor else value


# --- each kind ---------------------------------------------------------------------------------------------------------


def _rotated(theme: VectorTheme, variable: Node) -> VectorTheme:
    if variable.text("axis", "heading") != "heading":
        return theme
    value = _value(variable, "markers are not turned")
    return map_symbols(theme, partial(turned, rotation_by=value, clockwise=_is_clockwise(variable))) if value is not None else theme


def _is_clockwise(node: Node) -> bool:
    return node.text("rotationType", "geographic") == "geographic"


def _sized(theme: VectorTheme, variable: Node) -> VectorTheme:
    used = "symbols are drawn in their own size"
    if variable.text("target") == "outline":
        variable.warn("outlines by the scale or a number", "they are drawn in their own width", "target")
        return theme
    value = _value(variable, used)
    stops, exponent = _size_stops(variable)
    if value is None:
        return theme
    if not stops or isinstance(theme, HeatMap | DotDensity | Graded):
        variable.warn("sizes that nothing tells, or on top of colours", used, "stops")
        return theme
    if variable.text("valueUnit", "unknown") != "unknown":
        variable.warn("sizes in map units", "sizes in points are used", "valueUnit")
    return in_sizes(theme, value, stops, exponent, heading_of(variable))


def _size_stops(variable: Node) -> tuple[tuple[tuple[float, float], ...], float]:
    """((number, size in points), ...) ascending by number, and the power between them; none where nothing tells them."""
    listed = variable.children("stops")
    check_count(variable, "stops", len(listed))
    if len(listed) > 1:
        return _ascending([(stop.number("value"), stop.number("size")) for stop in listed]), 1.0
    low, high = variable.number("minDataValue"), variable.number("maxDataValue")
    small, large = _size(variable, "minSize"), _size(variable, "maxSize")
    if variable.has("maxDataValue") and large:
        return _ascending([(low, small), (high, large)]), 1.0
    if low > 0 and small > 0:
        # One size is told, for the least number: others are in proportion.
        exponent = 0.5 if variable.text("valueRepresentation", "area") in _ROOTED else 1.0
        return ((low, small), (low * 1000, small * 1000**exponent)), exponent
    return ((0.0, 0.0), (1000.0, 1000.0)) if variable.has("valueExpression") and not small else (), 1.0


def _size(variable: Node, key: str) -> float:
    """A size in points; one that follows the scale is taken from the middle of its stops."""
    found = variable.get(key)
    if not isinstance(found, dict):
        return max(variable.number(key), 0.0)
    stops = variable.need(key).children("stops")
    variable.warn("sizes that follow the scale", "those of the middle scale are used", key)
    return max(stops[len(stops) // 2].number("size"), 0.0) if stops else 0.0


def _ascending(stops: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    rows = dict(sorted((number, max(size, 0.0)) for number, size in stops))
    return tuple(rows.items()) if len(rows) > 1 and any(rows.values()) else ()


def _colored(theme: VectorTheme, variable: Node) -> VectorTheme:
    value = _value(variable, _WITHOUT)
    stops = _color_stops(variable)
    if value is None:
        return theme
    if not isinstance(theme, Single) or len(stops) < 2:
        variable.warn("colours by a number on top of classes or sizes", _WITHOUT, "stops")
        return theme
    low, high = stops[0][0], stops[-1][0]
    ramp = Ramp(tuple(((number - low) / (high - low), color) for number, color in stops))
    labels = tuple(stop.text("label") for stop in variable.children("stops") if stop.text("label"))
    return Graded(value, theme.symbol, ramp, (low, high), (low, high), heading=heading_of(variable), labels=labels)


def _color_stops(variable: Node) -> list[tuple[float, Color]]:
    listed = variable.children("stops")
    check_count(variable, "stops", len(listed))
    stops = {stop.number("value"): colors.from_esri(stop.get("color")) for stop in listed}
    listed_colors = variable.get("colors")
    if not stops and isinstance(listed_colors, list) and len(listed_colors) > 1:
        check_count(variable, "colors", len(listed_colors))
        low, high = variable.number("minDataValue"), variable.number("maxDataValue")
        last = len(listed_colors) - 1
        stops = {low + (high - low) * i / last: colors.from_esri(color) for i, color in enumerate(listed_colors)}
    return sorted((number, color) for number, color in stops.items() if color)


def _transparent(theme: VectorTheme, variable: Node) -> VectorTheme:
    """One transparency for all numbers is the symbol's own; others are told."""
    told = {to_number(stop.get("opacity")) for stop in variable.children("stops")}
    told |= {1 - (to_number(stop.get("transparency")) or 0.0) / 100 for stop in variable.children("stops") if stop.has("transparency")}
    told.discard(None)
    if len(told) == 1:
        opacity = told.pop() or 0.0
        return map_symbols(theme, partial(faded_symbol, opacity=opacity))
    variable.warn("transparency by a number", _WITHOUT)
    return theme


_APPLY: dict[str, Callable[[VectorTheme, Node], VectorTheme]] = {
    "rotationInfo": _rotated,
    "sizeInfo": _sized,
    "colorInfo": _colored,
    "transparencyInfo": _transparent,
    "opacityInfo": _transparent,
}

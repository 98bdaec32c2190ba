"""How large the very marker of a feature is, which its label keeps clear of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from rendermap.render.label_classes import class_of, fields_of_theme
from rendermap.symbology.expressions.evaluate import Row, value_of
from rendermap.symbology.expressions.tree import columns
from rendermap.symbology.style import Breaks, Categories, Proportional, Theme
from rendermap.symbology.symbols import PointLayer, SizeBy, Symbol, sized
from rendermap.symbology.template import marker_side_pt, symbols_of

Reach = Callable[[Row], float]


def fields_of_markers(theme: Theme) -> frozenset[str]:
    """The fields that tell how large a feature's marker is."""
    layers = (layer for symbol in symbols_of(theme) for layer in symbol.layers)
    sizes = (columns(layer.size_by.value) for layer in layers if isinstance(layer, PointLayer) and layer.size_by)
    return fields_of_theme(theme).union(*sizes)


def marker_reach(theme: Theme, names: Sequence[str]) -> Reach:
    """How far the marker of a row reaches to its sides, in points; of several rules the largest symbol's.

    Raises InvalidExpression for a field that is not among the names.
    """
    match theme:
        case Categories() | Breaks():
            return _of_classes(theme, names)
        case Proportional():
            return _of_symbol(sized(theme.symbol, theme.size), names)
        case _:
            reaches = [_of_symbol(symbol, names) for symbol in symbols_of(theme)]
            return reaches[0] if len(reaches) == 1 else lambda row: max((reach(row) for reach in reaches), default=0.0)


def _of_classes(theme: Categories | Breaks, names: Sequence[str]) -> Reach:
    find = class_of(theme, names)
    reaches = [_of_symbol(symbol, names) for symbol in (*(each.symbol for each in theme.classes), theme.default or Symbol())]
    return lambda row: reaches[find(row)](row)


def _of_symbol(symbol: Symbol, names: Sequence[str]) -> Reach:
    layers = [layer for layer in symbol.layers if isinstance(layer, PointLayer)]
    fixed = max((marker_side_pt(layer) for layer in layers if layer.size_by is None), default=0.0)
    grown = [(marker_side_pt(layer), layer.size_by, value_of(layer.size_by.value, names)) for layer in layers if layer.size_by]
    if not grown:
        return lambda row: fixed
    return lambda row: max(fixed, *(side * _factor(size_by, ask(row)) for side, size_by, ask in grown))


def _factor(size_by: SizeBy, value: object) -> float:
    """See `SizeBy`; 0 for what is no number, which is not drawn."""
    if not isinstance(value, int | float) or not size_by.stops:
        return 0.0
    numbers = [number for number, _ in size_by.stops]
    number = min(max(float(value), numbers[0]), numbers[-1])
    at = min(max(bisect_left(numbers, number), 1), len(numbers) - 1) if len(numbers) > 1 else 0
    (low, one), (high, other) = size_by.stops[max(at - 1, 0)], size_by.stops[at]
    begin, end, here = (_power(x, size_by.exponent) for x in (low, high, number))
    return one + (other - one) * (here - begin) / (end - begin) if end != begin else other


def _power(number: float, exponent: float) -> float:
    return number if exponent == 1 else max(number, 0.0) ** exponent

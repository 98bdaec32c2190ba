"""Legends of amounts: symbols of several sizes, and what a dot stands for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rendermap.symbology.expressions.tree import Literal
from rendermap.symbology.legend_item import LegendItem, SymbolPatch
from rendermap.symbology.numbers import spell
from rendermap.symbology.sizes import factor_at
from rendermap.symbology.style import DotDensity, Proportional
from rendermap.symbology.symbols import Marker, PointLayer, Symbol, extent_pt, sized

_MOST_SIZES = 4
_SPECK_PT, _HAIR_PT = 2.0, 0.1
_SMALL_DOT_PT = 2.0
_SCATTER_PT = ((-4.2, 2.6), (-0.6, 4.0), (3.6, 1.8), (-2.2, -1.0), (1.2, -3.4), (4.4, -2.6), (-4.6, -4.0))
_LEADING_DIGITS = (1.0, 2.0, 5.0)


def size_items(theme: Proportional) -> tuple[LegendItem, ...]:
    """The symbol at round numbers, the largest on top; the symbol itself where the sizes are not known yet."""
    if len(theme.size.stops) < 2:
        return (LegendItem(theme.label, SymbolPatch(_over(theme, theme.symbol)), theme.heading),)
    shown = [(number, spell(number)) for number in legend_numbers(theme)]
    return tuple(LegendItem(text, SymbolPatch(_over(theme, _at(theme, number))), theme.heading, (text,)) for number, text in shown)


def legend_numbers(theme: Proportional) -> tuple[float, ...]:
    """Round numbers whose symbols differ well in size, descending: the nearest to even steps of size from the smallest to the largest."""
    low, high = _told_range(theme)
    offered = [number for number in round_numbers(low, high) if _is_seen(theme, number)]
    if len(offered) < 2:
        return tuple(number for number in dict.fromkeys((high, low)) if _is_seen(theme, number)) or (high,)
    smallest, largest = (factor_at(theme.size, number) for number in (low, high))
    steps = [smallest + (largest - smallest) * i / (_MOST_SIZES - 1) for i in range(_MOST_SIZES)]
    near = {min(offered, key=lambda number, step=step: abs(factor_at(theme.size, number) - step)) for step in steps}  # type: ignore[misc]
    return tuple(sorted(near, reverse=True))


def _told_range(theme: Proportional) -> tuple[float, float]:
    """From the least to the greatest number that the result has and that the sizes tell apart."""
    low, high = theme.size.stops[0][0], theme.size.stops[-1][0]
    if theme.measured is None:
        return low, high
    least, greatest = (min(max(number, low), high) for number in theme.measured)
    return (least, greatest) if least < greatest else theme.measured


def _is_seen(theme: Proportional, number: float) -> bool:
    """False where a symbol is finer than a hair, or a marker than a speck."""
    least = _SPECK_PT if any(isinstance(layer, PointLayer) for layer in theme.symbol.layers) else _HAIR_PT
    return extent_pt(theme.symbol) * factor_at(theme.size, number) >= least


def round_numbers(low: float, high: float) -> Sequence[float]:
    """The numbers 1, 2 and 5 times a power of ten from low to high, ascending; those of both signs and zero where they are between."""
    far = max(abs(low), abs(high))
    if far == 0 or not math.isfinite(far):
        return (0.0,)
    top = math.ceil(math.log10(far))
    sizes = [digit * 10.0**power for power in range(top - 6, top + 1) for digit in _LEADING_DIGITS]
    return sorted(number for number in (0.0, *sizes, *(-size for size in sizes)) if low <= number <= high)


def _at(theme: Proportional, number: float) -> Symbol:
    """By the very rule of the picture, asked for this number."""
    return sized(theme.symbol, replace(theme.size, value=Literal(number)))


def _over(theme: Proportional, symbol: Symbol) -> Symbol:
    return Symbol((*theme.under.layers, *symbol.layers)) if theme.under else symbol


def dot_items(theme: DotDensity) -> tuple[LegendItem, ...]:
    """A line per kind of dot, under what one dot stands for."""
    worth = f"1 dot = {spell(theme.dot_value)} {theme.unit}".rstrip()
    heading = f"{theme.heading}: {worth}" if theme.heading else worth
    return tuple(LegendItem(dots.label, SymbolPatch(_several(dots.symbol)), heading) for dots in theme.dots)


def _several(dot: Symbol) -> Symbol:
    """Dots as they lie in a polygon, where one of them would hardly be seen."""
    if extent_pt(dot) > _SMALL_DOT_PT:
        return dot
    markers = [layer for layer in dot.layers if isinstance(layer, Marker)]
    return Symbol(tuple(replace(m, dx_pt=m.dx_pt + x, dy_pt=m.dy_pt + y) for x, y in _SCATTER_PT for m in markers)) if markers else dot

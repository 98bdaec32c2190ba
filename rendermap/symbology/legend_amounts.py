"""Legends of amounts: symbols of several sizes, and what a dot stands for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rendermap.symbology.expressions.tree import Literal
from rendermap.symbology.legend_item import LegendItem, SymbolPatch
from rendermap.symbology.numbers import spell, spell_all
from rendermap.symbology.style import DotDensity, Proportional
from rendermap.symbology.symbols import Symbol, sized

_MOST_SIZES = 4
_LEADING_DIGITS = (1.0, 2.0, 5.0)


def size_items(theme: Proportional) -> tuple[LegendItem, ...]:
    """The symbol at round numbers, the largest on top; the symbol itself where the sizes are not known yet."""
    if len(theme.size.stops) < 2:
        return (LegendItem(theme.label, SymbolPatch(_over(theme, theme.symbol)), theme.heading),)
    numbers = legend_numbers(theme)
    shown = zip(numbers, spell_all(numbers), strict=True)
    return tuple(LegendItem(text, SymbolPatch(_over(theme, _at(theme, number))), theme.heading, (text,)) for number, text in shown)


def legend_numbers(theme: Proportional) -> tuple[float, ...]:
    """Round numbers whose symbols differ well in size, descending: the nearest to even steps of size from the smallest to the largest."""
    low, high = theme.size.stops[0][0], theme.size.stops[-1][0]
    offered = round_numbers(low, high)
    if len(offered) < 2:
        return (high, low)
    smallest, largest = (_size(theme, number) for number in (low, high))
    steps = [smallest + (largest - smallest) * i / (_MOST_SIZES - 1) for i in range(_MOST_SIZES)]
    near = {min(offered, key=lambda number, step=step: abs(_size(theme, number) - step)) for step in steps}  # type: ignore[misc]
    return tuple(sorted(near, reverse=True))


def _size(theme: Proportional, number: float) -> float:
    return float(max(number, 0.0) ** theme.size.exponent) if theme.size.exponent != 1.0 else number


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
    worth = f"1 dot = {spell(theme.dot_value)}"
    heading = f"{theme.heading}: {worth}" if theme.heading else worth
    return tuple(LegendItem(dots.label, SymbolPatch(dots.symbol), heading) for dots in theme.dots)

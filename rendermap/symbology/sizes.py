"""Sizes by a number, made from the smallest and the largest number of a result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rendermap.symbology.style import Proportional, Single
from rendermap.symbology.symbols import PointLayer, SizeBy, Stroke, Symbol


def fit_size(size: SizeBy, low: float, high: float, largest: float) -> SizeBy:
    """The size with its stops: the symbol as it is for the smallest number, others in proportion to the power of exponent.

    low, high: the smallest and the largest number, above zero.  largest: the factor that is never exceeded.
    """
    if not 0 < low < high:
        return SizeBy(size.value, ((max(low, 0.0), 1.0),), size.exponent)
    factor = (high / low) ** size.exponent
    if factor > largest:
        factor, high = largest, low * largest ** (1 / size.exponent)
    return SizeBy(size.value, ((low, 1.0), (high, factor)), size.exponent)


def factor_at(size: SizeBy, number: float) -> float:
    """What the symbol's lengths are multiplied by at a number."""

    def straight(known: float) -> float:
        return float(max(known, 0.0) ** size.exponent) if size.exponent != 1.0 else known

    return float(np.interp(straight(number), [straight(known) for known, _ in size.stops], [factor for _, factor in size.stops]))


def told_as_sizes(symbol: Symbol, label: str = "") -> Single | Proportional:
    """One symbol for all features; with its sizes as the theme where all of it grows by the same number, so that a legend can tell them."""
    growing = [layer for layer in symbol.layers if isinstance(layer, PointLayer | Stroke)]
    sizes = {layer.size_by for layer in growing}
    size = next(iter(sizes)) if len(sizes) == 1 and not symbol.alternates else None
    if size is None:
        return Single(symbol, label)
    still = tuple(replace(layer, size_by=None) if isinstance(layer, PointLayer | Stroke) else layer for layer in symbol.layers)
    return Proportional(Symbol(still), size, label=label)

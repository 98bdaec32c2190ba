"""Sizes by a number, made from the smallest and the largest number of a result."""

from __future__ import annotations

from rendermap.symbology.symbols import SizeBy


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

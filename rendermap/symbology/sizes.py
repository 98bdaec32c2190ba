"""Sizes by a number: made from the smallest and the largest number of a result, and told in a legend."""

from __future__ import annotations

import math

from rendermap.symbology.style import Proportional
from rendermap.symbology.symbols import SizeBy

_MOST_LEGEND_SIZES = 4
_SPREAD = 1.25
"""Two sizes of a legend differ by at least so much."""


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
    """The factor by which a number's symbol is enlarged; constant beyond the stops."""
    power = _power(number, size.exponent)
    low, small = _power(size.stops[0][0], size.exponent), size.stops[0][1]
    if power <= low:
        return small
    for at, share in size.stops[1:]:
        high = _power(at, size.exponent)
        if power <= high:
            return small + (share - small) * (power - low) / (high - low) if high > low else share
        low, small = high, share
    return small


def legend_sizes(theme: Proportional) -> tuple[tuple[float, float], ...]:
    """(number, factor) pairs for a legend, smallest first: round numbers between the stops whose sizes can be told apart."""
    stops = theme.size.stops
    if not stops:
        return ()
    low, high = stops[0][0], stops[-1][0]
    told: list[tuple[float, float]] = []
    for number in reversed(_round_numbers(low, high)):
        factor = factor_at(theme.size, number)
        if not told or _can_be_told(factor, told[-1][1]):
            told.append((number, factor))
    told.reverse()
    return tuple(
        told if len(told) <= _MOST_LEGEND_SIZES else [told[round(i * (len(told) - 1) / (_MOST_LEGEND_SIZES - 1))] for i in range(4)]
    )


def _can_be_told(one: float, other: float) -> bool:
    small, large = sorted((abs(one), abs(other)))
    return large >= small * _SPREAD


def _power(number: float, exponent: float) -> float:
    return number if exponent == 1.0 else max(number, 0.0) ** exponent


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, 20, ... where the numbers span several powers of ten, else even steps; the ends themselves if none lies between."""
    if not high > low:
        return [low]
    if low > 0 and high / low > 8:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [float(f"{digit}e{power}") for power in decades for digit in (1, 2, 5)]
    else:
        step = _round_step((high - low) / 4)
        found = [float(f"{step * i:.12g}") for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    inner = [number for number in found if low <= number <= high]
    return inner if len(inner) > 1 else [low, high]


def _round_step(about: float) -> float:
    power = 10.0 ** math.floor(math.log10(about))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= about)

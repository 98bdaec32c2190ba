"""SizeBy -> Mapnik's expressions."""

from __future__ import annotations

from itertools import pairwise

from rendermap.symbology.symbolizers.symbolizer import Canvas
from rendermap.symbology.symbols import SizeBy


def factor(size_by: SizeBy, canvas: Canvas) -> str:
    """The factor by which a feature's symbol is enlarged, in brackets: a sum of ramps, one for each pair of stops."""
    value = canvas.value(size_by.value)
    if size_by.exponent != 1.0:
        value = f"pow(max({value},0),{_number(size_by.exponent)})"
    stops = [(max(number, 0.0) ** size_by.exponent if size_by.exponent != 1.0 else number, share) for number, share in size_by.stops]
    terms = [_number(stops[0][1])]
    for (low, small), (high, large) in pairwise(stops):
        if high > low and small != large:
            # divided last: a slope over large numbers has too few digits, and whole numbers would be divided as such
            share = f"(min(max({value},{_number(low)}),{_number(high)})-{_number(low)})*1.0/{_number(high - low)}"
            terms.append(f"{_number(large - small)}*({share})")
    return f"({'+'.join(terms)})"


def _number(value: float) -> str:
    """Never in exponents, which Mapnik's transforms do not read; negative ones in brackets."""
    text = f"{value:.12f}".rstrip("0").rstrip(".") or "0"
    return f"({text})" if value < 0 else text

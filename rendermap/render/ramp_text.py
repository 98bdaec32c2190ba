"""A ramp over a number -> Mapnik's expression for the colour of each feature."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rendermap.render.mapnik_filter import number_literal
from rendermap.render.painted import Paint, Paints, stand_in
from rendermap.symbology.ramps import color_at
from rendermap.symbology.symbols import Ramp, Symbol

_TOLERANCE = 0.3
"""In levels of 255: how far a channel may be from the ramp so that stops on nearly straight lines are left out."""

_JUMP = 1e-9
"""Two stops at one place are a jump: as steep as numbers allow."""

Points = Sequence[tuple[float, float]]


def color_paints(ramp: Ramp, limits: tuple[float, float], value: str, symbol: Symbol) -> Paints:
    """The colour for a number along a ramp, exact to a level of 255, and what stands for it in the symbol.

    limits: the numbers at the ramp's ends, whose colours hold beyond them.  value: the number in Mapnik's expression language.
    """
    low, high = limits
    if not high > low:
        color = color_at(ramp, 0.5)
        return (Paint(stand_in(symbol, 0, color.a), f"'#{color.r:02x}{color.g:02x}{color.b:02x}'"),)
    channels = [_channel(ramp, index, low, high) for index in range(4)]
    red, green, blue = (_linear([(at, level / 2.55) for at, level in channel], value) for channel in channels[:3])
    alphas = [level for _, level in channels[3]]
    opacity = "" if min(alphas) == max(alphas) else _linear([(at, level / 255) for at, level in channels[3]], value)
    return (Paint(stand_in(symbol, 0, round(max(alphas))), f"'rgb('+({red})+'%,'+({green})+'%,'+({blue})+'%)'", opacity),)


def _channel(ramp: Ramp, index: int, low: float, high: float) -> Points:
    """One channel's (number, level) points, as few as tell it."""
    points: list[tuple[float, float]] = []
    for position, color in ramp.stops:
        at = max(position, points[-1][0] + _JUMP) if points else position
        points.append((at, float(color[index])))
    return [(low + at * (high - low), level) for at, level in _thinned(points)]


def _thinned(points: Points) -> Points:
    kept = [points[0]]
    first = 0
    while first < len(points) - 1:
        last = first + 1
        while last + 1 < len(points) and _is_straight(points[first : last + 2]):
            last += 1
        kept.append(points[last])
        first = last
    return kept


def _is_straight(points: Points) -> bool:
    (x0, y0), (x1, y1) = points[0], points[-1]
    return all(abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) <= _TOLERANCE for x, y in points[1:-1])


def _linear(points: Points, value: str) -> str:
    """A sum of slopes, one for each pair of points, constant beyond the ends."""
    terms = [number_literal(points[0][1])]
    for (low, start), (high, end) in pairwise(points):
        if start != end:
            slope = number_literal((end - start) / (high - low))
            terms.append(f"{slope}*(min(max({value},{number_literal(low)}),{number_literal(high)})-{number_literal(low)})")
    return "+".join(terms)

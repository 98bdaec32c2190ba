"""A ramp over a number -> Mapnik's expressions for the colour of each feature, one for every piece on which the ramp is straight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rendermap.render.mapnik_filter import number_literal
from rendermap.render.painted import Paint, stand_in
from rendermap.symbology.ramps import color_at
from rendermap.symbology.symbols import Color, Ramp, Symbol

_TOLERANCE = 0.4
"""In levels of 255: how far a channel may be from the ramp so that stops on nearly straight lines are left out."""

Points = Sequence[tuple[float, Color]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Numbers up to and including upper, None for all above, and their colour."""

    upper: float | None
    paint: Paint


def pieces_of(ramp: Ramp, limits: tuple[float, float], value: str, symbol: Symbol) -> Iterator[Piece]:
    """The colours for numbers along a ramp, ascending, exact to a level of 255; one colour stands for them all in the symbol.

    limits: the numbers at the ramp's ends, whose colours hold beyond them.  value: the number in Mapnik's expression language.
    """
    low, high = limits
    points = [(low + position * (high - low), color) for position, color in ramp.stops] if high > low else [(low, color_at(ramp, 0.5))]
    standing = stand_in(symbol, 0, max(color.a for _, color in points))
    yield Piece(points[0][0], _plain(standing, points[0][1]))
    for (start, one), (end, other) in pairwise(_thinned(points)):
        if end > start:
            yield Piece(end, _between(standing, (start, one), (end, other), value))
    yield Piece(None, _plain(standing, points[-1][1]))


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
    (start, one), (end, other) = points[0], points[-1]
    if not end > start:
        return False
    shares = [((at - start) / (end - start), color) for at, color in points[1:-1]]
    return all(abs(a + (b - a) * share - c) <= _TOLERANCE for share, color in shares for a, b, c in zip(one, other, color, strict=True))


def _plain(standing: Color, color: Color) -> Paint:
    text = f"'#{color.r:02x}{color.g:02x}{color.b:02x}'"
    return Paint(standing, text, "" if color.a == standing.a else number_literal(color.a / 255))


def _between(standing: Color, start: tuple[float, Color], end: tuple[float, Color], value: str) -> Paint:
    (low, one), (high, other) = start, end
    # of a percentage CSS takes fractions, of a level from 0 to 255 it does not
    red, green, blue = (_line(low, high, a / 2.55, b / 2.55, value) for a, b in zip(one[:3], other[:3], strict=True))
    is_plain = one.a == other.a == standing.a
    opacity = "" if is_plain else _line(low, high, one.a / 255, other.a / 255, value)
    return Paint(standing, f"'rgb('+{red}+'%,'+{green}+'%,'+{blue}+'%)'", opacity)


def _line(low: float, high: float, at_low: float, at_high: float, value: str) -> str:
    """A number that goes from at_low to at_high, in brackets."""
    if at_low == at_high:
        return number_literal(at_low)
    return f"({number_literal(at_low)}+{number_literal((at_high - at_low) / (high - low))}*({value}-{number_literal(low)}))"

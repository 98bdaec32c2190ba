"""Colour ramps: how the style languages spell them, and the colour at a position."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Color, Ramp

_STEPS = 16
_RANDOM_COLORS = 12
_BLACK, _WHITE = Color(0, 0, 0), Color(255, 255, 255)
GRAYS = Ramp(((0.0, _BLACK), (1.0, _WHITE)))


def color_at(ramp: Ramp, position: float) -> Color:
    """The colour at a position, clamped to 0 to 1."""
    stops = ramp.stops
    position = min(max(position, 0.0), 1.0)
    right = bisect_right(stops, position, key=lambda stop: stop[0])
    if right == 0:
        return stops[0][1]
    if right == len(stops):
        return stops[-1][1]
    (low, a), (high, b) = stops[right - 1], stops[right]
    return _mix(a, b, (position - low) / (high - low))


def sample(ramp: Ramp, count: int) -> tuple[Color, ...]:
    """count colours from one end to the other."""
    return tuple(color_at(ramp, i / (count - 1) if count > 1 else 0.5) for i in range(count))


def reverse(ramp: Ramp) -> Ramp:
    """The ramp the other way round."""
    return Ramp(tuple((1.0 - position, color) for position, color in reversed(ramp.stops)))


def cut(ramp: Ramp, low: float, high: float) -> Ramp:
    """The piece from low to high as a ramp of its own, its ends stretched to 0 and 1."""
    inner = tuple((p, c) for p, c in ramp.stops if low < p < high)
    whole = ((low, color_at(ramp, low)), *inner, (high, color_at(ramp, high)))
    return Ramp(tuple(((p - low) / ((high - low) or 1.0), c) for p, c in whole))


def of_colors(steps: Iterable[Color]) -> Ramp:
    """Colours evenly spread."""
    listed = tuple(steps) or (_BLACK, _WHITE)
    if len(listed) == 1:
        listed *= 2
    return Ramp(tuple((i / (len(listed) - 1), color) for i, color in enumerate(listed)))


def from_cim(node: Node) -> Ramp:
    """A CIM ramp.  Random ramps are drawn from a fixed seed, so that a picture is the same in every process.

    Raises StyleInvalid when values have wrong types.
    """
    match node.type:
        case "CIMLinearContinuousColorRamp":
            return of_colors(_along_lab(*_ends(node)))
        case "CIMPolarContinuousColorRamp":
            return of_colors(_polar(node))
        case "CIMMultipartColorRamp":
            parts = tuple(from_cim(part) for part in node.children("colorRamps"))
            return _joined(parts, node.numbers("weights")) if parts else GRAYS
        case "CIMFixedColorRamp":
            return of_colors(colors.from_cim(c) for c in node.children("colors"))
        case "CIMRandomHSVColorRamp":
            return of_colors(_random(node))
        case _:
            node.warn(f"a ramp of the unknown kind {node.type!r}", "greys are used")
            return GRAYS


def from_esri(node: Node) -> Ramp:
    """A ramp of the REST JSON: ``algorithmic`` or ``multipart``.  Raises StyleInvalid."""
    if node.text("type") == "multipart":
        parts = tuple(from_esri(part) for part in node.children("colorRamps"))
        return _joined(parts, ()) if parts else GRAYS
    a, b = colors.from_esri(node.get("fromColor")), colors.from_esri(node.get("toColor"))
    if node.text("type") != "algorithmic" or a is None or b is None:
        node.warn(f"a ramp of the kind {node.text('type')!r}", "greys are used")
        return GRAYS
    if node.text("algorithm") == "esriHSVAlgorithm":
        return of_colors(_along_hsv(a, b, "Auto"))
    return of_colors(_along_lab(a, b))


def to_esri(ramp: Ramp) -> dict[str, object]:
    """A multipart ramp of algorithmic pieces."""
    pieces = [
        {"type": "algorithmic", "algorithm": "esriCIELabAlgorithm", "fromColor": list(a), "toColor": list(b)}
        for (_, a), (_, b) in zip(ramp.stops, ramp.stops[1:], strict=False)
    ]
    return {"type": "multipart", "colorRamps": pieces}


def _ends(node: Node) -> tuple[Color, Color]:
    """CIM leaves out an end that is the default colour, which is black at the start and white at the end."""
    return colors.from_cim(node.child("fromColor"), _BLACK), colors.from_cim(node.child("toColor"), _WHITE)


def _mix(a: Color, b: Color, t: float) -> Color:
    return Color(*(round(x + (y - x) * t) for x, y in zip(a, b, strict=True)))


def _along_lab(a: Color, b: Color) -> list[Color]:
    """CIELAB between the ends, as the CIM specification has it for linear ramps."""
    one, two = colors.to_lab(a), colors.to_lab(b)
    inner = []
    for i in range(1, _STEPS):
        t = i / _STEPS
        lightness, green_red, blue_yellow = (x + (y - x) * t for x, y in zip(one, two, strict=True))
        inner.append(colors.from_lab(lightness, green_red, blue_yellow, a.a + (b.a - a.a) * t))
    return [a, *inner, b]


def _polar(node: Node) -> list[Color]:
    a, b = _ends(node)
    if node.text("interpolationSpace", "HSV") == "LAB":
        return _along_lab(a, b)
    # The written hues count, not those of the RGB colour: grey has none, and 0 is not 360 on the way round.
    one, two = (_written_hsv(node.child(key), end) for key, end in (("fromColor", a), ("toColor", b)))
    return _between_hsv(one, two, (a.a, b.a), node.text("polarDirection", "Auto"))


def _written_hsv(node: Node | None, color: Color) -> tuple[float, float, float]:
    if node is not None and node.type == "CIMHSVColor":
        values = node.numbers("values")
        return values[0], values[1], values[2]
    return colors.to_hsv(color)


def _along_hsv(a: Color, b: Color, direction: str) -> list[Color]:
    return _between_hsv(colors.to_hsv(a), colors.to_hsv(b), (a.a, b.a), direction)


def _between_hsv(one: tuple[float, float, float], two: tuple[float, float, float], alphas: tuple[int, int], direction: str) -> list[Color]:
    turn = two[0] - one[0]
    if one[1] == 0 or two[1] == 0:
        hue = two[0] if one[1] == 0 else one[0]
        one, two, turn = (hue, one[1], one[2]), (hue, two[1], two[2]), 0.0
    elif direction == "Clockwise":
        turn = turn % 360
    elif direction == "Counterclockwise":
        turn = turn % 360 - 360 if turn % 360 else 0.0
    else:
        turn = (turn + 180) % 360 - 180
    steps = []
    for i in range(_STEPS + 1):
        t = i / _STEPS
        alpha = alphas[0] + (alphas[1] - alphas[0]) * t
        steps.append(colors.from_hsv(one[0] + turn * t, one[1] + (two[1] - one[1]) * t, one[2] + (two[2] - one[2]) * t, alpha / 2.55))
    return steps


def _joined(parts: tuple[Ramp, ...], weights: tuple[float, ...]) -> Ramp:
    """Parts one after the other, as long as their weights; a jump between parts stays a jump."""
    if len(weights) != len(parts) or min(weights, default=0) < 0 or sum(weights) <= 0:
        weights = (1.0,) * len(parts)
    total, start = sum(weights), 0.0
    stops: list[tuple[float, Color]] = []
    for part, weight in zip(parts, weights, strict=True):
        share = weight / total
        stops += [(min(start + p * share, 1.0), c) for p, c in part.stops if share > 0]
        start += share
    return Ramp(_without_repeats(stops))


def _without_repeats(stops: list[tuple[float, Color]]) -> tuple[tuple[float, Color], ...]:
    kept: list[tuple[float, Color]] = []
    for stop in stops:
        if not kept or (abs(stop[0] - kept[-1][0]) > 1e-9 or stop[1] != kept[-1][1]):
            kept.append(stop)
    first, last = kept[0], kept[-1]
    return ((0.0, first[1]), *kept[1:-1], (1.0, last[1])) if len(kept) > 1 else ((0.0, first[1]), (1.0, first[1]))


def _random(node: Node) -> list[Color]:
    draw = random.Random(int(node.number("seed")) or 7)
    low_h, high_h = node.number("minH"), node.number("maxH", 360.0)
    span = high_h - low_h
    colors_drawn = []
    for i in range(_RANDOM_COLORS):
        # Steps of the golden section keep neighbours apart, which mere chance does not.
        hue = low_h + span * ((i * 0.618034 + draw.random() * 0.05) % 1.0)
        colors_drawn.append(
            colors.from_hsv(
                hue,
                draw.uniform(node.number("minS"), node.number("maxS", 100.0)),
                draw.uniform(node.number("minV"), node.number("maxV", 100.0)),
                node.number("maxAlpha", 100.0),
            )
        )
    return colors_drawn

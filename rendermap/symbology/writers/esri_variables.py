"""What symbols take from the feature -> ``visualVariables`` of the REST JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.expressions.tree import Arithmetic, Column, Operand
from rendermap.symbology.readers.lyrx.references import size_pt
from rendermap.symbology.style import Graded, Proportional, VectorTheme
from rendermap.symbology.symbols import PointLayer, SizeBy, Stroke, Symbol
from rendermap.symbology.template import symbols_of
from rendermap.symbology.writers.arcade import to_arcade
from rendermap.symbology.writers.sql import Unsayable

Json = dict[str, Any]

_STEPS = 8
"""Sizes between two numbers that are not linear are told at so many numbers and one more."""


def visual_variables(theme: VectorTheme) -> list[Json]:
    """The variables that can be said; REST has one of each kind for all symbols."""
    found = []
    for make in (_colors, _sizes, _rotation):
        try:
            found += list(make(theme))
        except Unsayable:
            continue
    return found


def value_keys(value: Operand) -> Json:
    """How a variable names what it goes by.  Raises Unsayable."""
    match value:
        case Column(name):
            return {"field": name}
        case Arithmetic("/", Column(name), Column(divisor)):
            return {"field": name, "normalizationField": divisor}
    return {"valueExpression": to_arcade(value)}


def _colors(theme: VectorTheme) -> Iterator[Json]:
    if not isinstance(theme, Graded) or not theme.limits:
        return
    low, high = theme.limits
    ends = theme.labels if len(theme.labels) == 2 else (None, None)
    labels = {0: ends[0], len(theme.ramp.stops) - 1: ends[1]}
    stops = [
        {"value": low + (high - low) * position, "color": colors.to_esri(color), "label": labels.get(i)}
        for i, (position, color) in enumerate(theme.ramp.stops)
    ]
    yield {"type": "colorInfo", **value_keys(theme.value), "stops": stops, **_legend(theme)}


def _legend(theme: Graded | Proportional) -> Json:
    return {"legendOptions": {"title": theme.heading}} if theme.heading else {}


def _sizes(theme: VectorTheme) -> Iterator[Json]:
    for symbol, size_by in _sized(theme):
        if size_by.stops:
            own = size_pt(symbol) or 1.0
            stops = [{"value": number, "size": factor * own, "label": None} for number, factor in _sampled(size_by)]
            legend = _legend(theme) if isinstance(theme, Proportional) else {}
            yield {"type": "sizeInfo", **value_keys(size_by.value), "valueUnit": "unknown", "stops": stops, **legend}
            return


def _sized(theme: VectorTheme) -> Iterator[tuple[Symbol, SizeBy]]:
    if isinstance(theme, Proportional):
        yield theme.symbol, theme.size
        return
    for symbol in symbols_of(theme):
        for layer in symbol.layers:
            if isinstance(layer, PointLayer | Stroke) and layer.size_by is not None:
                yield symbol, layer.size_by


def _sampled(size_by: SizeBy) -> tuple[tuple[float, float], ...]:
    """(number, factor), linear between: the stops themselves, or numbers between them where the size is no straight line."""
    if size_by.exponent == 1.0 or len(size_by.stops) < 2 or size_by.stops[0][0] < 0:
        return size_by.stops
    (low, small), (high, large) = size_by.stops[0], size_by.stops[-1]
    least, span = low**size_by.exponent, high**size_by.exponent - low**size_by.exponent
    numbers = [(least + span * i / _STEPS) ** (1 / size_by.exponent) for i in range(_STEPS + 1)]
    return tuple((number, small + (large - small) * i / _STEPS) for i, number in enumerate(numbers))


def _rotation(theme: VectorTheme) -> Iterator[Json]:
    for symbol in symbols_of(theme):
        for layer in symbol.layers:
            if isinstance(layer, PointLayer) and layer.rotation_by is not None:
                kind = "geographic" if layer.rotation_clockwise else "arithmetic"
                yield {"type": "rotationInfo", **value_keys(layer.rotation_by), "rotationType": kind}
                return

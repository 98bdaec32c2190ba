"""The legend of a ramp that is served in steps: a line for each, with round numbers."""

from __future__ import annotations

import math

from rendermap.symbology import ramps
from rendermap.symbology.legend_item import ColorPatch, LegendItem
from rendermap.symbology.numbers import spell_ranges
from rendermap.symbology.stretch_curve import LegendRamp

MOST_LINES = 16
"""More steps than these are shown as a bar."""


def step_items(shown: LegendRamp, count: int, heading: str) -> tuple[LegendItem, ...]:
    """A line for each step, highest first.  The outer ones are open, for they hold all that lies beyond."""
    limits = coarsened([shown.recipe_value(step / count) for step in range(1, count)], shown, count)
    labels = spell_ranges(None, [*limits, math.inf])
    colors = [ramps.color_at(shown.ramp, (step + 0.5) / count) for step in range(count)]
    lines = [LegendItem(label, ColorPatch(color), heading) for label, color in zip(labels, colors, strict=True)]
    return tuple(reversed(lines))


def coarsened(values: list[float], shown: LegendRamp, count: int) -> list[float]:
    """The values in round numbers, to a fifth of a step or not much finer."""
    width = abs(shown.value_at(1.0) - shown.value_at(0.0)) / count
    if not (math.isfinite(width) and width > 0):
        return values
    unit = 10.0 ** math.floor(math.log10(width / 5))
    return [round(value / unit) * unit for value in values]

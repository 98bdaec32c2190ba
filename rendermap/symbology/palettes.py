"""Colours for what no template has colours for: safe for the colour blind, and quiet enough to lie over a map."""

from __future__ import annotations

from functools import lru_cache

from cmap import Colormap as NamedMap

from rendermap.symbology import colors, ramps
from rendermap.symbology.symbols import Color, Ramp

SEQUENTIAL = "bids:viridis"
ORDERED = "colorbrewer:YlOrRd"
DIVERGING = "crameri:vik"
_STOPS = 17
# Paul Tol's muted scheme, and after it his light one.
_QUALITATIVE = (
    "#332288", "#ddcc77", "#117733", "#cc6677", "#88ccee", "#aa4499", "#44aa99", "#999933", "#882255",
    "#77aadd", "#ee8866", "#bbcc33", "#ffaabb", "#99ddff", "#eedd88", "#aaaa00",
)  # fmt: skip


@lru_cache(maxsize=64)
def named_ramp(name: str, low: float = 0.0, high: float = 1.0) -> Ramp:
    """A published colour map by its name, or the part of it from low to high."""
    found = NamedMap(name)
    steps = (found(low + (high - low) * i / (_STOPS - 1)).rgba8 for i in range(_STOPS))
    return ramps.of_colors(Color(c.r, c.g, c.b) for c in steps)


def ordered(count: int) -> tuple[Color, ...]:
    """count colours from little to much; the palest end is left out, for it is lost on white."""
    return ramps.sample(named_ramp(ORDERED, 0.08, 0.92), count)


def qualitative(count: int) -> tuple[Color, ...]:
    """count colours of no order; beyond the scheme, hues turned by the golden section."""
    listed = [_parse(text) for text in _QUALITATIVE[:count]]
    listed += [colors.from_hsv(137.508 * i % 360, 45 + 20 * (i % 3), 85 - 15 * (i % 2)) for i in range(count - len(listed))]
    return tuple(listed)


def _parse(text: str) -> Color:
    r, g, b = bytes.fromhex(text[1:])
    return Color(r, g, b)

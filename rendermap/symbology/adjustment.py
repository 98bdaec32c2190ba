"""Brightness, contrast, saturation and their like: colours changed after a raster's theme.

The formulas are those of QGIS's brightness/contrast and hue/saturation filters, which the values of ArcGIS translate into.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology import ramps
from rendermap.symbology.style import Classified, ColorAdjustment, Colormap, ShadedRelief, Stretch, Style, UniqueRaster
from rendermap.symbology.symbols import Color, Ramp

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]
_RAMP_STOPS = 64


def settle(style: Style) -> Style:
    """The style with the colours of its classes and ramps changed, so that legend and documents tell what is drawn.

    Composites of bands and relief mix their colours pixel by pixel: they keep the adjustment.
    """
    change = style.adjustment
    if change is None:
        return style
    match style.theme:
        case Stretch(relief=None) as theme:
            background = theme.background_color and _one(theme.background_color, change)
            adjusted: Any = replace(theme, ramp=_ramp(theme.ramp, change), background_color=background)
        case Classified() as theme:
            classes = tuple(replace(c, color=_one(c.color, change)) for c in theme.classes)
            adjusted = replace(theme, classes=classes, excluded_color=theme.excluded_color and _one(theme.excluded_color, change))
        case UniqueRaster() as theme:
            categories = tuple(replace(c, color=_one(c.color, change)) for c in theme.classes)
            adjusted = replace(theme, classes=categories, default=theme.default and _one(theme.default, change))
        case ShadedRelief(recipe=None) as theme:
            adjusted = replace(theme, ramp=_ramp(theme.ramp or ramps.GRAYS, change))
        case Colormap() as theme if theme.entries:
            adjusted = replace(theme, entries=tuple((value, _one(color, change), label) for value, color, label in theme.entries))
        case _:
            return style
    return replace(style, theme=adjusted, adjustment=None)


def adjust(colors: Pixels, change: ColorAdjustment) -> Pixels:
    """Colours (..., 4), straight alpha, changed; alpha stays."""
    # Planes of one channel each: reductions over the last axis are many times slower.
    parts: Floats = np.stack([colors[..., part] for part in range(3)]).astype(np.float32) / 255
    parts = (parts - 0.5) * change.contrast + 0.5 + change.brightness
    parts = np.clip(parts, 0, 1)
    if change.gamma > 0 and change.gamma != 1:
        parts = parts ** (1 / change.gamma)
    if change.is_negative:
        parts = 1 - parts
    if change.gray:
        parts = _grays(parts, change.gray)
    elif change.saturation != 1:
        parts = _saturated(parts, max(change.saturation, 0.0))
    if change.tint is not None:
        parts = _tinted(parts, change.tint, min(max(change.tint_strength, 0.0), 1.0))
    changed = colors.copy()
    for part, plane in enumerate(np.rint(np.clip(parts, 0, 1) * 255)):
        changed[..., part] = plane
    return changed


def _one(color: Color, change: ColorAdjustment) -> Color:
    return Color(*(int(part) for part in adjust(np.asarray([color], np.uint8), change)[0]))


def _ramp(ramp: Ramp, change: ColorAdjustment) -> Ramp:
    """The ramp with its own stops and many between: a change is no straight line."""
    places = np.unique(np.concatenate([np.linspace(0, 1, _RAMP_STOPS + 1), [place for place, _ in ramp.stops]]))
    at, given = [place for place, _ in ramp.stops], np.asarray([color for _, color in ramp.stops], np.float64)
    if len(set(at)) < len(at):
        # A jump has two stops at one place, which interpolation would lose.
        return Ramp(tuple((place, _one(color, change)) for place, color in ramp.stops))
    mixed = np.stack([np.rint(np.interp(places, at, given[:, part])) for part in range(4)], axis=-1).astype(np.uint8)
    return Ramp(tuple((float(p), Color(*(int(v) for v in c))) for p, c in zip(places, adjust(mixed, change), strict=True)))


def _grays(parts: Floats, kind: str) -> Floats:
    red, green, blue = parts
    if kind == "luminosity":
        gray = 0.21 * red + 0.72 * green + 0.07 * blue
    elif kind == "average":
        gray = (red + green + blue) / 3
    else:
        gray = _lightness(parts)
    return np.stack([gray, gray, gray])


def _lightness(parts: Floats) -> Floats:
    return np.asarray((parts.max(axis=0) + parts.min(axis=0)) / 2)


def _saturated(parts: Floats, factor: float) -> Floats:
    """Saturation of hue, saturation and lightness: less in proportion, more along a curve that never passes full."""
    lightness = _lightness(parts)
    if factor < 1:
        return np.asarray(lightness + (parts - lightness) * factor)
    chroma = parts.max(axis=0) - parts.min(axis=0)
    room = 1 - np.abs(2 * lightness - 1)
    saturation = np.clip(chroma / np.maximum(room, 1e-6), 1e-6, 1)
    wanted = 1 - (1 - saturation) ** (factor**2)
    return np.asarray(lightness + (parts - lightness) * (wanted / saturation))


def _tinted(parts: Floats, tint: Color, strength: float) -> Floats:
    """The lightness of each colour in the hue and saturation of the tint."""
    given = np.asarray(tint[:3], np.float32) / 255
    middle = (given.max() + given.min()) / 2
    room = 1 - abs(2 * middle - 1)
    direction = (given - middle) / room if room > 1e-6 else np.zeros(3, np.float32)
    lightness = _lightness(parts)
    spread = 1 - np.abs(2 * lightness - 1)
    colored = np.stack([lightness + share * spread for share in direction])
    return np.asarray(parts * (1 - strength) + colored * strength)

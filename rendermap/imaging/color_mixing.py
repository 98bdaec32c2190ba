"""How blend modes mix the colour below with the colour above, alpha left aside.

Spec: W3C Compositing and Blending Level 1, 10.1 separable and 10.2 non-separable blend modes; the rest as image editors define them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Shares = NDArray[np.float64]
Floats = NDArray[np.float32]

_LUMA = np.array((0.3, 0.59, 0.11), np.float32)


# --- channel by channel: backdrop and source 0 to 1; results are clipped by the caller --------------------------------------------------


def _multiply(cb: Shares, cs: Shares) -> Shares:
    return cb * cs


def _screen(cb: Shares, cs: Shares) -> Shares:
    return cb + cs - cb * cs


def _hard_light(cb: Shares, cs: Shares) -> Shares:
    return np.where(cs <= 0.5, _multiply(cb, 2 * cs), _screen(cb, 2 * cs - 1))


def _overlay(cb: Shares, cs: Shares) -> Shares:
    return _hard_light(cs, cb)


def _darken(cb: Shares, cs: Shares) -> Shares:
    return np.minimum(cb, cs)


def _lighten(cb: Shares, cs: Shares) -> Shares:
    return np.maximum(cb, cs)


def _color_dodge(cb: Shares, cs: Shares) -> Shares:
    dodged = np.minimum(1, _share(cb, 1 - cs, 1.0))
    return np.where(cb == 0, 0.0, dodged)


def _color_burn(cb: Shares, cs: Shares) -> Shares:
    burnt = 1 - np.minimum(1, _share(1 - cb, cs, 1.0))
    return np.where(cb == 1, 1.0, burnt)


def _soft_light(cb: Shares, cs: Shares) -> Shares:
    lit = np.where(cb <= 0.25, ((16 * cb - 12) * cb + 4) * cb, np.sqrt(cb))
    return np.where(cs <= 0.5, cb - (1 - 2 * cs) * cb * (1 - cb), cb + (2 * cs - 1) * (lit - cb))


def _difference(cb: Shares, cs: Shares) -> Shares:
    return np.abs(cb - cs)


def _exclusion(cb: Shares, cs: Shares) -> Shares:
    return cb + cs - 2 * cb * cs


def _plus(cb: Shares, cs: Shares) -> Shares:
    return cb + cs


def _minus(cb: Shares, cs: Shares) -> Shares:
    return cb - cs


def _average(cb: Shares, cs: Shares) -> Shares:
    return (cb + cs) / 2


def _invert(cb: Shares, cs: Shares) -> Shares:
    return (1 - cb) + 0 * cs


def _reflect(cb: Shares, cs: Shares) -> Shares:
    return np.minimum(1, _share(cs * cs, 1 - cb, 1.0))


def _linear_burn(cb: Shares, cs: Shares) -> Shares:
    return cb + cs - 1


def _linear_light(cb: Shares, cs: Shares) -> Shares:
    return cb + 2 * cs - 1


def _vivid_light(cb: Shares, cs: Shares) -> Shares:
    return np.where(cs <= 0.5, _color_burn(cb, 2 * cs), _color_dodge(cb, 2 * cs - 1))


def _pin_light(cb: Shares, cs: Shares) -> Shares:
    return np.where(cs <= 0.5, np.minimum(cb, 2 * cs), np.maximum(cb, 2 * cs - 1))


def _share(part: Shares, whole: Shares, otherwise: float) -> Shares:
    """part / whole, otherwise where whole is nothing."""
    part, whole = np.broadcast_arrays(part, whole)
    shares: Shares = np.divide(part, whole, out=np.full(part.shape, otherwise), where=whole > 0)
    return shares


SEPARABLE: dict[str, Callable[[Shares, Shares], Shares]] = {
    "multiply": _multiply,
    "screen": _screen,
    "overlay": _overlay,
    "darken": _darken,
    "lighten": _lighten,
    "color-dodge": _color_dodge,
    "color-burn": _color_burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": _difference,
    "exclusion": _exclusion,
    "plus": _plus,
    "minus": _minus,
    "average": _average,
    "invert": _invert,
    "reflect": _reflect,
    "linear-burn": _linear_burn,
    "linear-light": _linear_light,
    "vivid-light": _vivid_light,
    "pin-light": _pin_light,
}


# --- the three channels together: (3, n), for sums along a long last axis are fast ----------------------------------------------------


def _hue(cb: Floats, cs: Floats) -> Floats:
    return _set_luminosity(_set_saturation(cs, _saturation(cb)), _luminosity(cb))


def _saturate(cb: Floats, cs: Floats) -> Floats:
    return _set_luminosity(_set_saturation(cb, _saturation(cs)), _luminosity(cb))


def _color(cb: Floats, cs: Floats) -> Floats:
    return _set_luminosity(cs, _luminosity(cb))


def _brighten(cb: Floats, cs: Floats) -> Floats:
    return _set_luminosity(cb, _luminosity(cs))


def _luminosity(color: Floats) -> Floats:
    return (_LUMA @ color)[np.newaxis]


def _saturation(color: Floats) -> Floats:
    highest: Floats = color.max(axis=0, keepdims=True)
    spread: Floats = highest - color.min(axis=0, keepdims=True)
    return spread


def _set_saturation(color: Floats, saturation: Floats) -> Floats:
    """The standard sets the least to 0, the greatest to saturation and the middle in proportion: one stretch does all three."""
    spread = _saturation(color)
    stretch = np.divide(saturation, spread, out=np.zeros_like(spread), where=spread > 0)
    stretched: Floats = (color - color.min(axis=0, keepdims=True)) * stretch
    return stretched


def _set_luminosity(color: Floats, luminosity: Floats) -> Floats:
    """The colour at that luminosity, drawn towards its grey as far as it leaves 0 to 1."""
    moved = color + (luminosity - _luminosity(color))
    gap = moved - luminosity
    lowest, highest = moved.min(axis=0, keepdims=True), moved.max(axis=0, keepdims=True)
    moved = np.where(lowest < 0, luminosity + gap * luminosity / np.where(lowest < 0, luminosity - lowest, 1), moved)
    gap = moved - luminosity
    clipped: Floats = np.where(highest > 1, luminosity + gap * (1 - luminosity) / np.where(highest > 1, highest - luminosity, 1), moved)
    return clipped


def _shares(levels: Pixels) -> Floats:
    shares: Floats = np.divide(np.ascontiguousarray(levels.T), 255, dtype=np.float32)
    return shares


def _on_levels(mix: Callable[[Floats, Floats], Floats]) -> Callable[[Pixels, Pixels], Pixels]:
    """(n, 3) uint8 in and out."""

    def mixed(backdrop: Pixels, source: Pixels) -> Pixels:
        made = np.clip(mix(_shares(backdrop), _shares(source)), 0, 1)
        return np.rint(made.T * 255).astype(np.uint8)

    return mixed


WHOLE: dict[str, Callable[[Pixels, Pixels], Pixels]] = {
    "hue": _on_levels(_hue),
    "saturation": _on_levels(_saturate),
    "color": _on_levels(_color),
    "luminosity": _on_levels(_brighten),
}

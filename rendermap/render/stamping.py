"""Lays stamps over each other in order, thousands at once: what is seen of each is worked out first.

A pixel shows the uppermost stamp that hides all below it there, and over that the rims of later ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendermap.render.stamp_pictures import STEP_BITS, STEPS, Pixels
from rendermap.render.stamps import BLOCK_PX, Stamps

AT_ONCE = 2048
"""Stamps; what is worked out for their pixels stays in the processor's own memory."""
MANY_DEEP = 4
"""Stamps on each other from which on it pays to look for those that nothing is seen of."""

_OUTSIDE = np.int32(2**31 - 1)
_OPAQUE = np.uint32(255 << 24)
_FADES = np.log1p(-np.arange(255) / 255)
"""Logarithms of the light that an alpha lets through."""

Numbers = NDArray[np.intp]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standing:
    """Stamps in their places, in the order they are drawn in.

    corners: (stamps,) of their own first pixel, counted through the canvas.  kinds: (stamps,) which picture.
    """

    corners: Numbers
    kinds: Numbers


def stamped(stamps: Stamps, x_px: Reals, y_px: Reals, looks: NDArray[np.integer]) -> Pixels:
    """A block with points drawn on it.

    x_px, y_px: (points,) from its left and upper edge, in the order they are drawn in, also outside.  looks: (points,).
    Result: (BLOCK_PX, BLOCK_PX, 4), straight alpha.
    """
    standing = _standing(stamps, x_px, y_px, looks)
    if not len(standing.kinds):
        return np.zeros((BLOCK_PX, BLOCK_PX, 4), np.uint8)
    top = _topmost(stamps, standing)
    picture = _solids(stamps, standing, top)
    seen = _seen(stamps, standing, top)
    for first in range(0, len(seen), AT_ONCE):
        _lay_rims(picture, stamps, standing, seen[first : first + AT_ONCE], top)
    return _straight(picture).reshape(BLOCK_PX, BLOCK_PX, 4)


def _standing(stamps: Stamps, x_px: Reals, y_px: Reals, looks: NDArray[np.integer]) -> Standing:
    least_x, least_y = stamps.left + 1 - stamps.side, stamps.top + 1 - stamps.side
    across = (x_px >= least_x) & (x_px < BLOCK_PX + stamps.left)
    inside = np.flatnonzero(across & (y_px >= least_y) & (y_px < BLOCK_PX + stamps.top))
    x, y = (np.floor(px[inside] * STEPS).astype(np.intp) for px in (x_px, y_px))
    columns, rows = (x >> STEP_BITS) + stamps.side - stamps.left, (y >> STEP_BITS) + stamps.side - stamps.top
    kinds = looks[inside].astype(np.intp) << STEP_BITS | y & STEPS - 1
    return Standing(rows * stamps.canvas_side + columns, kinds << STEP_BITS | x & STEPS - 1)


def _topmost(stamps: Stamps, standing: Standing) -> NDArray[np.int32]:
    """(canvas pixels,): the number of the uppermost stamp that hides all below it, -1 for none; nothing is seen outside the block."""
    top = _blank(stamps.side).copy()
    hiding = np.flatnonzero(stamps.hides[standing.kinds])
    for first in range(0, len(hiding), AT_ONCE):
        some = hiding[first : first + AT_ONCE]
        pixels = standing.corners[some, np.newaxis] + stamps.solid[standing.kinds[some]]
        np.maximum.at(top, pixels.ravel(), np.repeat(some.astype(np.int32), pixels.shape[1]))
    return top


@lru_cache(16)
def _numbers(margin: int) -> NDArray[np.int32]:
    """(canvas pixels,): their numbers in the block, -1 outside."""
    return np.pad(np.arange(BLOCK_PX**2, dtype=np.int32).reshape(BLOCK_PX, BLOCK_PX), margin, constant_values=-1).ravel()


@lru_cache(16)
def _blank(margin: int) -> NDArray[np.int32]:
    return np.where(_numbers(margin) >= 0, np.int32(-1), _OUTSIDE)


def _solids(stamps: Stamps, standing: Standing, top: NDArray[np.int32]) -> NDArray[np.uint32]:
    """(block pixels,): what the uppermost stamps show where they hide all below."""
    picture = np.zeros(BLOCK_PX**2, np.uint32)
    pixels = np.flatnonzero((top >= 0) & (top < _OUTSIDE))
    number = top[pixels]
    within = stamps.numbers[pixels - standing.corners[number]]
    picture[_numbers(stamps.side)[pixels]] = stamps.colors.ravel()[standing.kinds[number] * stamps.side**2 + within]
    return picture


def _seen(stamps: Stamps, standing: Standing, top: NDArray[np.int32]) -> Numbers:
    """The numbers of the stamps, without some that are hidden wholly."""
    count = len(standing.kinds)
    if count * stamps.side**2 < MANY_DEEP * BLOCK_PX**2:
        return np.arange(count)
    least = _least_within(top.reshape(stamps.canvas_side, stamps.canvas_side), stamps.side)
    return np.flatnonzero(least.ravel()[standing.corners] <= np.arange(count))


def _least_within(values: NDArray[np.int32], side: int) -> NDArray[np.int32]:
    """At each pixel the least in the square of that side whose upper left it is."""
    width = 1
    while width < side:
        step = min(width, side - width)
        down = values.copy()
        np.minimum(values[:-step], values[step:], out=down[:-step])
        values = down.copy()
        np.minimum(down[:, :-step], down[:, step:], out=values[:, :-step])
        width += step
    return values


def _lay_rims(picture: NDArray[np.uint32], stamps: Stamps, standing: Standing, some: Numbers, top: NDArray[np.int32]) -> None:
    """Over what was laid before.  some: numbers of stamps that follow each other."""
    kinds = standing.kinds[some]
    places = standing.corners[some, np.newaxis] + stamps.rims[kinds]
    seen = np.flatnonzero(top[places] < some[:, np.newaxis])
    if not len(seen):
        return
    # 16 bits are sorted several times faster than more
    pixels = _numbers(stamps.side)[places.ravel()[seen]].astype(np.uint16)
    order = np.argsort(pixels, kind="stable")
    _blend(picture, pixels[order], stamps.rim_colors[kinds].ravel()[seen[order]])


def _blend(picture: NDArray[np.uint32], pixels: NDArray[np.uint16], colors: NDArray[np.uint32]) -> None:
    """Lay colours over pixels.  pixels: ascending, those of one pixel from below upwards; at least one."""
    is_first = np.concatenate([[True], pixels[1:] != pixels[:-1]])
    firsts, stack = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    through = np.cumsum(_FADES[colors >> 24])
    ends = through[np.append(firsts[1:], len(pixels)) - 1]
    seen = np.exp((ends[stack] - through).astype(np.float32))
    left = np.exp(np.diff(ends, prepend=0.0).astype(np.float32))
    touched = pixels[firsts]
    shown, laid = (each.view(np.uint8).reshape(-1, 4) for each in (picture[touched], colors))
    for channel in range(3):
        shown[:, channel] = shown[:, channel] * left + np.bincount(stack, laid[:, channel] * seen) + 0.5
    shown[:, 3] = 255.5 - (255 - shown[:, 3]) * left
    picture[touched] = shown.view(np.uint32)[:, 0]


def _straight(picture: NDArray[np.uint32]) -> Pixels:
    """Colours without alpha in them."""
    clear = np.flatnonzero((picture > 0) & (picture < _OPAQUE))
    pixels = picture.view(np.uint8).reshape(-1, 4)
    seen = pixels[clear]
    alpha = seen[:, 3]
    share = np.float32(255) / alpha
    for channel in range(3):
        seen[:, channel] = np.minimum(seen[:, channel], alpha) * share + np.float32(0.5)
    pixels[clear] = seen
    return pixels

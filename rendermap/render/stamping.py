"""Lays stamps over each other in order, thousands at once: what is seen of each is worked out first.

A pixel shows the uppermost stamp that hides all below it there, and over that the rims of later ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendermap.render.stamps import BLOCK_PX, STEP_BITS, STEPS, Pixels, Stamps

AT_ONCE = 4096
"""Stamps; what is worked out for their pixels stays in the processor's own memory."""
MANY_DEEP = 4
"""Stamps on each other from which on it pays to look for those that nothing is seen of."""

_OUTSIDE = np.int32(2**31 - 1)
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
    top = _topmost(stamps, standing)
    picture = _solids(stamps, standing, top)
    seen = _seen(stamps, standing, top)
    for first in range(0, len(seen), AT_ONCE):
        _lay_rims(picture, stamps, standing, seen[first : first + AT_ONCE], top)
    return _straight(picture).reshape(BLOCK_PX, BLOCK_PX, 4)


def _standing(stamps: Stamps, x_px: Reals, y_px: Reals, looks: NDArray[np.integer]) -> Standing:
    x, y = (np.floor(px * STEPS).astype(np.intp) for px in (x_px, y_px))
    columns, rows = (x >> STEP_BITS) + stamps.side - stamps.left, (y >> STEP_BITS) + stamps.side - stamps.top
    end = BLOCK_PX + stamps.side
    inside = np.flatnonzero((columns > 0) & (columns < end) & (rows > 0) & (rows < end))
    kinds = looks[inside].astype(np.intp) << STEP_BITS | y[inside] & STEPS - 1
    return Standing(rows[inside] * stamps.canvas_side + columns[inside], kinds << STEP_BITS | x[inside] & STEPS - 1)


def _topmost(stamps: Stamps, standing: Standing) -> NDArray[np.int32]:
    """(canvas pixels,): the number of the uppermost stamp that hides all below it, -1 for none; nothing is seen outside the block."""
    top = np.where(_numbers(stamps.side) >= 0, np.int32(-1), _OUTSIDE)
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


def _solids(stamps: Stamps, standing: Standing, top: NDArray[np.int32]) -> NDArray[np.uint32]:
    """(block pixels,): what the uppermost stamps show where they hide all below."""
    picture = np.zeros(BLOCK_PX**2, np.uint32)
    pixels = np.flatnonzero((top >= 0) & (top < _OUTSIDE))
    number = top[pixels]
    within = stamps.numbers[pixels - standing.corners[number]]
    picture[_numbers(stamps.side)[pixels]] = stamps.colors[standing.kinds[number], within]
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
    pixels, colors = pixels[order], stamps.rim_colors[kinds].ravel()[seen[order]]
    is_first = np.concatenate([[True], pixels[1:] != pixels[:-1]])
    firsts, stack = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    through = np.cumsum(_FADES[colors >> 24])
    ends = through[np.append(firsts[1:], len(pixels)) - 1]
    light = np.exp(ends[stack] - through)
    touched = pixels[firsts]
    below = picture[touched].view(np.uint8).reshape(-1, 4) * np.exp(np.diff(ends, prepend=0.0))[:, np.newaxis]
    laid = colors.view(np.uint8).reshape(-1, 4)
    for channel in range(4):
        below[:, channel] += np.bincount(stack, laid[:, channel] * light)
    picture[touched] = np.minimum(below + 0.5, 255).astype(np.uint8).view(np.uint32)[:, 0]


def _straight(picture: NDArray[np.uint32]) -> Pixels:
    """Colours without alpha in them."""
    pixels = picture.view(np.uint8).reshape(-1, 4)
    clear = np.flatnonzero((pixels[:, 3] > 0) & (pixels[:, 3] < 255))
    alpha = pixels[clear, 3:].astype(np.uint16)
    pixels[clear, :3] = np.minimum((pixels[clear, :3] * np.uint16(255) + alpha // 2) // alpha, 255)
    return pixels

"""Pictures in a few colours: each channel in steps, so that colours are told no more finely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_LUMINOSITY = np.array([0.21, 0.72, 0.07], np.float32)


def posterised(pixels: Pixels, count: int) -> Pixels:
    """Pixels (..., 4) in at most count colours, those that are no colour themselves aside; alpha stays.  Too few for colours: greys."""
    levels = channel_levels(count)
    out = pixels.copy()
    if min(levels) < 2:
        gray = np.rint(pixels[..., :3] @ _LUMINOSITY).astype(np.uint8)
        out[..., :3] = _table(count)[gray][..., np.newaxis]
        return out
    for channel, level in enumerate(levels):
        out[..., channel] = _table(level)[pixels[..., channel]]
    return out


def channel_levels(count: int) -> tuple[int, int, int]:
    """Levels of red, green and blue whose product is at most count; green, which eyes see best, has most."""
    levels = [max(int(count ** (1 / 3) + 1e-9), 1)] * 3
    for channel in (1, 0, 2):
        others = levels[(channel + 1) % 3] * levels[(channel + 2) % 3]
        while (levels[channel] + 1) * others <= count and levels[channel] < min(levels) + 1:
            levels[channel] += 1
    return levels[0], levels[1], levels[2]


def _table(levels: int) -> Pixels:
    """A level for each value, the first black and the last full."""
    table: Pixels = np.rint(np.arange(256) * levels // 256 * (255 / (levels - 1))).astype(np.uint8)
    return table

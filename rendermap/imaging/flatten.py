"""Pictures without alpha: pixels laid over a colour, and a colour left free to mean transparent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WHITE = (255, 255, 255)


def flatten(pixels: NDArray[np.uint8], background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """pixels (height, width, 4), straight alpha, over a colour -> (height, width, 3), rounded to nearest."""
    alpha = pixels[..., 3:].astype(np.uint16)
    over = pixels[..., :3] * alpha + np.asarray(background, np.uint16) * (255 - alpha) + 127
    return (over // 255).astype(np.uint8)


def free_color(colors: NDArray[np.uint8]) -> tuple[int, int, int]:
    """A colour, white if possible, that none of colors (n, 3) has."""
    if not (colors == 255).all(axis=1).any():
        return WHITE
    used = np.zeros(1 << 24, np.bool_)
    parts = colors.astype(np.uint32)
    used[(parts[:, 0] << 16) | (parts[:, 1] << 8) | parts[:, 2]] = True
    free = len(used) - 1 - int(np.argmin(used[::-1]))
    return free >> 16, free >> 8 & 255, free & 255

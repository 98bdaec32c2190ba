"""Pictures without alpha: pixels laid over a colour, and a colour left free to mean transparent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WHITE = (255, 255, 255)
_TRIED = 16


def flatten(pixels: NDArray[np.uint8], background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """pixels (height, width, 4), straight alpha, over a colour -> (height, width, 3), rounded to nearest."""
    image = Image.fromarray(pixels)
    flat = Image.new("RGB", image.size, background)
    flat.paste(image, mask=image)
    return np.asarray(flat)


def free_color(colors: NDArray[np.uint8]) -> tuple[int, int, int]:
    """A colour, as near to white as possible, that none of colors (n, 3) has."""
    parts = colors.astype(np.uint32)
    words = (parts[:, 0] << 16) | (parts[:, 1] << 8) | parts[:, 2]
    white = (1 << 24) - 1
    free = next((word for word in range(white, white - _TRIED, -1) if not (words == word).any()), None)
    if free is None:
        used = np.zeros(1 << 24, np.bool_)
        used[words] = True
        free = white - int(np.argmin(used[::-1]))
    return free >> 16, free >> 8 & 255, free & 255

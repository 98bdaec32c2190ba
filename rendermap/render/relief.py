"""Shaded relief: how brightly each cell of an elevation model is lit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology.style import ShadedRelief

Floats = NDArray[np.floating[Any]]


def shade(heights: Floats, valid: NDArray[np.bool_] | None, cell_m: tuple[float, float], theme: ShadedRelief) -> NDArray[np.float32]:
    """Brightness 0 to 1 of every cell, (height, width), rows from the north.

    cell_m: size of a cell in metres (across, down).  Slopes by Horn's 3 by 3 kernel (1981); a missing neighbour counts
    as being as high as the cell itself, so that edges are lit as if flat.
    """
    filled = heights.astype(np.float32)
    if valid is not None:
        filled = np.where(valid, filled, np.nan)
    padded = np.pad(filled, 1, mode="edge")
    shape = filled.shape

    def neighbour(down: int, across: int) -> NDArray[np.float32]:
        part = padded[1 + down : 1 + down + shape[0], 1 + across : 1 + across + shape[1]]
        return part if valid is None else np.where(np.isnan(part), filled, part)

    west = neighbour(-1, -1) + 2 * neighbour(0, -1) + neighbour(1, -1)
    east = neighbour(-1, 1) + 2 * neighbour(0, 1) + neighbour(1, 1)
    north = neighbour(-1, -1) + 2 * neighbour(-1, 0) + neighbour(-1, 1)
    south = neighbour(1, -1) + 2 * neighbour(1, 0) + neighbour(1, 1)
    dx = (east - west) * np.float32(theme.z_factor / (8 * cell_m[0]))
    dy = (north - south) * np.float32(theme.z_factor / (8 * cell_m[1]))
    return _brightness(dx, dy, theme)


def _brightness(dx: NDArray[np.float32], dy: NDArray[np.float32], theme: ShadedRelief) -> NDArray[np.float32]:
    """The cosine between the light and the surface's normal; dx, dy: rise to the east and to the north."""
    azimuth, altitude = math.radians(theme.azimuth_deg), math.radians(theme.altitude_deg)
    to_light = (math.cos(altitude) * math.sin(azimuth), math.cos(altitude) * math.cos(azimuth), math.sin(altitude))
    lit = (to_light[2] - dx * to_light[0] - dy * to_light[1]) / np.sqrt(1 + dx * dx + dy * dy)
    return np.clip(np.nan_to_num(lit), 0, 1).astype(np.float32)

"""Shaded relief: how brightly each cell of an elevation model is lit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology.style import ShadedRelief

Floats = NDArray[np.floating[Any]]
# The light of Esri's multidirectional hillshade: (azimuth, altitude, weight), one from above.
_MANY_LIGHTS = (
    (315.0, 60.0, 0.167),
    (270.0, 60.0, 0.278),
    (225.0, 60.0, 0.167),
    (360.0, 60.0, 0.111),
    (180.0, 60.0, 0.056),
    (0.0, 90.0, 0.222),
)


@dataclass(frozen=True, slots=True)
class CellSize:
    """Metres across, for all cells or for each row (height, 1), and metres down."""

    across: NDArray[np.float32]
    down: float


def shade(heights: Floats, valid: NDArray[np.bool_] | None, cell: CellSize, theme: ShadedRelief) -> NDArray[np.float32]:
    """Brightness 0 to 1 of every cell, (height, width), rows from the north.

    Slopes by Horn's 3 by 3 kernel (1981); a missing neighbour counts as being as high as the cell itself, so that edges are lit as if flat.
    """
    dx, dy = _slopes(heights, valid, cell, theme.z_factor + theme.size_factor * cell.down**theme.size_power)
    if not theme.is_multidirectional:
        return _brightness(dx, dy, theme.azimuth_deg, theme.altitude_deg)
    total = sum(weight for _, _, weight in _MANY_LIGHTS)
    lit = np.zeros(dx.shape, np.float32)
    for azimuth_deg, altitude_deg, weight in _MANY_LIGHTS:
        lit += _brightness(dx, dy, azimuth_deg, altitude_deg) * np.float32(weight / total)
    return lit


def _slopes(
    heights: Floats, valid: NDArray[np.bool_] | None, cell: CellSize, z_factor: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rise to the east and to the north, metres per metre."""
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
    dx = (east - west) * np.asarray(z_factor / (8 * cell.across), np.float32)
    dy = (north - south) * np.float32(z_factor / (8 * cell.down))
    return dx, dy


def _brightness(dx: NDArray[np.float32], dy: NDArray[np.float32], azimuth_deg: float, altitude_deg: float) -> NDArray[np.float32]:
    """The cosine between the light and the surface's normal."""
    azimuth, altitude = math.radians(azimuth_deg), math.radians(altitude_deg)
    to_light = (math.cos(altitude) * math.sin(azimuth), math.cos(altitude) * math.cos(azimuth), math.sin(altitude))
    lit = (to_light[2] - dx * to_light[0] - dy * to_light[1]) / np.sqrt(1 + dx * dx + dy * dy)
    return np.clip(np.nan_to_num(lit), 0, 1).astype(np.float32)

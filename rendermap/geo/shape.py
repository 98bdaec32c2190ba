"""Shapes of features as plain values, the same on the way in and on the way out: points, lines or polygons, one or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Position = tuple[float, ...]
"""(x, y) or (x, y, z), easting first."""


@dataclass(frozen=True, slots=True)
class Shape:
    """parts: polygons of rings of positions, the first ring around and the others holes in it; lines, and points, are one part.

    Lines: one path for each line.  Points: one path of all points.  A ring ends where it begins.
    """

    kind: Literal["point", "line", "polygon"]
    parts: tuple[tuple[tuple[Position, ...], ...], ...]


def box_shape(xmin: float, ymin: float, xmax: float, ymax: float) -> Shape:
    """A box as a polygon."""
    return Shape("polygon", ((((xmin, ymin), (xmin, ymax), (xmax, ymax), (xmax, ymin), (xmin, ymin)),),))

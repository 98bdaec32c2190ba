"""Boxes in the plane: always (xmin, ymin, xmax, ymax), easting first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rendermap.errors import InvalidBbox

PARTS = 512


@dataclass(frozen=True, slots=True)
class BBox:
    """A box with xmin <= xmax and ymin <= ymax, all finite, in the units of a CRS that is named elsewhere."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in self.corners) or self.xmin > self.xmax or self.ymin > self.ymax:
            raise InvalidBbox

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """(xmin, ymin, xmax, ymax)."""
        return self.xmin, self.ymin, self.xmax, self.ymax

    @property
    def width(self) -> float:
        """Extent along the easting."""
        return self.xmax - self.xmin

    @property
    def height(self) -> float:
        """Extent along the northing."""
        return self.ymax - self.ymin

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) of the middle."""
        return (self.xmin + self.xmax) / 2, (self.ymin + self.ymax) / 2


def from_corners(x1: float, y1: float, x2: float, y2: float) -> BBox:
    """Box from any two opposite corners: esri-leaflet sends the y pair swapped.

    Raises InvalidBbox when a number is not finite or the box spans no area.
    """
    if not all(math.isfinite(v) for v in (x1, y1, x2, y2)) or x1 == x2 or y1 == y2:
        raise InvalidBbox
    return BBox(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def union(boxes: list[BBox]) -> BBox:
    """The smallest box around one or more boxes of the same CRS."""
    return BBox(min(b.xmin for b in boxes), min(b.ymin for b in boxes), max(b.xmax for b in boxes), max(b.ymax for b in boxes))


def intersects(a: BBox, b: BBox) -> bool:
    """True when the boxes share at least a point."""
    return a.xmin <= b.xmax and b.xmin <= a.xmax and a.ymin <= b.ymax and b.ymin <= a.ymax


def intersection(boxes: Sequence[BBox | None]) -> BBox | None:
    """What boxes of the same CRS share; None when that is nothing, or one of them is None."""
    known = [box for box in boxes if box is not None]
    if len(known) < len(boxes):
        return None
    xmin, ymin, xmax, ymax = max(b.xmin for b in known), max(b.ymin for b in known), min(b.xmax for b in known), min(b.ymax for b in known)
    return BBox(xmin, ymin, xmax, ymax) if xmin <= xmax and ymin <= ymax else None


def pad(box: BBox, dx: float, dy: float) -> BBox:
    """The box grown by dx on the left and right and by dy at the bottom and top."""
    return BBox(box.xmin - dx, box.ymin - dy, box.xmax + dx, box.ymax + dy)


def moved(box: BBox, dx: float) -> BBox:
    """The box, further east by dx."""
    return BBox(box.xmin + dx, box.ymin, box.xmax + dx, box.ymax)


def widened(box: BBox, least: float) -> BBox:
    """The box with its sides moved outward, to multiples of a step: at least least, and a five-hundredth of its longer side.

    It tells where things lie, and of no side exactly where it was.
    """
    step = 2.0 ** math.ceil(math.log2(max(least, box.width / PARTS, box.height / PARTS)))

    def out(side: float, way: int) -> float:
        # by half a step at least: one that lies on a multiple would stay where it is
        return way * math.ceil(way * side / step + 0.5) * step

    return BBox(out(box.xmin, -1), out(box.ymin, -1), out(box.xmax, 1), out(box.ymax, 1))


def fit_aspect(box: BBox, width_px: int, height_px: int) -> BBox:
    """The box extended, never cut, about its centre to the ratio width_px : height_px."""
    ratio = width_px / height_px
    if box.width < box.height * ratio:
        return pad(box, (box.height * ratio - box.width) / 2, 0.0)
    return pad(box, 0.0, (box.width / ratio - box.height) / 2)

"""What is looked at: a box, its CRS and the pixels to fill."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendermap.errors import InvalidBbox, InvalidSize
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import metres_per_unit

RATIO_PLACES = 3
FINEST_STEP = 1e-13
"""The finest grid that views are moved to, in units of their CRS; in degrees a hundred-millionth of a metre."""

PIXEL_M = 0.00028
"""Size of the standardised rendering pixel (OGC 06-042, 7.2.4.6.9)."""


@dataclass(frozen=True, slots=True)
class MapView:
    """A picture's frame.

    bbox: in units of crs, easting first.  width_px, height_px: device pixels.
    pixel_ratio: device pixels per 96-dpi pixel; scales symbols, not the frame.  1 is 96 dpi.
    """

    bbox: BBox
    crs: str
    width_px: int
    height_px: int
    pixel_ratio: float = 1.0

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1 or not 0.1 <= self.pixel_ratio <= 20:
            raise InvalidSize

    @property
    def resolution(self) -> float:
        """Coordinate units per device pixel along the easting."""
        return self.bbox.width / self.width_px

    @property
    def scale_denominator(self) -> float:
        """At 0.28 mm per pixel; independent of pixel_ratio, so a sharper picture of the same place shows the same layers."""
        return self.resolution * self.pixel_ratio * metres_per_unit(self.crs) / PIXEL_M


def part_of(view: MapView, left_px: int, top_px: int, width_px: int, height_px: int) -> MapView:
    """A rectangle of a view's pixels as a view of its own."""
    box, dx, dy = view.bbox, view.bbox.width / view.width_px, view.bbox.height / view.height_px
    xmin, ymax = box.xmin + left_px * dx, box.ymax - top_px * dy
    return MapView(BBox(xmin, ymax - height_px * dy, xmin + width_px * dx, ymax), view.crs, width_px, height_px, view.pixel_ratio)


def parts_of(view: MapView, side_px: int) -> Iterator[tuple[int, int, MapView]]:
    """A view in squares of so many pixels, smaller at its right and lower edge: (left, top, part)."""
    for top in range(0, view.height_px, side_px):
        for left in range(0, view.width_px, side_px):
            yield left, top, part_of(view, left, top, min(side_px, view.width_px - left), min(side_px, view.height_px - top))


def snapped(view: MapView) -> MapView:
    """The view with its box on a grid of a thousandth of a pixel and its ratio in thousandths, so that what looks alike is one picture.

    The step is a power of two: one worked out from the box itself would carry its last bit's noise to all corners.
    Raises InvalidBbox where the grid is finer than the numbers themselves.
    """
    box = view.bbox
    finest = min(box.width / view.width_px, box.height / view.height_px) / 1024
    is_finite = math.isfinite(box.width + box.height)
    if not is_finite or finest < max(FINEST_STEP, *(math.ulp(v) for v in box.corners)):
        raise InvalidBbox("The bounding box is too small or too large for pixels of its own.")
    step = 2.0 ** round(math.log2(view.resolution / 1024))
    box = BBox(*(round(v / step) * step for v in view.bbox.corners))
    return replace(view, bbox=box, pixel_ratio=round(view.pixel_ratio, RATIO_PLACES))

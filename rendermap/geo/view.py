"""What is looked at: a box, its CRS and the pixels to fill."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.errors import InvalidSize
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import metres_per_unit

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

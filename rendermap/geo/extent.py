"""Parts of the earth that a picture is bounded to: boxes in degrees, whose eastern end may lie beyond 180."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox, pad
from rendermap.geo.crs import WGS84, transformer
from rendermap.geo.view import MapView

Floats = NDArray[np.float64]
_PLACES = np.linspace(0, 1, 33)
_BULGE = 0.002
"""Between the places looked at a border may bulge by this share of the view."""


class Lies(Enum):
    """Where a view lies."""

    INSIDE = "inside"
    ACROSS = "across"
    OUTSIDE = "outside"


def is_within(extent_deg: BBox, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Which places lie in an extent; longitudes 360 degrees apart are the same place, and what is not finite lies nowhere."""
    with np.errstate(invalid="ignore"):
        east = (lon - extent_deg.xmin) % 360.0
        return np.asarray((east <= extent_deg.width) & (lat >= extent_deg.ymin) & (lat <= extent_deg.ymax))


def lies(view: MapView, extent_deg: BBox, margin_px: float = 0.0) -> Lies:
    """Where a view lies to an extent, with so many pixels around it; across it where that is not plain to see."""
    dx, dy = view.bbox.width / view.width_px, view.bbox.height / view.height_px
    wide = pad(view.bbox, margin_px * dx + view.bbox.width * _BULGE, margin_px * dy + view.bbox.height * _BULGE)
    lon, lat = _degrees(wide, view.crs)
    within = is_within(extent_deg, lon, lat)
    if within.all():
        return Lies.INSIDE
    return Lies.ACROSS if within.any() or not np.isfinite(lon).all() or _may_hold(lon, lat, extent_deg) else Lies.OUTSIDE


def _degrees(box: BBox, crs: str) -> tuple[Floats, Floats]:
    x, y = (part.ravel() for part in np.meshgrid(box.xmin + _PLACES * box.width, box.ymin + _PLACES * box.height))
    lon, lat = (np.asarray(part) for part in transformer(crs, WGS84).transform(x, y))
    return np.where(np.isfinite(lat), lon, np.nan), lat


def _may_hold(lon: Floats, lat: Floats, extent_deg: BBox) -> bool:
    """True unless all places lie to one side of the extent: one smaller than the gaps between the places may lie among them."""
    if lat.max() < extent_deg.ymin or lat.min() > extent_deg.ymax:
        return False
    middle = (extent_deg.xmin + extent_deg.xmax) / 2
    east = (lon - middle + 180.0) % 360.0 - 180.0
    half = extent_deg.width / 2
    is_near = bool((np.abs(east) < 90).all())
    return not is_near or bool(east.max() >= -half and east.min() <= half)

"""A map's box in Web Mercator, and the zooms that are worth showing it at."""

from __future__ import annotations

import math

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, transform_bbox
from rendermap.reply import MapCard

RADIUS_M = 6378137.0
WORLD_M = 2 * math.pi * RADIUS_M
TILE_PX = 256
FINEST_VECTOR_ZOOM = 21
FINEST_RASTER_ZOOM = 22
CELL_ZOOMS = 2
"""Zooms offered beyond a raster's own resolution, so that its cells show sharp edges."""


def mercator_bbox(card: MapCard) -> BBox:
    """The map's box; the whole world where its own CRS cannot say."""
    half = WORLD_M / 2
    return transform_bbox(card.bbox, card.crs, WEB_MERCATOR) or BBox(-half, -half, half, half)


def finest_zoom(card: MapCard) -> int:
    """The closest zoom worth asking for: where a raster's cells are plain to see, or street level for features."""
    if card.native_resolution_m is None or any(layer.kind == "vector" for layer in card.layers):
        return FINEST_VECTOR_ZOOM
    _, y = mercator_bbox(card).center
    # ground metres are stretched by 1 / cos(latitude), which is cosh of the northing
    cell_m = card.native_resolution_m * math.cosh(y / RADIUS_M)
    zoom = math.ceil(math.log2(WORLD_M / TILE_PX / cell_m)) + CELL_ZOOMS
    return min(max(zoom, 0), FINEST_RASTER_ZOOM)


def zoom_to_fit(box: BBox, size_px: int, lowest: int, highest: int) -> int:
    """The zoom at which the longer side of a box comes closest below size_px, or just above for specks."""
    side = max(box.width, box.height, 1.0)
    return min(max(math.floor(math.log2(WORLD_M / TILE_PX * size_px / side)), lowest), highest)

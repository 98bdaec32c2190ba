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
_SLACK = 1e-3


def mercator_bbox(card: MapCard) -> BBox:
    """The map's box; the whole world where its own CRS cannot say."""
    half = WORLD_M / 2
    return transform_bbox(card.bbox, card.crs, WEB_MERCATOR) or BBox(-half, -half, half, half)


def finest_zoom(card: MapCard) -> int:
    """The closest zoom worth asking for: beyond it no layer shows more, and where features have no such bound street level."""
    most = FINEST_VECTOR_ZOOM if any(layer.kind == "vector" for layer in card.layers) else FINEST_RASTER_ZOOM
    if card.finest_m is None:
        return FINEST_VECTOR_ZOOM
    zoom = math.ceil(math.log2(WORLD_M / TILE_PX / card.finest_m) - _SLACK)
    return min(max(zoom, 0), most)


def zoom_to_fit(box: BBox, size_px: int, lowest: int, highest: int) -> int:
    """The zoom at which the longer side of a box comes closest below size_px, or just above for specks."""
    side = max(box.width, box.height, 1.0)
    return min(max(math.floor(math.log2(WORLD_M / TILE_PX * size_px / side)), lowest), highest)

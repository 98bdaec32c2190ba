"""TileJSON, and what of the world a job's tiles cover."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rendermap.errors import TileOutside
from rendermap.geo.bbox import BBox, intersects, pad, union
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transform_bbox
from rendermap.geo.view import MapView
from rendermap.reply import LayerCard, MapCard
from rendermap.request import LayerChoice, LayerMode

WORLD_M = 2 * math.pi * 6378137.0
TILE_PX = 256
LIMIT_DEG = 85.0511287798
FARTHEST_PX = 16
"""A result is offered from the zoom at which it is at least this large."""
REACH_PX = 64
"""How far symbols may reach out of the data's box."""
FINEST_VECTOR_ZOOM = 20
PIXEL_ZOOMS = 2
"""Zooms offered beyond a raster's own resolution, so that its cells show sharp edges."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things are, absolute.  tiles: template with ``{z}``, ``{x}`` and ``{y}``."""

    tiles: str
    legend: str


def tilejson(card: MapCard, choice: LayerChoice, addresses: Addresses) -> dict[str, object]:
    """The document of a job's tiles.  Spec: TileJSON 3.0.0, whose ``vector_layers`` is required and empty for pictures."""
    bounds = bounds_deg(card, choice)
    farthest, finest = zoom_range(card)
    center_x, center_y = bounds.center
    return {
        "tilejson": "3.0.0",
        "name": card.title,
        "description": card.service.description,
        "version": "1.0.0",
        "attribution": card.service.credits,
        "legend": addresses.legend,
        "scheme": "xyz",
        "tiles": [addresses.tiles],
        "minzoom": farthest,
        "maxzoom": finest,
        "bounds": [round(v, 7) for v in bounds.corners],
        "center": [round(center_x, 7), round(center_y, 7), _zoom_to_fit(_mercator(card.bbox, card.crs), TILE_PX * 2, farthest, finest)],
        "vector_layers": [],
    }


def require_inside(card: MapCard, view: MapView) -> None:
    """Raises TileOutside when a tile lies beyond everything the map may draw."""
    reach = REACH_PX * view.pixel_ratio * view.resolution
    if not intersects(pad(_mercator(card.bbox, card.crs), reach, reach), view.bbox):
        raise TileOutside


def bounds_deg(card: MapCard, choice: LayerChoice) -> BBox:
    """Longitude and latitude of what the chosen layers cover, within what Web Mercator can show."""
    box = transform_bbox(_chosen_bbox(card, choice), card.crs, WGS84) or BBox(-180.0, -LIMIT_DEG, 180.0, LIMIT_DEG)
    south, north = (min(max(lat, -LIMIT_DEG), LIMIT_DEG) for lat in (box.ymin, box.ymax))
    return BBox(max(box.xmin, -180.0), south, min(box.xmax, 180.0), north)


def zoom_range(card: MapCard) -> tuple[int, int]:
    """(farthest, finest) zoom worth asking for: from where the result is a speck to where its cells or lines show no more."""
    box = _mercator(card.bbox, card.crs)
    farthest = _zoom_to_fit(box, FARTHEST_PX, 0, FINEST_VECTOR_ZOOM)
    finest = FINEST_VECTOR_ZOOM
    if card.native_resolution_m and not any(layer.kind == "vector" for layer in card.layers):
        # ground metres are stretched by 1 / cos(latitude) in Web Mercator
        latitude = math.radians(bounds_deg(card, LayerChoice()).center[1])
        cell_m = card.native_resolution_m / max(math.cos(latitude), 0.05)
        finest = math.ceil(math.log2(WORLD_M / TILE_PX / cell_m)) + PIXEL_ZOOMS
    return farthest, min(max(finest, farthest), FINEST_VECTOR_ZOOM + PIXEL_ZOOMS)


def _zoom_to_fit(box: BBox, size_px: int, lowest: int, highest: int) -> int:
    """The zoom at which the longer side of a box comes closest below size_px, or just above for specks."""
    side = max(box.width, box.height, 1.0)
    return min(max(math.floor(math.log2(WORLD_M / TILE_PX * size_px / side)), lowest), highest)


def _mercator(box: BBox, crs: str) -> BBox:
    half = WORLD_M / 2
    return transform_bbox(box, crs, WEB_MERCATOR) or BBox(-half, -half, half, half)


def _chosen_bbox(card: MapCard, choice: LayerChoice) -> BBox:
    if choice.mode is not LayerMode.SHOW:
        return card.bbox
    boxes = [layer.bbox for layer in card.layers if layer.bbox and _is_chosen(layer, choice)]
    return union(boxes) if boxes else card.bbox


def _is_chosen(layer: LayerCard, choice: LayerChoice) -> bool:
    return layer.id in choice.ids or layer.parent in choice.ids

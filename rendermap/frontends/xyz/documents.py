"""TileJSON, and what of the world a job's tiles cover."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.errors import TileOutside
from rendermap.frontends.zooms import FINEST_VECTOR_ZOOM, TILE_PX, finest_zoom, mercator_bbox, zoom_to_fit
from rendermap.geo.bbox import BBox, intersects, pad, union
from rendermap.geo.crs import WGS84, transform_bbox
from rendermap.geo.view import MapView
from rendermap.reply import LayerCard, MapCard
from rendermap.request import LayerChoice, LayerMode

LIMIT_DEG = 85.0511287798
FARTHEST_PX = 16
"""A result is offered from the zoom at which it is at least this large."""
REACH_PX = 64
"""How far symbols may reach out of the data's box."""


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
        "center": [round(center_x, 7), round(center_y, 7), center_zoom(mercator_bbox(card), farthest, finest)],
        "vector_layers": [],
    }


def center_zoom(box: BBox, farthest: int, finest: int) -> int:
    """At which a box, in metres of Web Mercator, is seen as a whole."""
    return zoom_to_fit(box, TILE_PX * 2, farthest, finest)


def require_inside(card: MapCard, view: MapView) -> None:
    """Raises TileOutside when a tile lies beyond everything the map may draw."""
    reach = REACH_PX * view.pixel_ratio * view.resolution
    if not intersects(pad(mercator_bbox(card), reach, reach), view.bbox):
        raise TileOutside


def bounds_deg(card: MapCard, choice: LayerChoice) -> BBox:
    """Longitude and latitude of what the chosen layers cover, within what Web Mercator can show."""
    box = transform_bbox(_chosen_bbox(card, choice), card.crs, WGS84) or BBox(-180.0, -LIMIT_DEG, 180.0, LIMIT_DEG)
    south, north = (min(max(lat, -LIMIT_DEG), LIMIT_DEG) for lat in (box.ymin, box.ymax))
    return BBox(max(box.xmin, -180.0), south, min(box.xmax, 180.0), north)


def zoom_range(card: MapCard) -> tuple[int, int]:
    """(farthest, finest) zoom worth asking for: from where the result is a speck to where its cells or lines show no more."""
    finest = finest_zoom(card)
    farthest = zoom_to_fit(mercator_bbox(card), FARTHEST_PX, 0, FINEST_VECTOR_ZOOM)
    return farthest, max(finest, farthest)


def _chosen_bbox(card: MapCard, choice: LayerChoice) -> BBox:
    if choice.mode is not LayerMode.SHOW:
        return card.bbox
    boxes = [layer.bbox for layer in card.layers if layer.bbox and _is_chosen(layer, choice)]
    return union(boxes) if boxes else card.bbox


def _is_chosen(layer: LayerCard, choice: LayerChoice) -> bool:
    return layer.id in choice.ids or layer.parent in choice.ids

"""What of a picture may be seen when it is bounded to a part of the earth: pixels, and the features that may leave a trace on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox, moved
from rendermap.geo.crs import WGS84, transformer
from rendermap.geo.extent import is_within
from rendermap.geo.turns import carry_box, turn_of, turns_onto
from rendermap.geo.view import MapView, parts_of
from rendermap.render.raster_source import Affine
from rendermap.render.warp import Mesh, locate, points_of

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
_DEGREES = Affine(1, 0, 0, 0, 1, 0)
_PART_PX = 512


def inside(view: MapView, clip_deg: BBox) -> Mask:
    """Which pixels, (height, width), have their centre in the extent."""
    mask = np.zeros((view.height_px, view.width_px), np.bool_)
    for left, top, part in parts_of(view, _PART_PX):
        place = locate(part, WGS84, _DEGREES)
        lon, lat = points_of(place) if isinstance(place, Mesh) else (place.cols, place.rows)
        mask[top : top + part.height_px, left : left + part.width_px] = is_within(clip_deg, lon, lat)
    return mask


def clipped(pixels: Pixels, view: MapView, clip_deg: BBox | None) -> Pixels:
    """The picture (height, width, 4), wholly transparent outside the extent; the very same where there is none."""
    return pixels if clip_deg is None else pixels * inside(view, clip_deg)[..., np.newaxis]


def boxes_in(clip_deg: BBox, view: MapView) -> tuple[BBox, ...]:
    """The boxes around the extent that a view meets, more than one where it meets both sides of the earth; none where it has no place."""
    box, turn = carry_box(clip_deg, WGS84, view.crs), turn_of(view.crs)
    if box is None or turn is None:
        return (box,) if box else ()
    ways = turns_onto(box.xmin, box.xmax, (view.bbox.xmin, view.bbox.xmax), turn)
    return tuple(moved(box, way * turn.width) for way in ways)


def touch(shapes: NDArray[np.object_], crs: str, clip_deg: BBox) -> Mask:
    """Which geometries of a CRS have a part in the extent."""
    carry = transformer(crs, WGS84)
    turned = shapely.transform(shapes, lambda xy: np.column_stack(carry.transform(xy[:, 0], xy[:, 1])))
    return np.asarray(shapely.intersects(turned, _area(clip_deg)))


def _area(clip_deg: BBox) -> Any:
    """The extent wherever longitudes may be counted from."""
    west, south, east, north = clip_deg.corners
    return shapely.union_all([shapely.box(west + turn, south, east + turn, north) for turn in (-360, 0, 360)])

"""Draws raster layers: read the window at the right level of detail, warp, colour; cells without data stay transparent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView, part_of, parts_of
from rendermap.render.colorize import Pixels
from rendermap.render.gdb_raster import draw_geodatabase_raster
from rendermap.render.paint import is_blended, paint, request_of
from rendermap.render.raster_levels import RasterLevels
from rendermap.render.raster_patch import Box, Patch
from rendermap.render.resample import Sampler
from rendermap.render.view_limits import with_limits_of_view
from rendermap.render.warm_rasters import warm_rasters
from rendermap.render.warp import box_of, locate

Painted = Callable[[Patch, Sampler], NDArray[Any]]
"""Cells and the place of pixels among them -> what stands in the picture for each pixel."""

_BLOCK_PX = 512
_SMALLEST_BLOCK_PX = 32
_MOST_CELLS_PER_PIXEL = 8


def draw_raster(plan: LayerPlan, view: MapView, clip_deg: BBox | None = None) -> Pixels:
    """The picture of a raster layer: (height, width, 4) uint8, straight alpha, without the layer's own opacity.

    Cells lie within half a pixel of their true place.  Continuous themes are bilinear between cell centres, classes and categories are not.
    clip_deg: statistics of the view are of the cells in it.  Raises SourceUnreadable, SourceRefused, StyleInvalid.
    """
    plan = with_limits_of_view(plan, view, clip_deg)
    if plan.layer.reader == "gdal":
        return draw_geodatabase_raster(plan, view)
    raster = warm_rasters().get(plan.layer)
    picture = np.zeros((view.height_px, view.width_px, 4), np.uint8)
    draw_blocks(raster, plan, view, picture, partial(paint, plan, raster))
    return picture


def draw_blocks(raster: RasterLevels, plan: LayerPlan, view: MapView, picture: NDArray[Any], painted: Painted) -> None:
    """Draw into the picture what lies on the raster, part by part.  Raises SourceUnreadable, and what painted raises."""
    for left, top, block in parts_of(view, _BLOCK_PX):
        _draw_block(raster, plan, block, picture[top : top + block.height_px, left : left + block.width_px], painted)


def _draw_block(raster: RasterLevels, plan: LayerPlan, view: MapView, out: NDArray[Any], painted: Painted) -> None:
    place = locate(view, plan.crs, raster.transform)
    box = box_of(place, raster.width, raster.height)
    if box is None:
        return
    if _is_torn(box, place.scale, view):
        for left, top, width, height in _quarters(view):
            _draw_block(raster, plan, part_of(view, left, top, width, height), out[top : top + height, left : left + width], painted)
        return
    patch = raster.read(request_of(plan.style, box, place.scale))
    if patch is not None:
        # Limits of a style may lie beyond what samples can hold: such a number is then infinite, which compares as it should.
        with np.errstate(over="ignore", invalid="ignore"):
            out[:] = painted(patch, Sampler(patch, place, not is_blended(plan.style)))


def _is_torn(box: Box, scale: float, view: MapView) -> bool:
    """True when far more cells would be read than the picture shows: across the antimeridian, or over a very uneven projection."""
    cells = (box[2] - box[0]) * (box[3] - box[1]) / max(scale, 1e-12) ** 2
    return max(view.width_px, view.height_px) > _SMALLEST_BLOCK_PX and cells > _MOST_CELLS_PER_PIXEL * view.width_px * view.height_px


def _quarters(view: MapView) -> Iterator[tuple[int, int, int, int]]:
    """(left, top, width, height) in pixels of up to four parts."""
    wide, high = (view.width_px + 1) // 2, (view.height_px + 1) // 2
    for top in range(0, view.height_px, high):
        for left in range(0, view.width_px, wide):
            yield left, top, min(wide, view.width_px - left), min(high, view.height_px - top)

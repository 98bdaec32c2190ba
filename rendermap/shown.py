"""What of a map a view shows: which layers, how finely, and which part of the earth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from rendermap.dispatch.plan import MapPlan
from rendermap.drawables import Drawable
from rendermap.geo.bbox import BBox, intersects, pad
from rendermap.geo.crs import WEB_MERCATOR, is_geographic, metres_per_unit, transform_bbox
from rendermap.geo.extent import Lies, lies
from rendermap.geo.finest import Finest, is_finer, magnification
from rendermap.geo.lattice import BLOCK_CSS_PX, PX_PER_PT, Lattice, comes_near, frames_of
from rendermap.geo.view import PIXEL_M, MapView
from rendermap.services.layering import OGC_PER_ESRI_SCALE
from rendermap.services.service import Access
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.template import label_reach_pt

USUAL_SCALE_DENOMINATOR = 250 * OGC_PER_ESRI_SCALE
"""Beyond which features that may only be seen show no more: 1:250, as ArcGIS counts."""

PIXELS_PER_CELL = 4
"""Along each side of a raster's cell: so that cells show as cells, and a surface between them as a surface."""

_MERCATOR_LIMIT_DEG = 85.0


def scale_range(drawable: Drawable) -> tuple[float | None, float | None]:
    """(farthest, nearest) scale denominators at which the layer draws: within both the tool layer's range and the style's."""
    style = drawable.style
    far = [s for s in (drawable.tool.min_scale_denominator, style and style.min_scale_denominator) if s]
    near = [s for s in (drawable.tool.max_scale_denominator, style and style.max_scale_denominator) if s]
    return min(far, default=None), max(near, default=None)


# --- how finely --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _grid(crs: str, cell: tuple[float, float], scale_denominator: float) -> Finest | None:
    """Cells as large as both say; None where neither says anything."""
    side = scale_denominator * PIXEL_M / metres_per_unit(crs)
    dx, dy = max(cell[0], side), max(cell[1], side)
    return Finest(crs, dx, dy) if dx and dy else None


def finest_of(drawable: Drawable, map_crs: str, bound: float | None = None) -> Finest | None:
    """The grid beyond which the layer shows nothing more, None where it has no such bound.

    map_crs: the map's own; features are cut from a picture in it, rasters from one in theirs, whatever CRS is asked for: or each CRS would
    show its own cells.  bound: a scale denominator that whoever asks may not go beyond.
    """
    tool, facts = drawable.tool, drawable.layer.facts if drawable.layer else None
    is_only_seen = tool.access is Access.VIEW
    if isinstance(facts, RasterFacts) and drawable.crs:
        share = 1 / PIXELS_PER_CELL if is_only_seen else 0.0
        cell = abs(facts.pixel[0]) * share, abs(facts.pixel[1]) * share
        return _grid(drawable.crs, cell, max(tool.finest_scale_denominator or 0.0, bound or 0.0))
    own = tool.finest_scale_denominator or (USUAL_SCALE_DENOMINATOR if is_only_seen else 0.0)
    return _grid(_flat(drawable, map_crs), (0.0, 0.0), max(own, bound or 0.0))


def _flat(drawable: Drawable, map_crs: str) -> str:
    """Degrees would squeeze symbols and letters; Web Mercator does not, and has room for all but the poles."""
    if not is_geographic(map_crs):
        return map_crs
    box = drawable.bbox
    return map_crs if box and max(abs(box.ymin), abs(box.ymax)) > _MERCATOR_LIMIT_DEG else WEB_MERCATOR


def finer_than_allowed(drawable: Drawable, view: MapView, map_crs: str, bound: float | None = None) -> Finest | None:
    """The grid that the layer is cut from in a view finer than it; None where the layer is drawn as it is."""
    finest = finest_of(drawable, map_crs, bound)
    return finest if finest and is_finer(view, finest) else None


# --- which layers ------------------------------------------------------------------------------------------------------


def in_view(drawables: Iterable[Drawable], view: MapView, lattice: Lattice) -> tuple[Drawable, ...]:
    """Those with something to draw here: in scale, and within reach of the view, or of a block of labels that a tile is cut from."""
    scale = view.scale_denominator
    shown = []
    for drawable in drawables:
        farthest, nearest = scale_range(drawable)
        if drawable.layer is None or drawable.style is None or drawable.layer.bbox is None or drawable.crs is None:
            continue
        if (farthest and scale > farthest) or (nearest and scale < nearest):
            continue
        box = transform_bbox(drawable.layer.bbox, drawable.crs, view.crs)
        # the box of a reprojected dataset is made from points on a grid: leave room for what bulges between them
        reach = view.resolution * (drawable.reach_pt * 2 * view.pixel_ratio + 4)
        if (box and intersects(pad(box, reach + box.width * 0.01, reach + box.height * 0.01), view.bbox)) or (
            drawable.style.labels and _may_have_labels(drawable, view, lattice)
        ):
            shown.append(drawable)
    return tuple(shown)

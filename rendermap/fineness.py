"""How finely each layer may be seen, and the grid that finer views of it are cut from."""

from __future__ import annotations

from functools import lru_cache

from rendermap.drawables import Drawable
from rendermap.geo.crs import WEB_MERCATOR, is_geographic, metres_per_unit
from rendermap.geo.finest import Finest, is_finer
from rendermap.geo.view import PIXEL_M, MapView
from rendermap.services.layering import OGC_PER_ESRI_SCALE
from rendermap.services.service import Access
from rendermap.symbology.facts import RasterFacts

USUAL_SCALE_DENOMINATOR = 250 * OGC_PER_ESRI_SCALE
"""Beyond which features that may only be seen show no more: 1:250, as ArcGIS counts."""

PIXELS_PER_CELL = 4
"""Along each side of a raster's cell: so that cells show as cells, and a surface between them as a surface."""

_MERCATOR_LIMIT_DEG = 85.0


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

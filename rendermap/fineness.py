"""How finely each layer may be seen, and the grid that finer views of it are cut from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rendermap.drawables import Drawable
from rendermap.geo.bbox import BBox, intersects, pad
from rendermap.geo.crs import WEB_MERCATOR, WGS84, is_geographic, metres_per_unit, transform_bbox
from rendermap.geo.finest import Finest, is_finer, magnification
from rendermap.geo.lattice import BLOCK_CSS_PX, PX_PER_PT
from rendermap.geo.view import PIXEL_M, MapView
from rendermap.services.layering import OGC_PER_ESRI_SCALE
from rendermap.services.service import Access
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.style import Engine
from rendermap.symbology.template import label_reach_pt

USUAL_SCALE_DENOMINATOR = 250 * OGC_PER_ESRI_SCALE
"""Beyond which features that may only be seen show no more: 1:250, as ArcGIS counts."""

PIXELS_PER_CELL = 4
"""Along each side of a raster's cell: so that cells show as cells, and a surface between them as a surface."""

_MERCATOR_LIMIT_DEG = 85.0
_BULGE = 0.01
_PROBE_PX = 64
_JUST_BELOW = 1 - 1e-4


@dataclass(frozen=True, slots=True)
class Fineness:
    """The bounds of one map.

    crs: the map's own.  bound: a scale denominator at 0.28 mm per pixel that whoever asks may not go beyond, None for no such bound.
    """

    crs: str
    bound: float | None = None

    def finest(self, drawable: Drawable) -> Finest | None:
        """The grid beyond which the layer shows nothing more, None where it has no such bound.

        Features are cut from a picture in the map's CRS and rasters from one in their own, whatever is asked for: or each CRS would show
        cells of its own.
        """
        tool, facts = drawable.tool, drawable.layer.facts if drawable.layer else None
        is_only_seen = tool.access is Access.VIEW
        if isinstance(facts, RasterFacts) and drawable.crs:
            cells = _cells(drawable) if is_only_seen else None
            return _grid(drawable.crs, cells, max(tool.finest_scale_denominator or 0.0, self.bound or 0.0))
        own = tool.finest_scale_denominator or (USUAL_SCALE_DENOMINATOR if is_only_seen else 0.0)
        return _grid(self._upright(drawable), None, max(own, self.bound or 0.0))

    def cut(self, drawable: Drawable, view: MapView) -> Finest | None:
        """The grid that the layer is cut from in a view finer than it; None where the layer is drawn as it is."""
        finest = self.finest(drawable)
        return finest if finest and (is_finer(view, finest) or _is_closer(drawable, view, finest)) else None

    def mercator_m(self, drawable: Drawable) -> float | None:
        """Metres of Web Mercator per pixel beyond which pictures of the layer show no more; None where features have no such bound."""
        finest = self.finest(drawable) or _cells(drawable)
        if finest is None or drawable.layer is None or drawable.layer.bbox is None or drawable.crs is None:
            return None
        box = transform_bbox(drawable.layer.bbox, drawable.crs, WEB_MERCATOR)
        if box is None:
            return None
        x, y = box.center
        return magnification(MapView(BBox(x, y, x + _PROBE_PX, y + _PROBE_PX), WEB_MERCATOR, _PROBE_PX, _PROBE_PX), finest)

    def _upright(self, drawable: Drawable) -> str:
        """Degrees would squeeze symbols and letters; Web Mercator does not, and has room for all but the poles."""
        if not is_geographic(self.crs) or drawable.layer is None or drawable.layer.bbox is None or drawable.crs is None:
            return self.crs
        box = transform_bbox(drawable.layer.bbox, drawable.crs, WGS84)
        return WEB_MERCATOR if box and max(-box.ymin, box.ymax) < _MERCATOR_LIMIT_DEG else self.crs


def _is_closer(drawable: Drawable, view: MapView, finest: Finest) -> bool:
    """True where few dots per inch would bring out what the engine's own rules keep for closer scales: it goes by the view's alone."""
    is_engines = drawable.style is not None and isinstance(drawable.style.theme, Engine)
    return is_engines and view.scale_denominator < finest.scale_denominator * _JUST_BELOW


def _cells(drawable: Drawable) -> Finest | None:
    """The grid of a raster's own cells, as finely as they are drawn."""
    facts = drawable.layer.facts if drawable.layer else None
    if not isinstance(facts, RasterFacts) or drawable.crs is None or not all(facts.pixel):
        return None
    return Finest(drawable.crs, *(abs(side) / PIXELS_PER_CELL for side in facts.pixel))


@lru_cache(maxsize=4096)
def _grid(crs: str, cells: Finest | None, scale_denominator: float) -> Finest | None:
    """Cells as large as both say; None where neither says anything."""
    side = scale_denominator * PIXEL_M / metres_per_unit(crs)
    dx, dy = (max(cells.dx, side), max(cells.dy, side)) if cells else (side, side)
    return Finest(crs, dx, dy) if dx else None


def reach_px(drawable: Drawable, view: MapView, finest: Finest | None) -> float:
    """How far from its data a layer may leave a trace, in device pixels of the view: by its symbols, its labels, and theirs on others."""
    assert drawable.style
    label_px = BLOCK_CSS_PX + label_reach_pt(drawable.style) * PX_PER_PT if drawable.style.labels else 0.0
    each = max(magnification(view, finest), 1.0) if finest else view.pixel_ratio
    return (max(drawable.reach_pt * PX_PER_PT, label_px) + 4) * each


def may_show(drawable: Drawable, view: MapView, finest: Finest) -> bool:
    """True when the layer, cut from its grid, may leave a trace in the view."""
    assert drawable.layer and drawable.layer.bbox and drawable.crs
    seen = transform_bbox(view.bbox, view.crs, finest.crs)
    box = transform_bbox(drawable.layer.bbox, drawable.crs, finest.crs)
    if seen is None or box is None:
        return False
    cells = reach_px(drawable, view, finest) / magnification(view, finest)
    # boxes in another CRS are made from points on a grid: leave room for what bulges between them
    room = [cells * side + _BULGE * (a + b) for side, a, b in ((finest.dx, seen.width, box.width), (finest.dy, seen.height, box.height))]
    return intersects(pad(box, *room), seen)

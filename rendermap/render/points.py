"""Draws layers of many points from what is kept of them, with stamps instead of Mapnik's markers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import RenderFailed
from rendermap.geo.bbox import BBox, pad
from rendermap.geo.view import MapView, parts_of
from rendermap.imaging.blend import fade
from rendermap.render.clip import boxes_in
from rendermap.render.copy_store import drop_damaged
from rendermap.render.kept_points import KeptPoints, find_points, kept_points_for
from rendermap.render.point_file import PointFile, open_points
from rendermap.render.stamp_pictures import Pixels, draw_looks
from rendermap.render.stamping import stamped
from rendermap.render.stamps import BLOCK_PX, Stamps, stamps_from
from rendermap.symbology.symbols import Symbol

WARM_LAYERS, WARM_STYLES = 8, 256
MOST_AT_ONCE = 1 << 20
"""Points around a block; they take some 100 bytes each while they are drawn."""


@dataclass(frozen=True, slots=True)
class Stampable:
    """A layer ready to draw at one pixel ratio."""

    file: PointFile
    stamps: Stamps
    opacity: float

    def draw(self, view: MapView, clip_deg: BBox | None = None) -> Pixels | None:
        """(height, width, 4), straight alpha; None where the points are too many.  clip_deg: see `draw_vectors`."""
        extents = None if clip_deg is None else boxes_in(clip_deg, view)
        picture = np.zeros((view.height_px, view.width_px, 4), np.uint8)
        for left, top, part in parts_of(view, BLOCK_PX):
            block = self._block(part, extents)
            if block is None:
                return None
            picture[top : top + part.height_px, left : left + part.width_px] = block[: part.height_px, : part.width_px]
        return fade(picture, self.opacity)

    def _block(self, view: MapView, extents: tuple[BBox, ...] | None) -> Pixels | None:
        box, dx, dy = view.bbox, view.bbox.width / view.width_px, view.bbox.height / view.height_px
        found = self.file.around(pad(box, dx * self.stamps.side, dy * self.stamps.side), MOST_AT_ONCE)
        if found is None:
            return None
        if extents is not None:
            x, y = found["x"], found["y"]
            lies_in = [(x >= box.xmin) & (x <= box.xmax) & (y >= box.ymin) & (y <= box.ymax) for box in extents]
            found = found[np.any(lies_in, axis=0)] if lies_in else found[:0]
        return stamped(self.stamps, (found["x"] - box.xmin) / dx, (box.ymax - found["y"]) / dy, found["look"])


class WarmStamps:
    """The layers drawn last: which of them can be stamped, and what with."""

    def __init__(self, layers: int, styles: int) -> None:
        self._kept: LRUCache[object, KeptPoints | None] = LRUCache(styles)
        self._ready: LRUCache[object, Stampable | None] = LRUCache(layers)

    def get(self, plan: LayerPlan, crs: str, pixel_ratio: float) -> Stampable | None:
        """A layer with its stamps, None when Mapnik must draw it, for now or always."""
        if plan.is_filtered:
            return None
        what = (crs, plan.layer.source, plan.layer.reader, plan.layer.encoding, plan.crs, plan.style_key)
        if (what, pixel_ratio) in self._ready:
            ready = self._ready[what, pixel_ratio]
            if ready is None or not ready.file.held.is_spoilt:
                return ready
            del self._ready[what, pixel_ratio]
        if what not in self._kept:
            self._kept[what] = kept_points_for(plan, crs)
        points = self._kept[what]
        file = find_points(points) if points else None
        if points is None or file is None:
            return None
        ready = self._ready[what, pixel_ratio] = _ready(points, file, pixel_ratio)
        return ready

    def forget(self) -> None:
        """Close them all."""
        self._kept.clear()
        self._ready.clear()


WARM_STAMPS = WarmStamps(WARM_LAYERS, WARM_STYLES)


def _ready(points: KeptPoints, file: Path, pixel_ratio: float) -> Stampable | None:
    try:
        opened = open_points(file)
    except OSError:
        drop_damaged(file)
        return None
    style = points.kept.plan.style
    looks = [points.look_of(look) for look in opened.looks] or [Symbol()]
    try:
        pictures = draw_looks(looks, style, pixel_ratio)
    except RuntimeError as error:
        raise RenderFailed(reason=str(error)) from error
    return None if pictures is None else Stampable(opened, stamps_from(pictures), style.opacity)

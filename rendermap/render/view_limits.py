"""Limits of stretches taken from the cells in view, for layers whose operator asked for that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import StyleInvalid
from rendermap.geo.bbox import BBox, intersection
from rendermap.geo.crs import WGS84, transform_bbox
from rendermap.geo.turns import carry_box
from rendermap.geo.view import MapView
from rendermap.render.clip import inside
from rendermap.render.gdb_raster import probe_values
from rendermap.render.measure import measures_of
from rendermap.render.raster_patch import Request
from rendermap.render.raster_theme import raster_theme
from rendermap.render.resample import Sampler
from rendermap.render.warm_rasters import warm_rasters
from rendermap.render.warp import box_of, locate
from rendermap.symbology import stretch_limits
from rendermap.symbology.facts import Measures, RasterFacts
from rendermap.symbology.raster_fit import map_recipes, recipes_of
from rendermap.symbology.style import StatisticsSource, StretchRecipe

_SAMPLE_PX = 256
_MOST_CELLS = 1 << 22


def with_limits_of_view(plan: LayerPlan, view: MapView, clip_deg: BBox | None = None) -> LayerPlan:
    """The plan with limits for the stretches that wait for the view; the very same plan where none does.

    A grid of up to 256 by 256 places of the view is measured, 100 by 100 in a file geodatabase; of a clipped view those inside alone.
    """
    theme, facts = raster_theme(plan.style.theme), plan.layer.facts
    if not any(_waits(recipe) for _, recipe in recipes_of(theme)) or not isinstance(facts, RasterFacts):
        return plan
    bands = facts.bands

    def limited(band: int, recipe: StretchRecipe) -> StretchRecipe:
        if not _waits(recipe):
            return recipe
        if not 1 <= band <= len(bands):
            raise StyleInvalid(reason=f"{plan.layer.open_name} has no band {band}")
        return stretch_limits.resolve_by(recipe, bands[band - 1], _measure(plan, view, band, clip_deg))

    return replace(plan, style=replace(plan.style, theme=map_recipes(theme, limited)))


def _waits(recipe: StretchRecipe) -> bool:
    return recipe.source is StatisticsSource.VIEW and recipe.limits is None


def _measure(plan: LayerPlan, view: MapView, band: int, clip_deg: BBox | None) -> Measures:
    if plan.layer.reader == "gdal":
        return _measure_by_probes(plan, view, band, clip_deg)
    raster = warm_rasters().get(plan.layer)
    width, height = min(view.width_px, _SAMPLE_PX), min(view.height_px, _SAMPLE_PX)
    small = MapView(view.bbox, view.crs, width, height, view.pixel_ratio)
    place = locate(small, plan.crs, raster.transform)
    box = box_of(place, raster.width, raster.height)
    if box is None:
        return Measures(0)
    cells = (box[2] - box[0]) * (box[3] - box[1])
    patch = raster.read(Request((band,), box, max(place.scale, (cells / _MOST_CELLS) ** 0.5), False))
    if patch is None:
        return Measures(0)
    sampler = Sampler(patch, place)
    shown = sampler.pick(np.ones(patch.cells.shape[1:], np.uint8) if patch.valid is None else patch.valid.view(np.uint8)).view(np.bool_)
    if clip_deg is not None:
        shown = shown & inside(small, clip_deg)
    values = sampler.pick(patch.cells[0].astype(np.float32).view(np.uint32)).view(np.float32)
    return measures_of(values[shown], 0, False)


def _measure_by_probes(plan: LayerPlan, view: MapView, band: int, clip_deg: BBox | None) -> Measures:
    boxes = [plan.layer.bbox, transform_bbox(view.bbox, view.crs, plan.crs)]
    if clip_deg is not None:
        boxes.append(carry_box(clip_deg, WGS84, plan.crs))
    seen = intersection(boxes)
    return measures_of(probe_values(plan.layer, band, seen)[0], 0, False) if seen and seen.width > 0 and seen.height > 0 else Measures(0)

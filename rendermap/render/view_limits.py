"""Limits of stretches taken from the cells in view, for layers whose operator asked for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.view import MapView
from rendermap.render.measure import measures_of
from rendermap.render.raster_levels import RasterLevels, Request
from rendermap.render.raster_theme import raster_theme
from rendermap.render.resample import Sampler
from rendermap.render.warp import box_of, locate
from rendermap.symbology import stretch_limits
from rendermap.symbology.facts import Measures
from rendermap.symbology.raster_fit import map_recipes, recipes_of
from rendermap.symbology.style import StatisticsSource, Style

_SAMPLE_PX = 256
_MOST_CELLS = 1 << 22


def with_limits_of_view(plan: LayerPlan, raster: RasterLevels, view: MapView) -> LayerPlan:
    """The plan with limits for the recipes that wait for the view; the very same plan where none does.

    A grid of up to 256 by 256 places of the view is measured.
    """
    if not waits_for_view(plan.style):
        return plan
    return replace(plan, style=fitted_to_view(plan.style, lambda band: _measure(plan, raster, view, band), raster))


def waits_for_view(style: Style) -> bool:
    """True when a stretch of the style has the view's statistics."""
    return any(recipe.source is StatisticsSource.VIEW for _, recipe in recipes_of(raster_theme(style.theme)))


def fitted_to_view(style: Style, measure: Callable[[int], Measures], raster: RasterLevels) -> Style:
    """The style with limits of what measure finds in a band."""
    return replace(
        style,
        theme=map_recipes(
            raster_theme(style.theme),
            lambda band, recipe: (
                stretch_limits.resolve_by(recipe, raster.band(band), measure(band)) if recipe.source is StatisticsSource.VIEW else recipe
            ),
        ),
    )


def _measure(plan: LayerPlan, raster: RasterLevels, view: MapView, band: int) -> Measures:
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
    values = sampler.pick(patch.cells[0].astype(np.float32).view(np.uint32)).view(np.float32)
    return measures_of(values[shown], 0, False)

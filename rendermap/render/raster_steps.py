"""Draws stretched surfaces by the number of their step along the ramp: the steps of a tile are often few enough to be a palette at once."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.view import MapView
from rendermap.imaging.palette import MAX_COLORS, Indexed
from rendermap.render.colorize import Pixels, Steps, Words, pixels_of, stretch_steps
from rendermap.render.paint import is_blended
from rendermap.render.raster import draw_blocks
from rendermap.render.raster_patch import Patch
from rendermap.render.resample import Sampler
from rendermap.render.view_limits import with_limits_of_view
from rendermap.render.warm_rasters import warm_rasters
from rendermap.symbology.style import Stretch, Style

Numbers = NDArray[np.uint16]


def draw_steps(plan: LayerPlan, view: MapView) -> Indexed | Pixels | None:
    """The picture of `draw_raster`, with its palette where its steps are few; None for a style or a raster of more than a ramp.

    Raises SourceUnreadable, SourceRefused, StyleInvalid.
    """
    if plan.layer.reader == "gdal" or not _is_plain(plan.style):
        return None
    plan = with_limits_of_view(plan, view)
    theme, raster = plan.style.theme, warm_rasters().get(plan.layer)
    assert isinstance(theme, Stretch)
    band = raster.band(theme.band)
    if raster.fades(theme.band):
        return None
    steps = stretch_steps(theme, band.dtype)
    numbers = np.zeros((view.height_px, view.width_px), np.uint16)
    draw_blocks(raster, plan, view, numbers, partial(_numbered, steps))
    words = np.append(np.uint32(0), steps.words)
    return _indexed(numbers, words) or pixels_of(np.take(words, numbers))


def _is_plain(style: Style) -> bool:
    """True when a pixel's colour is that of its place on the ramp, and nothing else."""
    theme = style.theme
    if not isinstance(theme, Stretch) or theme.relief or theme.background is not None:
        return False
    return is_blended(style) and not (style.colors or style.adjustment or style.nodata_color)


def _numbered(steps: Steps, patch: Patch, sampler: Sampler) -> Numbers:
    """Steps counted from 1; 0 shows nothing."""
    numbers = steps.of(sampler.blend(patch.cells[0]))
    numbers += 1
    return numbers if sampler.shown is None else numbers * sampler.shown


def _indexed(numbers: Numbers, words: Words) -> Indexed | None:
    """The picture with the part of the ramp that it shows as its palette; None where that is too long, or seen through."""
    last, is_holed = int(numbers.max()), not numbers.min()
    first = int(np.where(numbers, numbers, max(last, 1)).min()) if is_holed else int(numbers.min())
    shown = words[first : last + 1]
    # Steps side by side often have one colour, and a picture of fewer numbers packs better.
    begins = np.append(True, shown[1:] != shown[:-1])[: len(shown)]
    colors = pixels_of(np.append(words[:is_holed], shown[begins]))
    if len(colors) > MAX_COLORS or (colors[is_holed:, 3] < 255).any():
        return None
    places = np.zeros(last + 1, np.uint8)
    places[first:] = np.cumsum(begins) - (not is_holed)
    return Indexed(np.take(places, numbers), colors, True)

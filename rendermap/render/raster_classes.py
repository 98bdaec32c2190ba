"""Draws rasters of classes by the number of their colour, a quarter of the bytes and at once what a picture with a palette holds."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.view import MapView
from rendermap.imaging.palette import Indexed
from rendermap.render.colorize import Codes, Named, codes_of
from rendermap.render.paint import is_blended
from rendermap.render.raster import draw_blocks
from rendermap.render.raster_levels import RasterLevels
from rendermap.render.raster_patch import Patch
from rendermap.render.raster_theme import raster_theme
from rendermap.render.resample import Sampler
from rendermap.render.warm_rasters import warm_rasters
from rendermap.symbology.style import Classified, Colormap, Style, UniqueRaster


def draw_classes(plan: LayerPlan, view: MapView) -> Indexed | None:
    """The picture of `draw_raster` with its palette; None for a style or a raster whose colours are more than its classes.

    Raises SourceUnreadable, SourceRefused, StyleInvalid.
    """
    if plan.layer.reader == "gdal" or not _is_plain(plan.style):
        return None
    raster = warm_rasters().get(plan.layer)
    codes = _codes_of(plan, raster)
    if codes is None:
        return None
    picture = np.zeros((view.height_px, view.width_px), np.uint8)
    draw_blocks(raster, plan, view, picture, partial(_coded, codes))
    return Indexed(picture, codes.colors, True)


def _is_plain(style: Style) -> bool:
    """True when a cell's colour is that of its class, and nothing else."""
    return not (is_blended(style) or style.colors or style.adjustment or style.nodata_color)


def _codes_of(plan: LayerPlan, raster: RasterLevels) -> Codes | None:
    theme = raster_theme(plan.style.theme)
    if not isinstance(theme, Classified | UniqueRaster | Colormap):
        return None
    band = raster.band(theme.band)
    return None if raster.fades(theme.band) else codes_of(Named(theme, plan.style_key), band.palette, band.dtype)


def _coded(codes: Codes, patch: Patch, sampler: Sampler) -> NDArray[np.uint8]:
    cells = patch.cells[0]
    if patch.valid is None and sampler.is_covered and cells.itemsize == 1:
        return codes.of(sampler.pick(cells.view(np.uint8)))
    numbers = codes.of(cells)
    return sampler.pick(numbers if patch.valid is None else numbers * patch.valid)

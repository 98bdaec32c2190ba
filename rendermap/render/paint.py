"""A raster's theme painted onto the pixels of a picture: which bands it reads, which cells it hides, which colours it gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rendermap.geo.crs import is_geographic, metres_per_unit
from rendermap.render.colorize import (
    Pixels,
    color_classified,
    color_map,
    color_stretch,
    color_unique,
    limits_of,
    positions_of,
    ramp_colors,
    steps_of,
)
from rendermap.render.raster_levels import Box, Patch, RasterLevels, Request
from rendermap.render.raster_source import carry
from rendermap.render.raster_theme import raster_theme
from rendermap.render.relief import shade
from rendermap.render.resample import Sampler
from rendermap.symbology.style import RGB, Classified, Colormap, RasterTheme, ShadedRelief, Stretch, Theme, UniqueRaster


def request_of(theme: Theme, box: Box, scale: float) -> Request:
    """What a theme reads: values between cells mean something for surfaces, not for classes and categories."""
    theme = raster_theme(theme)
    if isinstance(theme, RGB):
        bands = tuple(number for number in theme.bands if number) or (1,)
        return Request(bands, box, scale, True, theme.alpha_band)
    return Request((theme.band,), box, scale, isinstance(theme, Stretch | ShadedRelief))


def without_background(patch: Patch, theme: Theme) -> Patch:
    """The patch with the theme's background value taken for no data."""
    if isinstance(theme, Stretch) and theme.background is not None:
        hidden = patch.cells[0] == theme.background
    elif isinstance(theme, RGB) and theme.background is not None and all(theme.bands):
        hidden = np.logical_and.reduce([cells == value for cells, value in zip(patch.cells, theme.background, strict=True)])
    else:
        return patch
    return replace(patch, valid=~hidden if patch.valid is None else patch.valid & ~hidden)


def paint(theme: Theme, raster: RasterLevels, patch: Patch, sampler: Sampler, crs: str) -> Pixels:
    """The pixels (height, width, 4) of a picture, transparent where there is no data.  Raises StyleInvalid."""
    colors = _colors(raster_theme(theme), raster, patch, sampler, crs)
    colors[~sampler.shown] = 0
    if patch.alpha is not None:
        colors[..., 3] = (colors[..., 3].astype(np.uint16) * sampler.pick(patch.alpha) + 127) // 255
    if isinstance(theme, Stretch) and theme.background is not None and theme.background_color is not None:
        colors[sampler.inside & (sampler.pick(patch.cells[0]) == theme.background)] = theme.background_color
    return colors


def _colors(theme: RasterTheme, raster: RasterLevels, patch: Patch, sampler: Sampler, crs: str) -> Pixels:
    if isinstance(theme, RGB):
        return _composite(theme, raster, patch, sampler)
    cells = patch.cells[0]
    match theme:
        case Stretch():
            return color_stretch(theme, sampler.blend(cells), raster.band(theme.band).dtype)
        case Classified():
            return color_classified(theme, sampler.pick(cells))
        case UniqueRaster():
            return color_unique(theme, sampler.pick(cells))
        case Colormap():
            return color_map(theme, sampler.pick(cells), raster.band(theme.band).palette)
        case ShadedRelief():
            return _relief(theme, raster, patch, sampler, crs)


def _composite(theme: RGB, raster: RasterLevels, patch: Patch, sampler: Sampler) -> Pixels:
    pixels = np.full((*sampler.shown.shape, 4), (0, 0, 0, 255), np.uint8)
    read = iter(patch.cells)
    for part, (number, recipe) in enumerate(zip(theme.bands, theme.recipes, strict=True)):
        if not number:
            continue
        low, high = limits_of(recipe, raster.band(number).dtype)
        table = np.rint(positions_of(recipe, low, high) * 255).astype(np.uint8)
        pixels[..., part] = table[steps_of(sampler.blend(next(read)), low, high)]
    return pixels


def _relief(theme: ShadedRelief, raster: RasterLevels, patch: Patch, sampler: Sampler, crs: str) -> Pixels:
    heights = patch.cells[0]
    light = sampler.blend(shade(heights, patch.valid, _cell_m(raster, patch, crs), theme))
    if theme.ramp is None:
        gray = np.rint(light * 255).astype(np.uint8)
        return np.dstack([gray, gray, gray, np.full_like(gray, 255)])
    if theme.recipe is None:
        colors = ramp_colors(theme.ramp, np.linspace(0, 1, 256))[np.rint(light * 255).astype(np.uint8)]
        return np.ascontiguousarray(colors)
    colors = color_stretch(Stretch(theme.ramp, theme.recipe, theme.band), sampler.blend(heights), raster.band(theme.band).dtype)
    colors[..., :3] = np.rint(colors[..., :3] * light[..., np.newaxis])
    return colors


def _cell_m(raster: RasterLevels, patch: Patch, crs: str) -> tuple[float, float]:
    """Size of a patch's cell in metres; degrees of longitude shrink towards the poles."""
    forward = raster.transform
    across = np.hypot(forward.a, forward.d) * patch.step[0] * metres_per_unit(crs)
    down = np.hypot(forward.b, forward.e) * patch.step[1] * metres_per_unit(crs)
    if is_geographic(crs):
        _, latitude = carry(forward, patch.left, patch.top + patch.cells.shape[1] * patch.step[1] / 2)
        across *= max(np.cos(np.radians(latitude)), 0.01)
    return float(across), float(down)

"""A raster's theme painted onto the pixels of a picture: which bands it reads, which cells it hides, which colours it gives."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendermap.geo.crs import is_geographic, metres_per_unit
from rendermap.render.colorize import (
    Pixels,
    Words,
    color_classified,
    color_map,
    color_stretch,
    color_unique,
    limits_of,
    pixels_of,
    positions_of,
    ramp_colors,
    steps_of,
    words_of,
)
from rendermap.render.raster_levels import Box, Cells, Patch, RasterLevels, Request, Valid
from rendermap.render.raster_source import carry
from rendermap.render.raster_theme import raster_theme
from rendermap.render.relief import shade
from rendermap.render.resample import Sampler
from rendermap.symbology.style import RGB, Classified, Colormap, ShadedRelief, Stretch, StretchRecipe, Theme, UniqueRaster
from rendermap.symbology.symbols import Color, Ramp

_TABLES = 64
_BLACK = np.asarray([[0, 0, 0, 255]], np.uint8)
_GRAYS = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))


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
    theme = raster_theme(theme)
    if isinstance(theme, Classified | UniqueRaster | Colormap):
        # Colours of cells, then pixels from them: an enlarged raster has fewer cells than the picture has pixels.
        return pixels_of(sampler.pick(_see_through(_shown(_cell_colors(theme, raster, patch.cells[0]), patch.valid), patch.alpha)))
    words = _shown(_blended_colors(theme, raster, patch, sampler, crs), sampler.shown)
    if patch.alpha is not None:
        words = _see_through(words, sampler.pick(patch.alpha))
    if isinstance(theme, Stretch) and theme.background is not None and theme.background_color is not None:
        background = sampler.pick((patch.cells[0] == theme.background).view(np.uint8)).view(np.bool_)
        words = np.where(background, words_of(np.asarray(theme.background_color, np.uint8)), words)
    return pixels_of(words)


def _shown(words: Words, shown: Valid | None) -> Words:
    return words if shown is None else words * shown


def _see_through(words: Words, alpha: NDArray[np.uint8] | None) -> Words:
    if alpha is None:
        return words
    colors = pixels_of(words).copy()
    colors[..., 3] = (colors[..., 3].astype(np.uint16) * alpha + 127) // 255
    return words_of(colors)


def _cell_colors(theme: Classified | UniqueRaster | Colormap, raster: RasterLevels, cells: Cells) -> Words:
    match theme:
        case Classified():
            return color_classified(theme, cells)
        case UniqueRaster():
            return color_unique(theme, cells)
        case Colormap():
            return color_map(theme, cells, raster.band(theme.band).palette)


def _blended_colors(theme: RGB | Stretch | ShadedRelief, raster: RasterLevels, patch: Patch, sampler: Sampler, crs: str) -> Words:
    match theme:
        case RGB():
            return _composite(theme, raster, patch, sampler)
        case Stretch():
            return color_stretch(theme, sampler.blend(patch.cells[0]), raster.band(theme.band).dtype)
        case ShadedRelief():
            return _relief(theme, raster, patch, sampler, crs)


def _composite(theme: RGB, raster: RasterLevels, patch: Patch, sampler: Sampler) -> Words:
    words: Words | None = None
    read = iter(patch.cells)
    for part, (number, recipe) in enumerate(zip(theme.bands, theme.recipes, strict=True)):
        if number:
            band = sampler.blend(next(read))
            low, high = limits_of(recipe, raster.band(number).dtype)
            seen: Words = np.take(_channel_table(recipe, low, high, part), steps_of(band, low, high))
            words = seen if words is None else words | seen
    if words is None:
        words = np.full(sampler.blend(patch.cells[0]).shape, words_of(_BLACK)[0], np.uint32)
    return words


@lru_cache(maxsize=_TABLES)
def _channel_table(recipe: StretchRecipe, low: float, high: float, part: int) -> Words:
    """Opaque colours dark but for one of red, green and blue."""
    positions = positions_of(recipe, low, high)
    colors = np.tile(_BLACK, (len(positions), 1))
    colors[:, part] = np.rint(positions * 255)
    return words_of(colors)


def _relief(theme: ShadedRelief, raster: RasterLevels, patch: Patch, sampler: Sampler, crs: str) -> Words:
    heights = patch.cells[0]
    light = sampler.blend(shade(heights, patch.valid, _cell_m(raster, patch, crs), theme))
    if theme.recipe is None or theme.ramp is None:
        ramp = theme.ramp or _GRAYS
        lit: Words = np.take(words_of(ramp_colors(ramp, np.linspace(0, 1, 256))), np.rint(light * 255).astype(np.uint8))
        return lit
    colors = pixels_of(color_stretch(Stretch(theme.ramp, theme.recipe, theme.band), sampler.blend(heights), raster.band(theme.band).dtype))
    colors[..., :3] = np.rint(colors[..., :3] * light[..., np.newaxis])
    return words_of(colors)


def _cell_m(raster: RasterLevels, patch: Patch, crs: str) -> tuple[float, float]:
    """Size of a patch's cell in metres; degrees of longitude shrink towards the poles."""
    forward = raster.transform
    across = np.hypot(forward.a, forward.d) * patch.step[0] * metres_per_unit(crs)
    down = np.hypot(forward.b, forward.e) * patch.step[1] * metres_per_unit(crs)
    if is_geographic(crs):
        _, latitude = carry(forward, patch.left, patch.top + patch.cells.shape[1] * patch.step[1] / 2)
        across *= max(np.cos(np.radians(latitude)), 0.01)
    return float(across), float(down)

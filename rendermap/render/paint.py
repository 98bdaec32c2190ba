"""A raster's style painted onto the pixels of a picture: which bands it reads, which cells it hides, which colours it gives."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.crs import is_geographic, metres_per_unit
from rendermap.imaging.posterise import posterised
from rendermap.render.colorize import (
    Named,
    Pixels,
    Words,
    color_cells,
    color_classified,
    color_stretch,
    count_steps,
    limits_of,
    pixels_of,
    positions_of,
    ramp_colors,
    steps_of,
    words_of,
)
from rendermap.render.raster_holes import Valid
from rendermap.render.raster_levels import RasterLevels
from rendermap.render.raster_patch import Box, Patch, Request
from rendermap.render.raster_source import carry
from rendermap.render.raster_theme import raster_theme
from rendermap.render.relief import CellSize, shade
from rendermap.render.resample import Sampler
from rendermap.symbology.adjustment import adjust
from rendermap.symbology.style import RGB, Classified, Colormap, RasterTheme, ShadedRelief, Stretch, StretchRecipe, Style
from rendermap.symbology.symbols import Color, Ramp

_TABLES = 64
_BLACK = np.asarray([[0, 0, 0, 255]], np.uint8)
_GRAYS = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
Values = NDArray[Any]


class Blend(Protocol):
    """Gives values for pixels, or for cells, from those of cells."""

    def blend(self, cells: Values) -> Values:
        """Values between cells, or of the cells themselves."""


class _Cells:
    """Cells as they are: their colours are found first, and then picked for the pixels."""

    def blend(self, cells: Values) -> Values:
        return cells


def is_blended(style: Style) -> bool:
    """True when values are taken between cells: they mean something for surfaces, and not for classes and categories.

    Nor for a surface in few colours: where a step lies between two cells would tell their values to as many digits as one asks.
    """
    theme = raster_theme(style.theme)
    if style.colors:
        return False
    if isinstance(theme, Stretch | ShadedRelief | RGB):
        return style.resampling in ("", "bilinear")
    return isinstance(theme, Classified) and style.resampling == "bilinear"


def request_of(style: Style, box: Box, scale: float) -> Request:
    """What a style reads."""
    theme = raster_theme(style.theme)
    by_majority = style.resampling == "majority"
    if isinstance(theme, RGB):
        bands = tuple(number for number in (*theme.bands, theme.black_band) if number) or (1,)
        return Request(bands, box, scale, is_blended(style), theme.alpha_band, by_majority)
    # The slope of a cell at the edge is told by the one beyond it: without, tiles of a relief would show where they are cut.
    is_lit = isinstance(theme, ShadedRelief) or (isinstance(theme, Stretch) and theme.relief is not None)
    return Request((theme.band,), box, scale, is_blended(style), majority=by_majority, margin=2 if is_lit else 1)


def paint(plan: LayerPlan, raster: RasterLevels, patch: Patch, sampler: Sampler) -> Pixels:
    """The pixels (height, width, 4) of a picture, transparent where there is no data.  Raises StyleInvalid."""
    style, theme = plan.style, raster_theme(plan.style.theme)
    if style.colors and patch.alpha is not None:
        patch = replace(patch, alpha=np.where(patch.alpha < 128, np.uint8(0), np.uint8(255)))
    hidden = hidden_cells(theme, patch)
    shown = patch if hidden is None else _without(patch, hidden)
    if hidden is not None:
        sampler = sampler.of(shown)
    words = _picked(plan, raster, shown, sampler) if not is_blended(style) else _blended(plan, raster, shown, sampler)
    if style.adjustment is not None:
        words = words_of(adjust(pixels_of(words), style.adjustment))
    color = getattr(theme, "background_color", None)
    if hidden is not None and color is not None:
        words = _colored(words, sampler.pick(hidden.view(np.uint8)), color)
    if style.nodata_color is not None:
        words = _colored(words, _missing(patch, sampler), style.nodata_color)
    return pixels_of(words)


def hidden_cells(theme: RasterTheme, patch: Patch) -> Valid | None:
    """Cells of the theme's background value, None where it has none."""
    if isinstance(theme, Stretch) and theme.background is not None:
        found = patch.cells[0] == theme.background
    elif isinstance(theme, RGB) and theme.background is not None and all(theme.bands):
        found = np.logical_and.reduce([cells == value for cells, value in zip(patch.cells, theme.background, strict=False)])
    else:
        return None
    return np.asarray(found if patch.valid is None else found & patch.valid)


def _without(patch: Patch, hidden: Valid) -> Patch:
    return replace(patch, valid=~hidden if patch.valid is None else patch.valid & ~hidden)


def _missing(patch: Patch, sampler: Sampler) -> NDArray[np.uint8]:
    """1 for pixels on the raster whose cell holds no data."""
    missing = np.zeros(patch.cells.shape[1:], np.uint8) if patch.valid is None else (~patch.valid).view(np.uint8)
    return sampler.pick(missing)


def _colored(words: Words, where: NDArray[np.uint8], color: Color) -> Words:
    return np.where(where.view(np.bool_), words_of(np.asarray(color, np.uint8)), words)


def _picked(plan: LayerPlan, raster: RasterLevels, patch: Patch, sampler: Sampler) -> Words:
    """Colours of cells, then pixels from them: an enlarged raster has fewer cells than the picture has pixels."""
    words = _shown(_colors(plan, raster, patch, _Cells()), patch.valid)
    return sampler.pick(_see_through(words, patch.alpha))


def _blended(plan: LayerPlan, raster: RasterLevels, patch: Patch, sampler: Sampler) -> Words:
    words = _shown(_colors(plan, raster, patch, sampler), sampler.shown)
    return words if patch.alpha is None else _see_through(words, sampler.pick(patch.alpha))


def _shown(words: Words, shown: Valid | None) -> Words:
    return words if shown is None else words * shown


def _see_through(words: Words, alpha: NDArray[np.uint8] | None) -> Words:
    if alpha is None:
        return words
    colors = pixels_of(words).copy()
    colors[..., 3] = (colors[..., 3].astype(np.uint16) * alpha + 127) // 255
    return words_of(colors)


def _colors(plan: LayerPlan, raster: RasterLevels, patch: Patch, blend: Blend) -> Words:
    words = _themed(plan, raster, patch, blend)
    return words_of(posterised(pixels_of(words), plan.style.colors)) if plan.style.colors and _mixes(plan.style) else words


def _mixes(style: Style) -> bool:
    """True when colours come from the dataset and not from the style, which cannot say how many there are."""
    theme = raster_theme(style.theme)
    return isinstance(theme, RGB) or (isinstance(theme, Colormap) and not theme.entries)


def _themed(plan: LayerPlan, raster: RasterLevels, patch: Patch, blend: Blend) -> Words:
    theme = raster_theme(plan.style.theme)
    match theme:
        case RGB():
            return _composite(theme, raster, patch, blend)
        case Stretch():
            words = color_stretch(theme, blend.blend(patch.cells[0]), raster.band(theme.band).dtype)
            if theme.relief is None:
                return words
            return _lit(words, _in_shades(blend.blend(_light(theme.relief, raster, patch, plan.crs)), theme.relief.shades))
        case ShadedRelief():
            return _relief(theme, raster, patch, blend, plan.crs)
        case Classified() if is_blended(plan.style):
            return color_classified(theme, blend.blend(patch.cells[0]))
    return color_cells(Named(theme, plan.style_key), patch.cells[0], raster.band(theme.band).palette)


# --- composites --------------------------------------------------------------------------------------------------------


def _composite(theme: RGB, raster: RasterLevels, patch: Patch, blend: Blend) -> Words:
    words: Words | None = None
    read = iter(patch.cells)
    for part, (number, recipe) in enumerate(zip(theme.bands, theme.recipes, strict=True)):
        if number:
            seen = _channel(recipe, raster, number, blend.blend(next(read)), part)
            words = seen if words is None else words | seen
    if words is None:
        words = np.full(blend.blend(patch.cells[0]).shape, words_of(_BLACK)[0], np.uint32)
    if theme.black_band:
        left = pixels_of(_channel(theme.black_recipe, raster, theme.black_band, blend.blend(next(read)), 0))[..., 0]
        words = _lit(words, left.astype(np.float32) / 255)
    return words


def _channel(recipe: StretchRecipe, raster: RasterLevels, number: int, band: Values, part: int) -> Words:
    low, high = limits_of(recipe, raster.band(number).dtype)
    table = _channel_table(recipe, low, high, part)
    return np.take(table, steps_of(band, low, high, len(table)))


@lru_cache(maxsize=_TABLES)
def _channel_table(recipe: StretchRecipe, low: float, high: float, part: int) -> Words:
    """Opaque colours dark but for one of red, green and blue."""
    positions = positions_of(recipe, low, high, count_steps(recipe))
    colors = np.tile(_BLACK, (len(positions), 1))
    colors[:, part] = np.rint(positions * 255)
    return words_of(colors)


# --- relief ------------------------------------------------------------------------------------------------------------


def _relief(theme: ShadedRelief, raster: RasterLevels, patch: Patch, blend: Blend, crs: str) -> Words:
    light = blend.blend(_light(theme, raster, patch, crs))
    if theme.recipe is None or theme.ramp is None:
        lit: Words = np.take(_light_table(theme.ramp or _GRAYS), np.rint(light * 255).astype(np.uint8))
        return lit
    height = Stretch(theme.ramp, theme.recipe, theme.band)
    return _lit(color_stretch(height, blend.blend(patch.cells[0]), raster.band(theme.band).dtype), _in_shades(light, theme.shades))


@lru_cache(maxsize=_TABLES)
def _light_table(ramp: Ramp) -> Words:
    return words_of(ramp_colors(ramp, np.linspace(0, 1, 256)))


def _light(theme: ShadedRelief, raster: RasterLevels, patch: Patch, crs: str) -> Values:
    return shade(patch.cells[0], patch.valid, _cell_m(raster, patch, crs), theme)


def _in_shades(light: Values, shades: int) -> Values:
    """Light in so many steps, the brightest of them full; 0 leaves it as it is, and one shade is no shade."""
    if not shades:
        return light
    stepped: Values = np.ceil(np.clip(light, 1e-6, 1) * shades) / shades
    return stepped


def _lit(words: Words, light: Values) -> Words:
    """Colours darkened by the light on them."""
    colors = pixels_of(words).copy()
    colors[..., :3] = np.rint(colors[..., :3] * light[..., np.newaxis])
    return words_of(colors)


def _cell_m(raster: RasterLevels, patch: Patch, crs: str) -> CellSize:
    """Size of a patch's cells in metres; degrees of longitude shrink towards the poles, row by row, so that tiles meet without a seam."""
    forward = raster.transform
    across = float(np.hypot(forward.a, forward.d) * patch.step[0] * metres_per_unit(crs))
    down = float(np.hypot(forward.b, forward.e) * patch.step[1] * metres_per_unit(crs))
    if not is_geographic(crs):
        return CellSize(np.asarray(across, np.float32), down)
    rows = patch.top + (np.arange(patch.cells.shape[1]) + 0.5) * patch.step[1]
    latitudes = np.asarray([carry(forward, patch.left, row)[1] for row in rows])
    shrunk = across * np.maximum(np.cos(np.radians(latitudes)), 0.01)
    return CellSize(shrunk.astype(np.float32)[:, np.newaxis], down)

"""Values to colours, by the theme of a style."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.errors import StyleInvalid
from rendermap.symbology.style import Classified, Colormap, Stretch, StretchKind, StretchRecipe, UniqueRaster
from rendermap.symbology.symbols import Color, Ramp

Values = NDArray[Any]
Pixels = NDArray[np.uint8]
Words = NDArray[np.uint32]
Palette = tuple[tuple[int, int, int, int, int], ...]

_STEPS = 1024
_TABLES = 64
_FEW_CLASSES = 24
_TRANSPARENT = np.zeros(4, np.uint8)


def limits_of(recipe: StretchRecipe, dtype: str) -> tuple[float, float]:
    """The values drawn as 0 and 1: as fitted, or without any stretch the range of the sample type.  Raises StyleInvalid when not fitted."""
    if recipe.limits is not None:
        return recipe.limits
    if recipe.curve:
        return recipe.curve[0][0], recipe.curve[-1][0]
    if recipe.kind is not StretchKind.NONE:
        raise StyleInvalid(reason="a stretch was not fitted to the result")
    kind = np.dtype(dtype)
    return (0.0, 1.0) if kind.kind == "f" else (float(np.iinfo(kind).min), float(np.iinfo(kind).max))


def positions_of(recipe: StretchRecipe, low: float, high: float, steps: int = _STEPS) -> NDArray[np.float64]:
    """Positions on the ramp, 0 to 1, of values at equal steps from low to high."""
    even = np.linspace(0.0, 1.0, steps)
    if recipe.curve:
        values, places = zip(*recipe.curve, strict=True)
        even = np.interp(low + even * (high - low), values, places)
    if recipe.gamma > 0 and recipe.gamma != 1.0:
        even = even ** (1.0 / recipe.gamma)
    return 1.0 - even if recipe.invert else even


def steps_of(values: Values, low: float, high: float, steps: int = _STEPS) -> NDArray[np.uint16]:
    """The step that each value falls on, clipped to the ends; not a number falls on the first."""
    factor = (steps - 1) / (high - low) if high > low else 0.0
    kind = np.dtype(np.float64 if values.dtype.itemsize > 4 or values.dtype == np.float64 else np.float32)
    at: Values = values.astype(kind, copy=False) - kind.type(low)
    at *= kind.type(factor)
    np.clip(at, 0, steps - 1, out=at)
    if np.isnan(at).any():
        np.nan_to_num(at, copy=False, nan=0.0)
    at += kind.type(0.5)
    return at.astype(np.uint16)


def ramp_colors(ramp: Ramp, positions: NDArray[np.float64]) -> Pixels:
    """Colours (n, 4) at positions of a ramp, linear between its stops."""
    places = [place for place, _ in ramp.stops]
    colors = np.asarray([color for _, color in ramp.stops], np.float64)
    return np.stack([np.rint(np.interp(positions, places, colors[:, part])) for part in range(4)], axis=-1).astype(np.uint8)


def words_of(colors: Pixels) -> Words:
    """Colours (..., 4) as one number each, which is quicker to look up and to move."""
    words: Words = np.ascontiguousarray(colors).view(np.uint32)[..., 0]
    return words


def pixels_of(words: Words) -> Pixels:
    """Numbers of `words_of` as colours (..., 4)."""
    return np.ascontiguousarray(words)[..., np.newaxis].view(np.uint8)


def color_stretch(theme: Stretch, values: Values, dtype: str) -> Words:
    """Values along the ramp."""
    low, high = limits_of(theme.recipe, dtype)
    return np.take(_stretch_table(theme.ramp, theme.recipe, low, high), steps_of(values, low, high))


@lru_cache(maxsize=_TABLES)
def _stretch_table(ramp: Ramp, recipe: StretchRecipe, low: float, high: float) -> Words:
    return words_of(ramp_colors(ramp, positions_of(recipe, low, high)))


def color_classified(theme: Classified, values: Values) -> Words:
    """Values by class: above the last limit before and up to their own; none below the minimum or above the last class."""
    if _is_byte(values.dtype):
        return np.take(_byte_table(theme, None, values.dtype.str), values.view(np.uint8))
    return _classified(theme, values)


def _classified(theme: Classified, values: Values) -> Words:
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    # Limits are compared as the samples hold them: 0.1 of a layer file is not the 0.1 of a float32 raster.
    limits = np.asarray([item.upper for item in theme.classes], kind)
    table = np.vstack([np.asarray([item.color for item in theme.classes], np.uint8).reshape(-1, 4), _TRANSPARENT])
    place = _class_places(limits, values.astype(kind, copy=False))
    if theme.minimum is not None:
        place = np.where(values < kind.type(theme.minimum), len(limits), place)
    return np.take(words_of(table), place)


def _class_places(limits: Values, values: Values) -> NDArray[np.integer]:
    """How many limits lie below each value."""
    if len(limits) > _FEW_CLASSES:
        return np.searchsorted(limits, values, side="left")
    place = np.zeros(values.shape, np.uint8)
    for limit in limits:
        # not a number is above all, as searchsorted has it
        place += ~(values <= limit)
    return place


def color_unique(theme: UniqueRaster, values: Values) -> Words:
    """Values by their very category; others in the default colour."""
    if _is_byte(values.dtype):
        return np.take(_byte_table(theme, None, values.dtype.str), values.view(np.uint8))
    return _by_value(_pairs_of(theme, None), theme.default, values)


def color_map(theme: Colormap, values: Values, palette: Palette) -> Words:
    """Values by the style's entries or, without any, by the dataset's own colour table; others transparent."""
    if _is_byte(values.dtype):
        return np.take(_byte_table(theme, palette, values.dtype.str), values.view(np.uint8))
    return _by_value(_pairs_of(theme, palette), None, values)


def _pairs_of(theme: UniqueRaster | Colormap, palette: Palette | None) -> list[tuple[float, Color]]:
    if isinstance(theme, UniqueRaster):
        return [(value, item.color) for item in theme.classes for value in item.values]
    pairs = [(float(value), color) for value, color, _ in theme.entries]
    return pairs or [(float(value), Color(*color)) for value, *color in palette or ()]


def _is_byte(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "iu" and dtype.itemsize == 1


@lru_cache(maxsize=_TABLES)
def _byte_table(theme: Classified | UniqueRaster | Colormap, palette: Palette | None, dtype: str) -> Words:
    """The colour of each of the 256 values that a byte may hold."""
    every = np.arange(256, dtype=np.uint8).view(dtype)
    if isinstance(theme, Classified):
        return _classified(theme, every)
    return _by_value(_pairs_of(theme, palette), getattr(theme, "default", None), every)


def _by_value(pairs: list[tuple[float, Color]], default: Color | None, values: Values) -> Words:
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    known, first = np.unique(np.asarray([value for value, _ in pairs], kind), return_index=True)
    colors = np.asarray([pairs[index][1] for index in first], np.uint8).reshape(-1, 4)
    table = words_of(np.vstack([colors, np.asarray(default or _TRANSPARENT, np.uint8)]))
    if not len(known):
        return np.full(values.shape, table[0])
    return np.take(table, _places(known, values.astype(kind, copy=False)))


def _places(known: Values, values: Values) -> NDArray[np.intp]:
    """The place of each value in known, or the one after the last."""
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, len(known))

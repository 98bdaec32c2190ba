"""Values to colours, by the theme of a style."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.errors import StyleInvalid
from rendermap.symbology.stretch_curve import is_flat, places_of
from rendermap.symbology.style import Classified, Colormap, Stretch, StretchKind, StretchRecipe, UniqueRaster
from rendermap.symbology.symbols import Color, Ramp

Values = NDArray[Any]
Pixels = NDArray[np.uint8]
Words = NDArray[np.uint32]
Palette = tuple[tuple[int, int, int, int, int], ...]

_STEPS = 1024
_FINE_STEPS = 8192
_TABLES = 64
_FEW_CLASSES = 24
_DENSE_UP_TO = 1 << 20
_MOST_CODES = 256
_LARGEST_SINGLE = 1e37
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
    return places_of(recipe, np.zeros(steps) if is_flat(low, high) else np.linspace(low, high, steps), low, high)


def count_steps(recipe: StretchRecipe) -> int:
    """Steps that hold a stretch to less than a shade: curves are steep somewhere."""
    return _FINE_STEPS if recipe.curve or recipe.gamma != 1.0 else _STEPS


def steps_of(values: Values, low: float, high: float, steps: int = _STEPS) -> NDArray[np.uint16]:
    """The step that each value falls on, clipped to the ends; not a number falls on the first."""
    factor = 0.0 if is_flat(low, high) else (steps - 1) / (high - low)
    if not factor:
        return np.zeros(values.shape, np.uint16)
    is_wide = values.dtype.itemsize > 4 or max(abs(low), abs(high)) > _LARGEST_SINGLE
    kind = np.dtype(np.float64 if is_wide else np.float32)
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
    steps = stretch_steps(theme, dtype)
    return np.take(steps.words, steps.of(values))


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Equal steps from low to high, and the colour of each."""

    low: float
    high: float
    words: Words

    def of(self, values: Values) -> NDArray[np.uint16]:
        """The step of each value."""
        return steps_of(values, self.low, self.high, len(self.words))


def stretch_steps(theme: Stretch, dtype: str) -> Steps:
    """The steps of a stretch of samples of a type.  Raises StyleInvalid when it is not fitted."""
    low, high = limits_of(theme.recipe, dtype)
    return Steps(low, high, _stretch_table(theme.ramp, theme.recipe, low, high))


@lru_cache(maxsize=_TABLES)
def _stretch_table(ramp: Ramp, recipe: StretchRecipe, low: float, high: float) -> Words:
    return words_of(ramp_colors(ramp, positions_of(recipe, low, high, count_steps(recipe))))


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A theme by the name of its style: its tables are found without looking at each of its classes."""

    theme: Classified | UniqueRaster | Colormap
    name: str

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and other.name == self.name and type(other.theme) is type(self.theme)


def color_cells(named: Named, values: Values, palette: Palette) -> Words:
    """Values by class, by their very category, or by a colour table; others transparent or in the theme's default.

    palette: the dataset's own colours, for a theme without entries.
    """
    palette = _own(named, palette)
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        unsigned = np.dtype(f"u{values.dtype.itemsize}")
        return np.take(_whole_table(named, palette, values.dtype.str), values.view(unsigned))
    if isinstance(named.theme, Classified):
        return color_classified(named.theme, values)
    return _value_table(named, palette, values.dtype.str).colors(values)


def _own(named: Named, palette: Palette) -> Palette:
    """The dataset's own colours where the theme goes by them."""
    return palette if isinstance(named.theme, Colormap) and not named.theme.entries else ()


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Classes by number.  places: of each value that a sample may hold, the number of its colour, uint8.

    colors: (n, 4) uint8, n <= 256, transparent ones first; the first is no colour at all.
    """

    places: NDArray[np.uint8]
    colors: Pixels

    def of(self, values: Values) -> NDArray[np.uint8]:
        """The numbers of values, of samples of one or two bytes."""
        return np.take(self.places, values.view(np.dtype(f"u{values.dtype.itemsize}")))


@lru_cache(maxsize=_TABLES)
def codes_of(named: Named, palette: Palette, dtype: str) -> Codes | None:
    """The classes of a theme by number; None for samples of more than two bytes, and for more colours than 256."""
    kind = np.dtype(dtype)
    if kind.kind not in "iu" or kind.itemsize > 2:
        return None
    table = _whole_table(named, _own(named, palette), kind.str)
    # Alpha is the high byte, so transparent colours come first.
    words, places = np.unique(np.append(np.uint32(0), table), return_inverse=True)
    return Codes(places[1:].astype(np.uint8), pixels_of(words)) if len(words) <= _MOST_CODES else None


def color_classified(theme: Classified, values: Values) -> Words:
    """Values by class: above the last limit before and up to their own; none below the minimum or above the last class."""
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    # Limits are compared as the samples hold them: 0.1 of a layer file is not the 0.1 of a float32 raster.
    limits = np.asarray([item.upper for item in theme.classes], kind)
    colors = [*(item.color for item in theme.classes), _TRANSPARENT, theme.excluded_color or _TRANSPARENT]
    place = _class_places(limits, values.astype(kind, copy=False))
    if theme.minimum is not None:
        place = np.where(values < kind.type(theme.minimum), len(limits), place)
    for low, high in theme.excluded:
        place = np.where((values >= kind.type(low)) & (values <= kind.type(high)), len(limits) + 1, place)
    return np.take(words_of(np.asarray(colors, np.uint8)), place)


def _class_places(limits: Values, values: Values) -> NDArray[np.integer]:
    """How many limits lie below each value."""
    if len(limits) > _FEW_CLASSES:
        return np.searchsorted(limits, values, side="left")
    place = np.zeros(values.shape, np.uint8)
    for limit in limits:
        # not a number is above all, as searchsorted has it
        place += ~(values <= limit)
    return place


def _pairs_of(theme: UniqueRaster | Colormap, palette: Palette) -> list[tuple[float, Color]]:
    if isinstance(theme, UniqueRaster):
        return [(value, item.color) for item in theme.classes for value in item.values]
    pairs = [(float(value), color) for value, color, _ in theme.entries]
    return pairs or [(float(value), Color(*color)) for value, *color in palette]


@lru_cache(maxsize=_TABLES)
def _whole_table(named: Named, palette: Palette, dtype: str) -> Words:
    """The colour of each of the values that a sample of one or two bytes may hold."""
    unsigned = np.dtype(f"u{np.dtype(dtype).itemsize}")
    every = np.arange(1 << (8 * unsigned.itemsize)).astype(unsigned).view(dtype)
    if isinstance(named.theme, Classified):
        return color_classified(named.theme, every)
    return _value_table(named, palette, dtype).colors(every)


@dataclass(frozen=True, slots=True, eq=False)
class _ValueTable:
    """Known values, ascending, and their colours; the last colour is that of all others.

    dense: the colours of all whole numbers from the first known to the last, where these are few enough to be looked up directly.
    """

    known: Values
    words: Words
    dense: Words | None

    def colors(self, values: Values) -> Words:
        if not len(self.known):
            return np.full(values.shape, self.words[0])
        if self.dense is None:
            return np.take(self.words, _places(self.known, values.astype(self.known.dtype, copy=False)))
        place = values - self.known[0]
        with np.errstate(invalid="ignore"):
            inside = (place >= 0) & (place < len(self.dense))
        index = np.where(inside, place, 0).astype(np.intp)
        return np.where(inside & (index == place), np.take(self.dense, index), self.words[-1])


@lru_cache(maxsize=_TABLES)
def _value_table(named: Named, palette: Palette, dtype: str) -> _ValueTable:
    theme = named.theme
    assert not isinstance(theme, Classified)
    kind = np.dtype(dtype) if np.dtype(dtype).kind == "f" else np.dtype(np.float64)
    pairs = _pairs_of(theme, palette)
    known, first = np.unique(np.asarray([value for value, _ in pairs], kind), return_index=True)
    colors = np.asarray([color for _, color in pairs], np.uint8).reshape(-1, 4)[first]
    default = getattr(theme, "default", None) or _TRANSPARENT
    words = words_of(np.vstack([colors, np.asarray(default, np.uint8)]))
    return _ValueTable(known, words, _dense(known, words))


def _dense(known: Values, words: Words) -> Words | None:
    if len(known) <= _FEW_CLASSES or not np.array_equal(known, np.rint(known)) or known[-1] - known[0] >= _DENSE_UP_TO:
        return None
    dense = np.full(int(known[-1] - known[0]) + 1, words[-1])
    dense[(known - known[0]).astype(np.intp)] = words[:-1]
    return dense


def _places(known: Values, values: Values) -> NDArray[np.intp]:
    """The place of each value in known, or the one after the last."""
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, len(known))

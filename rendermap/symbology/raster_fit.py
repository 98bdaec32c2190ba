"""Raster themes fitted to the measured values of one result; see `classify`."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from statistics import median

from rendermap.symbology import palettes, ramps, stretch_limits
from rendermap.symbology.breaks import make_limits
from rendermap.symbology.document import to_number
from rendermap.symbology.facts import Band, Measures, RasterFacts
from rendermap.symbology.measuring import Need, Taken
from rendermap.symbology.numbers import spell_value
from rendermap.symbology.style import (
    RGB,
    Classification,
    Classified,
    Colormap,
    Method,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    Stretch,
    StretchRecipe,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color


def raster_needs(theme: Theme, facts: RasterFacts, classification: Classification) -> tuple[Need, ...]:
    """What must be measured for a theme that fits the facts."""
    match theme:
        case Stretch() | ShadedRelief():
            recipe = theme.recipe
            is_open = recipe is not None and stretch_limits.is_open(recipe, facts.bands[theme.band - 1], classification)
            return (Need(None, theme.band),) if is_open else ()
        case RGB():
            return tuple(dict.fromkeys(Need(None, b) for b, r in _used(theme) if _is_open(r, facts, b, classification)))
        case Classified() if _is_dynamic_classes(theme, classification):
            return (Need(None, theme.band),)
        case UniqueRaster() if _is_dynamic_values(theme, classification):
            return (Need(None, theme.band),)
        case Colormap() if not theme.entries and not facts.bands[theme.band - 1].palette:
            return (Need(None, theme.band),)
    return ()


def fit_raster(theme: Theme, facts: RasterFacts, measures: Taken, classification: Classification) -> RasterTheme:
    """The theme resolved for one result."""
    match theme:
        case Stretch() | ShadedRelief():
            return _fit_recipe(theme, facts, measures, classification)
        case RGB():
            recipes = [_resolve(r, facts, b, measures, classification) for b, r in zip(theme.bands, theme.recipes, strict=True)]
            return replace(theme, recipes=(recipes[0], recipes[1], recipes[2]))
        case Classified():
            taken = measures.get(Need(None, theme.band))
            return _classes_of(theme, taken) if taken and _is_dynamic_classes(theme, classification) else theme
        case UniqueRaster():
            known = _by_attribute(theme, facts)
            taken = measures.get(Need(None, theme.band))
            return _values_of(known, taken) if taken and _is_dynamic_values(theme, classification) else known
        case Colormap():
            return _fit_colormap(theme, facts.bands[theme.band - 1], measures.get(Need(None, theme.band)))
    raise TypeError(f"{type(theme).__name__} is no theme of rasters")


# --- stretches ---------------------------------------------------------------------------------------------------------


def _fit_recipe(theme: Stretch | ShadedRelief, facts: RasterFacts, measures: Taken, classification: Classification) -> RasterTheme:
    if theme.recipe is None:
        return theme
    return replace(theme, recipe=_resolve(theme.recipe, facts, theme.band, measures, classification))


def _used(theme: RGB) -> list[tuple[int, StretchRecipe]]:
    return [(band, recipe) for band, recipe in zip(theme.bands, theme.recipes, strict=True) if band]


def _is_open(recipe: StretchRecipe, facts: RasterFacts, band: int, classification: Classification) -> bool:
    return stretch_limits.is_open(recipe, facts.bands[band - 1], classification)


def _resolve(recipe: StretchRecipe, facts: RasterFacts, band: int, measures: Taken, classification: Classification) -> StretchRecipe:
    if not band:
        return replace(recipe, limits=(0.0, 1.0))
    return stretch_limits.resolve(recipe, facts.bands[band - 1], measures.get(Need(None, band)), classification)


# --- classes -----------------------------------------------------------------------------------------------------------


def _is_dynamic_classes(theme: Classified, classification: Classification) -> bool:
    if classification is Classification.AS_TEMPLATE:
        return False
    return classification is Classification.FROM_RESULT or theme.method is not Method.MANUAL


def _classes_of(theme: Classified, taken: Measures) -> Classified:
    uppers = [c.upper for c in theme.classes if math.isfinite(c.upper)]
    gaps = [b - a for a, b in pairwise(uppers) if b > a]
    limits = make_limits(theme.method, len(theme.classes), taken, median(gaps) if gaps else None)
    if not limits:
        return theme
    colors = _spread(theme, len(limits))
    minimum = taken.minimum
    if not taken.exact:
        # A sample misses the extremes: cells beyond it belong to the outer classes.
        limits, minimum = (*limits[:-1], math.inf), None
    classes = tuple(RasterClass(upper, color) for upper, color in zip(limits, colors, strict=True))
    return replace(theme, classes=classes, minimum=minimum)


def _spread(theme: Classified, count: int) -> tuple[Color, ...]:
    """The template's colours, evenly chosen where fewer are wanted; its ramp's, or its own mixed, where more."""
    given = tuple(c.color for c in theme.classes)
    if count > len(given):
        return ramps.sample(theme.ramp or ramps.of_colors(given), count)
    return tuple(given[round(i * (len(given) - 1) / (count - 1)) if count > 1 else 0] for i in range(count))


# --- single values -----------------------------------------------------------------------------------------------------


def _is_dynamic_values(theme: UniqueRaster, classification: Classification) -> bool:
    if classification is Classification.AS_TEMPLATE:
        return not theme.classes
    return classification is Classification.FROM_RESULT or theme.default is None


def _by_attribute(theme: UniqueRaster, facts: RasterFacts) -> UniqueRaster:
    """Classes of an attribute column as classes of the cell values in its rows."""
    columns = {name.casefold(): values for name, values in facts.attribute_table}
    values, texts = columns.get("value"), columns.get(theme.field.casefold())
    if theme.field.casefold() == "value" or values is None or texts is None:
        return theme
    rows = [(to_number(v), spell_value(t)) for v, t in zip(values, texts, strict=False)]

    def cells(category: RasterCategory) -> tuple[float, ...]:
        return tuple(v for v, text in rows if v is not None and any(_is_text(text, wanted) for wanted in category.texts))

    return replace(theme, classes=tuple(replace(c, values=cells(c)) if c.texts else c for c in theme.classes))


def _is_text(text: str, wanted: str) -> bool:
    one, two = to_number(text), to_number(wanted)
    return text == wanted or (one is not None and one == two)


def _values_of(theme: UniqueRaster, taken: Measures) -> UniqueRaster:
    """A class per value that the result has: the template's for values it knows, then new ones."""
    if not taken.distinct_is_whole:
        return theme
    present = [number for value, _ in taken.distinct if (number := to_number(value)) is not None]
    here = set(present)
    kept = [replace(c, values=values) for c in theme.classes if (values := tuple(v for v in c.values if v in here))]
    known = {v for c in theme.classes for v in c.values}
    new = [v for v in present if v not in known]
    used = {c.color for c in theme.classes}
    fresh = [color for color in palettes.qualitative(len(new) + len(used)) if color not in used]
    made = [RasterCategory((v,), color, spell_value(v)) for v, color in zip(new, fresh, strict=False)]
    return replace(theme, classes=(*kept, *made))


def _fit_colormap(theme: Colormap, band: Band, taken: Measures | None) -> RasterTheme:
    """The dataset's own palette where the style gives none; values with colours of no order where neither does."""
    if theme.entries:
        return theme
    if band.palette:
        return replace(theme, entries=tuple((v, Color(r, g, b, a), str(v)) for v, r, g, b, a in band.palette))
    return _values_of(UniqueRaster((), band=theme.band, heading=theme.heading), taken) if taken else theme

"""Raster themes fitted to the measured values of one result; see `classify`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from statistics import median

from rendermap.limits import VALUES
from rendermap.symbology import palettes, ramps, raster_attributes, stretch_limits
from rendermap.symbology.breaks import make_limits
from rendermap.symbology.category_fit import ALL_OTHERS, QUIET
from rendermap.symbology.document import to_number
from rendermap.symbology.facts import Band, Measures, RasterFacts
from rendermap.symbology.measuring import Need, Taken
from rendermap.symbology.numbers import spell_value
from rendermap.symbology.raster_attributes import by_cells
from rendermap.symbology.stretch_labels import relabel, without_numbers
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
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color

_LISTED_VALUES = 256


def fits_raster(theme: Theme, facts: RasterFacts) -> bool:
    """True when the raster has the bands, and the column of its attribute table, that a theme of rasters asks for."""
    if isinstance(theme, RGB):
        return all(0 <= band <= len(facts.bands) for band in (*theme.bands, theme.black_band))
    if isinstance(theme, Classified | UniqueRaster) and not raster_attributes.has_column(facts, theme.field):
        return False
    return isinstance(theme, RasterTheme) and 1 <= theme.band <= len(facts.bands)


def raster_needs(theme: Theme, facts: RasterFacts, classification: Classification) -> tuple[Need, ...]:
    """What must be measured for a theme that fits the facts."""
    match theme:
        case Stretch() | ShadedRelief() | RGB():
            bands = (b for b, recipe in recipes_of(theme) if stretch_limits.is_open(recipe, facts.bands[b - 1], classification))
            return tuple(dict.fromkeys(Need(None, b) for b in bands))
        case Classified() if by_cells(theme.field) and _is_dynamic_classes(theme, classification):
            return (Need(None, theme.band),)
        case UniqueRaster() if by_cells(theme.field) and _is_dynamic_values(theme, classification):
            return (_values_need(theme),)
        case Colormap() if not theme.entries and not facts.bands[theme.band - 1].palette:
            return (Need(None, theme.band),)
    return ()


def fit_raster(theme: Theme, facts: RasterFacts, measures: Taken, classification: Classification) -> RasterTheme:
    """The theme resolved for one result."""
    match theme:
        case Stretch() | ShadedRelief() | RGB():
            return _fit_recipes(theme, facts, measures, classification)
        case Classified() if not by_cells(theme.field):
            table = raster_attributes.measures_of(facts, theme.field)
            fitted = _classes_of(theme, table) if table and _is_dynamic_classes(theme, classification) else theme
            return raster_attributes.classed(fitted, facts)
        case Classified():
            taken = measures.get(Need(None, theme.band))
            return _classes_of(theme, taken) if taken and _is_dynamic_classes(theme, classification) else theme
        case UniqueRaster() if not by_cells(theme.field):
            new = raster_attributes.new_texts(theme, facts) if _is_dynamic_values(theme, classification) else ()
            added = (RasterCategory((), c, t, texts=(t,)) for t, c in zip(new, _new_colors(theme, len(new)), strict=True))
            return raster_attributes.grouped(replace(theme, classes=(*theme.classes, *added)), facts)
        case UniqueRaster():
            taken = measures.get(_values_need(theme))
            return _values_of(theme, facts, taken) if taken and _is_dynamic_values(theme, classification) else theme
        case Colormap():
            return _fit_colormap(theme, facts, measures.get(Need(None, theme.band)))
    raise TypeError(f"{type(theme).__name__} is no theme of rasters")


# --- stretches ---------------------------------------------------------------------------------------------------------


def recipes_of(theme: Theme) -> Iterator[tuple[int, StretchRecipe]]:
    """(band from 1, recipe) of every stretch in a theme."""
    if isinstance(theme, RGB):
        pairs = zip((*theme.bands, theme.black_band), (*theme.recipes, theme.black_recipe), strict=True)
        yield from ((band, recipe) for band, recipe in pairs if band)
    elif isinstance(theme, Stretch | ShadedRelief) and theme.recipe is not None:
        yield theme.band, theme.recipe


def map_recipes(theme: RasterTheme, change: Callable[[int, StretchRecipe], StretchRecipe]) -> RasterTheme:
    """The theme with every stretch of a band changed."""
    if isinstance(theme, RGB):
        recipes = tuple(change(b, r) if b else r for b, r in zip(theme.bands, theme.recipes, strict=True))
        black = change(theme.black_band, theme.black_recipe) if theme.black_band else theme.black_recipe
        return replace(theme, recipes=(recipes[0], recipes[1], recipes[2]), black_recipe=black)
    if isinstance(theme, Stretch):
        return replace(theme, recipe=change(theme.band, theme.recipe))
    if isinstance(theme, ShadedRelief) and theme.recipe is not None:
        return replace(theme, recipe=change(theme.band, theme.recipe))
    return theme


def bound_to_dataset(style: Style) -> Style:
    """The style with statistics of the whole dataset where it asks for those of the view, so that colours stay from tile to tile."""
    if not any(recipe.source is StatisticsSource.VIEW for _, recipe in recipes_of(style.theme)):
        return style
    assert isinstance(style.theme, RasterTheme)

    def bound(_: int, recipe: StretchRecipe) -> StretchRecipe:
        return replace(recipe, source=StatisticsSource.DATASET) if recipe.source is StatisticsSource.VIEW else recipe

    return replace(style, theme=map_recipes(style.theme, bound))


def _fit_recipes(theme: RasterTheme, facts: RasterFacts, measures: Taken, classification: Classification) -> RasterTheme:
    if isinstance(theme, RGB) and theme.alpha_band > len(facts.bands):
        theme = replace(theme, alpha_band=0)
    fitted = map_recipes(
        theme, lambda band, r: stretch_limits.resolve(r, facts.bands[band - 1], measures.get(Need(None, band)), classification)
    )
    if isinstance(theme, Stretch) and isinstance(fitted, Stretch):
        return replace(fitted, labels=_labels(theme, fitted, facts, classification))
    return fitted


def _labels(theme: Stretch, fitted: Stretch, facts: RasterFacts, classification: Classification) -> tuple[str, ...]:
    """The template's labels; numbers in them are those of its own data, and give way to the result's where the limits did."""
    if theme.recipe.source is StatisticsSource.VIEW:
        return without_numbers(theme.labels)
    is_open = stretch_limits.is_open(theme.recipe, facts.bands[theme.band - 1], classification)
    return relabel(theme.labels, fitted.recipe) if is_open else theme.labels


# --- classes -----------------------------------------------------------------------------------------------------------


def _is_dynamic_classes(theme: Classified, classification: Classification) -> bool:
    if classification is Classification.AS_TEMPLATE:
        return False
    return classification is Classification.FROM_RESULT or theme.method is not Method.MANUAL


def _classes_of(theme: Classified, taken: Measures) -> Classified:
    taken = _without_excluded(taken, theme.excluded)
    given = [c for c in theme.classes if not c.is_gap]
    uppers = [c.upper for c in given if math.isfinite(c.upper)]
    steps = [b - a for a, b in pairwise(uppers) if b > a]
    limits = make_limits(theme.method, len(given), taken, median(steps) if steps else None)
    if not limits:
        return theme
    colors = _spread(replace(theme, classes=tuple(given)), len(limits))
    minimum = taken.minimum
    if not taken.exact:
        # A sample misses the extremes: cells beyond it belong to the outer classes.
        limits, minimum = (*limits[:-1], math.inf), None
    classes = tuple(RasterClass(upper, color) for upper, color in zip(limits, colors, strict=True))
    return replace(theme, classes=classes, minimum=minimum)


def _without_excluded(taken: Measures, excluded: tuple[tuple[float, float], ...]) -> Measures:
    """Numbers of the values that are classed at all."""
    if not excluded:
        return taken
    sample = [v for v in taken.sample if not any(low <= v <= high for low, high in excluded)]
    if not sample:
        return replace(taken, count=0)
    return replace(taken, count=len(sample), sample=tuple(sample), percentiles=(), minimum=min(sample), maximum=max(sample), exact=False)


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


def _values_need(theme: UniqueRaster) -> Need:
    listed = sum(len(c.values) for c in theme.classes)
    return Need(None, theme.band, distinct_limit=min(max(_LISTED_VALUES, 2 * listed), VALUES.value))


def raster_note(theme: Theme, measures: Taken, classification: Classification) -> str:
    """Why the fitted theme is not all that the classification promises; empty where it is."""
    if not (isinstance(theme, UniqueRaster) and by_cells(theme.field) and _is_dynamic_values(theme, classification)):
        return ""
    need = _values_need(theme)
    taken = measures.get(need)
    if taken is None or taken.distinct_is_whole:
        return ""
    if taken.distinct:
        return "with the values that a sample of the cells has"
    drawn = "with the classes of the template" if theme.classes else "along a ramp"
    return f"{drawn}, for the data have more than {need.distinct_limit:,} values"


def _values_of(theme: UniqueRaster, facts: RasterFacts, taken: Measures) -> RasterTheme:
    """A class per value that the result has: the template's for values it knows, then new ones; all others grey where some are unknown."""
    if taken.distinct_is_whole:
        return _classes_of_values(theme, taken)
    if not (theme.classes or taken.distinct):
        return _along_ramp(theme, facts, taken)
    found = _classes_of_values(theme, taken)
    return found if found.default is not None else replace(found, default=QUIET, default_label=ALL_OTHERS)


def _classes_of_values(theme: UniqueRaster, taken: Measures) -> UniqueRaster:
    """The template's classes come first.  Of a sample, those that it lacks stay: the cells may have them all the same."""
    present = [number for value, _ in taken.distinct if (number := to_number(value)) is not None]
    here = set(present)
    kept = [replace(c, values=values) for c in theme.classes if (values := tuple(v for v in c.values if v in here))]
    if not taken.distinct_is_whole:
        kept = list(theme.classes)
    known = {v for c in theme.classes for v in c.values}
    new = [v for v in present if v not in known]
    made = [RasterCategory((v,), color, spell_value(v)) for v, color in zip(new, _new_colors(theme, len(new)), strict=True)]
    return replace(theme, classes=(*kept, *made))


def _along_ramp(theme: UniqueRaster, facts: RasterFacts, taken: Measures) -> Stretch:
    """Too many values for a colour each: they are drawn by size."""
    recipe = stretch_limits.resolve_by(StretchRecipe(StretchKind.PERCENT_CLIP), facts.bands[theme.band - 1], taken)
    return Stretch(theme.ramp or palettes.named_ramp(palettes.SEQUENTIAL), recipe, theme.band, heading=theme.heading)


def _new_colors(theme: UniqueRaster, count: int) -> tuple[Color, ...]:
    """Colours of the template's ramp where it has one, else of a scheme without order; never one that a class has already."""
    used = {c.color for c in theme.classes}
    wanted = count + len(used)
    offered = ramps.sample(theme.ramp, wanted) if theme.ramp else palettes.qualitative(wanted)
    fresh = [color for color in offered if color not in used]
    return tuple(fresh[:count]) if len(fresh) >= count else palettes.qualitative(wanted)[-count:]


def _fit_colormap(theme: Colormap, facts: RasterFacts, taken: Measures | None) -> RasterTheme:
    """The dataset's own palette where the style gives none; values with colours of no order where neither does."""
    band: Band = facts.bands[theme.band - 1]
    if theme.entries:
        return theme
    if band.palette:
        return replace(theme, entries=tuple((v, Color(r, g, b, a), str(v)) for v, r, g, b, a in band.palette))
    return _values_of(UniqueRaster((), band=theme.band, heading=theme.heading), facts, taken) if taken else theme

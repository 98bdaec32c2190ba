"""Fits a style template to the measured values of one result.

Under `Classification.AUTO` a template that names what happens to all other values, or whose limits were set by hand, stays as it
is; all others take their classes anew from each result, with the method, number of classes and colours of the template.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from statistics import median

from rendermap.symbology import palettes, ramps
from rendermap.symbology.adjustment import settle
from rendermap.symbology.breaks import make_limits
from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.document import to_number
from rendermap.symbology.expressions.tree import Operand, columns
from rendermap.symbology.facts import Facts, Measures, RasterFacts, VectorFacts
from rendermap.symbology.measuring import Need, Taken
from rendermap.symbology.numbers import spell_value
from rendermap.symbology.raster_fit import bound_to_dataset, fit_raster, fits_raster, raster_needs
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    Classification,
    Method,
    Single,
    Style,
    Theme,
    Value,
    VectorTheme,
)
from rendermap.symbology.symbols import PLAIN, Color, PointLayer, Stroke, Symbol, SymbolLayer, map_layers, recolored
from rendermap.symbology.template import map_symbols

__all__ = ["Need", "fit", "needs"]

NOT_FITTING = "chosen from the data, for the layer file does not fit it"


def needs(style: Style, facts: Facts, classification: Classification, *, by_view: bool = False) -> tuple[Need, ...]:
    """What must be measured in the result before `fit`."""
    style = style if by_view else bound_to_dataset(style)
    if not _fits(style.theme, facts):
        return default_needs(facts)
    if isinstance(facts, RasterFacts):
        return raster_needs(style.theme, facts, classification)
    theme = style.theme
    if isinstance(theme, Categories) and _is_dynamic_categories(theme, classification):
        return (Need(_field(theme.fields[0], facts)),)
    if isinstance(theme, Breaks) and _is_dynamic_breaks(theme, classification):
        return (Need(_field(theme.field, facts)),)
    return ()


def fit(style: Style, facts: Facts, measures: Mapping[Need, Measures], classification: Classification, *, by_view: bool = False) -> Style:
    """The style resolved for one result: nothing in it is left to be taken from the data.

    measures: of all `needs`.  A template of another kind of data, or of a field or band that is not there, gives way to the style chosen
    from the data; the result's ``source`` says so.  by_view: stretches that ask for it have the statistics of each view, and stay open.
    """
    style = style if by_view else bound_to_dataset(style)
    if not _fits(style.theme, facts):
        chosen = default_style(facts, measures, style.name)
        return settle(replace(style, theme=chosen.theme, filter=style.filter, source=NOT_FITTING))
    if isinstance(facts, RasterFacts):
        return settle(replace(style, theme=fit_raster(style.theme, facts, measures, classification)))
    return replace(style, theme=_without_lost_values(_fit_vector(style.theme, facts, measures, classification), facts))


def _fits(theme: Theme, facts: Facts) -> bool:
    if isinstance(facts, RasterFacts):
        return fits_raster(theme, facts)
    if isinstance(theme, Categories):
        return all(_field(name, facts) for name in theme.fields)
    if isinstance(theme, Breaks):
        return bool(_field(theme.field, facts)) and (not theme.normalization_field or bool(_field(theme.normalization_field, facts)))
    return isinstance(theme, Single)


def _field(name: str, facts: VectorFacts) -> str | None:
    """The dataset's own spelling of a field; layer files often name it with its table."""
    short = name.rpartition(".")[2].casefold()
    exact = next((f.name for f in facts.fields if f.name.casefold() == name.casefold()), None)
    return exact or next((f.name for f in facts.fields if f.name.casefold() == short), None)


# --- vectors -----------------------------------------------------------------------------------------------------------


def _is_dynamic_categories(theme: Categories, classification: Classification) -> bool:
    """Combinations of several fields are not measured, so they stay as in the template."""
    if len(theme.fields) != 1 or classification is Classification.AS_TEMPLATE:
        return False
    return classification is Classification.FROM_RESULT or theme.default is None


def _is_dynamic_breaks(theme: Breaks, classification: Classification) -> bool:
    """Quotients are not measured, so normalised classes stay as in the template."""
    if theme.normalization_field or classification is Classification.AS_TEMPLATE:
        return False
    return classification is Classification.FROM_RESULT or theme.method is not Method.MANUAL


def _fit_vector(theme: Theme, facts: VectorFacts, measures: Taken, classification: Classification) -> VectorTheme:
    if isinstance(theme, Categories):
        named = replace(theme, fields=tuple(_field(name, facts) or name for name in theme.fields))
        taken = measures.get(Need(named.fields[0]))
        if _is_dynamic_categories(theme, classification) and taken is not None and taken.distinct_is_whole:
            return replace(named, classes=_categories_of(named, taken))
        return named
    if isinstance(theme, Breaks):
        over = theme.normalization_field and _field(theme.normalization_field, facts)
        named_breaks = replace(theme, field=_field(theme.field, facts) or theme.field, normalization_field=over)
        taken = measures.get(Need(named_breaks.field))
        if _is_dynamic_breaks(theme, classification) and taken is not None:
            return _breaks_of(named_breaks, taken)
        return named_breaks
    if isinstance(theme, Single):
        return theme
    raise TypeError(f"{type(theme).__name__} is no theme of features")


def _categories_of(theme: Categories, taken: Measures) -> tuple[Category, ...]:
    """A class per value that the result has: the template's for values it knows, in its order, then new ones."""
    present = [value for value, _ in taken.distinct]
    key = _numeric_key if any(isinstance(v, int | float) for v in present) else _text_key
    here, listed = {key(v) for v in present}, {key(v[0]) for c in theme.classes for v in c.values}
    known = [replace(c, values=kept) for c in theme.classes if (kept := tuple(v for v in c.values if key(v[0]) in here))]
    new = [value for value in present if key(value) not in listed]
    base = next((c.symbol for c in theme.classes if c.symbol.layers), theme.default or PLAIN)
    heading = theme.classes[-1].heading if theme.classes else ""
    colors = _new_colors(theme, len(new))
    made = [Category(((v,),), recolored(base, color), spell_value(v), heading) for v, color in zip(new, colors, strict=True)]
    return (*known, *made)


def _text_key(value: Value) -> str | None:
    return None if value is None else str(value)


def _numeric_key(value: Value) -> str | float | None:
    """Layer files write numbers as text, so ``"3"`` is 3; null is only null."""
    number = to_number(int(value) if isinstance(value, bool) else value)
    return _text_key(value) if number is None else number


def _new_colors(theme: Categories, count: int) -> tuple[Color, ...]:
    """Colours of the template's ramp where it has one, else of a scheme without order; never one that a class has already."""
    used = {color for c in theme.classes for color in _main_colors(c.symbol)}
    wanted = count + len(used)
    offered = ramps.sample(theme.ramp, wanted) if theme.ramp else palettes.qualitative(wanted)
    fresh = [color for color in offered if color not in used]
    return tuple(fresh[:count]) if len(fresh) >= count else palettes.qualitative(wanted)[-count:]


def _main_colors(symbol: Symbol) -> list[Color]:
    found = (getattr(layer, "fill", None) or getattr(layer, "color", None) for layer in symbol.layers)
    return [color for color in found if isinstance(color, Color)]


def _breaks_of(theme: Breaks, taken: Measures) -> Breaks:
    """The template's method and number of classes on the result's numbers; its symbols, first and last staying so."""
    uppers = [c.upper for c in theme.classes if math.isfinite(c.upper)]
    limits = make_limits(theme.method, len(theme.classes), taken, _interval(uppers))
    if not limits or taken.minimum is None:
        return theme
    symbols = _spread(tuple(c.symbol for c in theme.classes), len(limits), _painter(theme))
    classes = tuple(Break(upper, symbol) for upper, symbol in zip(limits, symbols, strict=True))
    return replace(theme, minimum=taken.minimum, classes=classes)


def _interval(uppers: list[float]) -> float | None:
    gaps = [b - a for a, b in pairwise(uppers) if b > a]
    return median(gaps) if gaps else None


def _painter(theme: Breaks) -> Callable[[Symbol, float], Symbol] | None:
    """How a symbol is painted at a position of the template's ramp, when it has one."""
    ramp = theme.ramp
    return (lambda symbol, position: recolored(symbol, ramps.color_at(ramp, position))) if ramp else None


def _spread(symbols: tuple[Symbol, ...], count: int, paint: Callable[[Symbol, float], Symbol] | None) -> tuple[Symbol, ...]:
    """As many symbols as wanted: the template's where the number is the same or less, evenly chosen; painted anew where more."""
    if not symbols:
        symbols = (PLAIN,)
    picked = []
    for i in range(count):
        position = i / (count - 1) if count > 1 else 0.0
        symbol = symbols[round(position * (len(symbols) - 1))]
        picked.append(paint(symbol, position) if paint and count > len(symbols) else symbol)
    return tuple(picked)


def _without_lost_values(theme: VectorTheme, facts: VectorFacts) -> VectorTheme:
    """Markers turned or sized by a field that the result lacks stand upright and as large as the symbol says."""

    def is_lost(operand: Operand | None) -> bool:
        return operand is not None and not all(_field(name, facts) for name in columns(operand))

    def keep(layer: SymbolLayer) -> SymbolLayer:
        if isinstance(layer, PointLayer) and is_lost(layer.rotation_by):
            layer = replace(layer, rotation_by=None)
        if isinstance(layer, PointLayer | Stroke) and layer.size_by and is_lost(layer.size_by.value):
            layer = replace(layer, size_by=None)
        return layer

    return map_symbols(theme, lambda symbol: map_layers(symbol, keep))

"""Vector themes fitted to the measured values of one result; see `classify`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import median

from rendermap.limits import DOTS, VALUES
from rendermap.symbology import ramps
from rendermap.symbology.breaks import make_limits
from rendermap.symbology.category_fit import TOO_MANY, categories_of
from rendermap.symbology.expressions.tree import And, Arithmetic, Column, Expression, Not, Operand
from rendermap.symbology.facts import FieldKind, GeometryKind, Measures, VectorFacts
from rendermap.symbology.field_names import field_of, has_all_of, has_fields
from rendermap.symbology.measuring import Need, Taken
from rendermap.symbology.sizes import fit_size
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Classification,
    DotDensity,
    Engine,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rules,
    Single,
    Theme,
    VectorTheme,
)
from rendermap.symbology.symbols import PLAIN, Symbol, recolored

MOST_DOTS = DOTS.value // 2
"""Of one layer; where a result needs more, each dot stands for more."""

_LISTED_VALUES = 256


def fits(theme: Theme, facts: VectorFacts) -> bool:
    """True when the dataset has the fields that the theme is about, and numbers in those that it counts by."""
    match theme:
        case Categories():
            return has_fields(theme.fields, facts) and has_all_of(theme.expression, facts)
        case Breaks():
            names = [name for name in (theme.field, theme.normalization_field) if name]
            values = [*map(Column, names), theme.expression]
            return has_fields(names, facts) and all(_are_numbers(value, facts) for value in values)
        case Graded():
            return _are_numbers(theme.value, facts)
        case Proportional():
            return _are_numbers(theme.size.value, facts)
        case HeatMap():
            return _are_numbers(theme.weight, facts)
        case DotDensity():
            counted = all(_are_numbers(dots.value, facts) for dots in theme.dots)
            return facts.geometry is GeometryKind.POLYGON and bool(theme.dots) and counted
        case Rules():
            return bool(theme.rules)
        case Engine():
            return has_fields(theme.fields, facts)
    return isinstance(theme, Single)


def _are_numbers(value: Operand | None, facts: VectorFacts) -> bool:
    """False for fields that the dataset lacks, and for texts and dates, which no class of numbers ever holds."""
    if isinstance(value, Arithmetic):
        return _are_numbers(value.left, facts) and _are_numbers(value.right, facts)
    if isinstance(value, Column):
        found = field_of(value.name, facts)
        return found is not None and found.kind not in (FieldKind.TEXT, FieldKind.DATE, FieldKind.OTHER)
    return has_all_of(value, facts)


def vector_needs(theme: Theme, drawn: Expression | None, facts: VectorFacts, classification: Classification) -> tuple[Need, ...]:
    """What must be measured for a theme that fits the facts.  drawn: the definition filter, what fails it does not count."""
    match theme:
        case Categories() if _is_dynamic_categories(theme, classification):
            return (_categories_need(theme, drawn, facts),)
        case Breaks() if _is_dynamic_breaks(theme, classification):
            return (_breaks_need(theme, drawn, facts),)
        case Graded() if _is_dynamic_ramp(theme, classification):
            return (_need_of(theme.value, drawn),)
        case Proportional():
            return (_need_of(theme.size.value, drawn),)
        case DotDensity():
            return tuple(dict.fromkeys(_need_of(dots.value, drawn) for dots in theme.dots))
    return ()


def fit_vector(theme: Theme, drawn: Expression | None, facts: VectorFacts, measures: Taken, classification: Classification) -> VectorTheme:
    """The theme resolved for one result, its fields named as the dataset does."""
    taken = _first_taken(theme, drawn, facts, measures, classification)
    match theme:
        case Categories():
            named = replace(theme, fields=tuple(_spelled(name, facts) for name in theme.fields))
            return categories_of(named, facts, taken) if taken else named
        case Breaks():
            over = theme.normalization_field and _spelled(theme.normalization_field, facts)
            named_breaks = replace(theme, field=_spelled(theme.field, facts) if theme.field else "", normalization_field=over)
            return _breaks_of(named_breaks, taken) if taken else named_breaks
        case Graded():
            return replace(theme, limits=_range_of(taken) if taken else theme.limits or theme.template_limits)
        case Proportional():
            return _proportional_of(theme, taken) if taken else theme
        case DotDensity():
            return replace(theme, dot_value=_dot_value(theme, drawn, measures))
        case HeatMap():
            return replace(theme, limits=None) if classification is Classification.FROM_RESULT else theme
        case Single() | Rules() | Engine():
            return theme
    raise TypeError(f"{type(theme).__name__} is no theme of features")


def vector_note(theme: Theme, drawn: Expression | None, facts: VectorFacts, measures: Taken, classification: Classification) -> str:
    """Why the fitted theme is not all that the classification promises; empty where it is."""
    taken = _first_taken(theme, drawn, facts, measures, classification) if isinstance(theme, Categories) else None
    return TOO_MANY if taken and not taken.distinct_is_whole else ""


def _first_taken(
    theme: Theme, drawn: Expression | None, facts: VectorFacts, measures: Taken, classification: Classification
) -> Measures | None:
    return next((measures[need] for need in vector_needs(theme, drawn, facts, classification) if need in measures), None)


def _spelled(name: str, facts: VectorFacts) -> str:
    found = field_of(name, facts)
    return found.name if found else name


def _need_of(value: Operand, drawn: Expression | None, limit: int = _LISTED_VALUES) -> Need:
    if isinstance(value, Column):
        return Need(value.name, where=drawn, distinct_limit=limit)
    return Need(None, value=value, where=drawn, distinct_limit=limit)


# --- unique values -----------------------------------------------------------------------------------------------------


def _is_dynamic_categories(theme: Categories, classification: Classification) -> bool:
    if classification is Classification.AS_TEMPLATE:
        return False
    return classification is Classification.FROM_RESULT or theme.default is None


def _categories_need(theme: Categories, drawn: Expression | None, facts: VectorFacts) -> Need:
    if theme.expression is not None:
        return _need_of(theme.expression, drawn, VALUES.value)
    names = tuple(_spelled(name, facts) for name in theme.fields)
    return Need(names[0], where=drawn, distinct_limit=VALUES.value) if len(names) == 1 else Need(None, 1, names, None, drawn, VALUES.value)


# --- class breaks ------------------------------------------------------------------------------------------------------


def _is_dynamic_breaks(theme: Breaks, classification: Classification) -> bool:
    if classification is Classification.AS_TEMPLATE:
        return False
    return classification is Classification.FROM_RESULT or theme.method is not Method.MANUAL


def _breaks_need(theme: Breaks, drawn: Expression | None, facts: VectorFacts) -> Need:
    counted = _both(drawn, Not(theme.excluded) if theme.excluded is not None else None)
    if theme.expression is not None:
        return _need_of(theme.expression, counted)
    value = Column(_spelled(theme.field, facts))
    over = theme.normalization_field
    return _need_of(Arithmetic("/", value, Column(_spelled(over, facts))) if over else value, counted)


def _both(one: Expression | None, other: Expression | None) -> Expression | None:
    return And((one, other)) if one is not None and other is not None else one or other


def _breaks_of(theme: Breaks, taken: Measures) -> Breaks:
    """The template's method and number of classes on the result's numbers; its symbols, first and last staying so."""
    uppers = [c.upper for c in theme.classes if math.isfinite(c.upper) and not c.is_gap]
    classed = tuple(c.symbol for c in theme.classes if not c.is_gap)
    limits = make_limits(theme.method, len(classed), taken, _interval(uppers))
    if not limits or taken.minimum is None:
        return theme
    symbols = _spread(classed, len(limits), _painter(theme))
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


# --- numbers without classes -------------------------------------------------------------------------------------------


def _is_dynamic_ramp(theme: Graded, classification: Classification) -> bool:
    """Limits that a template tells are static, unless the service says otherwise."""
    return classification is Classification.FROM_RESULT or (theme.limits or theme.template_limits) is None


def _range_of(taken: Measures) -> tuple[float, float]:
    """Nothing measured: nothing is drawn along the ramp, and any limits do."""
    return (0.0, 1.0) if taken.minimum is None or taken.maximum is None else (taken.minimum, taken.maximum)


def _proportional_of(theme: Proportional, taken: Measures) -> Proportional:
    if taken.minimum is None or taken.maximum is None:
        return theme if theme.size.stops else replace(theme, size=fit_size(theme.size, 1.0, 1.0, theme.largest))
    low, high = taken.minimum, taken.maximum
    theme = replace(theme, measured=(low, high))
    if theme.size.stops:
        return theme
    if low <= 0:
        # a symbol for nothing has no size: the smallest number above zero is drawn as the symbol is
        numbers = (*taken.sample, *(v for v, _ in taken.distinct if isinstance(v, int | float)))
        low = min((number for number in numbers if number > 0), default=high)
    return replace(theme, size=fit_size(theme.size, low, high, theme.largest))


def _dot_value(theme: DotDensity, drawn: Expression | None, measures: Taken) -> float:
    """The template's, or its smallest multiple by 2, 5, 10, 20, 50, ... with which the result has no more than MOST_DOTS."""
    taken = [measures.get(_need_of(dots.value, drawn)) for dots in theme.dots]
    total = sum(max(found.mean or 0.0, 0.0) * found.count for found in taken if found)
    steps = (digit * 10.0**power for power in range(30) for digit in (1, 2, 5))
    return next((theme.dot_value * step for step in steps if total <= MOST_DOTS * theme.dot_value * step), math.inf)

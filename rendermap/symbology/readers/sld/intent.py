"""Rules -> the theme that they are: one symbol, unique values, class breaks, and rules where they are nothing simpler.

A simpler theme is taken only where it draws just the same features by the same symbols.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

from rendermap.symbology.expressions.tree import And, Arithmetic, Column, Comparison, Expression, IsNull, Literal, Operand, Or
from rendermap.symbology.style import Break, Breaks, Categories, Category, Proportional, Rule, Rules, Single, Value, VectorTheme
from rendermap.symbology.symbols import PointLayer, SizeBy, Stroke, Symbol, map_layers

_MIRROR = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_MOST_FIELDS = 3
_MOST_COMBINATIONS = 1000


def theme_of(rules: tuple[Rule, ...]) -> VectorTheme:
    """The theme of rules in the order drawn; all of one level, or such that levels do not matter to it."""
    if not any(rule.is_else for rule in rules):
        rules = tuple(rule for rule in rules if rule.symbol.layers)
    if not rules:
        return Single(Symbol())
    if len(rules) == 1 and not _is_limited(rules[0]):
        return _single(rules[0])
    if len({(rule.min_scale_denominator, rule.max_scale_denominator) for rule in rules}) == 1 and not _has_scales(rules[0]):
        found = _categories(rules) or _breaks(rules)
        if found is not None:
            return found
    return Rules(rules)


def _is_limited(rule: Rule) -> bool:
    return rule.filter is not None or _has_scales(rule)


def _has_scales(rule: Rule) -> bool:
    return rule.min_scale_denominator is not None or rule.max_scale_denominator is not None


def _single(rule: Rule) -> Single | Proportional:
    """One symbol for all; proportional where all of it grows by the same number."""
    growing = [layer for layer in rule.symbol.layers if isinstance(layer, PointLayer | Stroke)]
    sizes = {layer.size_by for layer in growing}
    size = next(iter(sizes)) if len(sizes) == 1 and len(growing) == len(rule.symbol.layers) else None
    if size is None:
        return Single(rule.symbol, rule.label)
    return _proportional(rule, size)


def _proportional(rule: Rule, size: SizeBy) -> Proportional:
    plain = map_layers(rule.symbol, lambda layer: replace(layer, size_by=None) if isinstance(layer, PointLayer | Stroke) else layer)
    return Proportional(plain, size, max(size.stops[-1][1], 1.0), label=rule.label)


# --- unique values ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Values:
    """keys: what is compared, in the order written; rows: the accepted combinations."""

    keys: tuple[Operand, ...]
    rows: tuple[tuple[Value, ...], ...]


def _categories(rules: tuple[Rule, ...]) -> Categories | None:
    """Unique values, when every rule asks for values of the same fields and none asks for another's."""
    listed, others = _without_else(rules)
    if listed is None or not listed:
        return None
    found = [_values_of(rule.filter) if rule.filter else None for rule in listed]
    first = found[0]
    if first is None:
        return None
    ordered = [_in_order(values, first.keys) for values in found if values is not None]
    if len(ordered) < len(listed) or None in ordered:
        return None
    rows = [row for values in ordered if values for row in values]
    if len(set(rows)) < len(rows):
        return None
    classes = tuple(Category(values, rule.symbol, rule.label) for values, rule in zip(ordered, listed, strict=True) if values)
    fields = tuple(key.name for key in first.keys if isinstance(key, Column))
    if fields and len(fields) < len(first.keys):
        return None
    # What no rule names is not drawn: an empty symbol says so, where none at all would have new values read from each result.
    default = others.symbol if others else Symbol()
    return Categories(fields, classes, default, others.label if others else "", expression=None if fields else first.keys[0])


def _without_else(rules: tuple[Rule, ...]) -> tuple[tuple[Rule, ...] | None, Rule | None]:
    """(the rules with a filter, the one for the others); None for the rules where these are not all there are."""
    others = [rule for rule in rules if rule.is_else]
    listed = tuple(rule for rule in rules if not rule.is_else)
    if len(others) > 1 or any(rule.filter is None for rule in listed):
        return None, None
    return listed, others[0] if others else None


def _values_of(expression: Expression) -> _Values | None:
    match expression:
        case Comparison("=", key, Literal(value)) | Comparison("=", Literal(value), key) if not isinstance(key, Literal):
            return _Values((key,), ((value,),))
        case IsNull(column) if not isinstance(column, Literal):
            return _Values((column,), ((None,),))
        case And(terms) if len(terms) <= _MOST_FIELDS:
            return _combined([_values_of(term) for term in terms])
        case Or(terms):
            return _together([_values_of(term) for term in terms])
    return None


def _combined(parts: list[_Values | None]) -> _Values | None:
    """All combinations of the values that several fields may have."""
    keys: list[Operand] = []
    for part in parts:
        if part is None or len(part.keys) != 1 or not isinstance(part.keys[0], Column):
            return None
        keys += part.keys
    known = [part.rows for part in parts if part]
    if len(set(map(_same, keys))) < len(keys) or math.prod(map(len, known)) > _MOST_COMBINATIONS:
        return None
    return _Values(tuple(keys), tuple(tuple(value for row in rows for value in row) for rows in product(*known)))


def _together(parts: list[_Values | None]) -> _Values | None:
    first = parts[0]
    if first is None:
        return None
    rows: list[tuple[Value, ...]] = []
    for part in parts:
        ordered = _in_order(part, first.keys)
        if ordered is None:
            return None
        rows += ordered
    return _Values(first.keys, tuple(rows))


def _in_order(values: _Values | None, keys: tuple[Operand, ...]) -> tuple[tuple[Value, ...], ...] | None:
    """The rows with their values in the order of keys, None when they are of other fields."""
    if values is None or len(values.keys) != len(keys):
        return None
    if values.keys == keys:
        return values.rows
    places = {_same(key): index for index, key in enumerate(values.keys)}
    try:
        order = [places[_same(key)] for key in keys]
    except KeyError:
        return None
    return tuple(tuple(row[index] for index in order) for row in values.rows)


def _same(key: Operand) -> object:
    return key.name.casefold() if isinstance(key, Column) else key


# --- class breaks -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Range:
    """What a filter lets through of one number.  None: no limit."""

    key: Operand
    low: float | None = None
    has_low: bool = False
    high: float | None = None
    has_high: bool = False


def _breaks(rules: tuple[Rule, ...]) -> Breaks | None:
    """Classes that follow one upon the other, each with its upper limit and without its lower one."""
    listed, others = _without_else(rules)
    if listed is None or len(listed) < 2:
        return None
    ranges = [_range_of(rule.filter) if rule.filter else None for rule in listed]
    if not _is_chain(ranges):
        return None
    classes = tuple(
        Break(math.inf if r.high is None else float(r.high), rule.symbol, rule.label) for r, rule in zip(ranges, listed, strict=True) if r
    )
    first = ranges[0]
    assert first is not None
    field, divisor, expression = _divided(first.key)
    default, label = (others.symbol, others.label) if others else (None, "")
    return Breaks(
        field,
        _minimum(first),
        classes,
        default=default,
        default_label=label,
        normalization_field=divisor,
        expression=expression,
    )


def _is_chain(ranges: list[_Range | None]) -> bool:
    before: _Range | None = None
    for index, found in enumerate(ranges):
        if found is None or (found.high is None and index < len(ranges) - 1) or (found.high is not None and not found.has_high):
            return False
        if found.low is None and found.high is None:
            return False
        if before is not None and (_same(found.key) != _same(before.key) or found.low != before.high or found.has_low):
            return False
        if found.low is not None and found.high is not None and found.low > found.high:
            return False
        before = found
    return bool(ranges)


def _minimum(first: _Range) -> float:
    """Class breaks include their minimum; one that is left out becomes the next number that matters."""
    if first.low is None:
        return -math.inf
    return float(first.low) if first.has_low else first.low + max(abs(first.low), 1e-6) * 1e-9


def _divided(key: Operand) -> tuple[str, str | None, Operand | None]:
    """(field, the field it is divided by, the expression where it is neither)."""
    match key:
        case Column(name):
            return name, None, None
        case Arithmetic("/", Column(name), Column(divisor)):
            return name, divisor, None
    return "", None, key


def _range_of(expression: Expression) -> _Range | None:
    match expression:
        case Comparison(operator, Literal(int() | float() as limit), key) if not isinstance(key, Literal):
            return _half(key, _MIRROR[operator], limit)
        case Comparison(operator, key, Literal(int() | float() as limit)) if not isinstance(key, Literal):
            return _half(key, operator, limit)
        case And((one, other)):
            return _met(_range_of(one), _range_of(other))
    return None


def _half(key: Operand, operator: str, limit: float) -> _Range | None:
    made: dict[str, Callable[[], _Range]] = {
        "<": lambda: _Range(key, high=limit),
        "<=": lambda: _Range(key, high=limit, has_high=True),
        ">": lambda: _Range(key, low=limit),
        ">=": lambda: _Range(key, low=limit, has_low=True),
    }
    return made[operator]() if operator in made and not isinstance(limit, bool) else None


def _met(one: _Range | None, other: _Range | None) -> _Range | None:
    """A range with a lower limit and one with an upper limit of the same number, as one."""
    if one is None or other is None or _same(one.key) != _same(other.key):
        return None
    low, high = (one, other) if one.low is not None else (other, one)
    if low.low is None or high.high is None or low.high is not None or high.low is not None:
        return None
    return replace(low, high=high.high, has_high=high.has_high)

"""Which features a theme draws, and by which of its classes: asked of attributes as people know them, for labels go with what is drawn."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import product

from rendermap.render.label_values import passing
from rendermap.symbology.expressions.evaluate import Row, value_of
from rendermap.symbology.expressions.functions import number_of
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import Column, Expression, Operand, columns
from rendermap.symbology.style import Breaks, Categories, Graded, Proportional, Rules, Theme, Value
from rendermap.symbology.symbols import Symbol
from rendermap.symbology.template import symbols_of

Shown = Callable[[Row], bool]
ClassOf = Callable[[Row], int]

_NO_CLASS = -1
_TRUTHS = {"true": True, "false": False}


def fields_of_theme(theme: Theme) -> frozenset[str]:
    """The fields that tell which features a theme draws, and by which class."""
    return frozenset(name for part in _asked(theme) for name in columns(part))


def _asked(theme: Theme) -> Iterator[Operand | Expression]:
    match theme:
        case Categories():
            yield from _category_values(theme)
        case Breaks():
            yield theme.expression or Column(theme.field)
            if theme.normalization_field:
                yield Column(theme.normalization_field)
            if theme.excluded is not None:
                yield theme.excluded
        case Graded():
            yield theme.value
        case Proportional():
            yield theme.size.value
        case Rules():
            yield from (rule.filter for rule in theme.rules if rule.filter is not None)


def _category_values(theme: Categories) -> tuple[Operand, ...]:
    return (theme.expression,) if theme.expression is not None else tuple(map(Column, theme.fields))


# --- classes ----------------------------------------------------------------------------------------------------------


def class_of(theme: Categories | Breaks, names: Sequence[str]) -> ClassOf:
    """Asks a row of values, in the order of names, for the number of its class; -1 for one that is in none.

    Raises InvalidExpression for a field that is not among the names.
    """
    return _category_of(theme, names) if isinstance(theme, Categories) else _break_of(theme, names)


def _category_of(theme: Categories, names: Sequence[str]) -> ClassOf:
    asks = [value_of(value, names) for value in _category_values(theme)]
    numbers: dict[tuple[Value, ...], int] = {}
    for number, category in enumerate(theme.classes):
        for values in category.values:
            for meant in product(*map(_meanings, values)):
                numbers.setdefault(meant, number)
    return lambda row: numbers.get(tuple(_told(ask(row)) for ask in asks), _NO_CLASS)


def _told(value: object) -> Value:
    return plain(value) if isinstance(value, datetime) else value  # type: ignore[return-value]


def _meanings(value: Value) -> tuple[Value, ...]:
    """The values of fields of any kind that a listed value stands for: text may be of a number or a truth, and the other way round."""
    if value is None:
        return (None,)
    number = _number(value)
    text = plain(value)
    return text, *(() if number is None else (number,)), *((_TRUTHS[text],) if text in _TRUTHS else ())


def _number(value: object) -> float | None:
    """Also of a text; None for what is no number."""
    try:
        return number_of(value)
    except (ValueError, OverflowError):
        return None


def _break_of(theme: Breaks, names: Sequence[str]) -> ClassOf:
    ask = value_of(theme.expression or Column(theme.field), names)
    share = value_of(Column(theme.normalization_field), names) if theme.normalization_field else None
    is_excluded = passing(theme.excluded, names) if theme.excluded is not None else _never
    uppers = [each.upper for each in theme.classes]

    def find(row: Row) -> int:
        value, by = _number(ask(row)), _number(share(row)) if share else 1
        if value is None or not by or is_excluded(row) or value / by < theme.minimum:
            return _NO_CLASS
        number = bisect_left(uppers, value / by)
        return number if number < len(uppers) else _NO_CLASS

    return find


# --- what is drawn ----------------------------------------------------------------------------------------------------


def shown_by(theme: Theme, names: Sequence[str]) -> Shown:
    """Asks a row of values, in the order of names, whether the theme draws its feature.

    Where no symbol of a theme draws anything, its features are there for their labels, and all are told as drawn.
    Raises InvalidExpression for a field that is not among the names.
    """
    if not any(symbol.layers for symbol in symbols_of(theme)):
        return _always
    match theme:
        case Categories() | Breaks():
            find = class_of(theme, names)
            drawn = [*(bool(each.symbol.layers) for each in theme.classes), _draws(theme.default)]
            return lambda row: drawn[find(row)]
        case Graded() if not _draws(theme.default):
            return _with_number(theme.value, names)
        case Proportional() if not _draws(theme.under):
            return _with_number(theme.size.value, names)
        case Rules():
            return _by_rules(theme, names)
    return _always


def _draws(symbol: Symbol | None) -> bool:
    return symbol is not None and bool(symbol.layers)


def _with_number(value: Operand, names: Sequence[str]) -> Shown:
    ask = value_of(value, names)
    return lambda row: _number(ask(row)) is not None


def _by_rules(theme: Rules, names: Sequence[str]) -> Shown:
    drawing = [rule for rule in theme.rules if rule.symbol.layers]
    if any(rule.filter is None and not rule.is_else for rule in drawing):
        return _always
    own = [passing(rule.filter, names) for rule in drawing if not rule.is_else]
    rest = [passing(rule.filter, names) for rule in drawing if rule.is_else]
    # The rest is what no rule takes: where none of the others draws, those that draw nothing may have taken it.
    hiding = [passing(rule.filter, names) for rule in theme.rules if not rule.symbol.layers and not rule.is_else]

    def shown(row: Row) -> bool:
        if any(test(row) for test in own):
            return True
        return any(test(row) for test in rest) and not any(test(row) for test in hiding)

    return shown


def _always(row: Row) -> bool:
    del row
    return True


def _never(row: Row) -> bool:
    del row
    return False

"""A vector theme -> the rules of Mapnik styles, and the columns that they ask for.

Most themes are read first match wins: features that are not drawn at all meet a rule that paints nothing first, then each class needs
one comparison only, and what is left is the default's.  `Rules` all apply.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.limits import ELSE_CHARS
from rendermap.render.class_columns import GROUP_COLUMN, ClassColumns
from rendermap.render.dots import DOT_COLUMN
from rendermap.render.engine_styles import ask_for_fields
from rendermap.render.mapnik_filter import NEVER, Columns, coerce, compare, filter_text, number_literal, text_literal
from rendermap.render.painted import Paints
from rendermap.render.ramp_text import pieces_of
from rendermap.render.remakings import AnyRemaking
from rendermap.symbology.expressions.native import is_plain_sum
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import Column, Comparison, Literal, Operand
from rendermap.symbology.facts import FieldKind, GeometryKind
from rendermap.symbology.style import Breaks, Categories, DotDensity, Engine, Graded, Proportional, Rule, Rules, Single, Style, Theme, Value
from rendermap.symbology.symbols import Symbol, lifted, recolored, sized, stacked
from rendermap.symbology.template import named

NOTHING = Symbol()


@dataclass(frozen=True, slots=True)
class DrawnRule:
    """A rule of a Mapnik style.

    test: its filter, None for every feature.  paints: colours of the symbol that stand for others made from the feature.
    geometry: what it is drawn on, None for the layer's own.  turn: an expression in degrees by which its markers are turned, with their
    offset.
    """

    test: str | None
    symbol: Symbol
    paints: Paints = ()
    geometry: GeometryKind | None = None
    turn: str = ""


DrawnRules = Iterator[DrawnRule]


def rules_of(style: Style, columns: Columns, remaking: AnyRemaking | None = None) -> tuple[DrawnRule, ...]:
    """What is drawn of which features, in Mapnik's order.

    remaking: what has been made of the features.
    Raises StyleInvalid for a style whose fields the dataset does not have, InvalidFilter for such a filter.
    """
    drawn = filter_text(style.filter, columns) if style.filter is not None else None
    try:
        rules = _of_theme(style.theme, columns, remaking)
        return tuple(_all_of(rules, drawn) if applies_all(style.theme) else _first_of(rules, drawn))
    except InvalidFilter as error:
        raise StyleInvalid("The layer's symbology names a field that the result does not have.", reason=error.reason) from error


def applies_all(theme: Theme) -> bool:
    """True when a feature is drawn by every rule it passes, False when by the first one."""
    return isinstance(theme, Rules)


def drawn_first(theme: Theme, columns: Columns) -> str:
    """The column by which features are drawn in descending order, so that no large symbol hides a small one; "" for any order."""
    if not isinstance(theme, Proportional):
        return ""
    name = named(theme.size.value)
    return columns.find(name).name if name else columns.computed.get(theme.size.value, "")


def _first_of(rules: DrawnRules, drawn: str | None) -> DrawnRules:
    """The rules without those that never match, up to the one that always does."""
    if drawn:
        yield DrawnRule(f"(not ({drawn}))", NOTHING)
    for rule in rules:
        if rule.test != NEVER:
            yield rule
        if rule.test is None:
            return


def _all_of(rules: DrawnRules, drawn: str | None) -> DrawnRules:
    for rule in rules:
        if rule.test != NEVER:
            yield replace(rule, test=f"({drawn} and {rule.test})" if rule.test and drawn else drawn or rule.test)


def any_of(tests: Sequence[str]) -> str:
    """A filter that is true where one of them is, nested by halves: Mapnik goes down a chain of thousands until its stack ends."""
    if len(tests) <= 8:
        return f"({' or '.join(tests)})" if tests else NEVER
    middle = len(tests) // 2
    return f"({any_of(tests[:middle])} or {any_of(tests[middle:])})"


def _of_theme(theme: Theme, columns: Columns, remaking: AnyRemaking | None) -> DrawnRules:
    match theme:
        case Single():
            yield DrawnRule(None, theme.symbol)
        case Categories() if isinstance(remaking, ClassColumns):
            yield from _grouped(remaking)
        case Categories():
            yield from _categories(theme, columns)
        case Breaks():
            yield from _breaks(theme, columns)
        case Graded():
            yield from _graded(theme, columns)
        case Proportional():
            yield from _proportional(theme, columns)
        case DotDensity():
            yield from _dotted(theme)
        case Rules():
            yield from _rules(theme, columns)
        case Engine():
            ask_for_fields(theme, columns)
        case _:
            raise StyleInvalid(reason=f"features cannot be drawn by rules of {type(theme).__name__}")


# --- one theme each ----------------------------------------------------------------------------------------------------


def _rules(theme: Rules, columns: Columns) -> DrawnRules:
    """Else rules come last: what they draw no other rule of their level does."""
    tests = [None if rule.filter is None else filter_text(rule.filter, columns) for rule in theme.rules]
    for rule, test in zip(theme.rules, tests, strict=True):
        if rule.symbol.layers and not rule.is_else:
            yield DrawnRule(test, rule.symbol)
    yield from _others(theme, tests)


def _others(theme: Rules, tests: list[str | None]) -> DrawnRules:
    """Else rules in a row that leave out the same features are one, for what they leave out may be thousands of filters."""
    others = [(_levels(rule), test, rule.symbol) for rule, test in zip(theme.rules, tests, strict=True) if rule.is_else]
    rests, spelled = _Rests(theme, tests), 0
    for (levels, test), same in groupby((other for other in others if other[0]), itemgetter(0, 1)):
        rest = rests.of(levels)
        spelled += len(rest)
        if spelled > ELSE_CHARS.value:
            raise StyleInvalid(ELSE_CHARS.sentence, reason=f"{spelled} signs of else rules")
        symbol = Symbol(tuple(layer for _, _, one in same for layer in one.layers))
        yield DrawnRule(f"({rest} and {test})" if test and rest != NEVER else rest, symbol)


def _levels(rule: Rule) -> frozenset[int]:
    return frozenset(layer.level for layer in rule.symbol.layers)


class _Rests:
    """The features that no rule of the same levels draws; a rule that draws nothing is of every level."""

    def __init__(self, theme: Rules, tests: list[str | None]) -> None:
        self._tests = tests
        self._everywhere: list[int] = []
        self._at: defaultdict[int, list[int]] = defaultdict(list)
        self._made: dict[frozenset[int], str] = {}
        for number, rule in enumerate(theme.rules):
            for drawers in [self._at[level] for level in _levels(rule)] or [self._everywhere]:
                drawers += [] if rule.is_else else [number]

    def of(self, levels: frozenset[int]) -> str:
        """Their filter."""
        if levels not in self._made:
            numbers = sorted({*self._everywhere, *(number for level in levels for number in self._at[level])})
            tests = [self._tests[number] for number in numbers]
            self._made[levels] = NEVER if None in tests else f"(not {any_of([test for test in tests if test])})"
        return self._made[levels]


def _categories(theme: Categories, columns: Columns) -> DrawnRules:
    for category in theme.classes:
        tests = [test for values in category.values if (test := _combination(theme, values, columns)) != NEVER]
        if tests:
            yield DrawnRule(any_of(tests), category.symbol)
    if theme.default is not None:
        yield DrawnRule(None, theme.default)


def _combination(theme: Categories, values: tuple[Value, ...], columns: Columns) -> str:
    if theme.expression is not None:
        return _made_equal(theme.expression, values[0], columns)
    tests = [_equal(name, value, columns) for name, value in zip(theme.fields, values, strict=True)]
    return NEVER if NEVER in tests else "(" + " and ".join(tests) + ")"


def _equal(name: str, value: Value, columns: Columns) -> str:
    if value is None:
        return columns.is_null(name)
    try:
        return compare(columns, name, "=", value)
    except InvalidFilter:
        columns.find(name)
        return NEVER


def _made_equal(expression: Operand, value: Value, columns: Columns) -> str:
    if value is None:
        return columns.unknown(expression)
    if is_plain_sum(expression):
        # documents carry numbers as texts too
        number = coerce(value, FieldKind.REAL) if columns.is_number(expression) and not isinstance(expression, Column) else value
        return NEVER if number is None else filter_text(Comparison("=", expression, Literal(number)), columns)
    # as text, so that all classes ask one column, whatever its kind turns out to be
    known = f" and not {columns.unknown(expression)}" if value == "" else ""
    return f"({columns.text(expression)} = {text_literal(plain(value))}{known})"


def _breaks(theme: Breaks, columns: Columns) -> DrawnRules:
    leftover = theme.default or NOTHING
    if theme.excluded is not None:
        yield DrawnRule(filter_text(theme.excluded, columns), leftover)
    value, unknown = _classified(theme, columns)
    below = f"({value} < {number_literal(_float(theme.minimum))})"
    yield DrawnRule(f"{unknown} or {below}" if unknown else below, leftover)
    for step in theme.classes:
        yield DrawnRule(f"({value} <= {number_literal(_float(step.upper))})", leftover if step.is_gap else step.symbol)
    if theme.default is not None:
        yield DrawnRule(None, theme.default)


def _classified(theme: Breaks, columns: Columns) -> tuple[str, str]:
    """The classified value, and a filter for features that have none ("" where no null could pass for a number)."""
    if theme.expression is not None:
        return columns.number(theme.expression), columns.not_a_number(theme.expression)
    field = columns.find(theme.field)
    if theme.normalization_field:
        divisor = columns.value(theme.normalization_field)
        unknown = f"({columns.is_null(theme.field)} or {columns.is_null(theme.normalization_field)} or {divisor}=0)"
        return f"({columns.value(theme.field)}*1.0/{divisor})", unknown
    drawn = theme.default is not None or (theme.classes and theme.minimum <= 0 <= theme.classes[-1].upper)
    return columns.value(field.name), columns.is_null(field.name) if drawn else ""


def _graded(theme: Graded, columns: Columns) -> DrawnRules:
    """The colour is worked out by Mapnik for each feature, so that there is no step along the ramp."""
    limits = theme.limits
    if limits is None:
        raise StyleInvalid(reason="colours along a ramp without limits")
    yield DrawnRule(columns.not_a_number(theme.value), theme.default or NOTHING)
    value = columns.number(theme.value)
    for piece in pieces_of(theme.ramp, limits, value, theme.symbol):
        test = None if piece.upper is None else f"({value} <= {number_literal(_float(piece.upper))})"
        yield DrawnRule(test, recolored(theme.symbol, piece.paint.color), paints=(piece.paint,))


def _proportional(theme: Proportional, columns: Columns) -> DrawnRules:
    """What lies under the symbols is drawn for every feature, and before all of them."""
    if not theme.size.stops:
        raise StyleInvalid(reason="sizes by a number without stops")
    under = theme.under or NOTHING
    yield DrawnRule(columns.not_a_number(theme.size.value), under)
    yield DrawnRule(None, stacked(under, sized(theme.symbol, theme.size)))


def _grouped(remaking: ClassColumns) -> DrawnRules:
    """A rule for all classes alike, which takes its colours from the feature."""
    for group in remaking.groups:
        yield DrawnRule(f"([{GROUP_COLUMN}] = {group.number})", group.symbol, paints=group.paints)


def _dotted(theme: DotDensity) -> DrawnRules:
    """Polygons first, then dots of all kinds as they come."""
    under = theme.under or NOTHING
    yield DrawnRule(f"([{DOT_COLUMN}] = 0)", under, geometry=GeometryKind.POLYGON)
    for number, dots in enumerate(theme.dots, start=1):
        yield DrawnRule(f"([{DOT_COLUMN}] = {number})", lifted(dots.symbol, under), geometry=GeometryKind.POINT)


def _float(value: float) -> float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)

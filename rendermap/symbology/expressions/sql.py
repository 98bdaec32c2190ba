"""Definition filters: an SQL-92 subset parsed by a grammar into values, never passed on as text."""

from __future__ import annotations

import math
from functools import cache

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

from rendermap.errors import InvalidFilter
from rendermap.symbology.expressions.tree import (
    DEEPEST_NESTING,
    LONGEST_TEXT,
    And,
    Arithmetic,
    Column,
    Comparison,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Operand,
    Or,
    is_deeper_than,
)


def parse_filter(text: str) -> Expression:
    """A filter in SQL-92's subset: comparison, IN, BETWEEN, LIKE, IS NULL, AND, OR, NOT, arithmetic, literals.

    IN, BETWEEN and their negations are spelled out in simpler terms.  Raises InvalidFilter when the text is longer than
    LONGEST_TEXT, nested deeper than DEEPEST_NESTING or not of the subset.  Spec: ISO 9075:1992, 8.1 to 8.12, in part.
    """
    if len(text) > LONGEST_TEXT:
        raise InvalidFilter("The filter expression is too long.")
    try:
        found = _parser().parse(text)
    except VisitError as error:
        raise error.orig_exc if isinstance(error.orig_exc, InvalidFilter) else InvalidFilter(reason=str(error)) from error
    except LarkError as error:
        raise InvalidFilter(reason=f"{type(error).__name__} in {text[:200]!r}") from error
    if isinstance(found, Operand) or not isinstance(found, Expression):
        raise InvalidFilter("The filter expression must be a condition.")
    if is_deeper_than(found, DEEPEST_NESTING):
        raise InvalidFilter("The filter expression is nested too deeply.")
    return found


@cache
def _parser() -> Lark:
    return Lark.open("sql.lark", rel_to=__file__, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _operand(item: object) -> Operand:
    if not isinstance(item, Operand):
        raise InvalidFilter("The filter compares a condition as if it were a value.")
    return item


def _condition(item: object) -> Expression:
    if isinstance(item, Operand) or not isinstance(item, Expression):
        raise InvalidFilter("The filter uses a value where a condition must stand.")
    return item


def _column(item: object) -> Column:
    if not isinstance(item, Column):
        raise InvalidFilter("LIKE and IS NULL must follow the name of a field.")
    return item


def _any_of(left: Operand, values: list[Operand]) -> Expression:
    terms = tuple(Comparison("=", left, value) for value in values)
    return terms[0] if len(terms) == 1 else Or(terms)


class _Builder(Transformer[Token, "Expression | Operand"]):
    """Makes values while the grammar is read; see sql.lark."""

    def disjunction(self, items: list[object]) -> Expression:
        return Or(tuple(_condition(i) for i in items))

    def conjunction(self, items: list[object]) -> Expression:
        return And(tuple(_condition(i) for i in items))

    def negation(self, items: list[object]) -> Expression:
        return Not(_condition(items[0]))

    def comparison(self, items: list[object]) -> Expression:
        operator = str(items[1])
        return Comparison("<>" if operator == "!=" else operator, _operand(items[0]), _operand(items[2]))

    def within(self, items: list[object]) -> Expression:
        return _any_of(_operand(items[0]), [_operand(i) for i in items[1:]])

    def without(self, items: list[object]) -> Expression:
        return Not(self.within(items))

    def between(self, items: list[object]) -> Expression:
        value, low, high = (_operand(i) for i in items)
        return And((Comparison(">=", value, low), Comparison("<=", value, high)))

    def beyond(self, items: list[object]) -> Expression:
        return Not(self.between(items))

    def like(self, items: list[object]) -> Expression:
        return Like(_column(items[0]), _unquote(items[1], "'"))

    def unlike(self, items: list[object]) -> Expression:
        return Not(self.like(items))

    def is_null(self, items: list[object]) -> Expression:
        return IsNull(_column(items[0]))

    def is_known(self, items: list[object]) -> Expression:
        return Not(self.is_null(items))

    def arithmetic(self, items: list[object]) -> Operand:
        return Arithmetic(str(items[1]), _operand(items[0]), _operand(items[2]))

    def minus(self, items: list[object]) -> Operand:
        inner = _operand(items[-1])
        if isinstance(inner, Literal) and isinstance(inner.value, int | float) and not isinstance(inner.value, bool):
            return Literal(-inner.value)
        return Arithmetic("-", Literal(0), inner)

    def plus(self, items: list[object]) -> Operand:
        return _operand(items[0])

    def number(self, items: list[object]) -> Operand:
        text = str(items[0])
        return Literal(int(text) if text.isdecimal() and len(text) < 19 else _finite(text))

    def text(self, items: list[object]) -> Operand:
        return Literal(_unquote(items[-1], "'"))

    def null(self, items: list[object]) -> Operand:
        return Literal(None)

    def true(self, items: list[object]) -> Operand:
        return Literal(True)

    def false(self, items: list[object]) -> Operand:
        return Literal(False)

    def name(self, items: list[object]) -> Operand:
        return Column(str(items[0]))

    def quoted(self, items: list[object]) -> Operand:
        return Column(_unquote(items[0], '"'))

    def bracketed(self, items: list[object]) -> Operand:
        return Column(str(items[0])[1:-1])


def _unquote(item: object, quote: str) -> str:
    return str(item)[1:-1].replace(quote * 2, quote)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidFilter("A number in the filter is too large.")
    return number

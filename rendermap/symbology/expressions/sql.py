"""Definition filters: an SQL-92 subset parsed by a grammar into values, never passed on as text."""

from __future__ import annotations

import math
from datetime import datetime
from functools import cache

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

from rendermap.errors import InvalidFilter
from rendermap.limits import EXPRESSION_CHARS, EXPRESSION_DEPTH
from rendermap.symbology.expressions.date_text import moment
from rendermap.symbology.expressions.evaluate import value_in
from rendermap.symbology.expressions.functions import call
from rendermap.symbology.expressions.misfit import tell_misfit
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.sql_functions import CLOCKS, cast, date_part, part_of, sql_call, trimmed
from rendermap.symbology.expressions.sql_intervals import Step, moved, step_of
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Comparison,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Operand,
    Or,
    columns,
    is_deeper_than,
)


def parse_filter(text: str) -> Expression:
    """A filter in SQL-92's subset: comparison, IN, BETWEEN, LIKE, IS NULL, AND, OR, NOT, arithmetic, literals, CASE, functions.

    IN, BETWEEN and their negations are spelled out in simpler terms.  Raises InvalidFilter when the text is longer than
    is allowed, nested too deeply or not of the subset.  Spec: ISO 9075:1992, 6.5 to 6.13 and 8.1 to 8.12, in part.
    """
    if len(text) > EXPRESSION_CHARS.value:
        raise InvalidFilter(EXPRESSION_CHARS.sentence)
    try:
        found = _parser().parse(text)
    except VisitError as error:
        raise error.orig_exc if isinstance(error.orig_exc, InvalidFilter) else InvalidFilter(reason=str(error)) from error
    except LarkError as error:
        raise InvalidFilter(reason=tell_misfit(error, text)) from error
    if isinstance(found, Operand) or not isinstance(found, Expression):
        raise InvalidFilter("The filter expression must be a condition.")
    if is_deeper_than(found, EXPRESSION_DEPTH.value):
        raise InvalidFilter(EXPRESSION_DEPTH.sentence)
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
        escape, pattern = str(items[2]) if len(items) > 2 else "", _operand(items[1])
        if not isinstance(pattern, Literal) or pattern.value is None:
            raise InvalidFilter("The pattern behind LIKE must be written out.")
        return Like(_operand(items[0]), plain(pattern.value), escape)

    def escape(self, items: list[object]) -> str:
        sign = _unquote(items[0], "'")
        if len(sign) != 1:
            raise InvalidFilter("The sign behind ESCAPE must be one character.")
        return sign

    def unlike(self, items: list[object]) -> Expression:
        return Not(self.like(items))

    def is_null(self, items: list[object]) -> Expression:
        return IsNull(_operand(items[0]))

    def is_known(self, items: list[object]) -> Expression:
        return Not(self.is_null(items))

    def arithmetic(self, items: list[object]) -> Operand:
        sign, left, right = str(items[1]), _operand(items[0]), _operand(items[2])
        day = _date(left)
        if day and sign in "+-" and isinstance(right, Literal) and type(right.value) in (int, float):
            return moved(day, Step(days=float(right.value or 0)), sign)
        return Arithmetic(sign, left, right)

    def joined(self, items: list[object]) -> Operand:
        left, right = _operand(items[0]), _operand(items[1])
        return _folded(call("join", (*(left.arguments if isinstance(left, Call) and left.function == "join" else (left,)), right)))

    def moved(self, items: list[object]) -> Operand:
        day, step = _date(_operand(items[0])), items[2]
        if day is None:
            raise InvalidFilter("An interval in the filter must be added to a date that is written out.")
        assert isinstance(step, Step)
        return moved(day, step, str(items[1]))

    def interval(self, items: list[object]) -> Step:
        return step_of(_unquote(items[1], "'"), [str(item) for item in items[2:]])

    def part(self, items: list[object]) -> str:
        return str(items[0])

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

    def call(self, items: list[object]) -> Operand:
        return _folded(sql_call(str(items[0]), [_operand(item) for item in items[1:]]))

    def part_from(self, items: list[object]) -> Operand:
        return _folded(part_of(str(items[0]), [_operand(item) for item in items[1:]]))

    def trimmed(self, items: list[object]) -> Operand:
        if str(items[0]).lower() != "trim":
            raise InvalidFilter("The filter uses a function that is not known.", reason=str(items[0]))
        return _folded(trimmed(str(items[1]), [_operand(item) for item in items[2:]]))

    def position(self, items: list[object]) -> Operand:
        return _folded(sql_call(str(items[0]), [_operand(item) for item in items[1:]]))

    def extract(self, items: list[object]) -> Operand:
        return _folded(date_part(str(items[1]), _operand(items[2])))

    def cast(self, items: list[object]) -> Operand:
        return _folded(cast(_operand(items[1]), str(items[2])))

    def type(self, items: list[object]) -> str:
        return str(items[0])

    def when(self, items: list[object]) -> tuple[Expression, Operand]:
        return _condition(items[0]), _operand(items[1])

    def choice(self, items: list[object]) -> tuple[Operand, Operand]:
        return _operand(items[0]), _operand(items[1])

    def otherwise(self, items: list[object]) -> Operand:
        return _operand(items[0])

    def case(self, items: list[object]) -> Operand:
        return _case([item for item in items if isinstance(item, tuple)], items[-1])

    def case_of(self, items: list[object]) -> Operand:
        chosen = _operand(items[1])
        return _case([(Comparison("=", chosen, item[0]), item[1]) for item in items if isinstance(item, tuple)], items[-1])

    def name(self, items: list[object]) -> Operand:
        if str(items[0]).lower() in CLOCKS:
            raise InvalidFilter("The filter asks for the time or the user, which are not the feature's.")
        return Column(str(items[0]))

    def quoted(self, items: list[object]) -> Operand:
        return Column(_unquote(items[0], '"'))

    def bracketed(self, items: list[object]) -> Operand:
        return Column(str(items[0])[1:-1])


def _case(branches: list[tuple[Expression, Operand]], last: object) -> Operand:
    return Case(tuple(branches), last if isinstance(last, Operand) else Literal(None))


def _folded(operand: Operand) -> Operand:
    """What asks no field is the same of every feature."""
    return operand if columns(operand) else Literal(value_in(operand, {}))


def _date(operand: Operand) -> datetime | None:
    """A date that is written out."""
    return moment(operand.value) if isinstance(operand, Literal) else None


def _unquote(item: object, quote: str) -> str:
    text = str(item)
    return text[text.index(quote) + 1 : -1].replace(quote * 2, quote)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidFilter("A number in the filter is too large.")
    return number

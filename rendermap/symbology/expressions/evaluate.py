"""What expressions say of a feature: each tree is made into nested functions once, which are then asked row by row.

Conditions are true, false or, where a null decides, unknown (None).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.date_text import moment
from rendermap.symbology.expressions.functions import FUNCTIONS, LONGEST_RESULT, number_of, truth_of
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Comparison,
    Concat,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Operand,
    Or,
    is_deeper_than,
)

Value = str | float | int | bool | None
Row = Sequence[Any]
Ask = Callable[[Row], Any]
Test = Callable[[Row], "bool | None"]

DEEPEST = 100
_LARGEST_WHOLE = 2**63
_FAILS = (ValueError, TypeError, ArithmeticError)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def value_of(operand: Operand, names: Sequence[str]) -> Callable[[Row], Value]:
    """Asks a row of values, in the order of names, for a value; dates may be datetimes, and are text in the result.

    Raises InvalidExpression for a field that is not among the names.
    """
    ask = _compiled(operand, names)
    return lambda row: _told(ask(row))


def test_of(condition: Expression, names: Sequence[str]) -> Test:
    """Asks a row of values, in the order of names, whether it meets a condition.  Raises InvalidExpression as `value_of` does."""
    if is_deeper_than(condition, DEEPEST):
        raise InvalidExpression("The expression is nested too deeply.")
    return _test(condition, names)


def value_in(operand: Operand, row: Mapping[str, Any]) -> Value:
    """The value of one feature, its attributes given by name."""
    return value_of(operand, tuple(row))(tuple(row.values()))


def holds_in(condition: Expression, row: Mapping[str, Any]) -> bool | None:
    """Whether one feature, its attributes given by name, meets a condition."""
    return test_of(condition, tuple(row))(tuple(row.values()))


def find_name(name: str, names: Sequence[str]) -> int | None:
    """Where a name stands among others: the very same, else without regard to case, else without the tables it is prefixed with.

    It loses its own tables before the others lose theirs.
    """
    for key, other_key in ((str, str), (str.casefold, str.casefold), (_without_tables, str.casefold), (_without_tables, _without_tables)):
        wanted = key(name)
        found = next((index for index, other in enumerate(names) if other_key(other) == wanted), None)
        if found is not None:
            return found
    return None


def _without_tables(name: str) -> str:
    return name.rpartition(".")[2].casefold()


def _told(value: Any) -> Value:
    if isinstance(value, datetime):
        return plain(value)
    told: Value = value
    return told


# --- values -----------------------------------------------------------------------------------------------------------


def _compiled(operand: Operand, names: Sequence[str]) -> Ask:
    if is_deeper_than(operand, DEEPEST):
        raise InvalidExpression("The expression is nested too deeply.")
    return _ask(operand, names)


def _ask(operand: Operand, names: Sequence[str]) -> Ask:
    match operand:
        case Literal(value):
            return lambda row: value
        case Column(name):
            index = find_name(name, names)
            if index is None:
                raise InvalidExpression("The expression names a field that the layer does not have.", reason=f"no field {name!r}")
            return itemgetter(index)
        case Concat(parts):
            return _concat([_ask(part, names) for part in parts])
        case Arithmetic(sign, left, right):
            return _arithmetic(sign, _ask(left, names), _ask(right, names))
        case Call(name, arguments):
            return _call(name, [_ask(argument, names) for argument in arguments])
        case Case(branches, otherwise):
            return _case([(_test(condition, names), _ask(value, names)) for condition, value in branches], _ask(otherwise, names))


def _concat(asks: Sequence[Ask]) -> Ask:
    return lambda row: "".join([plain(ask(row)) for ask in asks])[:LONGEST_RESULT]


def _arithmetic(sign: str, left: Ask, right: Ask) -> Ask:
    run: Callable[[Any, Any], Any] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign]

    def ask(row: Row) -> Any:
        one, other = left(row), right(row)
        if one is None or other is None:
            return None
        try:
            result = run(number_of(one), number_of(other))
        except _FAILS:
            return None
        return result if -_LARGEST_WHOLE < result < _LARGEST_WHOLE else _huge(result)

    return ask


def _huge(value: float) -> float | None:
    """Whole numbers grow no further than a field holds them; what is infinite or not a number is null."""
    number = float(value)
    return number if abs(number) < float("inf") else None


def _call(name: str, asks: Sequence[Ask]) -> Ask:
    function = FUNCTIONS.get(name)
    if function is None:
        raise InvalidExpression("The expression uses a function that is not known.", reason=name)
    run = function.run
    if len(asks) == 1 and not function.sees_null:
        return _call_of_one(run, asks[0])
    stops_at_null = not function.sees_null

    def ask(row: Row) -> Any:
        values = [each(row) for each in asks]
        if stops_at_null and None in values:
            return None
        try:
            return _bounded(run(*values))
        except _FAILS:
            return None

    return ask


def _call_of_one(run: Callable[..., Any], inner: Ask) -> Ask:
    def ask(row: Row) -> Any:
        value = inner(row)
        if value is None:
            return None
        try:
            return _bounded(run(value))
        except _FAILS:
            return None

    return ask


def _bounded(value: Any) -> Any:
    return value[:LONGEST_RESULT] if isinstance(value, str) else value


def _case(branches: Sequence[tuple[Test, Ask]], otherwise: Ask) -> Ask:
    def ask(row: Row) -> Any:
        for test, value in branches:
            if test(row):
                return value(row)
        return otherwise(row)

    return ask


# --- conditions -------------------------------------------------------------------------------------------------------


def _test(condition: Expression, names: Sequence[str]) -> Test:
    match condition:
        case Comparison(sign, left, right):
            return _comparison(sign, _ask(left, names), _ask(right, names))
        case IsNull(operand):
            ask = _ask(operand, names)
            return lambda row: ask(row) is None
        case Like():
            return _like(condition, _ask(condition.column, names))
        case Not(term):
            return _opposite(_test(term, names))
        case And(terms):
            return _every([_test(term, names) for term in terms])
        case Or(terms):
            return _any([_test(term, names) for term in terms])


def _comparison(sign: str, left: Ask, right: Ask) -> Test:
    run = _OPERATORS[sign]

    def test(row: Row) -> bool | None:
        one, other = left(row), right(row)
        if one is None or other is None:
            return None
        if type(one) is type(other):
            return run(one, other)
        return _of_two_kinds(run, one, other)

    return test


def _of_two_kinds(run: Callable[[Any, Any], bool], one: Any, other: Any) -> bool | None:
    """Text meets numbers, dates and truths as what they are; unknown where it is none."""
    if isinstance(one, datetime) or isinstance(other, datetime):
        one, other = moment(one), moment(other)
        return None if one is None or other is None else run(one, other)
    if isinstance(one, bool) or isinstance(other, bool):
        return run(truth_of(one), truth_of(other))
    try:
        return run(number_of(one), number_of(other))
    except _FAILS:
        return None


def _opposite(inner: Test) -> Test:
    def test(row: Row) -> bool | None:
        found = inner(row)
        return None if found is None else not found

    return test


def _every(tests: Sequence[Test]) -> Test:
    def test(row: Row) -> bool | None:
        result: bool | None = True
        for each in tests:
            found = each(row)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(row: Row) -> bool | None:
        result: bool | None = False
        for each in tests:
            found = each(row)
            if found:
                return True
            if found is None:
                result = None
        return result

    return test


def _like(like: Like, ask: Ask) -> Test:
    matches = matcher(like.pattern, like.escape, ignores_case=like.ignores_case)

    def test(row: Row) -> bool | None:
        value = ask(row)
        return None if value is None else matches(plain(value))

    return test


def matcher(pattern: str, escape: str = "", *, ignores_case: bool = False) -> Callable[[str], bool]:
    """Tells whether a text is like a pattern, in time that grows with the product of their lengths and no faster."""
    signs = pattern_signs(pattern, escape)
    flags = re.DOTALL | (re.IGNORECASE if ignores_case else 0)
    runs = [""]
    for sign in signs:
        if sign == "%":
            runs.append("")
        else:
            runs[-1] += "." if sign == "_" else re.escape(sign[-1])
    if len(runs) == 1:
        whole = re.compile(runs[0], flags)
        return lambda text: whole.fullmatch(text) is not None
    head, tail = re.compile(runs[0], flags), re.compile(runs[-1] + r"\Z", flags)
    width = list(reversed(signs)).index("%")
    middles = [re.compile(run, flags) for run in runs[1:-1] if run]
    return lambda text: _matches(text, head, middles, tail, width)


def _matches(text: str, head: re.Pattern[str], middles: Sequence[re.Pattern[str]], tail: re.Pattern[str], width: int) -> bool:
    """The first place for each run is as good as any later one: nothing is tried twice."""
    found = head.match(text)
    for middle in middles:
        found = found and middle.search(text, found.end())
    return found is not None and len(text) - width >= found.end() and tail.match(text, len(text) - width) is not None


def pattern_signs(pattern: str, escape: str = "") -> list[str]:
    r"""A LIKE pattern as signs: ``%`` and ``_`` are wildcards, two characters stand for the second one itself."""
    signs: list[str] = []
    rest = iter(pattern)
    for sign in rest:
        if escape and sign == escape:
            signs.append("\\" + next(rest, escape))
        elif sign == "%" and signs and signs[-1] == "%":
            continue
        else:
            signs.append(sign)
    return signs

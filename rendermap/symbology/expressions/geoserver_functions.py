"""The filter functions of GeoServer, which styles for OGC servers name, in terms of our own table.

Their arguments are counted from zero, nulls make nulls, and what is not listed is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from rendermap.errors import InvalidExpression
from rendermap.symbology.document import to_number
from rendermap.symbology.expressions.functions import call
from rendermap.symbology.expressions.tree import (
    And,
    Case,
    Comparison,
    Concat,
    Expression,
    IsNull,
    Like,
    Literal,
    Operand,
    Or,
)

__all__ = ["call", "choice", "condition", "value"]

_Values = tuple[Operand, ...]

# ours, and how many arguments theirs takes
_PLAIN = {
    "strtouppercase": ("upper", 1),
    "strtolowercase": ("lower", 1),
    "strcapitalize": ("title", 1),
    "strtrim": ("trim", 1),
    "strlength": ("length", 1),
    "strreplace": ("replace", 4),
    "strindexof": ("find", 2),
    "abs": ("abs", 1),
    "abs_2": ("abs", 1),
    "abs_3": ("abs", 1),
    "abs_4": ("abs", 1),
    "ceil": ("ceiling", 1),
    "floor": ("floor", 1),
    "round": ("round", 1),
    "round_2": ("round", 1),
    "rint": ("round_even", 1),
    "rounddouble": ("round", 1),
    "parseint": ("integer", 1),
    "parselong": ("integer", 1),
    "parsedouble": ("number", 1),
    "parseboolean": ("truth", 1),
    "int2ddouble": ("number", 1),
    "double2int": ("integer", 1),
    "sqrt": ("sqrt", 1),
    "exp": ("exp", 1),
    "log": ("ln", 1),
    "pow": ("power", 2),
    "sin": ("sin", 1),
    "cos": ("cos", 1),
    "tan": ("tan", 1),
    "asin": ("asin", 1),
    "acos": ("acos", 1),
    "atan": ("atan", 1),
    "atan2": ("atan2", 2),
    "todegrees": ("degrees", 1),
    "toradians": ("radians", 1),
    "ieeeremainder": ("remainder", 2),
    "modulo": ("modulo", 2),
    "min": ("minimum", 2),
    "max": ("maximum", 2),
    "min_2": ("minimum", 2),
    "max_2": ("maximum", 2),
    "min_3": ("minimum", 2),
    "max_3": ("maximum", 2),
    "min_4": ("minimum", 2),
    "max_4": ("maximum", 2),
}


def value(name: str, arguments: _Values) -> Operand:
    """What a function gives, by its name without regard to case.  Raises InvalidExpression."""
    key = name.lower()
    if key in _VALUES:
        return _VALUES[key](arguments)
    if key in _PLAIN:
        ours, count = _PLAIN[key]
        if len(arguments) != count:
            raise InvalidExpression(reason=f"{name} takes {count} arguments")
        return call(ours, arguments[:3])
    found = condition(name, arguments)
    if found is None:
        raise InvalidExpression("The expression uses a function that is not known.", reason=name)
    return Case(((found, Literal(True)),), Literal(False))


def condition(name: str, arguments: _Values) -> Expression | None:
    """The condition that a function is, None when it is no condition.  Raises InvalidExpression."""
    key = name.lower()
    if key == "in" or (key.startswith("in") and key[2:].isdecimal()):
        return _any_of(name, arguments)
    if key not in _CONDITIONS:
        return None
    try:
        return _CONDITIONS[key](*arguments)
    except TypeError as error:
        raise InvalidExpression(reason=f"{name} takes another number of arguments") from error


def choice(test: Expression, one: Operand, other: Operand) -> Operand:
    """One value where the test is true, else the other."""
    return Case(((test, one),), other)


def _any_of(name: str, arguments: _Values) -> Expression:
    if len(arguments) < 2:
        raise InvalidExpression(reason=f"{name} takes a value and what it may be")
    terms = tuple(Comparison("=", arguments[0], other) for other in arguments[1:])
    return terms[0] if len(terms) == 1 else Or(terms)


def _between(what: Operand, low: Operand, high: Operand) -> Expression:
    return And((Comparison(">=", what, _number(low)), Comparison("<=", what, _number(high))))


def _compared(operator: str) -> Callable[[Operand, Operand], Expression]:
    return lambda one, other: Comparison(operator, one, _number(other) if operator not in ("=", "<>") else other)


def _like(what: Operand, pattern: Operand) -> Expression:
    """A Java regular expression; only those that are plain text between ``.*`` are taken."""
    text = str(pattern.value) if isinstance(pattern, Literal) else ""
    plain = text.replace(".*", "")
    if not plain or any(c in plain for c in r".[]{}()\*+?|^$%_"):
        raise InvalidExpression(reason="a regular expression")
    return Like(what, text.replace(".*", "%"))


def _starts(what: Operand, part: Operand) -> Expression:
    return Comparison("=", call("find", (what, part)), Literal(0))


def _ends(what: Operand, part: Operand) -> Expression:
    return Comparison("=", call("right", (what, call("length", (part,)))), part)


def _same_but_case(one: Operand, other: Operand) -> Expression:
    return Comparison("=", call("lower", (one,)), call("lower", (other,)))


_CONDITIONS: dict[str, Callable[..., Expression]] = {
    "between": _between,
    "equalto": _compared("="),
    "equalsexact": _compared("="),
    "notequalto": _compared("<>"),
    "greaterthan": _compared(">"),
    "greaterequalthan": _compared(">="),
    "lessthan": _compared("<"),
    "lessequalthan": _compared("<="),
    "isnull": lambda what: IsNull(what),
    "islike": _like,
    "strmatches": _like,
    "strstartswith": _starts,
    "strendswith": _ends,
    "strequalsignorecase": _same_but_case,
}


# --- values that are no plain renaming ----------------------------------------------------------------------------------


def _number(operand: Operand) -> Operand:
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        number = to_number(operand.value)
        return operand if number is None else Literal(int(number) if number.is_integer() and abs(number) < 2**53 else number)
    return operand


def _substring(arguments: _Values) -> Operand:
    """From the first index up to and without the second, counted from zero."""
    if len(arguments) == 2:
        return call("substring", (arguments[0], _number(arguments[1])))
    if len(arguments) != 3:
        raise InvalidExpression(reason="strSubstring takes three arguments")
    return call("slice", (arguments[0], _number(arguments[1]), _number(arguments[2])))


def _number_format(arguments: _Values) -> Operand:
    """A pattern as of Java's DecimalFormat, then the number; a third argument is a locale, or its minus and group signs."""
    if len(arguments) < 2:
        raise InvalidExpression(reason="numberFormat takes a pattern and a number")
    return call("by_pattern", (arguments[1], arguments[0]))


def _date_format(arguments: _Values) -> Operand:
    if len(arguments) < 2:
        raise InvalidExpression(reason="dateFormat takes a pattern and a date")
    pattern, moment = arguments[:2]
    return call("date_as", (moment, pattern))


def _joined(arguments: _Values) -> Operand:
    if not arguments:
        raise InvalidExpression(reason="nothing to join")
    return Concat(arguments)


def _first_known(arguments: _Values) -> Operand:
    return call("coalesce", arguments)


_VALUES: dict[str, Callable[[_Values], Operand]] = {
    "concatenate": _joined,
    "concat": _joined,
    "strconcat": _joined,
    "strsubstring": _substring,
    "strsubstringstart": _substring,
    "numberformat": _number_format,
    "numberformat2": _number_format,
    "formatnumber": lambda arguments: _number_format(arguments[::-1]),
    "dateformat": _date_format,
    "formatdate": lambda arguments: _date_format(arguments[::-1]),
    "coalesce": _first_known,
    "pi": lambda arguments: Literal(3.141592653589793),
}

"""The functions of SQL conditions, by the names that databases and file geodatabases give them."""

from __future__ import annotations

from collections.abc import Sequence

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.symbology.expressions.functions import call
from rendermap.symbology.expressions.parsing import Function, look_up, named, one_less, one_more
from rendermap.symbology.expressions.tree import Expression, Operand

CLOCKS = frozenset(
    ("current_date", "current_time", "current_timestamp", "current_user", "session_user", "sysdate", "localtime", "localtimestamp")
)
"""Not the feature's, and another picture every day."""

_TYPES = {
    "char": "text", "character": "text", "varchar": "text", "nvarchar": "text", "text": "text", "string": "text",
    "int": "integer", "integer": "integer", "smallint": "integer", "bigint": "integer",
    "float": "number", "real": "number", "double": "number", "numeric": "number", "decimal": "number",
    "date": "date", "timestamp": "date", "datetime": "date",
}  # fmt: skip
_PARTS = frozenset(("year", "month", "day", "hour", "minute", "second"))


def sql_call(name: str, arguments: Sequence[Operand]) -> Operand:
    """A function by its name.  Raises InvalidFilter where it is not of the subset."""
    try:
        found = look_up(_FUNCTIONS, name, arguments)
    except InvalidExpression as error:
        raise InvalidFilter("The filter uses a function that is not known, or with wrong arguments.", reason=error.reason) from error
    assert isinstance(found, Operand)
    return found


def part_of(name: str, arguments: Sequence[Operand]) -> Operand:
    """``SUBSTRING(text FROM 1 FOR 3)`` and ``TRIM(' ' FROM text)``."""
    if name.lower() == "trim" and len(arguments) == 2:
        return trimmed("both", arguments)
    if name.lower() != "substring":
        raise InvalidFilter("The filter uses a function that is not known.", reason=name)
    return sql_call(name, arguments)


def trimmed(side: str, arguments: Sequence[Operand]) -> Operand:
    """``TRIM(LEADING '0' FROM text)``: what is taken away, if it is told, and the text."""
    names = {"both": "trim", "leading": "trim_left", "trailing": "trim_right"}
    *signs, text = arguments
    return call(names[side.lower()], (text, *signs))


def date_part(name: str, value: Operand) -> Operand:
    """``EXTRACT(YEAR FROM day)``."""
    if name.lower() not in _PARTS:
        raise InvalidFilter("The filter asks for a part of a date that is not known.", reason=name)
    return call(name.lower(), (value,))


def cast(value: Operand, name: str) -> Operand:
    """``CAST(value AS VARCHAR(20))``; lengths cut nothing."""
    function = _TYPES.get(name.lower())
    if function is None:
        raise InvalidFilter("The filter uses a type that is not known.", reason=name)
    return call(function, (value,))


def _substring(a: Sequence[Operand]) -> Operand | Expression:
    return call("substring", (a[0], one_less(a[1]), *a[2:]))


_FUNCTIONS: dict[str, Function] = {
    "upper": named("upper"),
    "ucase": named("upper"),
    "lower": named("lower"),
    "lcase": named("lower"),
    "char_length": named("length"),
    "character_length": named("length"),
    "length": named("length"),
    "len": named("length"),
    "trim": named("trim"),
    "ltrim": named("trim_left"),
    "rtrim": named("trim_right"),
    "substring": _substring,
    "substr": _substring,
    "left": named("left"),
    "right": named("right"),
    "replace": named("replace"),
    "concat": named("join"),
    "position": lambda a: one_more(call("find", (a[1], a[0]))),
    "abs": named("abs"),
    "sign": named("sign"),
    "round": named("round"),
    "floor": named("floor"),
    "ceiling": named("ceiling"),
    "ceil": named("ceiling"),
    "truncate": lambda a: call("integer", (a[0],)),
    "mod": named("remainder"),
    "power": named("power"),
    "sqrt": named("sqrt"),
    "exp": named("exp"),
    "log": named("ln"),
    "log10": named("log10"),
    "sin": named("sin"),
    "cos": named("cos"),
    "tan": named("tan"),
    "coalesce": named("coalesce"),
    "nullif": named("null_if"),
    "year": named("year"),
    "month": named("month"),
    "day": named("day"),
}

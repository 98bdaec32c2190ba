"""The functions that a `Call` may name: one table for all languages.

Each language says in its own module which of its functions is which of these.  None sees more than its arguments: no file, no
address, no clock, no chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions import date_text, number_text
from rendermap.symbology.expressions.tree import Call, Operand

LONGEST_RESULT = 10_000
"""Texts are cut at so many characters."""

_SPEC = re.compile(r"(?:[^{}]?[<>^=])?[-+ ]?0?\d{0,2}[,_]?(?:\.\d{1,2})?[bdoxeEfFgGns%]?\Z")

TEXT, NUMBER, ANY = "text", "number", "any"


@dataclass(frozen=True, slots=True)
class Function:
    """A row of the table.

    run: raises ValueError, TypeError or ArithmeticError where the result is null.  least, most: how many arguments; most None for any
    number.  gives: text, number or any.  sees_null: run is also asked about nulls; else the result is null when an argument is.
    """

    run: Callable[..., Any]
    least: int
    most: int | None
    gives: str = ANY
    sees_null: bool = False


def call(name: str, arguments: tuple[Operand, ...]) -> Call:
    """A function of the table.  Raises InvalidExpression where it is not there or wants more or fewer arguments."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise InvalidExpression("The expression uses a function that is not known.", reason=name)
    if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
        raise InvalidExpression("A function of the expression has too many or too few arguments.", reason=name)
    return Call(name, arguments)


# --- what arguments are taken for -------------------------------------------------------------------------------------


def number_of(value: Any) -> float:
    """A number, also from text.  Raises ValueError."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.lstrip("+-").isdecimal() and len(text) < 19 else _finite(float(text))
    raise ValueError(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def truth_of(value: Any) -> bool:
    """What stands for true: numbers but 0, texts but the empty, ``0`` and ``false``."""
    return value.strip().lower() not in ("", "0", "false") if isinstance(value, str) else bool(value)


def _text(value: Any) -> str:
    return number_text.plain(value)


def _whole(value: Any) -> int:
    return int(number_of(value))


def _count(value: Any) -> int:
    return max(_whole(value), 0)


# --- texts ------------------------------------------------------------------------------------------------------------


def _title(value: Any) -> str:
    return " ".join(word[:1].upper() + word[1:].lower() for word in _text(value).split(" "))


def _capitalize(value: Any) -> str:
    return _text(value)[:1].upper() + _text(value)[1:]


def _substring(value: Any, start: Any, length: Any = None) -> str:
    text, first = _text(value), _count(start)
    return text[first:] if length is None else text[first : first + _count(length)]


def _slice(value: Any, start: Any, stop: Any) -> str:
    return _text(value)[slice(*(None if at is None else _whole(at) for at in (start, stop)))]


def _replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if not old or text.count(old) * len(new) > LONGEST_RESULT:
        return text
    return text.replace(old, new)


def _piece(value: Any, separator: Any, index: Any) -> str:
    text, separator = _text(value), _text(separator)
    pieces = text.split(separator) if separator.strip() or separator else text.split()
    at = _whole(index)
    if not -len(pieces) <= at < len(pieces):
        raise ValueError(index)
    return pieces[at]


def _word(value: Any, index: Any) -> str:
    words = _text(value).split()
    at = _whole(index)
    if not -len(words) <= at < len(words):
        raise ValueError(index)
    return words[at]


def _padded(value: Any, width: Any, fill: Any, *, is_left: bool) -> str:
    text, fill = _text(value), _text(fill)[:1] or " "
    width = min(_count(width), 1000)
    return text.rjust(width, fill) if is_left else text.ljust(width, fill)


def _zfill(value: Any, width: Any) -> str:
    return _text(value).zfill(min(_count(width), 1000))


def _repeat(value: Any, times: Any) -> str:
    text = _text(value)
    return text * min(_count(times), LONGEST_RESULT // max(len(text), 1))


def _joined(*values: Any) -> str:
    return "".join(map(_text, values))


def _joined_with(separator: Any, *values: Any) -> str:
    return _text(separator).join(map(_text, values))


def _without(value: Any, signs: Any = None, *, left: bool = True, right: bool = True) -> str:
    text, stripped = _text(value), None if signs is None else _text(signs)
    text = text.lstrip(stripped) if left else text
    return text.rstrip(stripped) if right else text


def _wrapped(value: Any, width: Any) -> str:
    """Lines no longer than width where words allow."""
    lines, width = [""], max(_whole(width), 1)
    for word in _text(value).split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def _character(code: Any) -> str:
    sign = chr(_count(code))
    if sign not in "\t\n" and not sign.isprintable():
        raise ValueError(code)
    return sign


# --- numbers ----------------------------------------------------------------------------------------------------------


def _number(run: Callable[..., float]) -> Callable[..., float]:
    return lambda *values: _finite(run(*map(number_of, values)))


def _sum_or_join(*values: Any) -> Any:
    """From left to right: numbers are added, texts joined."""
    result = values[0]
    for value in values[1:]:
        if isinstance(result, str) or isinstance(value, str):
            result = _text(result) + _text(value)
        elif result is None or value is None:
            result = None
        else:
            result = number_of(result) + number_of(value)
    return result


def _remainder(value: float, by: float) -> float:
    """With the sign of the value, as in SQL, Arcade and VBScript."""
    return value - by * math.trunc(value / by) if isinstance(value, int) and isinstance(by, int) else math.fmod(value, by)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _is_number(value: Any) -> bool:
    try:
        number_of(value)
    except (ValueError, TypeError):
        return False
    return True


def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def _most(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


def _round_even(value: float, places: float = 0) -> float:
    return round(value, int(places))


def _linear(value: float, low: float, high: float, to_low: float, to_high: float) -> float:
    share = (min(max(value, low), high) - low) / (high - low)
    return to_low + share * (to_high - to_low)


# --- as text ----------------------------------------------------------------------------------------------------------


def _fixed(value: Any, places: Any = 0) -> str:
    return number_text.fixed(number_of(value), _whole(places))


def _grouped(value: Any, places: Any = 0) -> str:
    return number_text.fixed(number_of(value), _whole(places), is_grouped=True)


def _currency(value: Any, places: Any = 2) -> str:
    number = number_of(value)
    amount = "$" + number_text.fixed(abs(number), _whole(places), is_grouped=True)
    return f"({amount})" if number < 0 else amount


def _percent(value: Any, places: Any = 2) -> str:
    return number_text.fixed(number_of(value) * 100, _whole(places), is_grouped=True) + "%"


def _by_pattern(value: Any, pattern: Any) -> str:
    return number_text.by_pattern(number_of(value), _text(pattern))


def _by_spec(value: Any, spec: Any) -> str:
    """Python's format, its width bounded."""
    spec = _text(spec)
    if not is_spec(spec):
        raise ValueError(spec)
    kind = spec[-1:]
    if kind in ("d", "b", "o", "x"):
        return format(_whole(value), spec)
    if kind in ("f", "F", "e", "E", "g", "G", "n", "%"):
        return format(float(number_of(value)), spec)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return format(_text(value), spec)
    # whole numbers among nulls come as fractions
    return format(int(value) if "." not in spec and float(value).is_integer() else value, spec)


def is_spec(text: str) -> bool:
    """Whether a text is one of Python's format specifications with at most two digits for a width."""
    return _SPEC.match(text) is not None


def _moment(value: Any) -> Any:
    found = date_text.moment(value)
    if found is None:
        raise ValueError(value)
    return found


def _part(name: str) -> Callable[[Any], int]:
    return lambda value: int(getattr(_moment(value), name))


def _date_as(value: Any, pattern: Any) -> str:
    return date_text.written(_moment(value), _text(pattern))


# --- choices ----------------------------------------------------------------------------------------------------------


def _first_known(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _or_default(value: Any, default: Any) -> Any:
    return default if value is None or value == "" else value


def _null_if(value: Any, other: Any) -> Any:
    return None if value is not None and value == other else value


FUNCTIONS: dict[str, Function] = {
    # texts
    "text": Function(_text, 1, 1, TEXT),
    "text_or_empty": Function(_text, 1, 1, TEXT, sees_null=True),
    "upper": Function(lambda v: _text(v).upper(), 1, 1, TEXT),
    "lower": Function(lambda v: _text(v).lower(), 1, 1, TEXT),
    "title": Function(_title, 1, 1, TEXT),
    "capitalize": Function(_capitalize, 1, 1, TEXT),
    "trim": Function(_without, 1, 2, TEXT),
    "trim_left": Function(lambda *v: _without(*v, right=False), 1, 2, TEXT),
    "trim_right": Function(lambda *v: _without(*v, left=False), 1, 2, TEXT),
    "left": Function(lambda v, n: _text(v)[: _count(n)], 2, 2, TEXT),
    "right": Function(lambda v, n: _text(v)[-_count(n) :] if _count(n) else "", 2, 2, TEXT),
    "substring": Function(_substring, 2, 3, TEXT),
    "slice": Function(_slice, 3, 3, TEXT, sees_null=True),
    "replace": Function(_replace, 3, 3, TEXT),
    "length": Function(lambda v: len(_text(v)), 1, 1, NUMBER),
    "find": Function(lambda text, part, start=0: _text(text).find(_text(part), _count(start)), 2, 3, NUMBER),
    "piece": Function(_piece, 3, 3, TEXT),
    "word": Function(_word, 2, 2, TEXT),
    "pad_left": Function(lambda *v: _padded(*v, is_left=True), 3, 3, TEXT),
    "pad_right": Function(lambda *v: _padded(*v, is_left=False), 3, 3, TEXT),
    "zero_filled": Function(_zfill, 2, 2, TEXT),
    "repeat": Function(_repeat, 2, 2, TEXT),
    "join": Function(_joined, 1, None, TEXT),
    "join_with": Function(_joined_with, 1, None, TEXT, sees_null=True),
    "wrap": Function(_wrapped, 2, 2, TEXT),
    "character": Function(_character, 1, 1, TEXT),
    # numbers
    "number": Function(number_of, 1, 1, NUMBER),
    "integer": Function(_number(lambda v: math.trunc(v)), 1, 1, NUMBER),
    "abs": Function(_number(abs), 1, 1, NUMBER),
    "round": Function(_number(lambda v, n=0: number_text.rounded(v, int(n))), 1, 2, NUMBER),
    "round_even": Function(_number(_round_even), 1, 2, NUMBER),
    "floor": Function(_number(lambda v: math.floor(v)), 1, 1, NUMBER),
    "ceiling": Function(_number(lambda v: math.ceil(v)), 1, 1, NUMBER),
    "remainder": Function(_number(_remainder), 2, 2, NUMBER),
    "modulo": Function(_number(lambda v, by: v % by), 2, 2, NUMBER),
    "whole_quotient": Function(_number(lambda v, by: v // by), 2, 2, NUMBER),
    "power": Function(_number(math.pow), 2, 2, NUMBER),
    "sqrt": Function(_number(math.sqrt), 1, 1, NUMBER),
    "exp": Function(_number(math.exp), 1, 1, NUMBER),
    "ln": Function(_number(math.log), 1, 1, NUMBER),
    "log": Function(_number(lambda base, v: math.log(v) / math.log(base)), 2, 2, NUMBER),
    "log10": Function(_number(math.log10), 1, 1, NUMBER),
    "sin": Function(_number(math.sin), 1, 1, NUMBER),
    "cos": Function(_number(math.cos), 1, 1, NUMBER),
    "tan": Function(_number(math.tan), 1, 1, NUMBER),
    "asin": Function(_number(math.asin), 1, 1, NUMBER),
    "acos": Function(_number(math.acos), 1, 1, NUMBER),
    "atan": Function(_number(math.atan), 1, 1, NUMBER),
    "atan2": Function(_number(math.atan2), 2, 2, NUMBER),
    "radians": Function(_number(math.radians), 1, 1, NUMBER),
    "degrees": Function(_number(math.degrees), 1, 1, NUMBER),
    "sign": Function(_number(_sign), 1, 1, NUMBER),
    "linear": Function(_number(_linear), 5, 5, NUMBER),
    "minimum": Function(_least, 1, None, ANY, sees_null=True),
    "maximum": Function(_most, 1, None, ANY, sees_null=True),
    "sum_or_join": Function(_sum_or_join, 2, None, ANY, sees_null=True),
    "known_sum_or_join": Function(_sum_or_join, 2, None),
    # as text
    "fixed": Function(_fixed, 1, 2, TEXT),
    "grouped": Function(_grouped, 1, 2, TEXT),
    "currency": Function(_currency, 1, 2, TEXT),
    "percent": Function(_percent, 1, 2, TEXT),
    "by_pattern": Function(_by_pattern, 2, 2, TEXT),
    "by_spec": Function(_by_spec, 2, 2, TEXT),
    "date_as": Function(_date_as, 2, 2, TEXT),
    # dates
    "date": Function(_moment, 1, 1),
    "year": Function(_part("year"), 1, 1, NUMBER),
    "month": Function(_part("month"), 1, 1, NUMBER),
    "day": Function(_part("day"), 1, 1, NUMBER),
    "hour": Function(_part("hour"), 1, 1, NUMBER),
    "minute": Function(_part("minute"), 1, 1, NUMBER),
    "second": Function(_part("second"), 1, 1, NUMBER),
    # choices
    "coalesce": Function(_first_known, 1, None, sees_null=True),
    "or_default": Function(_or_default, 2, 2, sees_null=True),
    "null_if": Function(_null_if, 2, 2, sees_null=True),
    "truth": Function(truth_of, 1, 1),
    "is_number": Function(_is_number, 1, 1, sees_null=True),
}

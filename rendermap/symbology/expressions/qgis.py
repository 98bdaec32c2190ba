"""QGIS expressions: label expressions, data-defined values and rule filters, without geometry, variables and other layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from lark import Lark, Token, Tree

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.functions import call
from rendermap.symbology.expressions.parsing import (
    NULL,
    Branches,
    Function,
    Part,
    all_of,
    any_of,
    as_condition,
    as_value,
    branches_of,
    checked,
    choose,
    compare,
    is_number,
    is_text,
    join,
    literal_text,
    look_up,
    named,
    negative,
    number,
    one_less,
    one_more,
)
from rendermap.symbology.expressions.tree import Arithmetic, Call, Column, Comparison, Expression, Like, Literal, Not, Operand


def parse_value(text: str) -> Operand:
    """What a QGIS expression makes of a feature.  Raises InvalidExpression for what is not in the subset."""
    return as_value(checked(_read, text))


def parse_condition(text: str) -> Expression:
    """A QGIS expression that is true or false.  Raises InvalidExpression for what is not in the subset."""
    return as_condition(checked(_read, text))


@cache
def _parser() -> Lark:
    return Lark.open("qgis.lark", rel_to=__file__, parser="lalr", maybe_placeholders=True)


def _read(text: str) -> Part:
    (whole,) = branches_of(_parser(), text, "start").children
    assert isinstance(whole, Tree)
    return _part(whole)


_ESCAPES = {"n": "\n", "t": "\t"}


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)|''", lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", text[1:-1], flags=re.DOTALL)


def _part(tree: Branches) -> Part:
    text = str(tree.children[0]) if tree.children else ""
    match tree.data:
        case "number":
            return number(text)
        case "text":
            return Literal(_unquote(text))
        case "field":
            return Column(text)
        case "quoted_field":
            return Column(text[1:-1].replace('""', '"'))
        case "null":
            return NULL
        case "true" | "false":
            return Literal(tree.data == "true")
        case "call":
            return look_up(_FUNCTIONS, text, _all(tree.children[1]))
        case "case":
            return _case(tree)
    return _operation(tree)


def _all(arguments: object) -> list[Part]:
    return [_part(child) for child in arguments.children if isinstance(child, Tree)] if isinstance(arguments, Tree) else []


def _case(tree: Branches) -> Part:
    branches: list[tuple[Part, Part]] = []
    otherwise: Part = NULL
    for child in tree.children:
        if isinstance(child, Tree):
            parts = _all(child)
            if child.data == "when":
                branches.append((parts[0], parts[1]))
            else:
                otherwise = parts[0]
    return choose(branches, otherwise)


def _operation(tree: Branches) -> Part:
    signs = [str(child).lower() for child in tree.children if isinstance(child, Token)]
    if tree.data in ("within", "without"):
        value, members = tree.children
        assert isinstance(value, Tree)
        found = any_of([compare("=", _part(value), member) for member in _all(members)])
        return found if tree.data == "within" else Not(found)
    parts = _all(tree)
    match tree.data:
        case "disjunction":
            return any_of(parts)
        case "conjunction":
            return all_of(parts)
        case "negation":
            return Not(as_condition(parts[0]))
        case "comparison":
            return Comparison("<>" if signs[0] == "!=" else signs[0], as_value(parts[0]), as_value(parts[1]))
        case "same":
            return compare("=", *parts)
        case "other_than":
            return compare("<>", *parts)
        case "like" | "unlike":
            like = Like(as_value(parts[0]), literal_text(as_value(parts[1])), "\\", ignores_case=signs[0] == "ilike")
            return like if tree.data == "like" else Not(like)
        case "between" | "beyond":
            within = _between(*map(as_value, parts))
            return within if tree.data == "between" else Not(within)
        case "joined":
            return call("join", tuple(map(as_value, parts)))
        case "minus":
            return negative(parts[0])
        case "plus":
            return call("number", (as_value(parts[0]),))
    for sign, part in zip(signs, parts[1:], strict=True):
        parts[0] = _arithmetic(sign, parts[0], part)
    return parts[0]


def _between(value: Operand, low: Operand, high: Operand) -> Expression:
    return all_of([Comparison(">=", value, low), Comparison("<=", value, high)])


def _arithmetic(sign: str, left: Part, right: Part) -> Part:
    names = {"%": "remainder", "//": "whole_quotient", "^": "power"}
    one, other = as_value(left), as_value(right)
    if sign == "+":
        return _sum(one, other)
    return call(names[sign], (one, other)) if sign in names else Arithmetic(sign, one, other)


def _sum(left: Operand, right: Operand) -> Operand:
    """Of numbers, or texts one after the other; null where one is null."""
    if is_number(left) and is_number(right):
        return Arithmetic("+", left, right)
    name = "join" if is_text(left) or is_text(right) else "known_sum_or_join"
    return call(name, (*(left.arguments if isinstance(left, Call) and left.function == name else (left,)), right))


# --- QGIS's functions -------------------------------------------------------------------------------------------------


def _substr(a: Sequence[Operand]) -> Part:
    """Counted from one; from the end where negative."""
    if isinstance(a[1], Literal) and isinstance(a[1].value, int) and a[1].value < 0:
        stop = Literal(a[1].value + _whole(a[2]) or None) if len(a) == 3 else NULL
        return call("slice", (a[0], a[1], stop))
    return call("substring", (a[0], one_less(a[1]), *a[2:]))


def _whole(operand: Operand) -> int:
    if isinstance(operand, Literal) and isinstance(operand.value, int):
        return operand.value
    raise InvalidExpression("A number in the expression must be written out.")


def _condition(a: Sequence[Operand]) -> Part:
    asked, yes, no = a
    return choose([(asked, yes)], no)


def _format(a: Sequence[Operand]) -> Part:
    """``format('%1: %2', a, b)``."""
    pieces = re.split(r"%(\d{1,2})", literal_text(a[0]))
    return join([a[int(piece)] if index % 2 else Literal(piece) for index, piece in enumerate(pieces)])


def _format_date(a: Sequence[Operand]) -> Part:
    """Qt's letters are those of the table, but for the half of the day."""
    pattern = re.sub(r"\b(?:AP|ap|A|a)\b", "tt", literal_text(a[1]))
    return call("date_as", (a[0], Literal(pattern)))


def _clamp(a: Sequence[Operand]) -> Part:
    low, value, high = a
    return choose([(Comparison("<", value, low), low), (Comparison(">", value, high), high)], value)


_FUNCTIONS: dict[str, Function] = {
    "upper": named("upper"),
    "lower": named("lower"),
    "title": named("title"),
    "initcap": named("title"),
    "trim": named("trim"),
    "ltrim": named("trim_left"),
    "rtrim": named("trim_right"),
    "left": named("left"),
    "right": named("right"),
    "substr": _substr,
    "replace": named("replace"),
    "length": named("length"),
    "strpos": lambda a: one_more(call("find", tuple(a))),
    "lpad": named("pad_left"),
    "rpad": named("pad_right"),
    "repeat": named("repeat"),
    "wordwrap": lambda a: call("wrap", tuple(a[:2])),
    "char": named("character"),
    "concat": lambda a: join(a or [Literal("")]),
    "format": _format,
    "format_number": lambda a: call("grouped", tuple(a[:2])),
    "format_date": _format_date,
    "to_string": named("text"),
    "to_int": named("integer"),
    "to_real": named("number"),
    "to_date": lambda a: call("date", (a[0],)),
    "to_datetime": lambda a: call("date", (a[0],)),
    "round": named("round"),
    "floor": named("floor"),
    "ceil": named("ceiling"),
    "abs": named("abs"),
    "sqrt": named("sqrt"),
    "exp": named("exp"),
    "ln": named("ln"),
    "log10": named("log10"),
    "log": named("log"),
    "sin": named("sin"),
    "cos": named("cos"),
    "tan": named("tan"),
    "asin": named("asin"),
    "acos": named("acos"),
    "atan": named("atan"),
    "atan2": named("atan2"),
    "radians": named("radians"),
    "degrees": named("degrees"),
    "pi": lambda a: number("3.141592653589793"),
    "min": named("minimum"),
    "max": named("maximum"),
    "clamp": _clamp,
    "scale_linear": named("linear"),
    "coalesce": named("coalesce"),
    "nullif": named("null_if"),
    "if": _condition,
    "try": lambda a: a[0] if len(a) == 1 else call("coalesce", tuple(a)),
    "attribute": lambda a: Column(literal_text(*a)),
    "year": named("year"),
    "month": named("month"),
    "day": named("day"),
    "hour": named("hour"),
    "minute": named("minute"),
    "second": named("second"),
}

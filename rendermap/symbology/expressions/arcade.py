"""Arcade: label expressions, values that symbols go by, and conditions, in the subset that needs nothing but the feature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from lark import Lark, Token, Tree

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions import date_text, number_text
from rendermap.symbology.expressions.functions import call
from rendermap.symbology.expressions.parsing import (
    NULL,
    Branches,
    Function,
    Part,
    add,
    all_of,
    any_of,
    as_condition,
    as_value,
    branches_of,
    checked,
    choose,
    compare,
    differs,
    either,
    join,
    literal_text,
    look_up,
    named,
    negative,
    number,
    only_part,
    without_tags,
)
from rendermap.symbology.expressions.statements import Assign, Choose, Program, Return, Statement, Statements, Variables
from rendermap.symbology.expressions.tree import Arithmetic, Column, Comparison, Expression, IsNull, Literal, Not, Operand, Or


def parse_value(text: str) -> Operand:
    """What an Arcade script makes of a feature.  Raises InvalidExpression for what is not in the subset."""
    return as_value(checked(_Script().read, text))


def parse_condition(text: str) -> Expression:
    """An Arcade script that is true or false.  Raises InvalidExpression for what is not in the subset."""
    return as_condition(checked(_Script().read, text))


@cache
def _parser() -> Lark:
    return Lark.open("arcade.lark", rel_to=__file__, parser="lalr", start=["script", "expression"], maybe_placeholders=True)


_ESCAPES = {"n": "\n", "r": "", "t": "\t"}
_CONSTANTS = {
    "textformatting.newline": "\n",
    "textformatting.singlequote": "'",
    "textformatting.doublequote": '"',
    "textformatting.forwardslash": "/",
    "textformatting.backwardslash": "\\",
}


def _unquote(text: str) -> str:
    return without_tags(re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1]))


class _Split:
    """``Split(text, separator)``, before one of its pieces is taken."""

    def __init__(self, text: Operand, separator: Operand) -> None:
        self.text, self.separator = text, separator


class _Script:
    """One script being read.  Lists and dictionaries last only until one of their members is taken."""

    def __init__(self) -> None:
        self._program = Program(self._any)
        self._functions: dict[str, tuple[tuple[str, ...], Statements]] = {}

    def read(self, text: str) -> Any:
        """The value of a whole script."""
        return self._program.result(self._block(branches_of(_parser(), text, "script"), is_whole=True), {})

    # --- statements ---------------------------------------------------------------------------------------------------

    def _block(self, tree: Branches, *, is_whole: bool = False) -> Statements:
        found: list[Statement] = []
        for index, child in enumerate(tree.children):
            assert isinstance(child, Tree)
            is_last = is_whole and index == len(tree.children) - 1
            found += self._statement(child, is_last=is_last)
        return tuple(found)

    def _statement(self, tree: Branches, *, is_last: bool) -> list[Statement]:
        match tree.data:
            case "statement":
                return [self._statement(part, is_last=False)[0] for part in tree.children if isinstance(part, Tree)]
            case "declaration":
                return [Assign(_name(tree), _first(tree) or Tree("null", []))]
            case "assignment":
                name, operator, value = tree.children
                assert isinstance(value, Tree)
                longer: Branches = Tree("sum", [Tree("variable", [name]), Token("PLUS", "+"), value])
                return [Assign(_name(tree), value if operator == "=" else longer)]
            case "choice":
                return [self._choice(tree, is_last=is_last)]
            case "result":
                return [Return(_first(tree))]
            case "function":
                self._define(tree)
                return []
            case _ if is_last:
                return [Return(_first(tree))]
        raise InvalidExpression("A line of the expression does nothing.")

    def _choice(self, tree: Branches, *, is_last: bool) -> Choose:
        asked, way, other = tree.children
        assert isinstance(asked, Tree) and isinstance(way, Tree)
        return Choose(((asked, self._body(way, is_last=is_last)),), self._body(other, is_last=is_last) if isinstance(other, Tree) else ())

    def _body(self, tree: Branches, *, is_last: bool) -> Statements:
        inner = tree.children[0]
        assert isinstance(inner, Tree)
        return self._block(inner if inner.data == "block" else tree, is_whole=is_last)

    def _define(self, tree: Branches) -> None:
        _, parameters, body = tree.children
        assert isinstance(body, Tree)
        names = tuple(str(name).lower() for name in parameters.children) if isinstance(parameters, Tree) else ()
        self._functions[_name(tree)] = names, self._block(body)

    # --- values -------------------------------------------------------------------------------------------------------

    def _part(self, tree: Branches, variables: Variables) -> Part:
        return only_part(self._any(tree, variables))

    def _any(self, tree: Branches, variables: Variables) -> Any:
        match tree.data:
            case "number" | "text" | "template" | "null" | "true" | "false" | "field" | "quoted_field" | "constant":
                return self._leaf(tree, variables)
            case "variable":
                if _name(tree) not in variables:
                    raise InvalidExpression("The expression uses a variable that it does not set.")
                return variables[_name(tree)]
            case "list":
                return self._all(tree.children[0], variables)
            case "dictionary":
                entries = [entry.children for entry in tree.children if isinstance(entry, Tree)]
                return {_key(key): self._part(value, variables) for key, value in entries if isinstance(value, Tree)}
            case "item":
                return self._item(*(child for child in tree.children if isinstance(child, Tree)), variables=variables)
            case "call":
                return self._call(tree, variables)
            case _:
                return self._operation(tree, variables)

    def _leaf(self, tree: Branches, variables: Variables) -> Part:
        text = str(tree.children[-1]) if tree.children else ""
        match tree.data:
            case "number":
                return number(text)
            case "text":
                return Literal(_unquote(text))
            case "template":
                return self._template(text, variables)
            case "field":
                return Column(text)
            case "quoted_field":
                return Column(_unquote(text))
            case "constant":
                return Literal(_constant(tree))
            case word:
                return {"null": NULL, "true": Literal(True)}.get(str(word), Literal(False))

    def _template(self, text: str, variables: Variables) -> Part:
        pieces = re.split(r"\$\{([^{}]*)\}", text[1:-1])
        return join(
            [
                self._part(branches_of(_parser(), piece, "expression"), variables) if index % 2 else Literal(without_tags(piece))
                for index, piece in enumerate(pieces)
            ]
        )

    def _operation(self, tree: Branches, variables: Variables) -> Part:
        parts = [self._part(child, variables) for child in tree.children if isinstance(child, Tree)]
        signs = [str(child) for child in tree.children if isinstance(child, Token)]
        match tree.data:
            case "disjunction":
                return any_of(parts)
            case "conjunction":
                return all_of(parts)
            case "negation":
                return Not(as_condition(parts[0]))
            case "minus":
                return negative(parts[0])
            case "plus":
                return call("number", (as_value(parts[0]),))
            case "comparison":
                return _comparison(signs[0], parts[0], parts[1])
        for sign, part in zip(signs, parts[1:], strict=True):
            parts[0] = _arithmetic(sign, parts[0], part)
        return parts[0]

    def _all(self, arguments: object, variables: Variables) -> list[Part]:
        return (
            [self._part(child, variables) for child in arguments.children if isinstance(child, Tree)] if isinstance(arguments, Tree) else []
        )

    def _item(self, tree: Branches, key: Branches, *, variables: Variables) -> Part:
        held, at = self._any(tree, variables), as_value(self._part(key, variables))
        if isinstance(held, _Split):
            return call("piece", (held.text, held.separator, at))
        if isinstance(held, dict):
            return choose([(Comparison("=", at, Literal(name)), value) for name, value in held.items()], NULL)
        if isinstance(held, list) and isinstance(at, Literal) and isinstance(at.value, int) and -len(held) <= at.value < len(held):
            return only_part(held[at.value])
        raise InvalidExpression("The expression takes an item of what is not a list.")

    def _call(self, tree: Branches, variables: Variables) -> Any:
        name, given = _name(tree), tree.children[1]
        children = [child for child in given.children if isinstance(child, Tree)] if isinstance(given, Tree) else []
        if name in self._functions:
            return self._own(name, [self._part(child, variables) for child in children])
        arguments: list[Part] = []
        for child in children:
            found = self._any(child, variables)
            if isinstance(found, list) and name in _TAKES_LISTS:
                arguments += [Literal(len(found)), *found] if name in _COUNTS else found
            else:
                arguments.append(only_part(found))
        if name == "split" and len(arguments) == 2:
            return _Split(as_value(arguments[0]), as_value(arguments[1]))
        return look_up(_FUNCTIONS, name, arguments)

    def _own(self, name: str, arguments: list[Part]) -> Any:
        parameters, body = self._functions[name]
        if len(parameters) != len(arguments):
            raise InvalidExpression("A function of the expression has too many or too few arguments.")
        return self._program.result(body, dict(zip(parameters, arguments, strict=True)))


def _name(tree: Branches) -> str:
    return str(tree.children[0]).lower()


def _key(item: object) -> str:
    text = str(item)
    return _unquote(text) if text[0] in "\"'" else text


def _first(tree: Branches) -> Branches | None:
    return next((child for child in tree.children if isinstance(child, Tree)), None)


def _constant(tree: Branches) -> str:
    found = _CONSTANTS.get(".".join(map(str, tree.children)).lower())
    if found is None:
        raise InvalidExpression("The expression asks for a part of something other than the feature.")
    return found


def _comparison(sign: str, left: Part, right: Part) -> Part:
    return differs(left, right) if sign == "!=" else compare("=" if sign == "==" else sign, left, right)


def _arithmetic(sign: str, left: Part, right: Part) -> Part:
    if sign == "+":
        return add(left, right)
    one, other = as_value(left), as_value(right)
    return call("remainder", (one, other)) if sign == "%" else Arithmetic(sign, one, other)


# --- Arcade's functions -----------------------------------------------------------------------------------------------

_TAKES_LISTS = frozenset(("concatenate", "max", "min", "includes", "sum", "mean", "average"))
_COUNTS = frozenset(("concatenate", "includes"))


def _text(a: Sequence[Operand]) -> Part:
    if len(a) == 1:
        return call("text_or_empty", tuple(a))
    pattern = literal_text(a[1])
    if any(sign in pattern for sign in "#0"):
        number_text.number_pattern(pattern)
        return call("by_pattern", tuple(a))
    return call("date_as", (a[0], Literal(date_text.from_capitals(pattern))))


def _concatenate(a: Sequence[Operand]) -> Part:
    """A list carries its length in front: what stands behind it is the separator."""
    if not (isinstance(a[0], Literal) and isinstance(a[0].value, int)):
        return join(a)
    members, rest = a[1 : 1 + a[0].value], a[1 + a[0].value :]
    return call("join_with", (rest[0], *members)) if rest else join(members or [Literal("")])


def _is_empty(a: Sequence[Operand]) -> Part:
    (value,) = a
    return Or((IsNull(value), Comparison("=", value, Literal(""))))


def _when(a: Sequence[Operand]) -> Part:
    if len(a) < 3 or len(a) % 2 == 0:
        raise ValueError(len(a))
    return choose(list(zip(a[:-1:2], a[1:-1:2], strict=True)), a[-1])


def _decode(a: Sequence[Operand]) -> Part:
    if len(a) < 4 or len(a) % 2:
        raise ValueError(len(a))
    return choose([(compare("=", a[0], key), value) for key, value in zip(a[1:-1:2], a[2:-1:2], strict=True)], a[-1])


def _sum(a: Sequence[Operand]) -> Operand:
    total = a[0]
    for value in a[1:]:
        total = Arithmetic("+", total, value)
    return total


_FUNCTIONS: dict[str, Function] = {
    "text": _text,
    "number": lambda a: call("number", (a[0],)),
    "concatenate": _concatenate,
    "upper": named("upper"),
    "lower": named("lower"),
    "proper": lambda a: call("title" if len(a) < 2 or literal_text(a[1]) == "everyword" else "capitalize", (a[0],)),
    "trim": lambda a: call("trim", (a[0],)),
    "left": named("left"),
    "right": named("right"),
    "mid": named("substring"),
    "replace": lambda a: call("replace", tuple(a[:3])),
    "count": named("length"),
    "find": lambda a: call("find", (a[1], a[0], *a[2:])),
    "round": named("round"),
    "floor": lambda a: call("floor", (a[0],)),
    "ceil": lambda a: call("ceiling", (a[0],)),
    "abs": named("abs"),
    "pow": named("power"),
    "sqrt": named("sqrt"),
    "exp": named("exp"),
    "log": named("ln"),
    "sin": named("sin"),
    "cos": named("cos"),
    "tan": named("tan"),
    "asin": named("asin"),
    "acos": named("acos"),
    "atan": named("atan"),
    "atan2": named("atan2"),
    "max": named("maximum"),
    "min": named("minimum"),
    "sum": _sum,
    "mean": lambda a: Arithmetic("/", _sum(a), Literal(len(a))),
    "average": lambda a: Arithmetic("/", _sum(a), Literal(len(a))),
    "iif": either,
    "when": _when,
    "decode": _decode,
    "defaultvalue": named("or_default"),
    "isempty": _is_empty,
    "boolean": lambda a: as_condition(a[0]),
    "isnan": lambda a: Not(as_condition(call("is_number", (a[0],)))),
    "includes": lambda a: any_of([compare("=", a[-1], value) for value in a[1:-1]]),
    "fromcharcode": lambda a: join([call("character", (code,)) for code in a]),
    "toutc": lambda a: a[0],
    "tolocal": lambda a: a[0],
    "date": named("date"),
    "todate": named("date"),
    "dateonly": named("date"),
    "year": named("year"),
    "month": lambda a: Arithmetic("-", call("month", tuple(a)), Literal(1)),
    "day": named("day"),
    "hour": named("hour"),
    "minute": named("minute"),
    "second": named("second"),
}

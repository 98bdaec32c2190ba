"""VBScript: label expressions, alone or as the function FindLabel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from lark import Lark, Token, Tree

from rendermap.errors import InvalidExpression
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
    compare,
    either,
    join,
    literal_text,
    look_up,
    named,
    negative,
    number,
    one_less,
    one_more,
    without_tags,
)
from rendermap.symbology.expressions.statements import Assign, Choose, Program, Return, Statement, Statements, Variables
from rendermap.symbology.expressions.tree import Arithmetic, Column, Expression, IsNull, Literal, Not, Operand


def parse_value(text: str) -> Operand:
    """What VBScript makes of a feature.  Raises InvalidExpression for what is not in the subset."""
    return as_value(checked(_read, text))


def parse_condition(text: str) -> Expression:
    """VBScript that is true or false.  Raises InvalidExpression for what is not in the subset."""
    return as_condition(checked(_read, text))


@cache
def _parser() -> Lark:
    return Lark.open("vbscript.lark", rel_to=__file__, parser="lalr", maybe_placeholders=True)


def _read(text: str) -> Any:
    (whole,) = (child for child in branches_of(_parser(), text.strip(), "start").children if isinstance(child, Tree))
    if whole.data != "function":
        return _part(whole, {})
    name, parameters, lines = whole.children
    own = str(name).lower()
    assert isinstance(lines, Tree)
    program = Program(_part, at_end=lambda variables: variables.get(own, NULL))
    return program.result(_statements(lines, own), _parameters(parameters))


def _parameters(tree: object) -> Variables:
    """A parameter without brackets is a field as well."""
    names = [str(child) for child in tree.children if isinstance(child, Token)] if isinstance(tree, Tree) else []
    return {name.lower(): Column(name) for name in names if name[0] != "["}


# --- statements -------------------------------------------------------------------------------------------------------


def _statements(lines: Branches, own: str) -> Statements:
    return tuple(s for child in lines.children if isinstance(child, Tree) for s in _statement(child, own))


def _statement(tree: Branches, own: str) -> list[Statement]:
    trees = [child for child in tree.children if isinstance(child, Tree)]
    match tree.data:
        case "declarations":
            return [Assign(str(name).lower(), _EMPTY) for name in tree.children]
        case "assignment":
            return [Assign(_name(tree), trees[0])]
        case "result":
            return [Return(Tree("variable", [Token("NAME", own)]))]
        case "choice":
            rest = trees[2:]
            arms = [(trees[0], trees[1]), *(_two(arm) for arm in rest if arm.data == "elseif")]
            others = [_inner(other) for other in rest if other.data == "otherwise"]
        case "choice_in_line":
            arms, others = [(trees[0], trees[1])], trees[2:]
        case _:
            return [_selection(trees, own)]
    return [_choose(arms, others, own)]


def _choose(arms: Sequence[tuple[Branches, Branches]], others: Sequence[Branches], own: str) -> Choose:
    ways = tuple((asked, _statements(lines, own)) for asked, lines in arms)
    return Choose(ways, _statements(others[0], own) if others else ())


def _selection(trees: Sequence[Branches], own: str) -> Choose:
    chosen, *cases = trees
    arms = []
    for case in cases:
        if case.data == "case":
            *values, lines = (child for child in case.children if isinstance(child, Tree))
            equal: list[Branches] = [Tree("comparison", [chosen, Token("EQUALS", "="), value]) for value in values]
            either: Branches = Tree("disjunction", list(equal))
            arms.append((equal[0] if len(equal) == 1 else either, lines))
    return _choose(arms, [_inner(case) for case in cases if case.data == "case_else"], own)


def _two(tree: Branches) -> tuple[Branches, Branches]:
    one, other = tree.children
    assert isinstance(one, Tree) and isinstance(other, Tree)
    return one, other


def _inner(tree: Branches) -> Branches:
    (inner,) = tree.children
    assert isinstance(inner, Tree)
    return inner


def _name(tree: Branches) -> str:
    return str(tree.children[0]).lower()


_EMPTY: Branches = Tree("null", [])


# --- values -----------------------------------------------------------------------------------------------------------

_NEW_LINE = Literal("\n")
_CONSTANTS = {
    "vbnewline": _NEW_LINE,
    "vbcrlf": _NEW_LINE,
    "vblf": _NEW_LINE,
    "vbcr": _NEW_LINE,
    "vbtab": Literal("\t"),
    "vbnullstring": Literal(""),
    "vbuppercase": Literal(1),
    "vblowercase": Literal(2),
    "vbpropercase": Literal(3),
}


def _part(tree: Branches, variables: Variables) -> Part:
    text = str(tree.children[0]) if tree.children else ""
    match tree.data:
        case "number":
            return number(text)
        case "text":
            return Literal(without_tags(text[1:-1].replace('""', '"')))
        case "field":
            return Column(text[1:-1].strip())
        case "true" | "false":
            return Literal(tree.data == "true")
        case "null":
            return NULL
        case "variable":
            return _variable(text.lower(), variables)
        case "call" | "item":
            return _call(tree, variables)
    return _operation(tree, variables)


def _variable(name: str, variables: Variables) -> Part:
    if name in variables:
        held: Part = variables[name]
        return held
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    raise InvalidExpression("The expression uses a variable that it does not set.")


def _call(tree: Branches, variables: Variables) -> Part:
    given = tree.children[1]
    arguments = [_part(child, variables) for child in given.children if isinstance(child, Tree)] if isinstance(given, Tree) else []
    if tree.data == "call":
        return look_up(_FUNCTIONS, _name(tree), arguments)
    index = tree.children[2]
    if _name(tree) != "split" or not isinstance(index, Tree):
        raise InvalidExpression("The expression takes an item of what is not a list.")
    separator = arguments[1] if len(arguments) > 1 else Literal(" ")
    return call("piece", (as_value(arguments[0]), as_value(separator), as_value(_part(index, variables))))


def _operation(tree: Branches, variables: Variables) -> Part:
    parts = [_part(child, variables) for child in tree.children if isinstance(child, Tree)]
    signs = [str(child).lower() for child in tree.children if isinstance(child, Token)]
    match tree.data:
        case "disjunction":
            return any_of(parts)
        case "conjunction":
            return all_of(parts)
        case "negation":
            return _opposite(parts[0])
        case "comparison":
            return compare(signs[0], *parts)
        case "joined":
            return join(parts)
        case "minus":
            return negative(parts[0])
        case "plus":
            return call("number", (as_value(parts[0]),))
    for sign, part in zip(signs, parts[1:], strict=True):
        parts[0] = add(parts[0], part) if sign == "+" else _arithmetic(sign, as_value(parts[0]), as_value(part))
    return parts[0]


def _opposite(part: Part) -> Part:
    return Not(as_condition(part))


def _arithmetic(sign: str, left: Operand, right: Operand) -> Operand:
    names = {"mod": "remainder", "^": "power"}
    if sign == "\\":
        return call("integer", (Arithmetic("/", left, right),))
    return call(names[sign], (left, right)) if sign in names else Arithmetic(sign, left, right)


# --- VBScript's functions ---------------------------------------------------------------------------------------------


def _mid(a: Sequence[Operand]) -> Part:
    return call("substring", (a[0], one_less(a[1]), *a[2:]))


def _in_str(a: Sequence[Operand]) -> Part:
    """``InStr([start,] text, part)``, counted from one."""
    start = (one_less(a[0]),) if len(a) == 3 else ()
    text, part = a[-2:]
    return one_more(call("find", (text, part, *start)))


def _str_conv(a: Sequence[Operand]) -> Part:
    names = {1: "upper", 2: "lower", 3: "title"}
    if not (isinstance(a[1], Literal) and a[1].value in names):
        raise ValueError(a[1])
    return call(names[int(a[1].value)], (a[0],))


def _format(a: Sequence[Operand]) -> Part:
    """VBA's; VBScript has none, and many layers use it."""
    pattern = literal_text(a[1])
    if any(sign in pattern for sign in "#0"):
        return call("by_pattern", tuple(a))
    return call("date_as", (a[0], Literal(pattern)))


def _with_places(name: str) -> Function:
    """Two decimals unless told; further arguments choose what the machine's settings would."""
    return lambda a: call(name, (a[0], a[1] if len(a) > 1 else Literal(2)))


_FUNCTIONS: dict[str, Function] = {
    "cstr": named("text"),
    "cint": named("round_even"),
    "clng": named("round_even"),
    "cdbl": named("number"),
    "csng": named("number"),
    "cbool": named("truth"),
    "cdate": named("date"),
    "int": named("floor"),
    "fix": named("integer"),
    "round": named("round_even"),
    "abs": named("abs"),
    "sgn": named("sign"),
    "sqr": named("sqrt"),
    "exp": named("exp"),
    "log": named("ln"),
    "sin": named("sin"),
    "cos": named("cos"),
    "tan": named("tan"),
    "atn": named("atan"),
    "ucase": named("upper"),
    "lcase": named("lower"),
    "trim": named("trim"),
    "ltrim": named("trim_left"),
    "rtrim": named("trim_right"),
    "left": named("left"),
    "right": named("right"),
    "mid": _mid,
    "len": named("length"),
    "replace": lambda a: call("replace", tuple(a[:3])),
    "instr": _in_str,
    "strconv": _str_conv,
    "space": lambda a: call("repeat", (Literal(" "), a[0])),
    "string": lambda a: call("repeat", (a[1], a[0])),
    "chr": named("character"),
    "formatnumber": _with_places("grouped"),
    "formatcurrency": _with_places("currency"),
    "formatpercent": _with_places("percent"),
    "formatdatetime": lambda a: call("text", (call("date", (a[0],)),)),
    "format": _format,
    "iif": either,
    "isnull": lambda a: IsNull(*a),
    "isempty": lambda a: IsNull(*a),
    "isnumeric": lambda a: as_condition(call("is_number", tuple(a))),
    "year": named("year"),
    "month": named("month"),
    "day": named("day"),
    "hour": named("hour"),
    "minute": named("minute"),
    "second": named("second"),
}

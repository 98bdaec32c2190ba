"""Python: label expressions, alone or as the function FindLabel.  Read by a grammar of its own, never by Python itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from string import Formatter
from typing import Any

from lark import Lark, Token, Tree
from lark.indenter import Indenter

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions import date_text
from rendermap.symbology.expressions.functions import call, is_spec
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
    is_text,
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
from rendermap.symbology.expressions.tree import Arithmetic, Column, Comparison, Concat, Expression, Literal, Not, Operand


def parse_value(text: str) -> Operand:
    """What Python makes of a feature.  Raises InvalidExpression for what is not in the subset."""
    return as_value(checked(_read, text))


def parse_condition(text: str) -> Expression:
    """Python that is true or false.  Raises InvalidExpression for what is not in the subset."""
    return as_condition(checked(_read, text))


class _Indents(Indenter):
    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ["LPAR", "LSQB"]  # noqa: RUF012
    CLOSE_PAREN_types = ["RPAR", "RSQB"]  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


@cache
def _parser() -> Lark:
    return Lark.open("python.lark", rel_to=__file__, parser="lalr", maybe_placeholders=True, postlex=_Indents())


def _read(text: str) -> Any:
    ((whole),) = branches_of(_parser(), text.strip() + "\n", "start").children
    assert isinstance(whole, Tree)
    if whole.data == "value":
        return _any(_tree(whole.children[0]), {})
    _, parameters, suite = whole.children
    names = [str(child) for child in parameters.children] if isinstance(parameters, Tree) else []
    fields: Variables = {name: Column(name) for name in names if name[0] not in "[!"}
    return Program(_any).result(_statements(_tree(suite)), fields)


# --- statements -------------------------------------------------------------------------------------------------------


def _statements(suite: Branches) -> Statements:
    return tuple(s for child in suite.children if isinstance(child, Tree) for s in _statement(child))


def _statement(tree: Branches) -> list[Statement]:
    trees = [child for child in tree.children if isinstance(child, Tree)]
    match tree.data:
        case "assignment":
            name, operator, value = tree.children
            longer: Branches = Tree("sum", [Tree("variable", [name]), Token("PLUS", "+"), value])
            return [Assign(str(name), trees[0] if operator == "=" else longer)]
        case "result":
            return [Return(trees[0] if trees else None)]
        case "choice":
            arms = [trees[:2], *([_tree(child) for child in arm.children] for arm in trees[2:] if arm.data == "elif")]
            others = [_statements(_tree(other.children[0])) for other in trees[2:] if other.data == "other"]
            ways = tuple((asked, _statements(suite)) for asked, suite in arms)
            return [Choose(ways, others[0] if others else ())]
    return []


def _tree(item: object) -> Branches:
    assert isinstance(item, Tree)
    return item


# --- values -----------------------------------------------------------------------------------------------------------


class _Split:
    """``text.split(separator)``, before one of its pieces is taken."""

    def __init__(self, text: Operand, separator: Operand | None) -> None:
        self.text, self.separator = text, separator


def _part(tree: Branches, variables: Variables) -> Part:
    return only_part(_any(tree, variables))


def _any(tree: Branches, variables: Variables) -> Any:
    text = str(tree.children[0]) if tree.children else ""
    match tree.data:
        case "number":
            return number(text)
        case "texts":
            return join([_text(str(child), variables) for child in tree.children])
        case "field":
            return Column(text[1:-1].strip())
        case "null":
            return NULL
        case "true" | "false":
            return Literal(tree.data == "true")
        case "variable":
            if text not in variables:
                raise InvalidExpression("The expression uses a variable that it does not set.")
            return variables[text]
        case "list":
            return _members(tree, variables)
        case "call":
            return look_up(_FUNCTIONS, _exact(text), _arguments(tree.children[1], variables, spread=text in ("max", "min")))
        case "method" | "item" | "slice":
            return _of_text(tree, variables)
    return _operation(tree, variables)


def _exact(name: str) -> str:
    """Python tells names by case."""
    if name != name.lower():
        raise InvalidExpression("The expression uses a function that is not known.", reason=name)
    return name


def _members(tree: Branches, variables: Variables) -> list[Part]:
    trees = [child for child in tree.children if isinstance(child, Tree)]
    if len(trees) == 1 and trees[0].data == "arguments":
        trees = [child for child in trees[0].children if isinstance(child, Tree)]
    return [_part(child, variables) for child in trees]


def _arguments(given: object, variables: Variables, *, spread: bool = False) -> list[Any]:
    found = [_any(child, variables) for child in given.children if isinstance(child, Tree)] if isinstance(given, Tree) else []
    return found[0] if spread and len(found) == 1 and isinstance(found[0], list) else found


def _of_text(tree: Branches, variables: Variables) -> Any:
    held = _any(_tree(tree.children[0]), variables)
    if tree.data == "method":
        return _method(held, str(tree.children[1]), _arguments(tree.children[2], variables))
    if tree.data == "slice":
        bounds = [_bound(child, variables) for child in tree.children[1:]]
        return call("slice", (as_value(held), *bounds))
    at = as_value(_part(_tree(tree.children[1]), variables))
    if isinstance(held, _Split):
        return call("piece", (held.text, held.separator, at)) if held.separator else call("word", (held.text, at))
    if isinstance(held, list):
        if isinstance(at, Literal) and isinstance(at.value, int) and -len(held) <= at.value < len(held):
            return held[at.value]
        raise InvalidExpression("The expression takes an item of what is not a list.")
    return call("piece", (as_value(held), Literal(""), at))


def _bound(item: object, variables: Variables) -> Operand:
    (inner,) = _tree(item).children
    return as_value(_part(inner, variables)) if isinstance(inner, Tree) else NULL


def _operation(tree: Branches, variables: Variables) -> Part:
    held = [_any(child, variables) for child in tree.children if isinstance(child, Tree)]
    signs = [str(child) for child in tree.children if isinstance(child, Token)]
    if tree.data in ("within", "without"):
        return _membership(tree.data == "within", *held)
    if tree.data == "product" and signs[0] == "%" and isinstance(held[0], Literal | Concat) and is_text(held[0]):
        return _filled(held[0], held[1])
    parts = [only_part(part) for part in held]
    match tree.data:
        case "conditional":
            return choose([(parts[1], parts[0])], parts[2])
        case "disjunction":
            return _first_true(parts)
        case "conjunction":
            return _first_false(parts)
        case "negation":
            return Not(as_condition(parts[0]))
        case "same":
            return compare("=", *parts)
        case "other_than":
            return differs(*parts)
        case "comparison":
            return all_of([_comparison(sign, *pair) for sign, *pair in zip(signs, parts, parts[1:], strict=False)])
        case "minus":
            return negative(parts[0])
        case "plus":
            return call("number", (as_value(parts[0]),))
    for sign, part in zip(signs, parts[1:], strict=True):
        parts[0] = _arithmetic(sign, parts[0], part)
    return parts[0]


def _first_true(parts: Sequence[Part]) -> Part:
    """``a or b`` is a where a is true, else b; of conditions it is a condition."""
    if not any(isinstance(part, Operand) for part in parts):
        return any_of(parts)
    return choose([(part, part) for part in parts[:-1]], parts[-1])


def _first_false(parts: Sequence[Part]) -> Part:
    """``a and b`` is b where a is true, else a; of conditions it is a condition."""
    if not any(isinstance(part, Operand) for part in parts[1:]):
        return all_of(parts)
    result = parts[-1]
    for part in reversed(parts[:-1]):
        result = choose([(part, result)], part)
    return result


def _membership(wanted: bool, value: Any, members: Any) -> Part:
    if isinstance(members, list):
        found = any_of([compare("=", value, member) for member in members])
    else:
        found = Comparison(">=", call("find", (as_value(members), as_value(value))), Literal(0))
    return found if wanted else Not(found)


def _comparison(sign: str, left: Part, right: Part) -> Part:
    if sign in ("!=", "<>"):
        return differs(left, right)
    return compare("=" if sign == "==" else sign, left, right)


def _arithmetic(sign: str, left: Part, right: Part) -> Part:
    names = {"%": "modulo", "//": "whole_quotient", "**": "power"}
    if sign == "+":
        return add(left, right)
    one, other = as_value(left), as_value(right)
    return call(names[sign], (one, other)) if sign in names else Arithmetic(sign, one, other)


# --- texts and what is written into them ------------------------------------------------------------------------------

_ESCAPES = {"n": "\n", "r": "", "t": "\t", "\n": ""}
_PERCENT = re.compile(r"%([-+ 0]{0,2}\d{0,2}(?:\.\d{1,2})?)([sdifFeEgGr%])")


def _text(token: str, variables: Variables) -> Part:
    prefix = token[0].lower() if token[0] not in "\"'" else ""
    quotes = 3 if token[len(prefix) :][:3] in ('"""', "'''") else 1
    inner = token[len(prefix) + quotes : -quotes]
    if prefix == "f":
        return _formatted(inner, variables)
    return Literal(without_tags(inner if prefix == "r" else _unescape(inner)))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)


def _formatted(text: str, variables: Variables) -> Part:
    parts: list[Part] = []
    for before, name, spec, conversion in _fields_of(text):
        parts.append(Literal(without_tags(_unescape(before))))
        if name is not None:
            (whole,) = branches_of(_parser(), name.strip() + "\n", "start").children
            if conversion or _tree(whole).data != "value":
                raise InvalidExpression("A text of the expression is formatted in a way that is not known.")
            parts.append(_by_spec(as_value(_part(_tree(_tree(whole).children[0]), variables)), spec or ""))
    return join(parts)


def _fields_of(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """A format text taken apart by Python's own reader of them, which looks nothing up.  Raises InvalidExpression."""
    try:
        return list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidExpression("A text of the expression is formatted in a way that is not known.") from error


def _by_spec(value: Operand, spec: str) -> Operand:
    if not is_spec(spec):
        raise InvalidExpression("A text of the expression is formatted in a way that is not known.")
    return call("by_spec", (value, Literal(spec))) if spec else call("text_or_empty", (value,))


def _filled(pattern: Operand, given: Any) -> Part:
    """``"%s: %.1f" % (a, b)``."""
    values = list(given) if isinstance(given, list) else [given]
    parts: list[Part] = []
    end = 0
    text = literal_text(pattern)
    for found in _PERCENT.finditer(text):
        parts.append(Literal(text[end : found.start()]))
        end = found.end()
        parts.append(Literal("%") if found[2] == "%" else _by_percent(as_value(values.pop(0) if values else NULL), found[1], found[2]))
    if values:
        raise InvalidExpression("A text of the expression is formatted in a way that is not known.")
    return join([*parts, Literal(text[end:])])


def _by_percent(value: Operand, flags: str, kind: str) -> Operand:
    if kind in "sr":
        return _by_spec(value, flags.replace("-", "<") + "s" if flags else "")
    return _by_spec(value, ("<" + flags.replace("-", "") if "-" in flags else flags) + {"i": "d"}.get(kind, kind))


def _put_into(pattern: Operand, values: Sequence[Part]) -> Part:
    """``"{}: {:.1f}".format(a, b)``."""
    parts: list[Part] = []
    count = 0
    for before, name, spec, conversion in _fields_of(literal_text(pattern)):
        parts.append(Literal(before))
        if name is not None:
            index = int(name) if name.isdecimal() and len(name) < 3 else count
            if (name and not name.isdecimal()) or conversion or index >= len(values):
                raise InvalidExpression("A text of the expression is formatted in a way that is not known.")
            parts.append(_by_spec(as_value(values[index]), spec or ""))
            count += 1
    return join(parts)


def _method(held: Any, name: str, arguments: list[Any]) -> Any:
    if name == "join" and len(arguments) == 1 and isinstance(arguments[0], list):
        return call("join_with", (as_value(held), *map(as_value, arguments[0])))
    text, values = as_value(held), [as_value(argument) for argument in arguments]
    if name == "format":
        return _put_into(text, values)
    if name == "split" and len(values) < 2:
        return _Split(text, values[0] if values else None)
    return look_up(_METHODS, _exact(name), [text, *values])


def _starts(a: Sequence[Operand]) -> Part:
    return Comparison("=", call("find", tuple(a)), Literal(0))


def _ends(a: Sequence[Operand]) -> Part:
    text, end = a
    return Comparison("=", call("right", (text, call("length", (end,)))), end)


_METHODS: dict[str, Function] = {
    "upper": named("upper"),
    "lower": named("lower"),
    "title": named("title"),
    "capitalize": lambda a: call("capitalize", (call("lower", tuple(a)),)),
    "strip": named("trim"),
    "lstrip": named("trim_left"),
    "rstrip": named("trim_right"),
    "replace": named("replace"),
    "zfill": named("zero_filled"),
    "rjust": lambda a: call("pad_left", (*a, *(() if len(a) > 2 else (Literal(" "),)))),
    "ljust": lambda a: call("pad_right", (*a, *(() if len(a) > 2 else (Literal(" "),)))),
    "find": named("find"),
    "startswith": _starts,
    "endswith": _ends,
    "strftime": lambda a: call("date_as", (a[0], Literal(date_text.from_percent_codes(literal_text(a[1]))))),
}

_FUNCTIONS: dict[str, Function] = {
    "str": lambda a: call("text_or_empty", tuple(a)),
    "unicode": lambda a: call("text_or_empty", tuple(a)),
    "int": named("integer"),
    "long": named("integer"),
    "float": named("number"),
    "bool": lambda a: as_condition(*a),
    "round": named("round_even"),
    "abs": named("abs"),
    "len": named("length"),
    "max": named("maximum"),
    "min": named("minimum"),
    "pow": named("power"),
    "chr": named("character"),
    "format": lambda a: _by_spec(a[0], literal_text(a[1]) if len(a) > 1 else ""),
}

"""What the expression languages share: bounded reading by a grammar, and nodes made from parts that may be values or conditions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import islice

from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from rendermap.errors import InvalidExpression
from rendermap.limits import BRANCH_DEPTH, EXPRESSION_CHARS, EXPRESSION_DEPTH, EXPRESSION_PARTS
from rendermap.symbology.expressions.functions import FUNCTIONS, TEXT, call
from rendermap.symbology.expressions.misfit import tell_misfit
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
    Literal,
    Not,
    Operand,
    Or,
    is_deeper_than,
    walk,
)

"""How many levels of the grammar an expression may have: brackets alone make none."""

Part = Operand | Expression
Branches = Tree[Token]
Function = Callable[[Sequence[Operand]], Part]

NULL = Literal(None)
_ESRI_TAG = re.compile(
    r"</?(?:BOL|ITA|UND|STR|CLR|FNT|SUP|SUB|ACP|SCP|ALP|CHR|WRD|LIN|LEA|BSE|HDR|FTR|_BOL|_ITA|_UND)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def branches_of(parser: Lark, text: str, start: str) -> Branches:
    """The text taken apart by a grammar.  Raises InvalidExpression, also where it is too long or too deep."""
    if len(text) > EXPRESSION_CHARS.value:
        raise InvalidExpression(EXPRESSION_CHARS.sentence)
    if not text.strip():
        raise InvalidExpression("The expression is empty.")
    try:
        found = parser.parse(text, start=start)
    except LarkError as error:
        raise InvalidExpression(reason=tell_misfit(error, text)) from error
    level = [found]
    for _ in range(BRANCH_DEPTH.value):
        level = [child for tree in level for child in tree.children if isinstance(child, Tree)]
        if not level:
            return found
    raise InvalidExpression(BRANCH_DEPTH.sentence)


def checked(read: Callable[[str], object], text: str) -> Part:
    """What a language reads from a text.  Raises InvalidExpression, also where it is too large or too deep."""
    try:
        part = only_part(read(text))
    except RecursionError as error:
        # Functions that call each other stay within every other limit.
        raise InvalidExpression("The expression is nested too deeply.") from error
    if any(True for _ in islice(walk(part), EXPRESSION_PARTS.value, None)):
        raise InvalidExpression(EXPRESSION_PARTS.sentence)
    if is_deeper_than(part, EXPRESSION_DEPTH.value):
        raise InvalidExpression(EXPRESSION_DEPTH.sentence)
    return part


def as_value(part: Part) -> Operand:
    """A condition as true or false.  Raises InvalidExpression where part is neither."""
    only_part(part)
    return part if isinstance(part, Operand) else Case(((part, Literal(True)),), Literal(False))


def only_part(part: object) -> Part:
    """What is a value or a condition, and no list.  Raises InvalidExpression."""
    if not isinstance(part, Part):
        raise InvalidExpression("The expression uses a list where a value must stand.")
    return part


def as_condition(part: Part) -> Expression:
    """A value where a condition must stand."""
    match part:
        case Case(((condition, Literal(True)),), Literal(False)):
            return condition
        case Column() | Literal() | Arithmetic() | Concat() | Call() | Case():
            return Comparison("=", Call("truth", (part,)), Literal(True))
        case _:
            return part


def all_of(parts: Sequence[Part]) -> Expression:
    """All of them; one alone is itself."""
    terms = tuple(as_condition(part) for part in parts)
    return terms[0] if len(terms) == 1 else And(terms)


def any_of(parts: Sequence[Part]) -> Expression:
    """Any of them; one alone is itself."""
    terms = tuple(as_condition(part) for part in parts)
    return terms[0] if len(terms) == 1 else Or(terms)


def choose(branches: Sequence[tuple[Part, Part]], otherwise: Part) -> Operand:
    """The first branch that is true; a choice in the last place is drawn into this one."""
    own = tuple((as_condition(condition), as_value(value)) for condition, value in branches)
    rest = as_value(otherwise)
    return Case((*own, *rest.branches), rest.otherwise) if isinstance(rest, Case) else Case(own, rest)


def either(arguments: Sequence[Operand]) -> Operand:
    """IIf of three arguments: a condition, the value when it is true, and the other.  Raises ValueError for more or fewer."""
    condition, yes, no = arguments
    return choose([(condition, yes)], no)


def join(parts: Sequence[Part]) -> Operand:
    """Texts one after the other, nulls as empty texts."""
    flat: list[Operand] = []
    for part in map(as_value, parts):
        for piece in part.parts if isinstance(part, Concat) else (part,):
            if flat and isinstance(piece, Literal) and isinstance(flat[-1], Literal) and _both_texts(piece, flat[-1]):
                flat[-1] = Literal(f"{flat[-1].value}{piece.value}")
            elif piece != Literal(""):
                flat.append(piece)
    if not flat:
        return Literal("")
    return flat[0] if len(flat) == 1 and is_text(flat[0]) else Concat(tuple(flat))


def _both_texts(one: Literal, other: Literal) -> bool:
    return isinstance(one.value, str) and isinstance(other.value, str)


def add(left: Part, right: Part) -> Operand:
    """A sum of numbers, or texts one after the other where one of the two is text; told feature by feature where neither is sure."""
    one, other = as_value(left), as_value(right)
    if is_text(one) or is_text(other):
        return join((one, other))
    if is_number(one) and is_number(other):
        return Arithmetic("+", one, other)
    return Call("sum_or_join", (*(one.arguments if isinstance(one, Call) and one.function == "sum_or_join" else (one,)), other))


def is_text(operand: Operand) -> bool:
    """True where a value is text for sure."""
    if isinstance(operand, Case):
        return all(_is_plainly_text(value) for value in (*(value for _, value in operand.branches), operand.otherwise))
    return _is_plainly_text(operand)


def _is_plainly_text(operand: Operand) -> bool:
    match operand:
        case Literal(value):
            return isinstance(value, str)
        case Call(name):
            return FUNCTIONS[name].gives == TEXT
        case _:
            return isinstance(operand, Concat)


def is_number(operand: Operand) -> bool:
    """True where a value is a number for sure."""
    match operand:
        case Literal(value):
            return isinstance(value, int | float)
        case Call(name):
            return FUNCTIONS[name].gives == "number"
        case _:
            return isinstance(operand, Arithmetic)


def compare(operator: str, left: Part, right: Part) -> Expression:
    """A comparison; with null it asks whether the other is null."""
    one, other = as_value(left), as_value(right)
    if NULL in (one, other) and operator in ("=", "<>"):
        asked = IsNull(other if one == NULL else one)
        return asked if operator == "=" else Not(asked)
    return Comparison(operator, one, other)


def differs(left: Part, right: Part) -> Expression:
    """``!=`` of languages in which null differs from everything else."""
    found = compare("<>", left, right)
    asked = [side for side in (found.left, found.right) if not isinstance(side, Literal)] if isinstance(found, Comparison) else []
    return Or((*(IsNull(side) for side in asked), found)) if len(asked) == 1 else found


def negative(part: Part) -> Operand:
    """Minus a number."""
    value = as_value(part)
    if isinstance(value, Literal) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
        return Literal(-value.value)
    return Arithmetic("-", Literal(0), value)


def one_less(operand: Operand) -> Operand:
    """For languages that count from one."""
    return (
        Literal(operand.value - 1)
        if isinstance(operand, Literal) and isinstance(operand.value, int)
        else Arithmetic("-", operand, Literal(1))
    )


def one_more(operand: Operand) -> Operand:
    """The other way round."""
    return Arithmetic("+", operand, Literal(1))


def number(text: str) -> Literal:
    """A number as it is written.  Raises InvalidExpression where it is too large."""
    value = int(text) if text.isdecimal() and len(text) < 19 else float(text)
    if not math.isfinite(value):
        raise InvalidExpression("A number in the expression is too large.")
    return Literal(value)


def literal_text(operand: Operand) -> str:
    """A text that must be written out, such as a pattern.  Raises InvalidExpression."""
    if not (isinstance(operand, Literal) and isinstance(operand.value, str)):
        raise InvalidExpression("A pattern in the expression must be written out.")
    return operand.value


def without_tags(text: str) -> str:
    """Text without Esri's formatting tags such as ``<BOL>``, which are not drawn."""
    plain = _ESRI_TAG.sub("", text)
    if plain == text and "&" not in text:
        return text
    for entity, sign in _ENTITIES.items():
        plain = plain.replace(entity, sign)
    return plain


def named(name: str) -> Function:
    """A language's function that is one of the table's, its arguments in the same order."""
    return lambda arguments: call(name, tuple(arguments))


def look_up(functions: dict[str, Function], name: str, arguments: Sequence[Part]) -> Part:
    """A call by the language's own name, without regard to case.  Raises InvalidExpression."""
    function = functions.get(name.lower())
    if function is None:
        raise InvalidExpression("The expression uses a function that is not known.", reason=name)
    try:
        return function([as_value(argument) for argument in arguments])
    except (IndexError, TypeError, ValueError) as error:
        raise InvalidExpression("A function of the expression has wrong arguments.", reason=name) from error

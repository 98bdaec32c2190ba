"""Expressions as values: conditions that features meet or fail, and values made from their attributes.

Nothing here is ever run as code: `evaluate` walks the tree, and Mapnik's filters are spelled from it.  The functions that a `Call` may
name are the table in `functions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, number, boolean or null."""

    value: str | float | int | bool | None


FEATURE_ID = "rm feature id"
"""The column of features' ids, in conditions that ask for them; no dataset has one of that name."""

SHAPE = "rm shape"
"""The column that is null of features without a shape, in conditions of queries."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the dataset, by name without regard to case."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """operator: ``=``, ``<>``, ``<``, ``<=``, ``>`` or ``>=``."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class IsNull:
    """A value IS NULL."""

    column: Operand


@dataclass(frozen=True, slots=True)
class Like:
    """A text LIKE pattern, with ``%`` and ``_`` as wildcards; behind the escape sign they, and it, stand for themselves."""

    column: Operand
    pattern: str
    escape: str = ""
    ignores_case: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """operator: ``+``, ``-``, ``*``, ``/``."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    term: Expression


@dataclass(frozen=True, slots=True)
class Concat:
    """Texts one after the other; a null is an empty text."""

    parts: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the table in `functions`, by its name there."""

    function: str
    arguments: tuple[Operand, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first branch whose condition is true, else the other value."""

    branches: tuple[tuple[Expression, Operand], ...]
    otherwise: Operand = Literal(None)


Operand = Literal | Column | Arithmetic | Concat | Call | Case
Expression = Comparison | IsNull | Like | And | Or | Not


def columns(expression: Expression | Operand) -> frozenset[str]:
    """Names of all fields that an expression asks for, as written."""
    return frozenset(node.name for node in walk(expression) if isinstance(node, Column))


def walk(root: Expression | Operand) -> Iterator[Expression | Operand]:
    """The tree's nodes, root first."""
    waiting: list[Expression | Operand] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += parts_of(node)


def parts_of(node: Expression | Operand) -> tuple[Expression | Operand, ...]:
    """The nodes right under one."""
    match node:
        case And(terms) | Or(terms):
            return terms
        case Not(term):
            return (term,)
        case Comparison(_, left, right) | Arithmetic(_, left, right):
            return left, right
        case IsNull(column) | Like(column):
            return (column,)
        case Concat(parts):
            return parts
        case Call(_, arguments):
            return arguments
        case Case(branches, otherwise):
            return (*(part for branch in branches for part in branch), otherwise)
        case _:
            return ()


def is_deeper_than(root: Expression | Operand, limit: int) -> bool:
    """True when the tree has more than limit levels."""
    level: list[Expression | Operand] = [root]
    for _ in range(limit):
        level = [part for node in level for part in parts_of(node)]
        if not level:
            return False
    return True

"""Definition filters: an SQL-92 subset parsed by a grammar into values, never passed on as text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, number, boolean or null."""

    value: str | float | int | bool | None


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
    """Column IS NULL."""

    column: Column


@dataclass(frozen=True, slots=True)
class Like:
    """Column LIKE pattern, with ``%`` and ``_`` as wildcards and no escape."""

    column: Column
    pattern: str


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


Operand = Literal | Column | Arithmetic
Expression = Comparison | IsNull | Like | And | Or | Not

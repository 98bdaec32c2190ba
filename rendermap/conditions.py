"""Conditions that requests ask with, met with the fields of a layer that may be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from rendermap.errors import InvalidFilter
from rendermap.symbology.expressions.date_text import moment
from rendermap.symbology.expressions.evaluate import find_name
from rendermap.symbology.expressions.tree import Arithmetic, Column, Comparison, Expression, IsNull, Literal, walk
from rendermap.symbology.facts import Field, FieldKind

T = TypeVar("T")

NEVER = Comparison("=", Literal(0), Literal(1))
_SHAPE = "shape"
"""What shapes go by, where no field has the name."""


def demand_dates(condition: Expression, told: Sequence[Field]) -> None:
    """Raises InvalidFilter where a date is compared with what is none, or calculated with: nothing would ever be found."""
    names = [field.name for field in told]

    def is_date(operand: object) -> bool:
        at = find_name(operand.name, names) if isinstance(operand, Column) else None
        return at is not None and told[at].kind is FieldKind.DATE

    for node in walk(condition):
        if isinstance(node, Arithmetic) and (is_date(node.left) or is_date(node.right)):
            raise InvalidFilter("The filter calculates with a field that is not a number.")
        if isinstance(node, Comparison):
            for date, other in ((node.left, node.right), (node.right, node.left)):
                if is_date(date) and isinstance(other, Literal) and other.value not in (None, "") and moment(other.value) is None:
                    raise InvalidFilter("A date in the filter cannot be understood.")


def with_shape_tests(condition: Expression, told: Sequence[Field], test: Expression) -> Expression:
    """The condition with another test in place of ``Shape IS NULL``, where that is no field."""
    if find_name(_SHAPE, [field.name for field in told]) is not None:
        return condition

    def swapped(part: object) -> object:
        is_shape = isinstance(part, IsNull) and isinstance(part.column, Column) and part.column.name.casefold() == _SHAPE
        return test if is_shape else part

    return exchanged(condition, swapped)


def exchanged(value: T, swap: Callable[[object], object]) -> T:
    """Any part of a condition with what swap makes of its parts."""
    made: Any = swap(value)
    if made is not value:
        return made  # type: ignore[no-any-return]
    if isinstance(value, tuple):
        made = tuple(exchanged(item, swap) for item in value)
    elif is_dataclass(value) and not isinstance(value, type):
        made = replace(value, **{part.name: exchanged(getattr(value, part.name), swap) for part in fields(value)})
    return made  # type: ignore[no-any-return]

"""The fields that a style names, met with those that a dataset has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import partial, reduce
from typing import Any, TypeVar

from rendermap.symbology.expressions.evaluate import find_name
from rendermap.symbology.expressions.tree import Arithmetic, Call, Column, Expression, Literal, Operand, columns
from rendermap.symbology.facts import Field, FieldKind, VectorFacts

T = TypeVar("T")

_NAMING = ("field", "fields", "normalization_field")
"""Attributes of themes that are names of fields."""


def field_of(name: str, facts: VectorFacts) -> Field | None:
    """The dataset's own field of a name, as `find_name` has it; layer files often name it with its table.  None for one that is hidden."""
    at = find_name(name, [*facts.hidden, *(field.name for field in facts.fields)])
    return facts.fields[at - len(facts.hidden)] if at is not None and at >= len(facts.hidden) else None


def has_fields(names: Iterable[str], facts: VectorFacts) -> bool:
    """True when the dataset has them all."""
    return all(field_of(name, facts) for name in names)


def has_all_of(expression: Expression | Operand | None, facts: VectorFacts) -> bool:
    """True when the dataset has every field that an expression asks for."""
    return expression is None or has_fields(columns(expression), facts)


def respelled(value: T, facts: VectorFacts) -> T:
    """A style, or any part of it, with every column named as the dataset spells it; the very same object where all are."""

    def spelled(part: object) -> object:
        found = field_of(part.name, facts) if isinstance(part, Column) else None
        return Column(found.name) if found and isinstance(part, Column) and found.name != part.name else part

    return _exchanged(value, spelled)  # type: ignore[no-any-return]


def with_sums(value: T, facts: VectorFacts) -> T:
    """A style, or any part of it, with plain sums where the dataset tells that there are numbers, not texts, to join."""

    def is_number(part: object) -> bool:
        match part:
            case Column(name):
                found = field_of(name, facts)
                return found is not None and found.kind in (FieldKind.INTEGER, FieldKind.REAL)
            case Literal(known):
                return isinstance(known, int | float) and not isinstance(known, bool)
        return isinstance(part, Arithmetic)

    def summed(part: object) -> object:
        if not isinstance(part, Call) or part.function != "sum_or_join":
            return part
        parts = [_exchanged(each, summed) for each in part.arguments]
        return reduce(partial(Arithmetic, "+"), parts) if all(map(is_number, parts)) else part

    return _exchanged(value, summed)  # type: ignore[no-any-return]


def fields_named(value: object) -> Iterator[str]:
    """The fields that a style, or any part of it, asks for, as it spells them."""
    if isinstance(value, Column):
        yield value.name
    elif isinstance(value, tuple):
        for item in value:
            yield from fields_named(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            item = getattr(value, part.name)
            if part.name in _NAMING:
                yield from (name for name in (item if isinstance(item, tuple) else (item,)) if isinstance(name, str) and name)
            yield from fields_named(item)


def _exchanged(value: Any, swap: Callable[[object], object]) -> Any:
    """Any part of a style with what swap makes of its parts; the very same object where that is nothing new."""
    swapped = swap(value)
    if swapped is not value:
        return swapped
    if type(value) is tuple:
        made = tuple(_exchanged(item, swap) for item in value)
        return made if any(a is not b for a, b in zip(made, value, strict=True)) else value
    if is_dataclass(value) and not isinstance(value, type):
        found_new = {f.name: (old := getattr(value, f.name), _exchanged(old, swap)) for f in fields(value)}
        changed = {name: new for name, (old, new) in found_new.items() if new is not old}
        return replace(value, **changed) if changed else value
    return value

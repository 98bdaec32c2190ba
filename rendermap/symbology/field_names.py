"""The fields that a style names, met with those that a dataset has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from rendermap.symbology.expressions.evaluate import find_name
from rendermap.symbology.expressions.tree import Column, Expression, Operand, columns
from rendermap.symbology.facts import Field, VectorFacts

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
    return _respelled(value, facts)  # type: ignore[no-any-return]


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


def _respelled(value: Any, facts: VectorFacts) -> Any:
    if isinstance(value, Column):
        found = field_of(value.name, facts)
        return Column(found.name) if found and found.name != value.name else value
    if type(value) is tuple:
        made = tuple(_respelled(item, facts) for item in value)
        return made if any(a is not b for a, b in zip(made, value, strict=True)) else value
    if is_dataclass(value) and not isinstance(value, type):
        found_new = {f.name: (old := getattr(value, f.name), _respelled(old, facts)) for f in fields(value)}
        changed = {name: new for name, (old, new) in found_new.items() if new is not old}
        return replace(value, **changed) if changed else value
    return value

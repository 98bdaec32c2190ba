"""What features and classes are matched by: keys that are equal exactly where a rule's comparison would be true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.errors import InvalidFilter
from rendermap.render.computed import calculated, is_null, worked_out
from rendermap.render.mapnik_filter import Columns, coerce
from rendermap.symbology.expressions.native import is_plain_sum
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import Column, Literal, Operand
from rendermap.symbology.expressions.tree import columns as names_in
from rendermap.symbology.facts import FieldKind
from rendermap.symbology.style import Categories, Value

NO_KEY = object()
"""Of a class that no feature is of."""

Table = Mapping[str, NDArray[Any]]
_KINDS = (FieldKind.INTEGER, FieldKind.REAL, FieldKind.TEXT, FieldKind.DATE, FieldKind.BOOLEAN)


@dataclass(frozen=True, slots=True)
class FieldKey:
    """A field as a filter compares it."""

    name: str
    kind: FieldKind

    def of_class(self, value: Value) -> Any:
        """None for null."""
        if value is None:
            return None
        try:
            typed = coerce(value, self.kind)
        except InvalidFilter:
            return NO_KEY
        return NO_KEY if typed is None else _number_key(typed) if self.kind is FieldKind.REAL else typed

    def of_features(self, table: Table) -> list[Any]:
        """A key for each."""
        column = table[self.name]
        values = _date_texts(column) if column.dtype.kind == "M" else column.tolist()
        spell = _SPELLINGS[self.kind]
        return [None if null else spell(value) for value, null in zip(values, is_null(column), strict=True)]


@dataclass(frozen=True, slots=True)
class SumKey:
    """A number that Mapnik works out itself."""

    operand: Operand

    def of_class(self, value: Value) -> Any:
        """None for null."""
        if value is None:
            return None
        typed = coerce(value, FieldKind.REAL)
        return NO_KEY if typed is None else typed

    def of_features(self, table: Table) -> list[Any]:
        """A key for each."""
        return calculated(self.operand, table, len(next(iter(table.values()))))


@dataclass(frozen=True, slots=True)
class TextKey:
    """A value made from the feature, as it is printed."""

    operand: Operand

    def of_class(self, value: Value) -> Any:
        """None for null."""
        return None if value is None else plain(value)

    def of_features(self, table: Table) -> list[Any]:
        """A key for each."""
        made = worked_out(self.operand, table, len(next(iter(table.values()))))
        return [None if value is None else plain(value) for value in made]


AnyKey = FieldKey | SumKey | TextKey


def keys_of(theme: Categories, columns: Columns) -> tuple[AnyKey, ...] | None:
    """What the theme's classes are told by, None where only a rule can tell.  Raises InvalidFilter for a field that is not there."""
    made = theme.expression
    if made is None or isinstance(made, Column):
        fields = [columns.find(name) for name in ((made.name,) if made else theme.fields)]
        return tuple(FieldKey(f.name, f.kind) for f in fields) if all(f.kind in _KINDS for f in fields) else None
    names = names_in(made)
    for name in names:
        columns.find(name)
    if not names or isinstance(made, Literal):
        return None
    if is_plain_sum(made):
        return (SumKey(made),) if columns.is_number(made) else None
    return (TextKey(made),)


def _number_key(value: Any) -> float:
    """Whole numbers as they are, others in single precision: layer files carry 0.1 where such a field holds 0.10000000149."""
    return float(value) if float(value).is_integer() else float(np.float32(value))


def _date_texts(column: NDArray[Any]) -> list[str]:
    """As `coerce` writes dates; parts of a second do not count."""
    texts: list[str] = np.datetime_as_string(column.astype("datetime64[s]")).tolist()
    return [text.replace("-", "/").replace("T", " ").removesuffix(" 00:00:00") for text in texts]


_SPELLINGS: Mapping[FieldKind, Callable[[Any], Any]] = {
    FieldKind.INTEGER: int,
    FieldKind.REAL: _number_key,
    FieldKind.TEXT: str,
    FieldKind.DATE: str,
    FieldKind.BOOLEAN: int,
}

"""Columns that a copy of a dataset has beyond the dataset's own: values that neither Mapnik nor OGR can work out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology.expressions.evaluate import Value, find_name, value_of
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.expressions.tree import columns as names_in

Columns = Mapping[str, NDArray[Any]]
Masked = tuple[NDArray[Any], NDArray[np.bool_]]


def computed_columns(columns: Columns, wanted: Mapping[Operand, str], count: int) -> dict[str, Masked]:
    """The wanted values of count rows under the wanted names: data, and where it is null.

    A column with any text in it is text.  Raises InvalidExpression for a field that the dataset does not have.
    """
    lists: dict[str, list[Any]] = {}
    return {alias: _column(operand, columns, lists, count) for operand, alias in wanted.items()}


def _column(operand: Operand, columns: Columns, lists: dict[str, list[Any]], count: int) -> Masked:
    used = _used(operand, columns)
    for name in used:
        if name not in lists:
            lists[name] = plain_values(columns[name])
    return _typed(_asked(operand, used, lists, count))


def worked_out(operand: Operand, columns: Columns, count: int) -> list[Value]:
    """A value of count rows, None for null.  Raises as `computed_columns` does."""
    used = _used(operand, columns)
    return _asked(operand, used, {name: plain_values(columns[name]) for name in used}, count)


def calculated(operand: Operand, columns: Columns, count: int) -> list[Value]:
    """As `worked_out`, of numbers as Mapnik reads them, those in single precision too.  Raises as `computed_columns` does."""
    used = _used(operand, columns)
    wide = {name: columns[name].astype(float) if columns[name].dtype.kind == "f" else columns[name] for name in used}
    return _asked(operand, used, {name: plain_values(data) for name, data in wide.items()}, count)


def _used(operand: Operand, columns: Columns) -> list[str]:
    names = list(columns)
    return sorted({names[index] for name in names_in(operand) if (index := find_name(name, names)) is not None})


def _asked(operand: Operand, used: Sequence[str], lists: Mapping[str, list[Any]], count: int) -> list[Value]:
    rows = zip(*(lists[name] for name in used), strict=True) if used else [()] * count
    ask = value_of(operand, used)
    return [ask(row) for row in rows]


def is_null(data: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column has no value."""
    if data.dtype.kind == "f":
        return np.asarray(np.isnan(data))
    if data.dtype.kind == "M":
        return np.asarray(np.isnat(data))
    return np.array([value is None for value in data], bool) if data.dtype.kind == "O" else np.zeros(len(data), bool)


def plain_values(data: NDArray[Any]) -> list[Any]:
    """A column as Python has values: None for null, datetimes for dates, and single-precision numbers as they are read."""
    if data.dtype.kind == "M":
        return data.astype("datetime64[us]").tolist()  # type: ignore[no-any-return]
    if data.dtype == np.float32:
        data = data.astype(str).astype(float)
    values: list[Any] = data.tolist()
    return [None if value != value else value for value in values] if data.dtype.kind == "f" else values


def _typed(values: Sequence[Value]) -> Masked:
    missing = np.array([value is None for value in values], bool)
    kinds = {type(value) for value in values} - {type(None)}
    if str in kinds:
        return np.array([None if value is None else plain(value) for value in values], object), missing
    if kinds and kinds <= {int, bool}:
        return np.array([value or 0 for value in values], np.int64), missing
    return np.array([value or 0.0 for value in values], float), missing

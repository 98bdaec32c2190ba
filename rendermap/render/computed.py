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
    names = list(columns)
    used = sorted({names[index] for name in names_in(operand) if (index := find_name(name, names)) is not None})
    for name in used:
        if name not in lists:
            lists[name] = plain_values(columns[name])
    rows = zip(*(lists[name] for name in used), strict=True) if used else [()] * count
    ask = value_of(operand, used)
    return _typed([ask(row) for row in rows])


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

"""The values that features have in a field, in several together, or that are made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyogrio.raw
from numpy.typing import NDArray

from rendermap.dispatch.plan import MeasurePlan
from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import Layer
from rendermap.render.computed import is_null, plain_values
from rendermap.render.csv_rows import read_rows
from rendermap.render.vector_facts import ERRORS, quiet
from rendermap.symbology.expressions.evaluate import test_of, value_of
from rendermap.symbology.expressions.tree import Arithmetic, Column, Expression, Literal, Operand, columns, walk

Values = NDArray[Any]
Table = dict[str, Values]
Value = str | float | int | bool | None


def values_of(plan: MeasurePlan) -> tuple[Values, int]:
    """(values, number of nulls) of the field as pyogrio types it, or of what is made from each feature; nulls are left out.

    Raises SourceUnreadable when there is no such field.
    """
    operand: Operand = plan.value if plan.value is not None else Column(plan.field or "")
    table = read_table(plan.layer, _names(operand, plan.where))
    column = _counted(made_of(operand, table), plan.where, table)
    known = column[~is_null(column)]
    if known.dtype.kind == "M":
        known = np.asarray([str(value) for value in known], object)
    return known, len(column) - len(known)


def combinations_of(plan: MeasurePlan) -> Counter[tuple[Value, ...]]:
    """How often each combination of the fields' values is there, null being a value too.  Raises SourceUnreadable."""
    table = read_table(plan.layer, tuple(dict.fromkeys((*plan.fields, *(columns(plan.where) if plan.where is not None else ())))))
    rows = zip(*(counted_values(_counted(table[name], plan.where, table)) for name in plan.fields), strict=True)
    return Counter(rows)


def _names(operand: Operand, where: Expression | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*sorted(columns(operand)), *(sorted(columns(where)) if where is not None else ()))))


def read_table(layer: Layer, names: tuple[str, ...]) -> Table:
    """Columns by name, each with a value per feature.  Raises SourceUnreadable when one is not there."""
    table = read_rows(layer)[1] if layer.reader == "csv" else _read_columns(layer, names)
    lost = [name for name in names if name not in table]
    if lost:
        raise SourceUnreadable(
            "The dataset of this layer lacks a field that its symbology needs.", reason=f"{layer.open_name}: no {lost[0]!r}"
        )
    return table


def _read_columns(layer: Layer, names: tuple[str, ...]) -> Table:
    try:
        with quiet():
            meta, _, _, data = pyogrio.raw.read(
                layer.open_name, layer=layer.source.member, columns=list(names), read_geometry=False, encoding=layer.encoding
            )
    except ERRORS as error:
        raise SourceUnreadable(reason=f"{layer.open_name} ({layer.source.member}): {error}") from error
    return dict(zip(map(str, meta["fields"]), data, strict=True))


def counted_values(column: Values) -> list[Value]:
    """A column as Python has it, None for null; dates are text."""
    values = [str(value) for value in column] if column.dtype.kind == "M" else column.tolist()
    return [None if null else value for value, null in zip(values, is_null(column), strict=True)]


def made_of(operand: Operand, table: Table) -> Values:
    """What is made from each feature: numbers as real numbers with nan for null, all else as objects with None."""
    if isinstance(operand, Column):
        return table[operand.name]
    if _is_sum(operand, table):
        with np.errstate(all="ignore"):
            result = np.broadcast_to(_calculated(operand, table), len(next(iter(table.values()))))
        return np.where(np.isfinite(result), result, np.nan)
    names = tuple(sorted(columns(operand)))
    made = [value_of(operand, names)(row) for row in _rows(names, table)]
    numbers = all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in made)
    return np.array([np.nan if v is None else v for v in made], float) if numbers else np.array([*made, None], object)[:-1]


def _is_sum(operand: Operand, table: Table) -> bool:
    return bool(columns(operand)) and all(
        isinstance(node, Arithmetic)
        or (isinstance(node, Literal) and isinstance(node.value, int | float))
        or (isinstance(node, Column) and table[node.name].dtype.kind in "iuf")
        for node in walk(operand)
    )


def _calculated(operand: Operand, table: Table) -> Any:
    match operand:
        case Column(name):
            return table[name].astype(np.float64)
        case Literal(value):
            return np.float64(value or 0)
        case Arithmetic(sign, left, right):
            run = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[sign]
            return run(_calculated(left, table), _calculated(right, table))
    raise TypeError(type(operand).__name__)


def _counted(column: Values, where: Expression | None, table: Table) -> Values:
    return column if where is None else column[passes(where, table)]


def passes(condition: Expression, table: Table) -> NDArray[np.bool_]:
    """Which features meet a condition; those for which it is unknown do not."""
    names = tuple(sorted(columns(condition)))
    test = test_of(condition, names)
    return np.array([test(row) is True for row in _rows(names, table)], bool)


def _rows(names: tuple[str, ...], table: Table) -> Iterator[tuple[Value, ...]]:
    if not names:
        return iter([()] * len(next(iter(table.values()), ())))
    return zip(*(plain_values(table[name]) for name in names), strict=True)

"""Features that are asked for: which they are, and what is told of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.found import Found, Value
from rendermap.dispatch.plan import FeaturesPlan
from rendermap.errors import StyleInvalid, TooCostly
from rendermap.geo.bbox import BBox, pad
from rendermap.limits import ANSWER_BYTES
from rendermap.render.computed import plain_values
from rendermap.render.feature_shapes import Mask, cut, extent_in, lies, on_grid, query_geometry, shape_from, shown, span_of, turned_onto
from rendermap.render.feature_table import FeatureTable, of_rows, passes, read_chosen, read_features, told, with_ids, with_shape
from rendermap.render.label_classes import fields_of_theme, shown_by
from rendermap.request import Order, Statistic, Sum, Wanted
from rendermap.symbology.expressions.evaluate import find_name
from rendermap.symbology.expressions.tree import FEATURE_ID, SHAPE, columns
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import VectorTheme

_POSITION_BYTES, _VALUE_BYTES = 40, 24
"""About what a position and a value that is no text take on the wire."""

_BOX_STEPS = 5
"""A box is made so many cells wider before features are looked up by it: a grid moves them."""


def find_features(plan: FeaturesPlan) -> Found:
    """The features of a plan.

    Raises SourceUnreadable, InvalidParameter for a place that is none, TooCostly for an answer that is too large.
    """
    table = _candidates(plan)
    match plan.wanted:
        case Wanted.COUNT:
            return Found(count=len(table))
        case Wanted.EXTENT:
            return Found(count=len(table), bounds=None if table.shapes is None else span_of(table.shapes, plan.crs, plan.out_crs))
        case Wanted.IDS:
            return _ids(table, plan)
        case Wanted.DISTINCT:
            return _rows(dict.fromkeys(_values(table, plan.fields)), plan.fields, plan)
        case Wanted.STATISTICS:
            return _rows(_statistics(table, plan), plan.fields, plan)
    return _features(table, plan)


# --- which ------------------------------------------------------------------------------------------------------------


def _candidates(plan: FeaturesPlan) -> FeatureTable:
    """All features that the question is about, with the columns and shapes that it needs to be answered."""
    around = _around_data(plan)
    asked = query_geometry(plan.spatial_filter, plan.crs) if plan.spatial_filter else None
    extent = extent_in(plan.extent_deg, plan.crs, around) if plan.extent_deg else None
    places = [turned_onto(asked, plan.crs, around)] if asked is not None else []
    box = _box_of([*places, extent] if extent is not None else places, plan.cell)
    asks_shape = plan.where is not None and SHAPE in columns(plan.where)
    needs_shapes = asked is not None or extent is not None or plan.wanted is Wanted.EXTENT or asks_shape
    hidden = _deciding(plan)
    raw = with_ids(read_features(plan.layer, [*_names(plan), *hidden], with_shapes=needs_shapes, box=box))
    if plan.definition:
        raw = raw.pick(passes(plan.definition, raw))
    if plan.theme:
        raw = raw.pick(_drawn(plan.theme, raw))
    table = told(raw, plan)
    if plan.ids is not None:
        table = table.pick(np.isin(table.ids, np.array(plan.ids, np.int64)))
    if plan.where:
        table = table.pick(passes(plan.where, with_shape(table) if asks_shape else table))
    if needs_shapes:
        table = _told_shapes(table, plan, extent)
    if plan.spatial_filter and asked is not None and table.shapes is not None:
        table = table.pick(lies(table.shapes, asked, plan.spatial_filter.relation, plan.crs, around))
    return table


def _deciding(plan: FeaturesPlan) -> list[str]:
    """The columns that decide what is drawn, whether they may be told or not.  Raises StyleInvalid for one that is not there."""
    facts = plan.layer.facts
    assert isinstance(facts, VectorFacts)
    known = [FEATURE_ID, *(field.name for field in facts.fields)]
    places = [find_name(name, known) for name in (fields_of_theme(plan.theme) if plan.theme else ())]
    if None in places:
        raise StyleInvalid(reason="the theme names a field that the dataset does not have")
    shown = {known[place] for place in places if place is not None}
    return sorted(shown.union(columns(plan.definition) if plan.definition else ()) - {FEATURE_ID})


def _names(plan: FeaturesPlan) -> set[str]:
    """The dataset's own columns that decide which features are told, and in which order."""
    names = set(columns(plan.where)) if plan.where else set()
    names |= {each.field for each in plan.order} | {each.field for each in plan.statistics} | set(plan.group_by)
    names |= set(plan.fields) if plan.wanted is Wanted.DISTINCT else set()
    made = {each.name for each in plan.statistics if each.name not in plan.group_by and each.name != each.field}
    return names - {plan.id_field, SHAPE} - made


def _around_data(plan: FeaturesPlan) -> BBox | None:
    """The box around all features, wherever a grid moves them."""
    box, cell = plan.layer.bbox, plan.cell or 0.0
    return pad(box, cell, cell) if box else None


def _box_of(places: Sequence[shapely.Geometry], cell: float | None) -> BBox | None:
    """The box that all places have in common, None for everywhere."""
    if not places:
        return None
    bounds = np.array([shapely.bounds(place) for place in places])
    if not np.isfinite(bounds).all():
        return None
    low, high = bounds[:, :2].max(axis=0), bounds[:, 2:].min(axis=0)
    box = BBox(*map(float, np.minimum(low, high)), *map(float, np.maximum(low, high)))
    return pad(box, cell * _BOX_STEPS, cell * _BOX_STEPS) if cell else box


def _drawn(theme: VectorTheme, table: FeatureTable) -> Mask:
    """Which features a theme draws."""
    return of_rows(shown_by(theme, tuple(table.columns)), tuple(table.columns), table)


def _told_shapes(table: FeatureTable, plan: FeaturesPlan, extent: shapely.Geometry | None) -> FeatureTable:
    """With the shapes that may be told, without features of which nothing lies in the granted part."""
    shapes = table.shapes
    assert shapes is not None
    if plan.cell:
        shapes = on_grid(shapes, plan.cell)
    if extent is None:
        return FeatureTable(table.ids, table.columns, shapes)
    inside = cut(shapes, extent)
    return FeatureTable(table.ids, table.columns, inside).pick(~(shapely.is_missing(inside) | shapely.is_empty(inside)))


# --- what is told -----------------------------------------------------------------------------------------------------


def _features(table: FeatureTable, plan: FeaturesPlan) -> Found:
    ordered = table.pick(_sorted(table.columns, plan.order, len(table))) if plan.order else table
    chosen = ordered.pick(np.arange(plan.offset, min(plan.offset + plan.limit, len(ordered))))
    told_now = _with_everything(chosen, plan)
    rows = _values(told_now, plan.fields)
    shapes: list[Any] = [None] * len(rows)
    if plan.with_shapes and told_now.shapes is not None:
        visible = shown(told_now.shapes, plan)
        sizes = shapely.get_num_coordinates(visible) * _POSITION_BYTES
        kept = _fitting([size + _size_of(row) for size, row in zip(sizes.tolist(), rows, strict=True)])
        shapes = [shape_from(shape, with_z=plan.with_z) for shape in visible[:kept]]
    else:
        kept = _fitting(map(_size_of, rows))
    is_more = plan.offset + kept < len(table)
    return Found(tuple(rows[:kept]), tuple(told_now.ids[:kept].tolist()), tuple(shapes[:kept]), len(table), None, is_more)


def _with_everything(chosen: FeatureTable, plan: FeaturesPlan) -> FeatureTable:
    """The chosen features with all columns and shapes that are told."""
    missing = [name for name in plan.fields if name not in chosen.columns]
    needs_shapes = plan.with_shapes and chosen.shapes is None
    if not missing and not needs_shapes:
        return chosen
    more = told(read_chosen(plan.layer, missing, chosen.ids, with_shapes=needs_shapes), plan)
    shapes = chosen.shapes
    if needs_shapes and more.shapes is not None:
        shapes = on_grid(more.shapes, plan.cell) if plan.cell else more.shapes
    return FeatureTable(chosen.ids, {**more.columns, **chosen.columns}, shapes)


def _ids(table: FeatureTable, plan: FeaturesPlan) -> Found:
    ordered = table.pick(_sorted(table.columns, plan.order, len(table))) if plan.order else table
    kept = _fitting([_VALUE_BYTES] * len(ordered))
    return Found(ids=tuple(ordered.ids[:kept].tolist()), count=len(table), is_more=kept < len(table))


def _rows(rows: Iterable[tuple[Value, ...]], names: Sequence[str], plan: FeaturesPlan) -> Found:
    """Rows that are no features, sorted."""
    listed = list(rows)
    table = {name: np.array([*(row[place] for row in listed), None], object)[:-1] for place, name in enumerate(names)}
    order = _sorted(table, plan.order, len(listed)) if plan.order else np.arange(len(listed))
    chosen = [listed[place] for place in order[plan.offset : plan.offset + plan.limit].tolist()]
    kept = _fitting(map(_size_of, chosen))
    return Found(rows=tuple(chosen[:kept]), count=len(listed), is_more=plan.offset + kept < len(listed))


def _sorted(table: dict[str, NDArray[Any]], order: Sequence[Order], count: int) -> NDArray[np.intp]:
    """Places in sorted order: numbers before texts, nulls last, equals as they were."""
    places = list(range(count))
    for each in reversed(order):
        values = plain_values(table[each.field])
        known = [place for place in places if values[place] is not None]
        unknown = [place for place in places if values[place] is None]
        ranks = {place: _rank(values[place]) for place in known}
        places = [*sorted(known, key=ranks.__getitem__, reverse=each.is_descending), *unknown]
    return np.array(places, np.intp)


def _rank(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def _values(table: FeatureTable, names: Sequence[str]) -> list[tuple[Value, ...]]:
    """Rows as they are told; dates as milliseconds since 1970."""
    if not names:
        return [()] * len(table)
    return list(zip(*(_told_values(table.columns[name]) for name in names), strict=True))


def _told_values(data: NDArray[Any]) -> list[Value]:
    if data.dtype.kind == "M":
        stamps = data.astype("datetime64[ms]")
        return [None if missing else stamp for stamp, missing in zip(stamps.astype(np.int64).tolist(), np.isnat(stamps), strict=True)]
    values = plain_values(data)
    return [value if value is None or isinstance(value, str | int) or math.isfinite(value) else None for value in values]


def _fitting(sizes: Iterable[int]) -> int:
    """How many of the first fit into an answer.  Raises TooCostly where not even one does."""
    total = kept = 0
    for size in sizes:
        total += size
        if total > ANSWER_BYTES.value:
            break
        kept += 1
    if total > ANSWER_BYTES.value and not kept:
        raise TooCostly(ANSWER_BYTES.sentence)
    return kept


def _size_of(row: tuple[Value, ...]) -> int:
    return sum(_VALUE_BYTES + (len(value) if isinstance(value, str) else 0) for value in row) + _VALUE_BYTES


# --- statistics -------------------------------------------------------------------------------------------------------


def _statistics(table: FeatureTable, plan: FeaturesPlan) -> list[tuple[Value, ...]]:
    """A row for each group, in the order of their first features; one for all where nothing groups them."""
    keys = _values(table, plan.group_by)
    members: dict[tuple[Value, ...], list[int]] = {} if plan.group_by else {(): []}
    for place, key in enumerate(keys):
        members.setdefault(key, []).append(place)
    values = {each.field: np.array([*_told_values(table.columns[each.field]), None], object)[:-1] for each in plan.statistics}
    return [(*key, *(_made(each, values[each.field][places]) for each in plan.statistics)) for key, places in members.items()]


def _made(statistic: Statistic, values: NDArray[Any]) -> Value:
    known = [value for value in values.tolist() if value is not None]
    if statistic.kind is Sum.COUNT:
        return len(known)
    if statistic.kind in (Sum.MIN, Sum.MAX):
        found: Value = _EXTREMES[statistic.kind](known, key=_rank, default=None)
        return found
    numbers = [float(value) for value in known if not isinstance(value, str)]
    return _SUMS[statistic.kind](np.array(numbers)) if numbers else None


_EXTREMES: dict[Sum, Callable[..., Any]] = {Sum.MIN: min, Sum.MAX: max}
_SUMS: dict[Sum, Callable[[NDArray[np.float64]], float | None]] = {
    Sum.SUM: lambda values: _finite(values.sum()),
    Sum.AVG: lambda values: _finite(values.mean()),
    Sum.VAR: lambda values: _finite(values.var(ddof=1)) if len(values) > 1 else None,
    Sum.STDDEV: lambda values: _finite(values.std(ddof=1)) if len(values) > 1 else None,
}


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None

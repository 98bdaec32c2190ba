"""The features of a layer as they may be told: ids, columns, and shapes on the granted grid within the granted part of the earth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import FeaturesPlan
from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import Layer
from rendermap.render.computed import plain_values
from rendermap.render.copies import Shapes, member_of
from rendermap.render.csv_rows import read_rows
from rendermap.render.vector_facts import ERRORS, quiet
from rendermap.symbology.expressions.date_text import moment
from rendermap.symbology.expressions.evaluate import Test, test_of
from rendermap.symbology.expressions.tree import FEATURE_ID, SHAPE, Expression, columns
from rendermap.symbology.facts import FieldKind, VectorFacts

Columns = dict[str, NDArray[Any]]
Mask = NDArray[np.bool_]
_READS_ALONE = ("GPKG", "OpenFileGDB", "ESRI Shapefile", "GeoJSON")
"""Drivers that find a feature by its id without looking at all others."""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """ids: whole numbers.  columns: by name, a value per feature.  shapes: None where none were asked for."""

    ids: NDArray[np.int64]
    columns: Columns
    shapes: Shapes | None = None

    def pick(self, which: NDArray[Any]) -> FeatureTable:
        """Some of the rows, by a mask or by places."""
        shapes = None if self.shapes is None else self.shapes[which]
        return FeatureTable(self.ids[which], {name: data[which] for name, data in self.columns.items()}, shapes)

    def __len__(self) -> int:
        return len(self.ids)


def read_features(layer: Layer, names: Iterable[str], *, with_shapes: bool, box: BBox | None = None) -> FeatureTable:
    """Features whose boxes meet a box in the data's CRS, in the dataset's order.  Raises SourceUnreadable."""
    wanted = tuple(dict.fromkeys(names))
    if layer.reader == "csv":
        return _read_csv(layer, wanted, with_shapes=with_shapes)
    return _read(layer, wanted, with_shapes, bbox=(box.xmin, box.ymin, box.xmax, box.ymax) if box else None)


def read_chosen(layer: Layer, names: Iterable[str], ids: NDArray[np.int64], *, with_shapes: bool) -> FeatureTable:
    """The features of some ids that are there, in the order of the ids.  Raises SourceUnreadable."""
    if layer.driver in _READS_ALONE and layer.reader != "csv":
        return _read(layer, tuple(dict.fromkeys(names)), with_shapes, fids=ids)
    table = read_features(layer, names, with_shapes=with_shapes)
    order = np.argsort(table.ids, kind="stable")
    return table.pick(order[np.searchsorted(table.ids[order], ids)])


def _read(layer: Layer, names: tuple[str, ...], with_shapes: bool, **options: Any) -> FeatureTable:
    if options.get("fids") is not None and not len(options["fids"]):
        options = {"max_features": 1}
        return _read(layer, names, with_shapes, **options).pick(np.zeros(0, int))
    try:
        with quiet():
            meta, ids, wkb, data = pyogrio.raw.read(
                layer.open_name,
                layer=member_of(layer),
                columns=_alike(layer, names),
                read_geometry=with_shapes,
                encoding=layer.encoding,
                return_fids=True,
                **options,
            )
        shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), object) if with_shapes else None
    except ERRORS as error:
        raise SourceUnreadable(reason=f"{layer.open_name} ({layer.source.member}): {error}") from error
    columns = {str(name): column for name, column in zip(meta["fields"], data, strict=True) if name in names}
    return FeatureTable(np.asarray(ids, np.int64), columns, shapes)


def _alike(layer: Layer, names: tuple[str, ...]) -> list[str]:
    """The columns, and those of the same name but for case: GDAL, told to pass over one of them, may pass over the other."""
    wanted = set(map(str.casefold, names))
    fields = layer.facts.fields if isinstance(layer.facts, VectorFacts) else ()
    return [*names, *(field.name for field in fields if field.name not in names and field.name.casefold() in wanted)]


def _read_csv(layer: Layer, names: tuple[str, ...], *, with_shapes: bool) -> FeatureTable:
    shapes, columns = read_rows(layer)
    kinds = {field.name: field.kind for field in layer.facts.fields} if isinstance(layer.facts, VectorFacts) else {}
    typed = {name: _typed(columns[name], kinds.get(name)) for name in names if name in columns}
    return FeatureTable(np.arange(len(shapes), dtype=np.int64), typed, shapes if with_shapes else None)


def _typed(data: NDArray[Any], kind: FieldKind | None) -> NDArray[Any]:
    if kind is FieldKind.DATE:
        return np.array([moment(text) for text in data], "datetime64[ms]")
    if kind in (FieldKind.INTEGER, FieldKind.BOOLEAN):
        make: Callable[[float], object] = int if kind is FieldKind.INTEGER else bool
        return np.array([*(None if value != value else make(value) for value in data), None], object)[:-1]
    return data


def with_ids(table: FeatureTable) -> FeatureTable:
    """The table with the ids as a column, for conditions of the style."""
    return FeatureTable(table.ids, {**table.columns, FEATURE_ID: table.ids}, table.shapes)


def with_shape(table: FeatureTable) -> FeatureTable:
    """The table with a column that is null where there is no shape."""
    assert table.shapes is not None
    is_there = ~(shapely.is_missing(table.shapes) | shapely.is_empty(table.shapes))
    return FeatureTable(table.ids, {**table.columns, SHAPE: np.where(is_there, 1.0, np.nan)}, table.shapes)


def told(table: FeatureTable, plan: FeaturesPlan) -> FeatureTable:
    """The table with its numbers as exact as they may be told, and the ids as a column."""
    decimals = dict(plan.decimals)
    columns = {name: _rounded(data, decimals[name]) if name in decimals else data for name, data in table.columns.items()}
    return FeatureTable(table.ids, {**columns, plan.id_field: table.ids}, table.shapes)


def _rounded(data: NDArray[Any], decimals: int) -> NDArray[Any]:
    if data.dtype.kind == "O":
        return np.array([*(value if value is None else round(value, decimals) for value in data), None], object)[:-1]
    if data.dtype.kind in "iu":
        return data if decimals >= 0 else np.round(data.astype(np.int64), decimals)
    return np.asarray(np.round(data.astype(np.float64), decimals))


# --- conditions -------------------------------------------------------------------------------------------------------


def passes(condition: Expression, table: FeatureTable) -> Mask:
    """Which features meet a condition; those for which it is unknown do not."""
    names = tuple(sorted(columns(condition)))
    test = test_of(condition, names)
    return of_rows(test, names, table)


def of_rows(test: Test, names: tuple[str, ...], table: FeatureTable) -> Mask:
    if not names:
        return np.full(len(table), test(()) is True)
    rows = zip(*(plain_values(table.columns[name]) for name in names), strict=True)
    return np.fromiter((test(row) is True for row in rows), bool, len(table))


def passing_ids(
    layer: Layer, condition: Expression, drawn: Expression | None, extent: shapely.Geometry | None
) -> tuple[NDArray[np.int64], Mask]:
    """The ids of the features that may be seen, and which of them meet a condition.  Raises SourceUnreadable.

    drawn: met by features that may be seen, None for all.  extent: where they lie, in the data's CRS, None for anywhere.
    """
    box = BBox(*shapely.bounds(extent).tolist()) if extent is not None and not shapely.is_empty(extent) else None
    names = columns(condition) | (columns(drawn) if drawn else frozenset())
    # of those without a shape nothing is seen
    table = with_ids(read_features(layer, names - {FEATURE_ID}, with_shapes=True, box=box))
    assert table.shapes is not None
    table = table.pick(~(shapely.is_missing(table.shapes) | shapely.is_empty(table.shapes)))
    if extent is not None:
        shapely.prepare(extent)
        table = table.pick(np.asarray(shapely.intersects(extent, table.shapes)))
    if drawn is not None:
        table = table.pick(passes(drawn, table))
    return table.ids, passes(condition, table)

"""The points of whole datasets, in a map's CRS, kept warm between pictures."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import SourceUnreadable
from rendermap.geo.crs import transformer
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.copy_store import kept_copy
from rendermap.render.densities import peak_density
from rendermap.render.field_values import Table, made_of, passes
from rendermap.render.seals import Held, hold
from rendermap.render.vector_facts import ERRORS, quiet
from rendermap.render.vector_source import VectorSource, source_of
from rendermap.symbology.expressions.tree import Expression, Operand, columns

MOST_POINTS = 4_000_000
"""Of one dataset; of a larger one every second, third, ... feature stands for all."""

_MOST_WARM = 8_000_000
_READ_AT_ONCE = 1 << 19

Floats = NDArray[np.float64]


class Points:
    """Points (x, y, weight) of one dataset, which must come from north to south.  held: the file they lie in."""

    def __init__(self, points: Floats, held: Held) -> None:
        self.held = held
        self._points = points
        self._southings = -points[:, 1]
        self._peaks: dict[tuple[float, float], float] = {}

    def __len__(self) -> int:
        return len(self._points)

    def near(self, view: MapView, reach_px: float) -> Floats:
        """Those within reach of a view."""
        box, dx, dy = view.bbox, view.bbox.width / view.width_px, view.bbox.height / view.height_px
        margin_x, margin_y = (reach_px + 2) * dx, (reach_px + 2) * dy
        first, last = np.searchsorted(self._southings, (-(box.ymax + margin_y), -(box.ymin - margin_y)))
        rows = self._points[first:last]
        return rows[(rows[:, 0] >= box.xmin - margin_x) & (rows[:, 0] <= box.xmax + margin_x)]

    def peak(self, pixel: float, radius_px: float) -> float:
        """The highest density anywhere, looked for once; see `peak_density`."""
        key = pixel, round(radius_px, 3)
        if key not in self._peaks:
            self._peaks[key] = peak_density(self._points, pixel, radius_px)
        return self._peaks[key]


class WarmPoints:
    """The datasets used last; they belong to one thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[object, Points] = OrderedDict()

    def get(self, plan: LayerPlan, weight: Operand | None, crs: str) -> Points:
        """The points of a layer's features that pass its filter, in a CRS.  Raises SourceUnreadable."""
        layer = plan.layer
        source = layer.source
        key = (source.path, source.member, source.fingerprint, layer.reader, layer.encoding, plan.crs, crs, plan.style.filter, weight)
        points = self._kept.get(key)
        if points is None or points.held.is_spoilt:
            # a copy of its own is made before: one made on the way to another could wait for itself
            read_from = source_of(plan, plan.crs)
            # read once for all workers, which then share the file's memory
            file = kept_copy(("points", key), ".npy", source, lambda file: _save(file, read_from, plan, weight, crs))
            held = hold(file)
            points = self._kept[key] = Points(np.load(file, mmap_mode="r"), held)
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self._limit:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return points

    def forget(self) -> None:
        """Drop them all."""
        self._kept.clear()


WARM_POINTS = WarmPoints(_MOST_WARM)


def _save(file: Path, source: VectorSource, plan: LayerPlan, weight: Operand | None, crs: str) -> None:
    points = _carried(_read(source, plan.layer, weight, plan.style.filter), plan.crs, crs)
    np.save(file, points[np.argsort(-points[:, 1], kind="stable")])


def _read(source: VectorSource, layer: Layer, weight: Operand | None, drawn: Expression | None) -> Floats:
    step = max(math.ceil(getattr(layer.facts, "count", 0) / MOST_POINTS), 1)
    names = tuple(sorted(frozenset[str]().union(*(columns(it) for it in (weight, drawn) if it is not None))))
    parts = [_points_of(shapes[::step], _every(table, step), weight, drawn, step) for shapes, table in _batches(source, layer, names)]
    return np.concatenate(parts) if parts else np.empty((0, 3))


def _every(table: Table, step: int) -> Table:
    return {name: column[::step] for name, column in table.items()}


def _batches(source: VectorSource, layer: Layer, names: tuple[str, ...]) -> Iterator[tuple[NDArray[np.object_], Table]]:
    """Geometries and columns, so many features at a time."""
    skipped = 0
    while True:
        try:
            with quiet():
                meta, _, wkb, data = pyogrio.raw.read(
                    source.file, layer=source.member, columns=list(names), skip_features=skipped, max_features=_READ_AT_ONCE,
                    encoding=layer.encoding if layer.reader == "ogr" else None,
                )  # fmt: skip
        except ERRORS as error:
            raise SourceUnreadable(reason=f"{source.file} ({source.member}): {error}") from error
        if wkb is None or not len(wkb):
            return
        yield shapely.from_wkb(wkb, on_invalid="ignore"), dict(zip(map(str, meta["fields"]), data, strict=True))
        if len(wkb) < _READ_AT_ONCE:
            return
        skipped += len(wkb)


def _points_of(shapes: NDArray[np.object_], table: Table, weight: Operand | None, drawn: Expression | None, step: int) -> Floats:
    weights = np.ones(len(shapes)) if weight is None else np.nan_to_num(np.maximum(_numbers(weight, table, len(shapes)), 0.0))
    drawn_here = weights > 0 if drawn is None else (weights > 0) & passes(drawn, table)
    flat = shapes[drawn_here]
    wide = shapely.get_dimensions(flat) > 0
    flat[wide] = shapely.point_on_surface(flat[wide])
    xy, owners = shapely.get_coordinates(flat, return_index=True)
    return np.column_stack([xy, weights[drawn_here][owners] * step])


def _numbers(weight: Operand, table: Table, count: int) -> Floats:
    column = made_of(weight, table) if columns(weight) else np.full(count, np.nan)
    return column.astype(np.float64) if column.dtype.kind in "biuf" else np.full(count, np.nan)


def _carried(points: Floats, data_crs: str, map_crs: str) -> Floats:
    if data_crs != map_crs:
        x, y = transformer(data_crs, map_crs).transform(points[:, 0], points[:, 1])
        points = np.column_stack([x, y, points[:, 2]])
    return points[np.isfinite(points).all(axis=1)]

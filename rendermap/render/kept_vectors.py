"""Vector datasets kept as shapefiles in the map's CRS: what Mapnik draws fastest, feature for feature what it draws from the original.

Made behind the first pictures and never waited for.  Features keep the dataset's own order, which no other indexed format does, and
carry only the columns that the rules ask for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import RendermapError, SourceUnreadable
from rendermap.jobs.job import Layer
from rendermap.render.carriages import carriage_of
from rendermap.render.copies import Shapes, drawable, member_of, missing_in
from rendermap.render.copy_store import copy_path, found_copy, kept_copy
from rendermap.render.mapnik_filter import Columns
from rendermap.render.mapnik_xml import DrawnLayer, drawn_layer
from rendermap.render.pieces import pieces_of
from rendermap.render.shape_index import write_index
from rendermap.render.shape_points import write_point_shapes
from rendermap.render.shape_table import NotKept, split_reals, write_table
from rendermap.render.theme_rules import applies_all
from rendermap.render.vector_facts import ERRORS
from rendermap.symbology.expressions.tree import FEATURE_ID
from rendermap.symbology.facts import FieldKind, VectorFacts
from rendermap.symbology.style import Engine

LEAST_FEATURES = 1_000
LEAST_BYTES = 1 << 20
BATCH_FEATURES = 50_000
MOST_BATCHES = 40
"""Each passes over all features of those before it."""
MOST_BYTES = 2_000_000_000
"""A shapefile counts in 32 bits."""

_SUFFIX = ".shp"
_KINDS = (FieldKind.INTEGER, FieldKind.REAL, FieldKind.TEXT, FieldKind.BOOLEAN)
_POINTS = "Point"
_FILE_HEAD_BYTES = 100


class KeptColumns(Columns):
    """Columns under names that a shapefile's table can hold.  Raises NotKept for a field whose values it cannot."""

    def value(self, name: str) -> str:
        """As `Columns.value`; a real number is a whole one and a power of two, see `shape_table`."""
        found = self.find(name)
        if found.kind not in _KINDS or name == FEATURE_ID:
            raise NotKept
        alias = self.used.setdefault(found.name, f"v{len(self.used)}")
        # Mapnik reads no column for what only a function is given.
        return f"([{alias}]*pow(2,[p{alias}])+0*[p{alias}])" if found.kind is FieldKind.REAL else f"[{alias}]"

    def is_null(self, name: str) -> str:
        """As `Columns.is_null`."""
        if name == FEATURE_ID:
            raise NotKept
        found = self.find(name)
        return f"([{self.nulls.setdefault(found.name, f'n{len(self.nulls)}')}]=1)"


@dataclass(frozen=True, slots=True)
class Kept:
    """How a layer is kept.  layer: its rules, by the kept columns."""

    layer: DrawnLayer
    plan: LayerPlan
    crs: str

    @property
    def essence(self) -> tuple[object, ...]:
        """What tells the file: styles that ask for the same columns share it."""
        columns, source = self.layer.columns, self.plan.layer.source
        asked = tuple(columns.used.items()), tuple(columns.nulls.items()), self.layer.order
        return ("shapes", source.path, source.member, source.fingerprint, self.plan.layer.encoding, self.plan.crs, self.crs, asked)


def kept_for(plan: LayerPlan, crs: str) -> Kept | None:
    """How a layer would be kept for maps in a CRS, None when it cannot be, or draws fast enough as it is."""
    facts = plan.layer.facts
    if not isinstance(facts, VectorFacts) or facts.is_mixed or isinstance(plan.style.theme, Engine) or not _is_large(plan.layer):
        return None
    try:
        layer = drawn_layer(plan, KeptColumns(facts.fields))
    except NotKept:
        return None
    columns = layer.columns
    is_made = layer.remaking or columns.computed or columns.added or columns.texts
    is_cut = pieces_of((rule.symbol for rule in layer.rules), layer.geometry, follow=applies_all(plan.style.theme))
    return None if is_made or is_cut else Kept(replace(layer, crs=crs), plan, crs)


def kept_path(kept: Kept) -> Path:
    """Where the file of a layer will lie once it is kept."""
    return copy_path(kept.essence, _SUFFIX, kept.plan.layer.source)


def find_kept(kept: Kept) -> Path | None:
    """The file of a layer that is kept, None when there is none; one that is damaged is dropped."""
    return found_copy(kept.essence, _SUFFIX, kept.plan.layer.source)


def prepare_vector(plan: LayerPlan, crs: str) -> Path | None:
    """Keep a layer for maps in a CRS; None when it cannot be, or need not.  Raises SourceUnreadable, SourceRefused, Busy, RenderFailed."""
    kept = kept_for(plan, crs)
    if kept is None:
        return None
    try:
        return find_kept(kept) or kept_copy(kept.essence, _SUFFIX, plan.layer.source, lambda file: _write(kept, file))
    except NotKept:
        return None
    except (*ERRORS, RuntimeError) as error:
        if isinstance(error, RendermapError):
            raise
        raise SourceUnreadable(reason=f"{plan.layer.open_name}: {error}") from error


def datasource_of(file: Path) -> dict[str, str]:
    """Mapnik's parameters for a kept file."""
    return {"type": "shape", "file": str(file), "encoding": "utf-8"}


def _is_large(layer: Layer) -> bool:
    facts = layer.facts
    assert isinstance(facts, VectorFacts)
    if facts.count >= LEAST_FEATURES:
        return True
    path = layer.source.path
    return path.is_file() and path.stat().st_size >= LEAST_BYTES


# --- writing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    """shapes: in the map's CRS.  columns: of the table, by the names that the rules ask under."""

    shapes: Shapes
    columns: dict[str, NDArray[Any]]


def _write(kept: Kept, file: Path) -> None:
    batches: list[dict[str, NDArray[Any]]] = []
    boxes: list[NDArray[np.float64]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for batch in _batches(kept):
            kind = _type_of(batch.shapes)
            if kind != _POINTS:
                _append(file, batch.shapes, kind, is_first=not batches)
            boxes.append(shapely.bounds(batch.shapes))
            batches.append(batch.columns)
    if not batches:
        raise NotKept
    bounds = np.concatenate(boxes)
    if kind == _POINTS:
        write_point_shapes(file, bounds[:, :2])
    if file.stat().st_size > MOST_BYTES:
        raise NotKept
    lengths = np.fromfile(file.with_suffix(".shx"), ">i4", offset=_FILE_HEAD_BYTES).reshape(-1, 2)
    if len(lengths) != len(bounds):
        raise OSError("the copy is not whole")
    columns = {name: np.concatenate([each[name] for each in batches]) for name in batches[0]}
    write_table(file.with_suffix(".dbf"), columns, len(bounds))
    write_index(file.with_suffix(".index"), bounds, lengths[:, 0].astype(np.int64) * 2)
    for spare in (".prj", ".cpg"):
        file.with_suffix(spare).unlink(missing_ok=True)


def _append(file: Path, shapes: Shapes, kind: str, *, is_first: bool) -> None:
    pyogrio.raw.write(
        file,
        shapely.to_wkb(shapes),
        [],
        [],
        driver="ESRI Shapefile",
        geometry_type=kind,
        crs=None,
        append=not is_first,
    )


def _type_of(shapes: Shapes) -> str:
    """A shapefile has no type of its own for one of many."""
    kinds = {0: _POINTS, 1: "MultiLineString", 2: "MultiPolygon"}
    if (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT).any():
        raise NotKept
    return kinds[int(shapely.get_dimensions(shapes).max())]


def _batches(kept: Kept) -> Iterator[_Batch]:
    """The dataset's features as they come, the ones that can be drawn."""
    layer, columns = kept.plan.layer, kept.layer.columns
    fields = list(dict.fromkeys((*columns.used, *columns.nulls)))
    facts = layer.facts
    assert isinstance(facts, VectorFacts)
    size = facts.count if kept.layer.order or facts.count < 0 else max(BATCH_FEATURES, facts.count // MOST_BATCHES)
    first = 0
    while True:
        meta, _, wkb, values = pyogrio.raw.read(
            layer.open_name,
            layer=member_of(layer),
            encoding=layer.encoding,
            columns=fields,
            skip_features=first,
            max_features=size if size > 0 else None,
        )
        if wkb is None or not len(wkb):
            return
        found = dict(zip(map(str, meta["fields"]), values, strict=True))
        yield _batch(kept, shapely.from_wkb(wkb, on_invalid="ignore"), found)
        first += len(wkb)
        if size <= 0 or len(wkb) < size:
            return


def _batch(kept: Kept, geometry: Shapes, values: dict[str, NDArray[Any]]) -> _Batch:
    shapes, owners = drawable(geometry, kept.plan.layer, carriage_of(kept.plan, kept.crs))
    whole = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    shapes, owners = shapes[whole], owners[whole]
    if kept.layer.order:
        rank = _largest_first(values[kept.layer.order[0]][owners])
        shapes, owners = shapes[rank], owners[rank]
    return _Batch(shapes, _table(kept, {name: data[owners] for name, data in values.items()}))


def _largest_first(values: NDArray[Any]) -> NDArray[np.intp]:
    """As a database sorts: equals stay as they are, and what is missing comes last."""
    if values.dtype.kind not in "iuf":
        raise NotKept
    return np.argsort(np.where(np.isfinite(values.astype(float)), -values.astype(float), np.inf), kind="stable")


def _table(kept: Kept, values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    table: dict[str, NDArray[Any]] = {}
    kinds = {field.name: field.kind for field in kept.layer.columns.fields}
    for name, alias in kept.layer.columns.used.items():
        table |= _cells(values[name], kinds[name], alias)
    for name, alias in kept.layer.columns.nulls.items():
        missing = missing_in(values[name])
        table[alias] = np.zeros(len(values[name]), np.int64) if missing is None else missing.astype(np.int64)
    return table


def _cells(data: NDArray[Any], kind: FieldKind, alias: str) -> dict[str, NDArray[Any]]:
    """0 and empty for what is missing, as Mapnik's other plugin has it.  Raises NotKept."""
    missing = missing_in(data)
    if kind is FieldKind.TEXT:
        return {alias: np.array([value if isinstance(value, str) else "" for value in data], object)}
    if missing is not None:
        data = np.where(missing, 0, data)
    if kind is FieldKind.REAL:
        whole, powers = split_reals(data.astype(np.float64))
        return {alias: whole, f"p{alias}": powers}
    numbers = data.astype(np.int64)
    if (numbers != data).any():
        raise NotKept
    return {alias: numbers}

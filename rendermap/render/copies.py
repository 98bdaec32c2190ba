"""Copies of vector datasets in a form Mapnik's plugin draws rightly: straight lines for curves, text in UTF-8, a spatial index.

What one worker copies the others use, see `copy_store`.
"""

from __future__ import annotations

import errno
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import Layer
from rendermap.render.bends import carry_densified, densified
from rendermap.render.column_sql import quote_ogr
from rendermap.render.computed import computed_columns, is_null
from rendermap.render.copy_store import kept_copy
from rendermap.render.csv_rows import read_rows
from rendermap.render.seams import cut_at_seam
from rendermap.render.vector_facts import ERRORS, TABLE_READER
from rendermap.symbology.expressions.tree import FEATURE_ID, Column, Operand
from rendermap.symbology.facts import GeometryKind, VectorFacts

Shapes = NDArray[np.object_]
Columns = dict[str, NDArray[Any]]
Filled = dict[str, tuple[NDArray[Any], NDArray[np.bool_] | None]]

KEEPS_ORDER_UP_TO = 5000
"""An index sorts features by place; up to this many are drawn in the dataset's own order, without one."""

COPY_MEMBER = "copy"

NO_COLUMNS: Mapping[Operand, str] = MappingProxyType({})

_CURVES = "'CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE', 'TIN', 'POLYHEDRALSURFACE'"
_DIMENSIONS = {GeometryKind.POINT: 0, GeometryKind.LINE: 1, GeometryKind.POLYGON: 2}
_COPIED_KINDS = "biufOUM"


def holds_curves(open_name: str, member: str) -> bool:
    """True when a feature has arcs or patches, which Mapnik's plugin passes over without a word.

    Looks at every feature, so ask it only of drivers that can hold them.  Raises SourceUnreadable.
    """
    sql = f"SELECT OGR_GEOMETRY FROM {quote_ogr(member)} WHERE OGR_GEOMETRY IN ({_CURVES})"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pyogrio.raw.read(open_name, sql=sql, sql_dialect="OGRSQL", read_geometry=False, max_features=1)
    except ERRORS as error:
        raise SourceUnreadable(reason=f"{open_name} ({member}): {error}") from error
    return bool(found[3] and len(found[3][0]))


@dataclass(frozen=True, slots=True)
class Carriage:
    """How features are carried into the map's CRS.

    is_torn: cut where that tears the globe.  longest: length of lines that stay straight on the way, None when all do; see `bends`.
    """

    data_crs: str
    map_crs: str
    is_torn: bool
    longest: float | None


class Remaking(Protocol):
    """What is made of features and their columns (data, and where it is null) on the way into a copy.  Its repr tells it from others."""

    def __call__(self, shapes: Shapes, table: Filled) -> tuple[Shapes, Filled]: ...


def copy_of(
    layer: Layer, carriage: Carriage | None = None, computed: Mapping[Operand, str] = NO_COLUMNS, remaking: Remaking | None = None
) -> Path:
    """A FlatGeobuf file with the layer's features under the layer's own field names.

    carriage: the copy is in the map's CRS; None: in the data's own.  computed: values that it has as well, and their names.
    remaking: adds columns or features.
    Raises SourceUnreadable when the dataset cannot be read or copied.
    """
    source = layer.source
    essence = (source.path, source.member, source.fingerprint, layer.encoding, layer.driver, carriage, *computed.items(), remaking)
    try:
        return kept_copy(essence, ".fgb", source, lambda file: _write(layer, file, carriage, computed, remaking))
    except (*ERRORS, RuntimeError) as error:
        raise SourceUnreadable(reason=f"{layer.open_name}: {error}") from error


def box_of(file: str) -> BBox | None:
    """The box around what a copy holds, None when it holds nothing."""
    bounds = pyogrio.read_info(file, force_total_bounds=True)["total_bounds"]
    return BBox(*map(float, bounds)) if bounds is not None and np.isfinite(bounds).all() else None


def _write(layer: Layer, file: Path, carriage: Carriage | None, computed: Mapping[Operand, str], remaking: Remaking | None) -> None:
    with warnings.catch_warnings():
        # Fields that no copy can hold and lengths that were cut do not change the picture.
        warnings.simplefilter("ignore")
        geometry, columns = read_rows(layer) if layer.driver == "CSV" else _read(layer)
        filled: Filled = {name: (data, missing_in(data)) for name, data in columns.items()}
        if Column(FEATURE_ID) in computed:
            columns = {**columns, FEATURE_ID: _ids_of(layer, len(geometry))}
        filled |= computed_columns(columns, computed, len(geometry))
        if remaking:
            geometry, filled = remaking(geometry, filled)
        shapes, kept = drawable(geometry, layer, carriage)
        filled = {name: (data[kept], None if missing is None else missing[kept]) for name, (data, missing) in filled.items()}
        write_copy(file, shapes, filled, is_indexed=len(shapes) > KEEPS_ORDER_UP_TO)


def write_copy(file: Path, shapes: Shapes, filled: Filled, *, is_indexed: bool) -> None:
    """A FlatGeobuf file.  filled: data and where it is missing, by column.  An index sorts features by place.

    Raises OSError when it is not whole: on a full disk the driver leaves features out without a word.
    """
    pyogrio.raw.write(
        file,
        shapely.to_wkb(shapes),
        [data for data, _ in filled.values()],
        list(filled),
        field_mask=[missing for _, missing in filled.values()],
        driver="FlatGeobuf",
        layer=COPY_MEMBER,
        geometry_type="Unknown",
        crs=None,
        SPATIAL_INDEX="YES" if is_indexed else "NO",
    )
    if _count(file) != len(shapes):
        raise OSError(errno.ENOSPC, "the copy is not whole")


def _count(file: Path) -> int:
    """Features that can be read, each of them looked at; -1 when reading ends at a broken one."""
    try:
        return len(pyogrio.raw.read(file, columns=[], read_geometry=False, return_fids=True)[1])
    except ERRORS:
        return -1


def _read(layer: Layer) -> tuple[Shapes, Columns]:
    meta, _, wkb, values = pyogrio.raw.read(layer.open_name, layer=member_of(layer), encoding=layer.encoding)
    if wkb is None:
        raise SourceUnreadable(reason=f"{layer.open_name}: no geometry")
    columns = zip(meta["fields"], meta["ogr_types"], values, strict=True)
    return shapely.from_wkb(wkb, on_invalid="ignore"), {str(name): data for name, kind, data in columns if is_copied(str(kind), data)}


def _ids_of(layer: Layer, count: int) -> NDArray[np.int64]:
    """The features' ids in the dataset's order, as queries tell them."""
    if layer.driver == "CSV":
        return np.arange(count, dtype=np.int64)
    found = pyogrio.raw.read(layer.open_name, layer=member_of(layer), columns=[], read_geometry=False, return_fids=True)[1]
    if len(found) != count:
        raise SourceUnreadable(reason=f"{layer.open_name}: changed while it was read")
    return np.asarray(found, np.int64)


def is_copied(kind: str, data: NDArray[Any]) -> bool:
    """False for columns that Mapnik could make nothing of."""
    return data.dtype.kind in _COPIED_KINDS and "List" not in kind and "Binary" not in kind


def member_of(layer: Layer) -> str:
    """The dataset's exact name inside its container: the one asked for without regard to case, else the first."""
    try:
        names = [
            str(name) for name, geometry in pyogrio.list_layers(layer.open_name) if geometry is not None or layer.reader == TABLE_READER
        ]
    except ERRORS as error:
        raise SourceUnreadable(reason=str(error)) from error
    wanted = (layer.source.member or "").casefold()
    found = [name for name in names if name.casefold() == wanted] or names
    if not found:
        raise SourceUnreadable(reason=f"{layer.open_name}: no layer")
    return found[0]


def drawable(found: Shapes, layer: Layer, carriage: Carriage | None = None) -> tuple[Shapes, NDArray[np.intp]]:
    """Flat geometries without the null and the empty, and which features they belong to; collections become their parts that count."""
    shapes, owners = _without_collections(shapely.force_2d(found), layer)
    if carriage:
        shapes = _carried(shapes, carriage)
    kept = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    return shapes[kept], owners[kept]


def _without_collections(shapes: Shapes, layer: Layer) -> tuple[Shapes, NDArray[np.intp]]:
    """Of a mixed layer's collections all parts, by kind and largest kind first; of others those of the layer's kind."""
    owners = np.arange(len(shapes))
    collected = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    if not collected.any() or not isinstance(layer.facts, VectorFacts):
        return shapes, owners
    highest = _DIMENSIONS[layer.facts.geometry]
    dimensions = range(highest, -1, -1) if layer.facts.is_mixed else (highest,)
    pieces = [(owner, _parts(shapes[owner], dimension)) for owner in owners[collected] for dimension in dimensions]
    all_owners = np.concatenate([owners[~collected], np.array([owner for owner, _ in pieces], np.intp)])
    all_shapes = np.concatenate([shapes[~collected], np.array([shape for _, shape in pieces], object)])
    order = np.argsort(all_owners, kind="stable")
    return all_shapes[order], all_owners[order]


def _carried(shapes: Shapes, carriage: Carriage) -> Shapes:
    data_crs, map_crs, longest = carriage.data_crs, carriage.map_crs, carriage.longest
    if not carriage.is_torn:
        return carry_densified(shapes, data_crs, map_crs, longest or np.inf)
    return cut_at_seam(densified(shapes, longest) if longest else shapes, data_crs, map_crs)


def _parts(collection: shapely.GeometryCollection, dimension: int) -> shapely.Geometry:
    makers = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    simple = shapely.get_parts(shapely.get_parts(collection))
    parts: shapely.Geometry = makers[dimension](simple[shapely.get_dimensions(simple) == dimension])
    return parts


def missing_in(data: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where a column has nothing, None for a kind that always has something."""
    return is_null(data) if data.dtype.kind in "fMO" else None

"""What pyogrio's GDAL tells of vector datasets: members, tables, fields, geometries and boxes."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.symbology.facts import FieldKind, GeometryKind

ERRORS = (DataSourceError, DataLayerError, ShapelyError, IndexError, ValueError, OSError)
"""What pyogrio and shapely raise of damaged data; IndexError of a container without layers."""

_KINDS = {
    "Point": GeometryKind.POINT,
    "LineString": GeometryKind.LINE,
    "LinearRing": GeometryKind.LINE,
    "CircularString": GeometryKind.LINE,
    "CompoundCurve": GeometryKind.LINE,
    "Curve": GeometryKind.LINE,
    "Polygon": GeometryKind.POLYGON,
    "CurvePolygon": GeometryKind.POLYGON,
    "Surface": GeometryKind.POLYGON,
    "PolyhedralSurface": GeometryKind.POLYGON,
    "TIN": GeometryKind.POLYGON,
    "Triangle": GeometryKind.POLYGON,
}
_DIMENSIONS = (GeometryKind.POINT, GeometryKind.LINE, GeometryKind.POLYGON)
_LOOKED_AT = 1000
TABLE_READER = "table"
"""Of what is never drawn."""
MIXED = "the dataset mixes points, lines or polygons"


def vector_members(path: Path) -> tuple[str, ...]:
    """Names of the feature classes of a container, tables without geometry and system tables left out."""
    try:
        with quiet():
            layers = pyogrio.list_layers(path)
    except ERRORS:
        return ()
    return tuple(str(name) for name, geometry in layers if geometry is not None and not is_system_table(str(name)))


def is_system_table(name: str) -> bool:
    """True for what a container keeps about itself."""
    return name.startswith(("fras_", "gdb_", "GDB_"))


def read_columns(path: Path, limit: int) -> tuple[tuple[str, tuple[str | float | int | None, ...]], ...]:
    """All columns of a table, at most limit rows; nothing when it cannot be read."""
    return read_table(path, None, limit)


def read_table(path: Path, layer: str | None, limit: int, **options: str) -> tuple[tuple[str, tuple[str | float | int | None, ...]], ...]:
    """All columns of a table of a container, at most limit rows; nothing when it cannot be read."""
    try:
        with quiet():
            meta, _, _, columns = pyogrio.raw.read(path, layer=layer, read_geometry=False, max_features=limit, **options)
    except ERRORS:
        return ()
    return tuple((str(name), tuple(_plain(value) for value in column)) for name, column in zip(meta["fields"], columns, strict=True))


def field_kind(dtype: str) -> FieldKind:
    """What an attribute holds, from numpy's name of its type."""
    if dtype == "bool":
        return FieldKind.BOOLEAN
    if dtype.startswith(("int", "uint")):
        return FieldKind.INTEGER
    if dtype.startswith("float"):
        return FieldKind.REAL
    if dtype.startswith("datetime"):
        return FieldKind.DATE
    return FieldKind.TEXT if dtype.startswith(("object", "str")) else FieldKind.OTHER


class quiet(warnings.catch_warnings):  # noqa: N801
    """Measures (M) are dropped with a warning per geometry type; no picture shows them."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.filterwarnings("ignore", message="Measured \\(M\\) geometry types|.*organizePolygons|.*non closed ring")


def read_info(path: Path, member: str | None) -> dict[str, Any]:
    """pyogrio's description of a dataset, with its true count and box.  Raises SourceUnreadable."""
    try:
        with quiet():
            info: dict[str, Any] = pyogrio.read_info(path, layer=member, force_feature_count=True, force_total_bounds=True)
            return info
    except (*ERRORS, UnboundLocalError) as error:  # of a CRS that pyogrio cannot spell
        raise SourceUnreadable(reason=f"{path} ({member}): {error}") from error


def geometry_of(path: Path, member: str | None, name: str | None, notes: list[str]) -> GeometryKind:
    """What a dataset holds, by its type's name or, where that says nothing, by its first geometries; adds to notes.

    Raises SourceUnreadable when it has no geometries that can be drawn.
    """
    if name is None:
        raise SourceUnreadable("The dataset of this layer is a table without geometries.", reason=f"{path} ({member}) has none")
    base = name.removesuffix(" Z").removesuffix("ZM").removesuffix("M").removeprefix("Multi").removeprefix("2.5D ")
    return _KINDS.get(base) or _look_at_geometries(path, member, notes)


def _look_at_geometries(path: Path, member: str | None, notes: list[str]) -> GeometryKind:
    try:
        with quiet():
            _, _, found, _ = pyogrio.raw.read(path, layer=member, columns=[], max_features=_LOOKED_AT)
    except ERRORS as error:
        raise SourceUnreadable(reason=f"{path} ({member}): {error}") from error
    if not len(found):
        return GeometryKind.POLYGON
    parts = shapely.get_parts(shapely.from_wkb(found[found != None], on_invalid="ignore"))  # noqa: E711
    dimensions = np.unique(shapely.get_dimensions(parts))
    dimensions = dimensions[dimensions >= 0]
    if not len(dimensions):
        raise SourceUnreadable("The geometries of this layer cannot be drawn.", reason=f"{path} ({member}): none in the first {_LOOKED_AT}")
    if len(dimensions) > 1:
        notes.append(MIXED)
    return _DIMENSIONS[int(dimensions[-1])]


def bbox_of(bounds: Any) -> BBox | None:
    """The box of a dataset, None when it is empty.  Raises SourceUnreadable when it has no end."""
    if bounds is None or any(math.isnan(v) for v in bounds) or bounds[0] > bounds[2] or bounds[1] > bounds[3]:
        return None
    if any(math.isinf(v) for v in bounds):
        raise SourceUnreadable("A geometry of this layer reaches to infinity.", reason=f"bounds {bounds}")
    return BBox(*(float(v) for v in bounds))


def _plain(value: Any) -> str | float | int | None:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str | int | float) else str(value)

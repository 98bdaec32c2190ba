"""How much is in a dataset, and where it is refused before anything of it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio.raw

from rendermap.errors import SourceRefused
from rendermap.limits import BANDS, BLOCK_BYTES, FEATURES, RASTER_SIDE, VERTICES, Limit
from rendermap.render.data_formats import DataFormat
from rendermap.render.raster_source import Dataset, Interleaving
from rendermap.render.vector_facts import ERRORS, quiet


def check_features(count: int, path: Path) -> None:
    """Raises SourceRefused for more features than are drawn."""
    _at_most(count, FEATURES, path)


def check_vertices(path: Path, row: DataFormat, member: str | None = None) -> None:
    """Raises SourceRefused when the files of a vector dataset could hold more vertices than are drawn.

    Counting them would be the very work that is to be spared.
    """
    if row.name != "filegdb":
        _at_most(path.stat().st_size // row.vertex_bytes, VERTICES, path)
    elif _could_hold_many(path, row):
        table = path / f"a{_table_of(path, member or ''):08x}.gdbtable"
        _at_most(table.stat().st_size // row.vertex_bytes if table.is_file() else 0, VERTICES, path)


def check_raster(dataset: Dataset, path: Path) -> None:
    """Raises SourceRefused for a raster of more cells or bands than are drawn, or of pieces too large to be unpacked one by one."""
    check_cells(dataset.width, dataset.height, dataset.count, path)
    cells = max((height * width for height, width in dataset.block_shapes), default=0)
    together = dataset.count if dataset.interleaving is Interleaving.pixel else 1
    largest = max((np.dtype(name).itemsize for name in dataset.dtypes if not name.startswith("complex_")), default=0)
    _at_most(cells * largest * together, BLOCK_BYTES, path)


def check_cells(width: int, height: int, bands: int, path: Path) -> None:
    """As `check_raster`, by numbers."""
    _at_most(max(width, height), RASTER_SIDE, path)
    _at_most(bands, BANDS, path)


def _at_most(found: int, limit: Limit, path: Path) -> None:
    if found > limit.value:
        raise SourceRefused(limit.sentence, reason=f"{path}: {found} {limit.unit}")


def _could_hold_many(geodatabase: Path, row: DataFormat) -> bool:
    sizes = (part.stat().st_size for part in geodatabase.glob("*.gdbtable"))
    return max(sizes, default=0) // row.vertex_bytes > VERTICES.value


def _table_of(geodatabase: Path, member: str) -> int:
    """The number of a feature class's own table, 0 when it is not told: the row of the catalogue that names it."""
    try:
        with quiet():
            _, fids, _, (names,) = pyogrio.raw.read(
                geodatabase, layer="GDB_SystemCatalog", columns=["Name"], read_geometry=False, return_fids=True, LIST_ALL_TABLES="YES"
            )
    except ERRORS:
        return 0
    return next((int(fid) for fid, name in zip(fids, names, strict=True) if str(name).lower() == member.lower()), 0)

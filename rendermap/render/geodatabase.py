"""Rasters inside a file geodatabase: what its system tables say of them.

Only mapnik's GDAL draws these rasters, and it tells nothing but their box; pyogrio's reads the tables that hold the rest.
"""

from __future__ import annotations

from pathlib import Path

import pyogrio

from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.crs_name import canonical_crs
from rendermap.render.data_formats import DataFormat
from rendermap.render.dataset_size import check_cells
from rendermap.render.engine import mapnik
from rendermap.render.raster_facts import raster_tables
from rendermap.render.vector_facts import ERRORS, read_table
from rendermap.symbology.facts import Band, RasterFacts

_ALL_TABLES = {"LIST_ALL_TABLES": "YES"}
_TABLE_PREFIX = "fras_bnd_"
_LARGEST_TABLE_ROWS = 65536
_SAMPLES = {0: "uint", 1: "int", 2: "float"}


def raster_members(source: DataSource, row: DataFormat) -> tuple[str, ...]:
    """Names of the rasters of a container."""
    if row.name != "filegdb":
        return raster_tables(source, row)
    tables = _tables_of(source.path)
    return tuple(name for name in tables if _TABLE_PREFIX + name.lower() in {table.lower() for table in tables})


def inspect_geodatabase_raster(source: DataSource, name: str) -> Layer:
    """The facts of one raster of a file geodatabase.

    Raises SourceUnreadable when no driver of ours opens it, SourceRefused when there is too much of it.
    """
    bands = dict(read_table(source.path, _TABLE_PREFIX + name, 1 << 16, **_ALL_TABLES))
    if not bands.get("band_types") or not _has_block(source.path, name, "block_data IS NOT NULL"):
        raise SourceUnreadable("The raster of this layer holds no data.", reason=f"{source.path} has no blocks of {name}")
    open_name = f'OpenFileGDB:"{source.path}":{name}'
    probe = _probe(open_name)
    width, height = int(bands["band_width"][0] or 0), int(bands["band_height"][0] or 0)
    check_cells(width, height, len(bands["band_types"]), source.path)
    crs = canonical_crs(_crs_of(source.path, name))
    table = read_table(source.path, "VAT_" + name, _LARGEST_TABLE_ROWS, **_ALL_TABLES)
    facts = RasterFacts(
        width=width,
        height=height,
        bands=tuple(Band(_dtype_of(int(code or 0)), "gray", probe[1]) for code in bands["band_types"]),
        pixel=(probe[0].width / width, probe[0].height / height),
        has_overviews=_has_block(source.path, name, "rrd_factor > 0"),
        thematic=bool(table),
        attribute_table=table,
    )
    notes = () if crs else ("the dataset names no coordinate reference system",)
    return Layer(source, "gdal", open_name, crs, probe[0], facts, "OpenFileGDB", None, notes)


def _probe(open_name: str) -> tuple[BBox, float | None]:
    """The box, and the value that means no data."""
    try:
        datasource = mapnik.Gdal(file=open_name, band=1)
        box = datasource.envelope()
        center = box.center()
        found = [dict(feature.attributes) for feature in datasource.features_at_point(mapnik.Coord(center.x, center.y), 0)]
    except RuntimeError as error:
        raise SourceUnreadable(reason=f"{open_name}: {error}") from error
    nodata = found[0].get("nodata") if found else None
    return BBox(box.minx, box.miny, box.maxx, box.maxy), None if nodata is None else float(nodata)


def _tables_of(path: Path) -> tuple[str, ...]:
    """Tables in the order of the catalogue, which alone names the rasters' own tables."""
    catalogue = dict(read_table(path, "GDB_SystemCatalog", 1 << 16, **_ALL_TABLES))
    return tuple(str(name) for name in catalogue.get("Name", ()) if name)


def _crs_of(path: Path, name: str) -> object:
    try:
        return pyogrio.read_info(path, layer=name, **_ALL_TABLES)["crs"]
    except ERRORS:
        return None


def _has_block(path: Path, name: str, condition: str) -> bool:
    """True when one of a raster's blocks meets a condition on the columns of its table."""
    try:
        _, fids, _, _ = pyogrio.raw.read(
            path, layer="fras_blk_" + name, read_geometry=False, where=condition, max_features=1, return_fids=True, **_ALL_TABLES
        )
    except ERRORS:
        return False
    return len(fids) > 0


def _dtype_of(code: int) -> str:
    """numpy's name of a sample type: bits stand above bit 19, signedness in bits 16 to 18."""
    bits, kind = code >> 19, _SAMPLES.get(code >> 16 & 7, "float")
    return f"{kind}{max(bits, 8)}"

"""The facts of a raster that rasterio's GDAL reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.data_formats import DataFormat
from rendermap.render.dataset_size import check_raster
from rendermap.render.raster_source import Affine, Dataset, carry, check_files, georeference, open_raster, reading
from rendermap.render.tiff_tags import has_color_map
from rendermap.render.vector_facts import read_columns
from rendermap.symbology.facts import Band, RasterFacts

_LARGEST_TABLE_ROWS = 65536
AttributeTable = tuple[tuple[str, tuple[str | float | int | None, ...]], ...]


def inspect_raster(source: DataSource, row: DataFormat, member: str | None = None) -> Layer:
    """The facts of a raster file, or of one raster of a container.

    Raises SourceRefused when it draws on files outside the job or there is too much of it, SourceUnreadable when it is damaged, empty, of
    complex numbers or not georeferenced.
    """
    open_name, notes = _name_of(source, row, member or source.member)
    with open_raster(open_name, row.driver) as dataset, reading(open_name):
        check_files(dataset, source.root)
        check_raster(dataset, source.path)
        if not dataset.count:
            raise SourceUnreadable("The raster of this layer has no bands.", reason=f"{open_name} has none")
        if any(dtype.startswith("complex") for dtype in dataset.dtypes):
            raise SourceUnreadable("The raster of this layer holds complex numbers.", reason=f"{open_name}: {dataset.dtypes}")
        place = georeference(dataset)
        facts = _facts_of(dataset, place.transform, source.path)
        if _is_bits(dataset) and not has_color_map(source.path):
            facts = _without_palette(facts)
        bbox = bbox_of(place.transform, dataset.width, dataset.height)
    if place.crs is None:
        notes.append("the dataset names no coordinate reference system")
    if place.note:
        notes.append(place.note)
    return Layer(source, "rasterio", open_name, place.crs, bbox, facts, row.driver, None, tuple(notes))


def raster_tables(source: DataSource, row: DataFormat) -> tuple[str, ...]:
    """Names of the rasters of a container that rasterio reads."""
    try:
        with open_raster(str(source.path), row.driver) as dataset:
            names = tuple(_member_of(name) for name in dataset.subdatasets)
            return names or tuple(filter(None, [dataset.tags().get("IDENTIFIER")]))[:1] or (source.path.stem,)
    except SourceUnreadable:
        return ()


def bbox_of(transform: Affine, width: int, height: int) -> BBox:
    """The box around all four corners, also of a turned raster."""
    corners = [carry(transform, *corner) for corner in ((0, 0), (width, 0), (0, height), (width, height))]
    xs, ys = zip(*corners, strict=True)
    return BBox(min(xs), min(ys), max(xs), max(ys))


def _name_of(source: DataSource, row: DataFormat, member: str | None) -> tuple[str, list[str]]:
    """What the driver opens: the file, or one raster in it in the driver's own spelling."""
    path = str(source.path.parent if source.path.suffix.lower() == ".adf" else source.path)
    if member is None and row.driver == "GTiff":  # its first raster, however many it holds
        return path, []
    with open_raster(path, row.driver) as dataset:
        names, is_whole = dataset.subdatasets, dataset.count > 0
    if member is None:
        if is_whole or not names:
            return path, []
        return _first_drawable(names, row), [f"the first of {len(names)} rasters of its file"]
    for name in names:
        if _member_of(name).lower() == member.lower():
            return name, []
    if row.driver == "GPKG" and is_whole:
        return f"GPKG:{path}:{member}", []
    raise SourceUnreadable("The dataset of this layer does not exist.", reason=f"{path} has no raster {member}")


def _first_drawable(names: list[str], row: DataFormat) -> str:
    """The first two-dimensional variable: bounds and coordinates come along as variables, too."""
    for name in names:
        with open_raster(name, row.driver) as dataset:
            if min(dataset.shape) > 1 and not dataset.transform.is_identity:
                return name
    return names[0]


def _member_of(name: str) -> str:
    return name.rsplit(":", 1)[-1].strip('"')


def _is_bits(dataset: Dataset) -> bool:
    return bool(dataset.driver == "GTiff" and dataset.count == 1 and dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS") == "1")


def _without_palette(facts: RasterFacts) -> RasterFacts:
    """GDAL makes up a palette of black and white for yes and no in one bit, which would hide the map below."""
    bands = tuple(replace(band, interpretation="gray", palette=()) for band in facts.bands)
    return replace(facts, bands=bands, thematic=bool(facts.attribute_table))


def _facts_of(dataset: Dataset, transform: Affine, path: Path) -> RasterFacts:
    bands = tuple(_band_of(dataset, number) for number in dataset.indexes)
    table = _attribute_table(path)
    return RasterFacts(
        width=dataset.width,
        height=dataset.height,
        bands=bands,
        pixel=(float(np.hypot(transform.a, transform.d)), float(np.hypot(transform.b, transform.e))),
        has_overviews=bool(dataset.overviews(1)),
        thematic=bool(table or bands[0].palette) or dataset.tags(1).get("LAYER_TYPE", "").lower() == "thematic",
        attribute_table=table,
    )


def _band_of(dataset: Dataset, number: int) -> Band:
    nodata = dataset.nodatavals[number - 1]
    if nodata is not None and np.isnan(nodata):
        nodata = None  # not a number is never drawn anyway, and would make equal facts unequal
    interpretation = dataset.colorinterp[number - 1].name.lower()
    palette: tuple[tuple[int, int, int, int, int], ...] = ()
    if interpretation == "palette":
        palette = tuple((value, *color) for value, color in sorted(dataset.colormap(number).items()))
    return Band(dataset.dtypes[number - 1], interpretation, None if nodata is None else float(nodata), palette)


def _attribute_table(path: Path) -> AttributeTable:
    """The columns of an Esri value attribute table or of GDAL's, where one lies beside the raster."""
    beside = (path.with_name(path.name + ".vat.dbf"), path.with_suffix(".vat.dbf"))
    for table in beside:
        if table.is_file():
            return read_columns(table, _LARGEST_TABLE_ROWS)
    auxiliary = path.with_name(path.name + ".aux.xml")
    return _gdal_table(auxiliary) if auxiliary.is_file() and auxiliary.stat().st_size < 1 << 24 else ()


def _gdal_table(path: Path) -> AttributeTable:
    try:
        table = ET.parse(path).find(".//GDALRasterAttributeTable")
    except ET.ParseError:
        return ()
    if table is None:
        return ()
    fields = [(field.findtext("Name", ""), field.findtext("Type", "2")) for field in table.findall("FieldDefn")]
    rows = [[cell.text or "" for cell in row.findall("F")] for row in table.findall("Row")]
    columns = zip(*(row for row in rows if len(row) == len(fields)), strict=True)
    return tuple((name, tuple(_cell(text, kind) for text in column)) for (name, kind), column in zip(fields, columns, strict=False))


def _cell(text: str, kind: str) -> str | float | int | None:
    try:
        return int(text) if kind == "0" else float(text) if kind == "1" else text
    except ValueError:
        return None

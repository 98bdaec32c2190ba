"""The facts of a vector dataset, and which reader draws it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.copies import holds_curves
from rendermap.render.crs_name import canonical_crs
from rendermap.render.data_formats import DataFormat
from rendermap.render.dataset_size import check_features, check_vertices
from rendermap.render.spread import frame_of
from rendermap.render.text_encoding import is_told_otherwise, shapefile_encoding
from rendermap.render.vector_facts import MIXED, bbox_of, field_kind, geometry_of, read_info
from rendermap.render.vectors import vector_reader_for
from rendermap.symbology.facts import Field, VectorFacts


def inspect_vector(source: DataSource, row: DataFormat, member: str | None = None) -> Layer:
    """The facts of a vector file, or of one feature class of a container.

    Raises SourceUnreadable when it is missing, damaged or without geometries, SourceRefused when there is too much of it.
    """
    check_vertices(source.path, row, member)
    info = read_info(source.path, member)
    check_features(int(info["features"]), source.path)
    if info["driver"] != row.driver:
        raise SourceUnreadable(reason=f"{source.path} is {info['driver']}, not {row.driver}")
    notes: list[str] = []
    geometry = geometry_of(source.path, member, info["geometry_type"], notes)
    fields = tuple(Field(str(name), field_kind(str(dtype))) for name, dtype in zip(info["fields"], info["dtypes"], strict=True))
    crs = canonical_crs(info["crs"])
    if crs is None:
        notes.append("the dataset names no coordinate reference system")
    encoding = shapefile_encoding(source.path) if row.driver == "ESRI Shapefile" else None
    layer_name = str(info["layer_name"])
    misleads = encoding == "utf-8" and is_told_otherwise(source.path)
    has_curves = _may_hold_curves(row, info) and holds_curves(str(source.path), layer_name)
    reader = "features" if misleads else vector_reader_for(row.driver, has_curves=has_curves, encoding=encoding)
    facts = VectorFacts(geometry, fields, int(info["features"]), is_mixed=MIXED in notes)
    known = source if source.member == member else replace(source, member=member)
    bbox = bbox_of(info["total_bounds"])
    frame = frame_of(source.path, member, crs, bbox, facts.count)
    return Layer(known, reader, str(source.path), crs, bbox, facts, row.driver, encoding, tuple(notes), frame)


def _may_hold_curves(row: DataFormat, info: dict[str, Any]) -> bool:
    """Only a geodatabase keeps arcs in a class of plain lines or polygons; elsewhere the type of the layer tells."""
    name = info["geometry_type"] or ""
    return row.name == "filegdb" or (row.driver in ("GPKG", "FlatGeobuf") and name.startswith(("Unknown", "C", "MultiC", "MultiS", "S")))

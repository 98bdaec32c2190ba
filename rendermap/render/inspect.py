"""Looks into a dataset and says what it truly is: kind, CRS, box, fields, bands, and which reader can draw it."""

from __future__ import annotations

from dataclasses import replace

from rendermap.dispatch.plan import InspectPlan
from rendermap.errors import SourceRefused, SourceUnreadable
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.csv_table import inspect_csv
from rendermap.render.data_formats import DataFormat, recognise
from rendermap.render.dataset_size import check_vertices
from rendermap.render.geodatabase import inspect_geodatabase_raster, raster_members
from rendermap.render.journal import readable
from rendermap.render.raster_facts import inspect_raster
from rendermap.render.table_facts import inspect_table
from rendermap.render.vector_facts import vector_members
from rendermap.render.vector_layer import inspect_vector
from rendermap.render.wholeness import check_whole


def inspect(plan: InspectPlan) -> Layer:
    """What the dataset of a plan is.

    Without a member, a container shows its first drawable dataset, vectors before rasters unless a raster is expected.
    Raises SourceRefused when it may not be drawn, SourceUnreadable when it is missing, damaged or of no format that is read.
    """
    source = plan.source
    if not source.path.resolve().is_relative_to(source.root.resolve()):
        raise SourceRefused("The dataset of this layer lies outside its job.", reason=f"{source.path} is not in {source.root}")
    row = recognise(source.path)
    check_whole(source.path, row.name)
    if plan.expect == "table":
        return inspect_table(source, row)
    if row.kind == "table":
        raise SourceUnreadable("The dataset of this layer is a table: nothing says where its rows lie.", reason=f"{source.path} is a table")
    if row.name == "csv":
        check_vertices(source.path, row)
        return inspect_csv(source)
    if row.name == "gpkg":
        return _inspect_geopackage(source, row, plan.expect)
    if row.kind == "both":
        return _inspect_container(source, row, plan.expect)
    return inspect_raster(source, row) if row.kind == "raster" else inspect_vector(source, row)


def _inspect_geopackage(source: DataSource, row: DataFormat, expect: str) -> Layer:
    file = readable(source)
    if file == source.path:
        return _inspect_container(source, row, expect)
    layer = _inspect_container(replace(source, path=file, root=file.parent), row, expect)
    known = replace(source, member=layer.source.member)
    return replace(layer, source=known, open_name=layer.open_name.replace(str(file), str(source.path)))


def _inspect_container(source: DataSource, row: DataFormat, expect: str) -> Layer:
    vectors = vector_members(source.path) if expect != "raster" else ()
    rasters = tuple(name for name in raster_members(source, row) if name not in vectors) if expect != "vector" else ()
    if source.member is None or not (vectors or rasters):
        return _inspect_first(source, row, vectors, rasters)
    member = source.member.lower()
    for name in vectors:
        if name.lower() == member:
            return inspect_vector(source, row, name)
    for name in rasters:
        if name.lower() == member:
            return _inspect_member_raster(source, row, name)
    raise SourceUnreadable("The dataset of this layer does not exist.", reason=f"{source.path} has no {expect} member {source.member}")


def _inspect_first(source: DataSource, row: DataFormat, vectors: tuple[str, ...], rasters: tuple[str, ...]) -> Layer:
    names = (*vectors, *rasters)
    if not names:
        raise SourceUnreadable("The container of this layer holds no dataset that can be drawn.", reason=f"{source.path} is empty")
    layer = inspect_vector(source, row, names[0]) if vectors else _inspect_member_raster(source, row, names[0])
    if len(names) == 1:
        return layer
    return replace(layer, notes=(*layer.notes, f"the first of {len(names)} datasets of its container"))


def _inspect_member_raster(source: DataSource, row: DataFormat, name: str) -> Layer:
    return inspect_geodatabase_raster(source, name) if row.name == "filegdb" else inspect_raster(source, row, name)

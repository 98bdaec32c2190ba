"""Where the features of a layer are drawn from: the dataset itself, or a copy of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.bbox import BBox, pad
from rendermap.geo.crs import is_geographic
from rendermap.render.carriages import carriage_where_needed
from rendermap.render.column_sql import quote_ogr, quote_sqlite, sql_of
from rendermap.render.copies import COPY_MEMBER, NO_COLUMNS, Remaking, box_of, copy_of, member_of
from rendermap.render.mapnik_xml import DrawnLayer
from rendermap.symbology.expressions.tree import Operand


@dataclass(frozen=True, slots=True)
class VectorSource:
    """A file and the dataset in it.  driver: GDAL's name.  box: around the features, in crs."""

    file: str
    member: str
    driver: str
    crs: str
    box: BBox


def source_of(
    plan: LayerPlan, map_crs: str, computed: Mapping[Operand, str] = NO_COLUMNS, remaking: Remaking | None = None, seen: BBox | None = None
) -> VectorSource:
    """The dataset itself where Mapnik reads it rightly and it holds all that is asked for.

    computed, remaking: see `copy_of`.  seen: see `carriage_where_needed`.
    """
    layer, box = plan.layer, plan.layer.bbox
    assert box is not None
    carriage = carriage_where_needed(plan, map_crs, seen)
    if carriage:
        file = str(copy_of(layer, carriage, computed, remaking))
        return VectorSource(file, COPY_MEMBER, "FlatGeobuf", map_crs, box_of(file) or box)
    if layer.reader == "ogr" and not computed and remaking is None:
        return VectorSource(layer.open_name, member_of(layer), layer.driver, plan.crs, box)
    return VectorSource(str(copy_of(layer, None, computed, remaking)), COPY_MEMBER, "FlatGeobuf", plan.crs, box)


def datasource_of(plan: LayerPlan, drawn: DrawnLayer, source: VectorSource) -> dict[str, str]:
    """Mapnik's parameters for a layer: by name where the dataset's own columns do, else by a query for those the rules ask for."""
    parameters = {"type": "ogr", "file": source.file, "driver": source.driver, "extent": _extent(source)}
    if drawn.columns.are_plain and not drawn.order:
        return {**parameters, "layer": source.member}
    is_sqlite = source.driver == "GPKG"
    sql = sql_of(drawn.columns, source.member, is_sqlite=is_sqlite)
    if drawn.order:
        quote = quote_sqlite if is_sqlite else quote_ogr
        sql += f" ORDER BY {', '.join(f'{quote(name)} DESC' for name in drawn.order)}"
    return {**parameters, "layer_by_sql": sql}


def _extent(source: VectorSource) -> str:
    """Where the data lies: the driver may not know it for a query, and what lies on the very edge is lost in reprojection."""
    margin = max(1e-9, 1e-7 * max(abs(v) for v in source.box.corners))
    wide = pad(source.box, margin, margin)
    if is_geographic(source.crs) and source.box.ymin >= -90 and source.box.ymax <= 90:
        wide = BBox(wide.xmin, max(wide.ymin, -90.0), wide.xmax, min(wide.ymax, 90.0))
    return ",".join(repr(v) for v in wide.corners)

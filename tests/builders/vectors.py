"""Builds small vector datasets, and the layers and plans that draw them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely

from rendermap.dispatch.plan import LayerPlan, MapPlan, layer_plan
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.fingerprint import fingerprint
from rendermap.jobs.job import DataSource, Layer
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, VectorFacts
from rendermap.symbology.style import Single, Style, Theme
from rendermap.symbology.symbols import Color, Fill, Symbol

SUFFIXES = {"FlatGeobuf": ".fgb", "GPKG": ".gpkg", "OpenFileGDB": ".gdb", "ESRI Shapefile": ".shp", "GeoJSON": ".geojson"}
KINDS = {0: GeometryKind.POINT, 1: GeometryKind.LINE, 2: GeometryKind.POLYGON}
RED, GREEN, BLUE = Color(255, 0, 0), Color(0, 128, 0), Color(0, 0, 255)


def fill(color: Color) -> Symbol:
    """A plain inside."""
    return Symbol((Fill(color),))


def write_features(
    folder: Path,
    shapes: list[shapely.Geometry],
    columns: dict[str, list[object]] | None = None,
    *,
    driver: str = "FlatGeobuf",
    crs: str = "EPSG:25832",
    name: str = "features",
) -> Layer:
    """A dataset on disk and the layer it is.  columns: values per field, None for null."""
    file = folder / (name + SUFFIXES[driver])
    typed = {field: _typed(values) for field, values in (columns or {}).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.raw.write(
            file,
            shapely.to_wkb(np.array(shapes, object)),
            [data for data, _, _ in typed.values()],
            list(typed),
            field_mask=[mask for _, mask, _ in typed.values()],
            driver=driver,
            layer=name,
            geometry_type="Unknown" if len({s.geom_type for s in shapes}) > 1 else shapes[0].geom_type,
            crs=crs,
        )
    fields = tuple(Field(field, kind) for field, (_, _, kind) in typed.items())
    return layer_of(file, name, driver, crs, shapes, fields)


def source_at(path: Path, member: str | None = None) -> DataSource:
    """A dataset as it is now; its folder is its job."""
    return DataSource(path, member, path.parent, fingerprint(path))


def layer_of(file: Path, member: str, driver: str, crs: str, shapes: list[shapely.Geometry], fields: tuple[Field, ...] = ()) -> Layer:
    """The layer that a look into a dataset would give."""
    dimension = max(int(shapely.get_dimensions(shape)) for shape in shapes)
    box = BBox(*map(float, shapely.total_bounds(shapes)))
    source = source_at(file, member)
    reader = "ogr" if driver != "GeoJSON" else "features"
    return Layer(source, reader, str(file), crs, box, VectorFacts(KINDS[dimension], fields, len(shapes)), driver)


def plan_for(layer: Layer, style: Style | Theme | Symbol, id: int = 0) -> LayerPlan:
    """The plan of one layer, with a style, a theme or just a symbol."""
    if isinstance(style, Symbol):
        style = Single(style)
    if not isinstance(style, Style):
        style = Style(style)
    assert layer.crs
    return layer_plan(id, layer, layer.crs, style)


def map_plan(view: MapView, *layers: LayerPlan) -> MapPlan:
    """A picture of layers, bottom first."""
    return MapPlan(view, layers, None, "png")


def view_on(
    box: tuple[float, float, float, float], crs: str = "EPSG:25832", width: int = 64, height: int = 64, ratio: float = 1.0
) -> MapView:
    """A frame."""
    return MapView(BBox(*box), crs, width, height, ratio)


def _typed(values: list[object]) -> tuple[np.ndarray, np.ndarray, FieldKind]:  # type: ignore[type-arg]
    missing = np.array([v is None for v in values])
    known = [v for v in values if v is not None]
    sample = known[0] if known else ""
    if isinstance(sample, bool):
        return np.array([bool(v) for v in values]), missing, FieldKind.BOOLEAN
    if isinstance(sample, int):
        return np.array([v or 0 for v in values], np.int32), missing, FieldKind.INTEGER
    if isinstance(sample, np.float32):
        return np.array([v or 0.0 for v in values], np.float32), missing, FieldKind.REAL
    if isinstance(sample, float):
        return np.array([v or 0.0 for v in values], float), missing, FieldKind.REAL
    if isinstance(sample, np.datetime64):
        return np.array(["NaT" if v is None else str(v) for v in values], sample.dtype), missing, FieldKind.DATE
    return np.array(values, object), missing, FieldKind.TEXT

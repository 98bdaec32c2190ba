"""The features that may have a label in a frame: where they lie on its pixels, and their attributes as people know them.

Attributes come straight from the dataset and not through Mapnik, which knows neither nulls nor dates.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import InvalidFilter, SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox, pad
from rendermap.geo.crs import transform_bbox, transformer
from rendermap.geo.lattice import Frame
from rendermap.render.clip import touch
from rendermap.render.label_classes import fields_of_theme
from rendermap.render.label_reach import fields_of_markers
from rendermap.render.mapnik_filter import Columns
from rendermap.render.vector_facts import ERRORS
from rendermap.render.vector_source import VectorSource, source_of
from rendermap.symbology.expressions.tree import FEATURE_ID, Column
from rendermap.symbology.expressions.tree import columns as fields_asked
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, VectorFacts
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.template import label_reach_pt

Value = str | float | int | bool | datetime | None
Coordinates = NDArray[np.float64]

_BULGE = 0.02
"""A box carried to another CRS is made from points on a grid: leave room for what bulges between them."""


@dataclass(frozen=True, slots=True)
class LabelFeatures:
    """Features on the plane of CSS pixels whose origin is that of the CRS, y up.  names: of the values in each row."""

    names: tuple[str, ...]
    shapes: NDArray[np.object_]
    rows: list[tuple[Value, ...]]


def read_features(plan: LayerPlan, frame: Frame, clip_deg: BBox | None = None) -> LabelFeatures:
    """The features of a layer that come near a frame, in the dataset's order, with what its labels ask for.

    clip_deg: those with no part in it are left out.
    Raises SourceUnreadable, StyleInvalid where a label asks for a field that is not there.
    """
    fields = _fields(plan)
    asks_for_ids = any(field.name == FEATURE_ID for field in fields)
    source = source_of(plan, frame.view.crs, {Column(FEATURE_ID): FEATURE_ID} if asks_for_ids else {}, seen=frame.view.bbox)
    shapes, values = _read(source, fields, _area(plan, source, frame))
    is_shown = True if clip_deg is None else touch(shapes, source.crs, clip_deg)
    shapes = shapely.transform(shapes, _to_pixels(source.crs, frame))
    kept = _is_drawable(shapes) & is_shown
    shapes = shapes[kept]
    columns = [_values(data[kept], field.kind) for field, data in zip(fields, values, strict=True)]
    rows: list[tuple[Value, ...]] = list(zip(*columns, strict=True)) if columns else [()] * len(shapes)
    return LabelFeatures(tuple(field.name for field in fields), shapes, rows)


def _fields(plan: LayerPlan) -> list[Field]:
    facts = plan.layer.facts
    assert isinstance(facts, VectorFacts)
    known, asked = Columns(facts.fields), {name for label in plan.style.labels for name in _asked(label)}
    if any(label.of_drawn_only for label in plan.style.labels):
        asked |= fields_of_theme(plan.style.theme)
    if facts.geometry is GeometryKind.POINT:
        asked |= fields_of_markers(plan.style.theme)
    if plan.style.filter is not None:
        asked |= fields_asked(plan.style.filter)
    try:
        return list(dict.fromkeys(known.find(name) for name in sorted(asked)))
    except InvalidFilter as error:
        raise StyleInvalid("A label of the layer names a field that the result does not have.", reason=error.reason) from error


def _asked(label: LabelClass) -> Iterator[str]:
    for part in (label.text, label.filter, label.rotation_by):
        if part is not None:
            yield from fields_asked(part)


def _area(plan: LayerPlan, source: VectorSource, frame: Frame) -> BBox | None:
    """Where to look in the dataset; None for everywhere."""
    reach = label_reach_pt(plan.style) * PX_PER_PT + 1
    area = pad(frame.view.bbox, reach * frame.dx, reach * frame.dy)
    if source.crs == frame.view.crs:
        return area
    found = transform_bbox(area, frame.view.crs, source.crs)
    return pad(found, found.width * _BULGE, found.height * _BULGE) if found else None


def _read(source: VectorSource, fields: list[Field], area: BBox | None) -> tuple[NDArray[np.object_], list[NDArray[Any]]]:
    names = [field.name for field in fields]
    box = area.corners if area else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, _, wkb, values = pyogrio.raw.read(source.file, layer=source.member, columns=names, bbox=box)
    except (*ERRORS, RuntimeError) as error:
        raise SourceUnreadable(reason=f"{source.file}: {error}") from error
    found = {str(name): data for name, data in zip(meta["fields"], values, strict=True)}
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    return shapely.force_2d(shapes), [found.get(name, np.full(len(shapes), None)) for name in names]


def _to_pixels(crs: str, frame: Frame) -> Callable[[Coordinates], Coordinates]:
    carry = None if crs == frame.view.crs else transformer(crs, frame.view.crs)
    side = np.array([frame.dx, frame.dy])
    return lambda xy: (xy if carry is None else np.column_stack(carry.transform(xy[:, 0], xy[:, 1]))) / side


def _is_drawable(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & np.isfinite(shapely.bounds(shapes)).all(axis=1))


def _values(data: NDArray[Any], kind: FieldKind) -> list[Value]:
    """The column as Python's values; whole numbers among nulls come as fractions."""
    if data.dtype.kind == "M":
        return [_moment(value) for value in data.astype("datetime64[s]" if data.dtype != "datetime64[D]" else data.dtype).tolist()]
    if data.dtype == np.float32:
        return [None if np.isnan(value) else float(str(value)) for value in data]
    if data.dtype.kind == "f":
        is_whole = kind in (FieldKind.INTEGER, FieldKind.BOOLEAN)
        return [None if value != value else int(value) if is_whole else value for value in data.tolist()]
    return [value if isinstance(value, str | int | float | bool) else None for value in data.tolist()]


def _moment(value: object) -> Value:
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None

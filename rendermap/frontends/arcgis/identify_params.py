"""The parameters of identify -> what is asked of the service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rendermap.errors import InvalidLayer, InvalidParameter, InvalidSize
from rendermap.frontends.arcgis.geometries import parse_geometry
from rendermap.frontends.arcgis.layers import Filters, parse_layer_defs
from rendermap.frontends.arcgis.params import LEAST_DPI, parse_composition
from rendermap.frontends.arcgis.query_params import (
    demand_geometry_type,
    parse_crs_of,
    parse_decimals,
    parse_flag,
    parse_tolerance,
    required,
)
from rendermap.frontends.arcgis.spatial import parse_extent
from rendermap.frontends.arcgis.times import parse_time
from rendermap.frontends.arcgis.undone import refuse_undone
from rendermap.frontends.kvp import Checks, Parameters, parse_float, parse_floats, parse_layer_ids
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_view
from rendermap.geo.shape import Shape
from rendermap.geo.turns import carry
from rendermap.geo.view import MapView
from rendermap.limits import DPI
from rendermap.reply import MapCard
from rendermap.request import Depth, IdentifyRequest, JobRequest

LARGEST_DISPLAY_PX = 100_000
LARGEST_TOLERANCE_PX = 1_000
_USUAL_DISPLAY = (400, 400, 96.0)
_NOWHERE = "'geometry' has no place in 'sr'."
_NO_FILTERS: Filters = ()
_USUAL_LAYERS: tuple[Depth, tuple[int, ...] | None] = (Depth.TOP, None)


@dataclass(frozen=True, slots=True)
class _Looking:
    """The picture that is looked at.  is_known: False where a client does not say how large it is, so that pixels say nothing."""

    view: MapView
    is_known: bool


def parse_identify(parameters: Parameters, job: JobRequest, card: MapCard) -> IdentifyRequest:
    """What an identify asks for; every parameter may be absent but geometry.

    Without an extent and a size in pixels the whole map is looked at, without any tolerance.  Raises BadRequest with all faults.
    """
    checks = Checks()
    checks.read(lambda: refuse_undone(parameters), None)
    crs = checks.read(lambda: parse_crs_of(parameters, "sr"), None) or card.crs
    shape = checks.read(lambda: _parse_shape(parameters, card, crs), None)
    looking = checks.read(lambda: _parse_view(parameters, card, crs), None)
    depth, ids = checks.read(lambda: _parse_layers(parameters.get("layers")), _USUAL_LAYERS)
    tolerance_px = checks.read(lambda: _parse_tolerance(parameters), 0.0)
    composition = checks.read(lambda: parse_composition(parameters), None)
    filters = checks.read(lambda: _parse_filters(parameters, card), _NO_FILTERS) if composition is None else ()
    time = checks.read(lambda: parse_time(parameters), None)
    with_shapes = checks.read(lambda: parse_flag(parameters, "returnGeometry", otherwise=True), True)
    tolerance = checks.read(lambda: parse_tolerance(parameters), 0.0)
    decimals = checks.read(lambda: parse_decimals(parameters), None)
    with_z = checks.read(lambda: parse_flag(parameters, "returnZ"), False)
    checks.finish()
    assert shape and looking
    return IdentifyRequest(
        job, shape, looking.view, tolerance_px if looking.is_known else 0.0, depth, ids, filters, composition, time, with_shapes, tolerance,
        decimals, with_z,
    )  # fmt: skip


def _parse_filters(parameters: Parameters, card: MapCard) -> Filters:
    text = parameters.get("layerdefs")
    return parse_layer_defs(text, card) if text else ()


def _parse_shape(parameters: Parameters, card: MapCard, crs: str) -> Shape:
    demand_geometry_type(parameters)
    shape, named = parse_geometry(required(parameters, "geometry"))
    if named is None or named == crs:
        return shape
    spots = [position for part in shape.parts for path in part for position in path]
    with np.errstate(all="ignore"):
        placed = carry(np.asarray(spots, np.float64).reshape(-1, 2), named, crs)
    if not np.isfinite(placed).all():
        raise InvalidParameter(_NOWHERE)
    there = map(tuple, placed.tolist())
    return Shape(shape.kind, tuple(tuple(tuple(next(there) for _ in path) for path in part) for part in shape.parts))


def _parse_view(parameters: Parameters, card: MapCard, crs: str) -> _Looking:
    """QGIS sends zeros where it shows no map."""
    text, display = parameters.get("mapextent"), parameters.get("imagedisplay")
    if text is None or display is None or not (_has_area(text) and _has_area("0,0," + display.rpartition(",")[0])):
        box, (width, height, dpi) = _carried_box(card.bbox, card.crs, crs), _USUAL_DISPLAY
        return _Looking(MapView(box, crs, width, height, dpi / 96), False)
    extent, named = parse_extent("mapExtent", text)
    width, height, dpi = _parse_display(display)
    return _Looking(MapView(_carried_box(extent, named or crs, crs), crs, width, height, dpi / 96), True)


def _has_area(text: str) -> bool:
    """False for numbers that span nothing; what is not understood is left to be told of."""
    try:
        xmin, ymin, xmax, ymax = (float(part) for part in text.split(","))
    except ValueError:
        return True
    return xmin != xmax and ymin != ymax


def _carried_box(box: BBox, source: str, target: str) -> BBox:
    carried = transform_view(box, source, target)
    if carried is None:
        raise InvalidParameter("'mapExtent' has no place in 'sr'.")
    return carried


def _parse_display(text: str) -> tuple[int, int, float]:
    """``width,height`` or ``width,height,dpi``.  Raises InvalidSize."""
    parts = parse_floats("imageDisplay", text, 3) if text.count(",") > 1 else (*parse_floats("imageDisplay", text, 2), 96.0)
    width, height, dpi = parts
    if not (0 < width <= LARGEST_DISPLAY_PX and 0 < height <= LARGEST_DISPLAY_PX):
        raise InvalidSize(f"'imageDisplay' must have sides above 0 and up to {LARGEST_DISPLAY_PX} pixels.")
    if not LEAST_DPI <= dpi <= DPI.value:
        raise InvalidSize(f"'imageDisplay' must have from {LEAST_DPI} to {DPI.value} dots per inch.")
    return max(1, round(width)), max(1, round(height)), dpi


def _parse_layers(text: str | None) -> tuple[Depth, tuple[int, ...] | None]:
    """``top``, ``visible`` or ``all``, each alone or with ids behind a colon; none behind it are all (QGIS).  Raises InvalidLayer."""
    word, _, listed = (text or "top").partition(":")
    if word.strip().lower() not in {depth.value for depth in Depth}:
        raise InvalidLayer("'layers' must begin with top, visible or all.")
    ids = parse_layer_ids("layers", listed) if listed.strip(" ,") else None
    return Depth(word.strip().lower()), ids


def _parse_tolerance(parameters: Parameters) -> float:
    pixels = parse_float("tolerance", parameters.get("tolerance") or "0")
    if not 0 <= pixels <= LARGEST_TOLERANCE_PX:
        raise InvalidParameter(f"'tolerance' must be from 0 to {LARGEST_TOLERANCE_PX} pixels.")
    return pixels

"""Where another CRS bends straight lines: long edges are given vertices between their ends before they are carried over.

Mapnik carries vertices only, so that a footprint of four corners would not cover the raster it frames, and a cap around a pole
would be a line.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WGS84, is_geographic, transform_bbox, transformer
from rendermap.jobs.job import Layer
from rendermap.render.vector_facts import ERRORS, quiet
from rendermap.symbology.facts import GeometryKind, VectorFacts

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]

_STEPS = 64
_STEPS_SEEN = 8
_TOLERANCE = 1e-5
"""How far, as a share of the data's diagonal on the map, a line may bend unseen: a pixel in a picture of a hundred thousand."""
_MOST_STEPS = 1000
_FINER = 4.0
_FARTHEST = 1e8
_LATITUDES = (90.0, 89.99, 89.9, 89.0, 88.0, 87.0, 86.0, 85.0, 80.0, 75.0, 70.0)
_MOST_LOOKED_AT = 20_000


@lru_cache(maxsize=1024)
def longest_straight(box: BBox, data_crs: str, map_crs: str) -> float | None:
    """Length, in units of the data, up to which lines in a box stay straight on the map; None where all do."""
    diagonal = float(np.hypot(box.width, box.height))
    if data_crs == map_crs or not diagonal:
        return None
    starts, ends = _probes(box, data_crs)
    shares = np.linspace(0.0, 1.0, _STEPS + 1)[:, np.newaxis]
    lines = starts[:, np.newaxis] + shares * (ends - starts)[:, np.newaxis]
    xs, ys = transformer(data_crs, map_crs).transform(lines[..., 0].ravel(), lines[..., 1].ravel())
    carried = np.stack([xs, ys], axis=-1).reshape(lines.shape)
    carried[~(np.abs(carried) < _FARTHEST)] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        off = _offsets(carried[:, :-2], carried[:, 1:-1], carried[:, 2:])
        if not np.isfinite(off).any():
            return None
        span = float(np.hypot(*np.nanmax(carried, axis=(0, 1)) - np.nanmin(carried, axis=(0, 1))))
        lengths = 2 / _STEPS * np.hypot(*(ends - starts).T)[:, np.newaxis] * np.sqrt(_TOLERANCE * span / off)
    longest = max(float(np.nanmin(lengths)), diagonal / _MOST_STEPS)
    return longest if longest < diagonal else None


def _probes(box: BBox, data_crs: str) -> tuple[Floats, Floats]:
    """Both ends of lines along and across a box, and of its diagonals."""
    low, high = (max(box.ymin, -90.0), min(box.ymax, 90.0)) if is_geographic(data_crs) else (box.ymin, box.ymax)
    xs, ys = np.linspace(box.xmin, box.xmax, 5).tolist(), np.linspace(low, high, 5).tolist()
    pairs: list[tuple[tuple[float, float], tuple[float, float]]] = [((x, low), (x, high)) for x in xs] + [
        ((box.xmin, y), (box.xmax, y)) for y in ys
    ]
    pairs += [((box.xmin, low), (box.xmax, high)), ((box.xmin, high), (box.xmax, low))]
    made = np.asarray([pair for pair in pairs if pair[0] != pair[1]], np.float64)
    return made[:, 0], made[:, 1]


def _offsets(start: Floats, middle: Floats, end: Floats) -> Floats:
    """How far each middle lies beside the straight line from start to end."""
    chord, arm = end - start, middle - start
    length = np.hypot(chord[..., 0], chord[..., 1])
    beside = np.abs(chord[..., 0] * arm[..., 1] - chord[..., 1] * arm[..., 0]) / length
    return np.where(length > 0, beside, np.hypot(arm[..., 0], arm[..., 1]))


@lru_cache(maxsize=1024)
def holds_bent(layer: Layer, longest: float, data_crs: str, map_crs: str, area: BBox | None = None) -> bool:
    """True when a line or an edge of a layer is longer than longest and the map bends it.  Dense data costs a look at its features' boxes.

    Those along meridians and parallels stay straight on many maps.  area: only features that meet it count, None for all.
    """
    if not isinstance(layer.facts, VectorFacts) or layer.facts.geometry is GeometryKind.POINT:
        return False
    try:
        with quiet():
            fids, bounds = pyogrio.read_bounds(layer.open_name, layer=layer.source.member, bbox=area.corners if area else None)
            large = fids[np.hypot(bounds[2] - bounds[0], bounds[3] - bounds[1]) > longest]
            if not len(large) or len(large) > _MOST_LOOKED_AT:
                return bool(len(large))
            wkb = pyogrio.raw.read(layer.open_name, layer=layer.source.member, columns=[], fids=large)[2]
    except ERRORS as error:
        raise SourceUnreadable(reason=f"{layer.open_name}: {error}") from error
    starts, ends = _longer(shapely.from_wkb(wkb, on_invalid="ignore"), longest)
    span = transform_bbox(layer.bbox, data_crs, map_crs) if layer.bbox else None
    return bool(len(starts)) and (span is None or not _are_straight(starts, ends, data_crs, map_crs, np.hypot(span.width, span.height)))


def forget() -> None:
    """Look at every dataset anew."""
    holds_bent.cache_clear()


def _longer(shapes: Shapes, length: float) -> tuple[Floats, Floats]:
    """Both ends of the segments that are longer."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    areal = shapely.get_dimensions(parts) == 2
    lines = np.concatenate([shapely.get_rings(parts[areal]), parts[~areal]])
    places, owners = shapely.get_coordinates(lines, return_index=True)
    is_longer = (np.diff(owners) == 0) & (np.hypot(*np.diff(places, axis=0).T) > length)
    return places[:-1][is_longer], places[1:][is_longer]


def _are_straight(starts: Floats, ends: Floats, data_crs: str, map_crs: str, span: float) -> bool:
    """False also for what lies outside the map's domain."""
    shares = np.linspace(0.0, 1.0, _STEPS_SEEN + 1)[:, np.newaxis]
    lines = starts[:, np.newaxis] + shares * (ends - starts)[:, np.newaxis]
    xs, ys = transformer(data_crs, map_crs).transform(lines[..., 0].ravel(), lines[..., 1].ravel())
    carried = np.stack([xs, ys], axis=-1).reshape(lines.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        return bool((_offsets(carried[:, :1], carried[:, 1:-1], carried[:, -1:]) <= _TOLERANCE * span).all())


def densified(shapes: Shapes, longest: float) -> Shapes:
    """The geometries with no segment longer than needed to follow the bend."""
    if shapely.get_dimensions(shapes).max(initial=0) == 0:
        return shapes
    return np.asarray(shapely.segmentize(shapes, longest / _FINER))


def carry_densified(shapes: Shapes, data_crs: str, map_crs: str, longest: float) -> Shapes:
    """The geometries in the map's CRS, bent as it bends them; None for what lies outside its domain.

    shapes: flat geometries in data_crs.
    """
    if is_geographic(data_crs):
        shapes = _within_latitudes(shapes, *_latitudes_of(map_crs))
    carry = transformer(data_crs, map_crs)
    drawn = np.asarray(shapely.transform(densified(shapes, longest), lambda xy: np.column_stack(carry.transform(xy[:, 0], xy[:, 1]))))
    for index in np.nonzero(~np.isfinite(shapely.bounds(drawn)).all(axis=1) & ~shapely.is_missing(drawn) & ~shapely.is_empty(drawn))[0]:
        drawn[index] = _finite(drawn[index])
    return drawn


def _within_latitudes(shapes: Shapes, low: float, high: float) -> Shapes:
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        beyond = (bounds[:, 1] < low) | (bounds[:, 3] > high)
    kept = shapes.copy()
    for index in np.nonzero(beyond)[0]:
        kept[index] = shapely.intersection(_sound(shapes[index]), shapely.box(bounds[index, 0], low, bounds[index, 2], high))
    return kept


def _sound(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.make_valid(shape) if shapely.get_dimensions(shape) == 2 else shape


@lru_cache(maxsize=256)
def _latitudes_of(crs: str) -> tuple[float, float]:
    """The latitudes between which a CRS has places not too far to draw, along some meridian."""
    carry, meridians = transformer(WGS84, crs), np.linspace(-180.0, 175.0, 72)

    def is_near(latitude: float) -> bool:
        xs, ys = carry.transform(meridians, np.full_like(meridians, latitude))
        return bool(((np.abs(xs) < _FARTHEST) & (np.abs(ys) < _FARTHEST)).any())

    high = next((latitude for latitude in _LATITUDES if is_near(latitude)), 0.0)
    return -next((latitude for latitude in _LATITUDES if is_near(-latitude)), 0.0), high


def _finite(shape: Any) -> Any:
    """A geometry without the vertices that have no place on the map; None when too few are left."""
    parts = [part for part in (_finite_part(part) for part in shapely.get_parts(shape)) if part is not None]
    makers = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    return makers[int(shapely.get_dimensions(shape))](parts) if parts else None


def _finite_part(part: Any) -> Any:
    if part.geom_type == "Polygon":
        shell = _finite_places(part.exterior)
        holes = [hole for hole in map(_finite_places, part.interiors) if len(hole) > 2]
        return shapely.Polygon(shell, holes) if len(shell) > 2 else None
    places = _finite_places(part)
    if part.geom_type == "Point":
        return part if len(places) else None
    return shapely.LineString(places) if len(places) > 1 else None


def _finite_places(line: Any) -> Floats:
    places = shapely.get_coordinates(line)
    return places[np.isfinite(places).all(axis=1)]

"""Shapes of features: where they lie to a place, what of them may be told, and how they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from rendermap.dispatch.plan import FeaturesPlan
from rendermap.errors import InvalidParameter
from rendermap.geo.bbox import BBox, pad
from rendermap.geo.crs import WGS84, area_of_use, crs_of, transformer
from rendermap.geo.shape import Position, Shape
from rendermap.geo.turns import Turn, across, carry, turn_of, turns_onto
from rendermap.render.copies import Shapes
from rendermap.request import Relation, SpatialFilter

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Move = Callable[[Floats], Floats]

_NOWHERE = "The geometry of the question has no place where the features lie."
_STEPS = 64
"""Into so many pieces each side of a box is cut, and a longest line of a place, before it is carried into another CRS."""

_EVEN = 1e-11
"""Of the way around the earth, a fraction of a millimetre: so nearly do parts meet that were cut at the antimeridian."""

_NEARBY_DEG = 5.0
"""Around where a CRS is meant to be used, datasets use it as well."""

_TESTS: dict[Relation, Callable[[Any, Any], Any]] = {
    Relation.INTERSECTS: shapely.intersects,
    Relation.CONTAINS: shapely.contains,
    Relation.WITHIN: shapely.within,
    Relation.CROSSES: shapely.crosses,
    Relation.OVERLAPS: shapely.overlaps,
    Relation.TOUCHES: shapely.touches,
}


# --- from plain values and back ---------------------------------------------------------------------------------------


def geometry_from(shape: Shape) -> shapely.Geometry:
    """A valid, flat geometry.  Raises InvalidParameter for what makes none."""
    try:
        made = _made(shape)
    except (ValueError, ShapelyError) as error:
        raise InvalidParameter("The geometry of the question is not one.") from error
    if shapely.is_empty(made):
        raise InvalidParameter("The geometry of the question is empty.")
    return shapely.make_valid(shapely.force_2d(made))


def _made(shape: Shape) -> shapely.Geometry:
    if shape.kind == "polygon":
        return shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in shape.parts if part])
    paths = [path for part in shape.parts for path in part]
    if shape.kind == "line":
        return shapely.MultiLineString([shapely.LineString(path) for path in paths])
    points = [point for path in paths for point in path]
    return shapely.MultiPoint(points) if len(points) > 1 else shapely.Point(points[0]) if points else shapely.Point()


def shape_from(geometry: shapely.Geometry | None, *, with_z: bool) -> Shape | None:
    """Plain values of a geometry, of its parts of the highest dimension; None for none."""
    if geometry is None or shapely.is_empty(geometry):
        return None
    parts = shapely.get_parts(shapely.get_parts(geometry))
    dimension = int(shapely.get_dimensions(parts).max())
    parts = parts[shapely.get_dimensions(parts) == dimension]
    has_z = with_z and bool(shapely.has_z(geometry))
    if dimension == 0:
        return Shape("point", ((tuple(next(_positions(part, has_z)) for part in parts),),))
    if dimension == 1:
        return Shape("line", (tuple(tuple(_positions(part, has_z)) for part in parts),))
    rings = ((part.exterior, *part.interiors) for part in parts)
    return Shape("polygon", tuple(tuple(tuple(_positions(ring, has_z)) for ring in polygon) for polygon in rings))


def _positions(geometry: shapely.Geometry, has_z: bool) -> Iterator[Position]:
    yield from map(tuple, shapely.get_coordinates(geometry, include_z=has_z).tolist())


# --- places -----------------------------------------------------------------------------------------------------------


def carried(geometry: Any, source: str, target: str) -> Any:
    """A geometry, or many, in another CRS, easting first; what has no place there has positions that are not finite."""
    return geometry if source == target else moved(geometry, _mover(transformer(source, target)))


def _mover(way: pyproj.Transformer) -> Move:
    return lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])) if len(xy) else xy


def moved(geometry: Any, move: Move) -> Any:
    """A geometry, or many, with every position (x, y) moved; heights stay."""
    flat, has_z = shapely.transform(geometry, move), shapely.has_z(geometry)
    if not np.any(has_z):
        return flat
    high = shapely.transform(geometry, lambda xyz: np.column_stack([move(xyz[:, :2]), xyz[:, 2]]), include_z=True)
    return np.where(has_z, high, flat)


def query_geometry(asked: SpatialFilter, crs: str) -> shapely.Geometry:
    """The shape in the data's CRS, with what lies within its distance.  Raises InvalidParameter where it has no place there."""
    try:
        with np.errstate(all="ignore"):
            found = _query_geometry(geometry_from(asked.shape), asked, crs)
    except (ShapelyError, ProjError) as error:
        raise InvalidParameter(_NOWHERE) from error
    if not np.isfinite(shapely.get_coordinates(found)).all():
        raise InvalidParameter(_NOWHERE)
    return shapely.envelope(found) if asked.relation is Relation.BOXES else found


def _query_geometry(geometry: shapely.Geometry, asked: SpatialFilter, crs: str) -> shapely.Geometry:
    if asked.reach > 0:
        geometry = shapely.buffer(geometry, asked.reach)
    if asked.distance_m > 0:
        geometry, source = _widened(geometry, asked.crs, asked.distance_m), WGS84
    else:
        source = asked.crs
    found: shapely.Geometry = _carried_on(_densified(geometry) if source != crs else geometry, source, crs)
    return shapely.make_valid(found) if np.isfinite(shapely.get_coordinates(found)).all() else found


def _carried_on(geometry: Any, source: str, target: str) -> Any:
    """As `carried`, without heights, in one piece across the antimeridian."""
    made: Any = shapely.transform(geometry, lambda xy: carry(xy, source, target))
    return made


def turned_onto(geometry: shapely.Geometry, crs: str, onto: BBox | None) -> shapely.Geometry:
    """The geometry once for each way around the earth on which it meets a box, of the data; the very same where there is none."""
    turn = turn_of(crs)
    copies = _copies(geometry, turn, (onto.xmin, onto.xmax)) if turn and onto else []
    return shapely.union_all(copies) if copies else geometry


def _copies(geometry: shapely.Geometry, turn: Turn, onto: tuple[float, float]) -> list[shapely.Geometry]:
    low, _, high, _ = shapely.bounds(geometry)
    return [_shifted(geometry, way * turn.width) for way in turns_onto(low, high, onto, turn)]


def _shifted(geometry: shapely.Geometry, dx: float) -> shapely.Geometry:
    made: shapely.Geometry = shapely.transform(geometry, lambda xy: xy + np.array((dx, 0.0))) if dx else geometry
    return made


def _densified(geometry: shapely.Geometry) -> shapely.Geometry:
    xmin, ymin, xmax, ymax = shapely.bounds(geometry)
    longest = max(xmax - xmin, ymax - ymin) / _STEPS
    return shapely.segmentize(geometry, longest) if longest > 0 else geometry


def _widened(geometry: shapely.Geometry, crs: str, distance_m: float) -> shapely.Geometry:
    """In degrees, buffered on a map around its middle on which distances from there are true."""
    degrees = _carried_on(geometry, crs, WGS84)
    middle = shapely.centroid(degrees)
    if shapely.is_empty(middle) or not np.isfinite([middle.x, middle.y]).all():
        raise InvalidParameter(_NOWHERE)
    local = pyproj.CRS.from_dict({"proj": "aeqd", "lat_0": middle.y, "lon_0": middle.x, "datum": "WGS84", "units": "m"})
    there = _mover(pyproj.Transformer.from_crs(crs_of(WGS84), local, always_xy=True))
    back = _mover(pyproj.Transformer.from_crs(local, crs_of(WGS84), always_xy=True))
    wide = shapely.buffer(shapely.transform(_densified(degrees), there), distance_m, quad_segs=32)
    return shapely.transform(wide, lambda xy: _around(middle.x, back(xy)))


def _around(lon: float, degrees: Floats) -> Floats:
    """Positions in degrees, each where it is nearest to a longitude."""
    return np.column_stack([degrees[:, 0] - 360.0 * np.round((degrees[:, 0] - lon) / 360.0), degrees[:, 1]])


def lies(shapes: Shapes, asked: shapely.Geometry, relation: Relation, crs: str, onto: BBox | None) -> Mask:
    """Which shapes lie so to the one asked about, a box where boxes are compared, on either side of the antimeridian.

    onto: the box around the data.
    """
    turn = turn_of(crs)
    if relation is Relation.WITHIN and turn is not None and onto is not None:
        return _hold(shapes, asked, turn)
    asked = turned_onto(asked, crs, onto)
    if relation is Relation.BOXES:
        left, low, right, high = shapely.bounds(shapes).T
        with np.errstate(invalid="ignore"):
            meets = [
                (left <= xmax) & (right >= xmin) & (low <= ymax) & (high >= ymin)
                for xmin, ymin, xmax, ymax in shapely.bounds(shapely.get_parts(asked))
            ]
        return np.asarray(np.any(meets, axis=0))
    shapely.prepare(asked)
    return np.asarray(_TESTS[relation](asked, shapes))


def _hold(shapes: Shapes, asked: shapely.Geometry, turn: Turn) -> Mask:
    lows, _, highs, _ = shapely.bounds(shapes).T
    whole = shapes.copy()
    for place in np.flatnonzero(highs - lows > turn.width / 2):
        whole[place] = _joined(shapes[place], turn)
    low, _, high, _ = shapely.total_bounds(whole)
    holds = np.zeros(len(shapes), np.bool_)
    for copy in _copies(asked, turn, (low, high)):
        holds |= shapely.within(copy, whole)
    return holds


def _joined(shape: shapely.Geometry, turn: Turn) -> shapely.Geometry:
    """The shape with its parts together that were cut at the antimeridian."""
    parts = shapely.make_valid(shapely.get_parts(shape))
    lows, _, highs, _ = shapely.bounds(parts).T
    span = across(lows, highs, turn)
    if span is None:
        return shape
    ways = np.ceil((span[0] - lows) / turn.width - _EVEN)
    joined: shapely.Geometry = shapely.union_all(
        [_shifted(part, way * turn.width) for part, way in zip(parts, ways.tolist(), strict=True)], grid_size=turn.width * _EVEN
    )
    return joined


def span_of(shapes: Shapes, source: str, target: str) -> tuple[float, float, float, float] | None:
    """(xmin, ymin, xmax, ymax) around shapes in another CRS: on beyond the antimeridian where that is the shorter way.

    None where nothing of them is there.
    """
    parts = shapely.get_parts(_carried_on(shapes, source, target))
    boxes = shapely.bounds(parts)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return None
    (xmin, ymin), (xmax, ymax) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    turn = turn_of(target)
    span = across(boxes[:, 0], boxes[:, 2], turn) if turn and xmax - xmin > turn.width / 2 else None
    return (span[0], ymin, span[1], ymax) if span else (xmin, ymin, xmax, ymax)


# --- what may be told -------------------------------------------------------------------------------------------------


def extent_in(extent_deg: BBox, crs: str, onto: BBox | None) -> shapely.Geometry:
    """A part of the earth in the data's CRS, wherever around the earth the data have it; one across 180 degrees has two pieces.

    onto: the box around the data.

    Of one that reaches beyond what has a place in that CRS, what lies near where the CRS is meant to be used; empty where nothing does.
    """
    west, south, east, north = extent_deg.corners
    shifts = [way * 360.0 for way in turns_onto(west, east, (-180.0, 180.0), Turn(360.0, 0.0))]
    sides = [(max(west + shift, -180.0), min(east + shift, 180.0)) for shift in shifts]
    pieces = [_piece_in(shapely.box(low, south, high, north), crs) for low, high in sides if low < high]
    return shapely.union_all([turned_onto(piece, crs, onto) for piece in pieces])


def _piece_in(box: shapely.Geometry, crs: str) -> shapely.Geometry:
    area = area_of_use(crs)
    nearby = shapely.intersection(box, shapely.box(*pad(area, _NEARBY_DEG, _NEARBY_DEG).corners)) if area else shapely.Polygon()
    for part in (box, nearby):
        there = carried(_densified(part), WGS84, crs)
        if np.isfinite(shapely.get_coordinates(there)).all():
            valid: shapely.Geometry = shapely.make_valid(there)
            return valid
    return shapely.Polygon()


def on_grid(shapes: Shapes, cell: float) -> Shapes:
    """Every position moved to the nearest corner of a grid."""
    return np.asarray(moved(shapes, lambda xy: np.round(xy / cell) * cell), object)


def cut(shapes: Shapes, extent: shapely.Geometry) -> Shapes:
    """What of the shapes lies inside; None for those that only touch it."""
    shapely.prepare(extent)
    whole = np.asarray(shapely.contains_properly(extent, shapes))
    meets = np.asarray(shapely.intersects(extent, shapes)) & ~whole
    pieces = np.asarray(shapely.intersection(shapely.make_valid(shapes[meets]), extent), object)
    pieces[shapely.get_dimensions(pieces) != shapely.get_dimensions(shapes[meets])] = None
    inside = shapes.copy()
    inside[~whole] = None
    inside[meets] = pieces
    return inside


def shown(shapes: Shapes, plan: FeaturesPlan) -> Shapes:
    """The shapes as they are told: in the CRS that is asked for, simplified and rounded; None for what has no place there."""
    there = np.array(carried(shapes, plan.crs, plan.out_crs), object)
    there[~np.isfinite(shapely.bounds(there)).all(axis=1)] = None
    if plan.tolerance > 0:
        there = np.asarray(shapely.simplify(there, plan.tolerance), object)
    if plan.coordinate_decimals is not None:
        places = plan.coordinate_decimals
        there = moved(there, lambda xy: np.round(xy, places))
    return np.asarray(shapely.orient_polygons(there, exterior_cw=True), object)

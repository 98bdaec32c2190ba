"""Where a label may stand at a point or in a polygon, so that it is whole within its frame.

Everything is in CSS pixels, y up, seen from the frame's lower left corner.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import shapely

from rendermap.geo.lattice import Frame
from rendermap.symbology.labels import LabelClass, Placement
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT

COMPASS = ("NE", "NW", "E", "W", "SE", "SW", "N", "S")
_EDGE_PX = 2.0
_CHORDS = 15
_SIMPLE = ("Point", "LineString", "Polygon")
_ROOMY, _STEP_PX = 6, 8.0
_FINE_PX, _MANY = 0.25, 200
_FAT = 0.4
"""A polygon's centroid is a good place when it is this share of a disc's radius of the same area away from the outline."""


class Spot(NamedTuple):
    """Where a text lies, seen from a point.  dx, dy: of its nearest edge or its middle; horizontal: left, middle or right of it;
    vertical: top, middle or bottom."""

    dx: float
    dy: float
    horizontal: str
    vertical: str


MIDDLE = Spot(0.0, 0.0, "middle", "middle")


@dataclass(frozen=True, slots=True)
class Label:
    """A text and where it may stand.  shape: a point, or the piece of line that it follows.  spots: tried in turn.  size: of its box."""

    text: str
    shape: Any
    spots: tuple[Spot, ...] = (MIDDLE,)
    turn_deg: float = 0.0
    size: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Room:
    """The frame's inside.  margin: that labels keep from its edge."""

    width: float
    height: float
    margin: float

    def owns(self, x: float, y: float) -> bool:
        """True for the one of neighbouring frames in which a point lies."""
        return 0 <= x < self.width and 0 < y <= self.height

    def holds(self, box: tuple[float, float, float, float]) -> bool:
        """True where a box does not come near the edge."""
        left, bottom, right, top = box
        m = self.margin
        return left >= m and bottom >= m and right <= self.width - m and top <= self.height - m


def room_of(frame: Frame, label: LabelClass) -> Room:
    """The room for labels of a class."""
    halo = label.symbol.halo_pt if label.symbol.halo_color else 0.0
    box = label.symbol.box_margin_pt + 1.0 if label.symbol.box_color or label.symbol.box_outline else 0.0
    return Room(frame.width, frame.height, max(halo, box) * PX_PER_PT + _EDGE_PX)


@lru_cache(maxsize=1024)
def spots_of(placement: Placement, reach_px: float) -> tuple[Spot, ...]:
    """The spots of the anchors.  reach_px: of the marker below."""
    distance = placement.distance_pt * PX_PER_PT + reach_px
    return tuple(_spot(anchor, distance, placement) for anchor in placement.anchors) or (MIDDLE,)


def _spot(anchor: str, distance: float, placement: Placement) -> Spot:
    east, north = ("E" in anchor) - ("W" in anchor), ("N" in anchor) - ("S" in anchor)
    share = distance / math.sqrt(2) if east and north else distance
    dx, dy = placement.dx_pt * PX_PER_PT, placement.dy_pt * PX_PER_PT
    return Spot(east * share + dx, north * share + dy, ("left", "middle", "right")[east + 1], ("bottom", "middle", "top")[north + 1])


def box_at(x: float, y: float, spot: Spot, size: tuple[float, float], turn_deg: float) -> tuple[float, float, float, float]:
    """The box around a text at a spot."""
    cos, sin = abs(math.cos(math.radians(turn_deg))), abs(math.sin(math.radians(turn_deg)))
    wide, high = size[0] * cos + size[1] * sin, size[0] * sin + size[1] * cos
    shift_x = {"left": -1.0, "middle": -0.5, "right": 0.0}[spot.horizontal] * wide
    shift_y = {"bottom": -1.0, "middle": -0.5, "top": 0.0}[spot.vertical] * high
    left, bottom = x + spot.dx + shift_x, y + spot.dy + shift_y
    return left, bottom, left + wide, bottom + high


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label that looks for its place."""

    text: str
    size: tuple[float, float]
    turn_deg: float
    placement: Placement
    reach_px: float = 0.0


def at_point(x: float, y: float, wanted: Wanted, room: Room) -> Label | None:
    """The label of a point; None where it belongs to another frame or finds no place within this one."""
    spots = spots_of(wanted.placement, wanted.reach_px)
    if not room.owns(x + wanted.placement.dx_pt * PX_PER_PT, y + wanted.placement.dy_pt * PX_PER_PT):
        return None
    fitting = _fitting(x, y, spots, wanted, room)
    if not fitting and "C" not in wanted.placement.anchors:
        all_around = Placement(COMPASS, distance_pt=wanted.placement.distance_pt)
        fitting = _fitting(x, y, spots_of(all_around, wanted.reach_px), wanted, room)
    if fitting:
        return Label(wanted.text, shapely.Point(x, y), fitting, wanted.turn_deg, wanted.size)
    moved = moved_inside(x, y, spots[0], wanted, room)
    return moved and Label(wanted.text, shapely.Point(*moved), spots[:1], wanted.turn_deg, wanted.size)


def _fitting(x: float, y: float, spots: tuple[Spot, ...], wanted: Wanted, room: Room) -> tuple[Spot, ...]:
    far = sum(wanted.size) + room.margin + max(abs(spot.dx) + abs(spot.dy) for spot in spots)
    if far < x < room.width - far and far < y < room.height - far:
        return spots
    return tuple(spot for spot in spots if room.holds(box_at(x, y, spot, wanted.size, wanted.turn_deg)))


def moved_inside(x: float, y: float, spot: Spot, wanted: Wanted, room: Room) -> tuple[float, float] | None:
    """The point moved away from the frame's edge so far that its label is whole; None where that is farther than the label reaches."""
    left, bottom, right, top = box_at(x, y, spot, wanted.size, wanted.turn_deg)
    if right - left > room.width - 2 * room.margin or top - bottom > room.height - 2 * room.margin:
        return None
    dx = max(room.margin - left, 0.0) or min(room.width - room.margin - right, 0.0)
    dy = max(room.margin - bottom, 0.0) or min(room.height - room.margin - top, 0.0)
    return x + dx, y + dy


def in_polygon(polygon: Any, corner: tuple[float, float], wanted: Wanted, room: Room) -> Label | None:
    """The label of a polygon, once, wherever in the world it is cut by frames.

    polygon: on the plane whose origin is the CRS's.  corner: of the frame on that plane.
    """
    polygon = _sound(polygon)
    x, y = interior_of(polygon)
    if not _is_within(polygon, x, y, wanted):
        wide = _widest_of(polygon, wanted)
        if wide is None and wanted.placement.must_fit:
            return None
        x, y = wide or (x, y)
    found = at_point(x - corner[0], y - corner[1], wanted, room)
    if found is None:
        return None
    if (found.shape.x, found.shape.y) == (x - corner[0], y - corner[1]):
        return replace(found, spots=(*found.spots, *_others_within(polygon, (x, y), corner, wanted, room)))
    moved = found.shape.x + corner[0], found.shape.y + corner[1]
    is_inside = _is_within(polygon, *moved, wanted) if wanted.placement.must_fit else shapely.contains_xy(polygon, *moved)
    return found if is_inside else None


def _others_within(polygon: Any, middle: tuple[float, float], corner: tuple[float, float], wanted: Wanted, room: Room) -> Iterator[Spot]:
    """Further spots inside a polygon that is much larger than its label."""
    (width, height), (x, y) = wanted.size, middle
    if shapely.area(polygon) < _ROOMY * width * height:
        return
    for right, up in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        spot = MIDDLE._replace(dx=right * _step(width * 0.6), dy=up * _step(height * 1.1))
        box = box_at(x, y, spot, wanted.size, wanted.turn_deg)
        inside = box[0] - corner[0], box[1] - corner[1], box[2] - corner[0], box[3] - corner[1]
        if room.holds(inside) and shapely.contains(polygon, shapely.box(*box)):
            yield spot


def _step(length: float) -> float:
    """In steps of a few pixels, so that a few symbolizers do for all labels."""
    return math.ceil(length / _STEP_PX) * _STEP_PX


def _is_within(polygon: Any, x: float, y: float, wanted: Wanted) -> bool:
    spot = spots_of(wanted.placement, 0.0)[0]
    return bool(shapely.contains(polygon, shapely.box(*box_at(x, y, spot, wanted.size, wanted.turn_deg))))


def _widest_of(polygon: Any, wanted: Wanted) -> tuple[float, float] | None:
    """The middle of the widest place that holds the text, None where none does."""
    left, bottom, right, top = shapely.bounds(polygon)
    width, height = wanted.size
    if right - left < width or top - bottom < height or wanted.turn_deg:
        return None
    ys = np.linspace(bottom, top, _CHORDS + 2)[1:-1]
    chords = shapely.get_parts(shapely.intersection(polygon, [shapely.LineString([(left, y), (right, y)]) for y in ys]))
    wide = sorted(chords[shapely.length(chords) >= width], key=shapely.length, reverse=True)
    middles = (shapely.get_coordinates(shapely.centroid(chord))[0] for chord in wide)
    return next(((float(x), float(y)) for x, y in middles if _is_within(polygon, x, y, wanted)), None)


def interior_of(polygon: Any) -> tuple[float, float]:
    """A point well inside: the centroid, else the middle of the largest circle."""
    center = shapely.centroid(polygon)
    if shapely.contains(polygon, center):
        room = shapely.distance(shapely.boundary(polygon), center)
        if room >= _FAT * math.sqrt(shapely.area(polygon) / math.pi):
            return center.x, center.y
    side = max(np.ptp(np.array(shapely.bounds(polygon)).reshape(2, 2), axis=0))
    circle = shapely.maximum_inscribed_circle(polygon, tolerance=side / 100)
    x, y = shapely.get_coordinates(circle)[0]
    if shapely.contains(polygon, center) and shapely.distance(shapely.boundary(polygon), center) >= 0.7 * shapely.length(circle):
        return center.x, center.y
    return float(x), float(y)


def _sound(polygon: Any) -> Any:
    """The polygon as it is seen, without crossings of its own outline."""
    seen = shapely.simplify(polygon, _FINE_PX) if shapely.get_num_coordinates(polygon) > _MANY else polygon
    if shapely.is_valid(seen):
        return seen
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(seen)))
    return max(parts, key=shapely.area) if shapely.area(parts).any() else shapely.buffer(shapely.centroid(seen), _FINE_PX)


def parts_of(shape: Any, *, each: bool) -> Iterator[Any]:
    """The parts of a shape that are labelled: every one, or the largest of the highest dimension, lines that go on in each other as one."""
    if shape.geom_type in _SIMPLE:
        yield shape
        return
    dimension = shapely.get_dimensions(shape)
    merged = shapely.line_merge(shape) if dimension == 1 and shapely.get_num_geometries(shape) > 1 else shape
    parts = [part for part in shapely.get_parts(shapely.get_parts(merged)) if shapely.get_dimensions(part) == dimension]
    if each:
        yield from parts
    elif parts:
        yield max(parts, key=(None, shapely.length, shapely.area)[dimension]) if dimension else parts[0]

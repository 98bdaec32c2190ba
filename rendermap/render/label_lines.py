"""Where labels of lines stand: pieces of the line, smooth enough for letters, or points beside it.

Everything is in CSS pixels, y up.  Places along a line are told by their distance from its begin, which all frames agree on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.render.label_places import MIDDLE, Label, Room, Wanted, box_at, moved_inside
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT

Floats = NDArray[np.float64]

STEP_PX = 2.0
_SLIDES = 0.75
"""A label may move along its line by this share of its width where others are in its way."""
_LONGEST_PX = 1 << 17
_MOST_PLACES = 1 << 14
"""Of labels on one line, however closely they repeat."""
_FINE_PX, _MANY = 0.25, 60


def on_line(line: Any, corner: tuple[float, float], wanted: Wanted, room: Room) -> Iterator[Label]:
    """The labels of a line that belong to a frame.

    line: on the plane whose origin is the CRS's.  corner: of the frame on that plane.
    """
    line = shapely.simplify(line, _FINE_PX) if shapely.get_num_coordinates(line) > _MANY else line
    length, (width, _) = float(shapely.length(line)), wanted.size
    if length == 0 or (wanted.placement.must_fit and length < width):
        return
    for place in places_along(length, wanted.placement.repeat_pt * PX_PER_PT):
        middle = shapely.line_interpolate_point(line, place)
        if room.owns(middle.x - corner[0], middle.y - corner[1]):
            around = _around(line, place, 3 * width + 40)
            around = (around[0] - np.array(corner), around[1])
            curved = _curved(*around, wanted, room) if wanted.placement.along == "curved" else None
            found = curved or _flat(*around, wanted, room)
            if found is not None:
                yield found


def places_along(length: float, repeat: float) -> list[float]:
    """Where on a line of that length labels stand: no more of them than _MOST_PLACES."""
    count = max(1, math.floor(min(min(length, _LONGEST_PX * STEP_PX) / repeat, _MOST_PLACES))) if repeat > 0 else 1
    return [(number + 0.5) * length / count for number in range(count)]


def _around(line: Any, place: float, reach: float) -> tuple[Floats, int]:
    """(points of the line every STEP_PX at most reach away from a place, which of them is the place)."""
    length = float(shapely.length(line))
    first, last = max(0.0, place - reach), min(length, place + reach)
    before, after = math.ceil((place - first) / STEP_PX), math.ceil((last - place) / STEP_PX)
    steps = np.concatenate([np.linspace(first, place, before + 1), np.linspace(place, last, after + 1)[1:]])
    return shapely.get_coordinates(shapely.line_interpolate_point(line, steps)), before


def _smoothed(points: Floats, reach_px: float) -> Floats:
    """The points averaged with their neighbours, its ends kept, so that letters do not tumble over every small bend."""
    half = min(round(reach_px / STEP_PX), (len(points) - 1) // 2)
    if half < 1:
        return points
    begin, end = 2 * points[0] - points[half:0:-1], 2 * points[-1] - points[-2 : -half - 2 : -1]
    padded = np.vstack([begin, points, end])
    weights = np.hanning(2 * half + 3)[1:-1]
    weights /= weights.sum()
    return np.column_stack([np.convolve(padded[:, axis], weights, mode="valid") for axis in (0, 1)])


# --- along the line ---------------------------------------------------------------------------------------------------


def _curved(points: Floats, at: int, wanted: Wanted, room: Room) -> Label | None:
    """A piece of the line about the place, moved along the line into the frame; lengthened where the line is too short."""
    width, height = wanted.size
    points = _smoothed(points, height)
    need = width + height / 2
    inside = _stretch_inside(points, at, room, height / 2 + abs(_lift(wanted)))
    if inside is None:
        return None
    first, last = inside
    whole = first == 0 and last == len(points) - 1
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if along[last] - along[first] < need:
        if not whole:
            return None
        points, at, along = _lengthened(points, at, need)
        first, last = 0, len(points) - 1
    center = min(max(along[at], along[first] + need / 2), along[last] - need / 2)
    half = need / 2 + min(_SLIDES * width, center - need / 2 - along[first], along[last] - need / 2 - center)
    kept = points[(along >= center - half - STEP_PX / 2) & (along <= center + half + STEP_PX / 2)]
    if len(kept) < 2:
        return None
    if kept[-1, 0] < kept[0, 0]:
        kept = kept[::-1]
    return Label(wanted.text, shapely.LineString(kept), (MIDDLE._replace(dy=_lift(wanted)),), 0.0, wanted.size)


def _lift(wanted: Wanted) -> float:
    """How far above the line the middle of the letters stands."""
    placement, height = wanted.placement, wanted.size[1]
    away = height * 0.5 + placement.distance_pt * PX_PER_PT + wanted.reach_px
    return {"above": away, "below": -away}.get(placement.side, 0.0) + placement.dy_pt * PX_PER_PT


def _stretch_inside(points: Floats, at: int, room: Room, margin: float) -> tuple[int, int] | None:
    """(first, last) of the points about a place that lie well within the frame; of the next that do where the place does not."""
    margin += room.margin
    good = (points[:, 0] >= margin) & (points[:, 0] <= room.width - margin)
    good &= (points[:, 1] >= margin) & (points[:, 1] <= room.height - margin)
    if not good.any():
        return None
    choices = np.nonzero(good)[0]
    at = int(choices[np.abs(choices - at).argmin()])
    bad = np.nonzero(~good)[0]
    return int(max(bad[bad < at], default=-1)) + 1, int(min(bad[bad > at], default=len(points))) - 1


def _lengthened(points: Floats, at: int, need: float) -> tuple[Floats, int, Floats]:
    """The line with straight ends, long enough for its label."""
    chord = points[-1] - points[0]
    size = float(np.hypot(*chord))
    unit = chord / size if size else np.array([1.0, 0.0])
    steps = max(math.ceil(need / STEP_PX), 1)
    ahead = np.arange(1, steps + 1)[:, None] * STEP_PX * unit
    points = np.vstack([points[0] - ahead[::-1], points, points[-1] + ahead])
    return points, at + steps, np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


# --- beside the line --------------------------------------------------------------------------------------------------


def _flat(points: Floats, at: int, wanted: Wanted, room: Room) -> Label | None:
    """Upright at a point of the line, or turned with it: the nearest to the place where the label is whole, else moved off the line."""
    stride = max(round(wanted.size[0] / 4 / STEP_PX), 1)
    for number in range(1, 2 * (len(points) // stride) + 2):
        index = at + (number // 2 if number % 2 else -number // 2) * stride
        if 0 <= index < len(points):
            x, y, turn = _beside(points, index, wanted)
            if room.holds(box_at(x, y, MIDDLE, wanted.size, turn)):
                return Label(wanted.text, shapely.Point(x, y), (MIDDLE,), turn, wanted.size)
    x, y, turn = _beside(points, at, wanted)
    moved = moved_inside(x, y, MIDDLE, replace(wanted, turn_deg=turn), room)
    return moved and Label(wanted.text, shapely.Point(*moved), (MIDDLE,), turn, wanted.size)


def _beside(points: Floats, index: int, wanted: Wanted) -> tuple[float, float, float]:
    """(x, y, angle in degrees) of a label at a point of the line."""
    half = max(round(wanted.size[0] / 2 / STEP_PX), 1)
    span = points[max(index - half, 0) : index + half + 1]
    dx, dy = span[-1] - span[0]
    angle = math.atan2(dy, dx)
    angle = (angle + math.pi / 2) % math.pi - math.pi / 2 if wanted.placement.along != "horizontal" else 0.0
    across = np.array([-math.sin(angle), math.cos(angle)])
    x, y = points[index] + across * (_lift(wanted) + _sag(span @ across - points[index] @ across, wanted))
    return float(x) + wanted.placement.dx_pt * PX_PER_PT, float(y), math.degrees(angle) + wanted.turn_deg


def _sag(heights: Floats, wanted: Wanted) -> float:
    """How far the line below or above a straight text bends towards it."""
    return {"above": float(heights.max()), "below": float(heights.min())}.get(wanted.placement.side, 0.0)

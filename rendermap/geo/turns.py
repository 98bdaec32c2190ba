"""Positions carried from one CRS to another where x goes on across the antimeridian, round the earth as often as it likes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from rendermap.errors import InvalidBbox
from rendermap.geo.bbox import BBox, from_corners
from rendermap.geo.crs import WEB_MERCATOR, WGS84, crs_of, is_geographic, transform_bbox, transformer

Floats = NDArray[np.float64]
_STEPS_DEG = np.array([-90.0, -45.0, -1.0, 1.0, 45.0, 90.0])
_LATITUDE_DEG = 50.0
_MOST_TURNS = 16
"""That are looked through, the middle ones: clients show a few worlds side by side."""
_PLACES = 22
"""Along a side of a box that is carried."""
_MERCATOR_END_DEG = 85.06
_EDGE = 1e-9
"""Of half the earth: what ends at the antimeridian is not beyond it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Of a CRS whose x goes evenly with longitude.  width: what x grows by once around.  origin_deg: the longitude at x = 0."""

    width: float
    origin_deg: float


@lru_cache(maxsize=512)
def turn_of(name: str) -> Turn | None:
    """None of a CRS whose x does not go evenly with longitude."""
    crs = crs_of(name)
    if crs.is_geographic:
        unit_deg = math.degrees(crs.axis_info[0].unit_conversion_factor)
        return Turn(round(360.0 / unit_deg, 9), crs.prime_meridian.longitude if crs.prime_meridian else 0.0)
    if crs.geodetic_crs is None or abs(math.degrees(crs.geodetic_crs.axis_info[0].unit_conversion_factor) - 1) > 1e-9:
        return None
    try:
        return _measured(pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True))
    except ProjError:
        return None


def _measured(way: pyproj.Transformer) -> Turn | None:
    origin_deg = way.transform(0.0, 0.0, direction="INVERSE")[0]
    x = [np.asarray(way.transform(origin_deg + _STEPS_DEG, np.full(len(_STEPS_DEG), lat))[0]) for lat in (0.0, _LATITUDE_DEG)]
    degree = x[0][-1] / _STEPS_DEG[-1]
    if not np.isfinite(degree):
        return None
    is_even = all(np.allclose(row, _STEPS_DEG * degree, rtol=1e-9, atol=abs(degree) * 1e-9) for row in x)
    return Turn(float(degree * 360), float(origin_deg)) if is_even and degree > 0 else None


def carry(xy: Floats, source: str, target: str) -> Floats:
    """Positions (n, 2), easting first, in another CRS; what has no place there is not finite.

    Into a CRS whose x goes evenly with longitude neighbours stay neighbours: x goes on beyond the edge of the earth.
    """
    if source == target or not len(xy):
        return xy
    ours, theirs, way = turn_of(source), turn_of(target), transformer(source, target)
    # PROJ takes places far beyond the edge for none
    near = xy[:, 0] - ours.width * np.round(xy[:, 0] / ours.width) if ours else xy[:, 0]
    x, y = (np.asarray(part, np.float64) for part in way.transform(near, xy[:, 1]))
    if theirs is None:
        return np.column_stack([x, y])
    if ours:
        about = (ours.origin_deg - theirs.origin_deg + xy[:, 0] / ours.width * 360.0) / 360.0 * theirs.width
    else:
        about = np.asarray(way.transform(*((xy.min(axis=0) + xy.max(axis=0)) / 2))[0])
    with np.errstate(invalid="ignore"):
        return np.column_stack([x - theirs.width * np.round((x - about) / theirs.width), y])


def turns_onto(low: float, high: float, onto: tuple[float, float], turn: Turn) -> Sequence[int]:
    """How many times something from low to high along x must go round, in the one way or the other, to meet something else there."""
    if not math.isfinite(low + high):
        return ()
    first, last = math.ceil((onto[0] - high) / turn.width), math.floor((onto[1] - low) / turn.width)
    spare = max(0, last - first + 1 - _MOST_TURNS)
    return range(first + spare // 2, last + 1 - (spare - spare // 2))


def carry_box(box: BBox, source: str, target: str) -> BBox | None:
    """The box around the image of a box, which goes on beyond the edge of the earth where the box does; None where there is none."""
    if source == target:
        return box
    xs, ys = np.meshgrid(np.linspace(box.xmin, box.xmax, _PLACES), np.linspace(box.ymin, box.ymax, _PLACES))
    if target == WEB_MERCATOR and is_geographic(source):
        ys = np.clip(ys, -_MERCATOR_END_DEG, _MERCATOR_END_DEG)
    places = carry(np.column_stack([xs.ravel(), ys.ravel()]), source, target)
    places = places[np.isfinite(places).all(axis=1)]
    return BBox(*places.min(axis=0).tolist(), *places.max(axis=0).tolist()) if len(places) else None


def box_between(x1: float, y1: float, x2: float, y2: float, crs: str) -> BBox:
    """Box from x1 eastward to x2: of x1 > x2 the shorter way around the earth, across the antimeridian if that is it.

    The ys in any order, the xs too where x does not go evenly with longitude.  Raises InvalidBbox as `from_corners`.
    """
    box, turn = from_corners(x1, y1, x2, y2), turn_of(crs)
    if x1 < x2 or turn is None:
        return box
    east = (x2 - x1) % turn.width
    return replace(box, xmin=x1, xmax=x1 + east) if east <= turn.width / 2 else replace(box, xmin=x2, xmax=x2 + turn.width - east)


def place_in_degrees(box: BBox, crs: str) -> BBox:
    """The part of the earth around a box, in WGS 84: its west from -180 on, its east beyond 180 where the box goes on there.

    Raises InvalidBbox where that would be much more than the box: around a pole.
    """
    around = carry_box(box, crs, WGS84)
    if around is None:
        raise InvalidBbox("This box has no place on the earth.")
    if around.width > 180 and turn_of(crs) is None:
        raise InvalidBbox("In degrees this box reaches around more than half the earth. Give it in degrees.")
    if around.width >= 360:
        return replace(around, xmin=-180.0, xmax=180.0)
    west = (around.xmin + 180.0) % 360.0 - 180.0
    return replace(around, xmin=west, xmax=west + around.width)


def across(lows: Floats, highs: Floats, turn: Turn) -> tuple[float, float] | None:
    """From where to where along x things lie that are seen together across the antimeridian.

    lows, highs: of each of them, wherever around the earth.  None of what needs more than half the earth, and of what does not lie there.
    """
    start = (lows + turn.width / 2) % turn.width - turn.width / 2
    order = np.argsort(start)
    start, reach = start[order], np.maximum.accumulate((start + highs - lows)[order])
    gaps = np.append(start[1:], start[0] + turn.width) - np.maximum(reach, reach[-1] - turn.width)
    widest = int(np.argmax(gaps))
    low = float(start[(widest + 1) % len(start)])
    high = low + turn.width - float(gaps[widest])
    return (low, high) if gaps[widest] >= turn.width / 2 and high > turn.width / 2 * (1 + _EDGE) else None


def frame_across(boxes: Sequence[BBox], crs: str) -> BBox | None:
    """The box that shows boxes together across the antimeridian; None as of `across`, and where x does not go evenly with longitude."""
    turn = turn_of(crs)
    if turn is None or not boxes:
        return None
    sides = np.array([box.corners for box in boxes])
    span = across(sides[:, 0], sides[:, 2], turn)
    return BBox(span[0], float(sides[:, 1].min()), span[1], float(sides[:, 3].max())) if span else None


def box_shown(box: BBox, source: str, target: str) -> BBox | None:
    """What shows a box in another CRS: on beyond the antimeridian where that is the shorter way.  None where nothing of it is there."""
    around = carry_box(box, source, target)
    return (around and frame_across([around], target)) or transform_bbox(box, source, target)

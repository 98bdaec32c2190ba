"""Where a map's CRS tears the globe: features across that meridian are cut, not smeared over the whole map.

Jobs around Fiji or the Arctic lie whole in their own CRS and on both edges of a web map.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import TURNED, WGS84, crs_of, is_geographic, transformer

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]

_NUDGE_DEG = 1e-9
_NEAR_POLE_DEG = 89.9
_LATITUDES = (0.0, 40.0, -40.0)
_ORIGINS = ("Longitude of natural origin", "Longitude of false origin", "Longitude of origin", "Longitude of projection centre")
_SAMPLES = 41


@lru_cache(maxsize=256)
def seam_of(crs: str) -> float | None:
    """The meridian along which a CRS tears the globe, in degrees WGS84, None where it does not (polar maps)."""
    system = crs_of(crs)
    operation = (system.source_crs or system if crs.startswith(TURNED) else system).coordinate_operation
    origins = [p.value for p in operation.params if p.name in _ORIGINS] if operation else []
    seam = (float(origins[0]) if origins else 0.0) + 180.0
    seam = (seam + 180.0) % 360.0 - 180.0
    seam = 180.0 if seam == -180.0 else seam
    carry = transformer(WGS84, crs)
    gaps, steps = [], []
    for latitude in _LATITUDES:
        xs, ys = carry.transform([seam - 0.02, seam - 0.01, seam + 0.01 - (360.0 if seam == 180.0 else 0.0)], [latitude] * 3)
        steps.append(np.hypot(xs[1] - xs[0], ys[1] - ys[0]))
        gaps.append(np.hypot(xs[2] - xs[1], ys[2] - ys[1]))
    finite = np.isfinite(gaps) & np.isfinite(steps)
    return seam if (np.array(gaps)[finite] > 20 * np.array(steps)[finite]).any() else None


@lru_cache(maxsize=1024)
def is_torn(box: BBox, data_crs: str, map_crs: str) -> bool:
    """True when data in a box (of its own CRS) lies on both sides of the map's seam and hangs together across it.

    True for all data, too, where the map's CRS has no code and its seam is not at 180 degrees: Mapnik goes by the names in WKT and takes a
    Pseudo-Mercator about another meridian for the ordinary one.
    """
    seam = seam_of(map_crs)
    if seam is None or data_crs == map_crs:
        return False
    if "[" in map_crs and seam != 180.0:
        return True
    inset = 1e-6
    xs, ys = np.meshgrid(
        np.linspace(box.xmin + inset * box.width, box.xmax - inset * box.width, _SAMPLES),
        np.linspace(box.ymin + inset * box.height, box.ymax - inset * box.height, _SAMPLES),
    )
    longitudes, _ = transformer(data_crs, WGS84).transform(xs.ravel(), ys.ravel())
    turns = ((np.asarray(longitudes) - seam) % 360.0).reshape(xs.shape)
    with np.errstate(invalid="ignore"):
        jumps = [np.abs(np.diff(turns, axis=axis)) for axis in (0, 1)]
    return any(bool((jump[np.isfinite(jump)] > 180.0).any()) for jump in jumps)


def cut_at_seam(shapes: Shapes, data_crs: str, map_crs: str) -> Shapes:
    """The geometries in the map's CRS, cut along its seam; None for what lies outside its domain.

    shapes: flat geometries in data_crs.
    """
    seam = seam_of(map_crs)
    assert seam is not None
    whole = np.asarray(shapely.transform(shapes, _carried(data_crs, WGS84)))
    turned = np.asarray(shapely.transform(whole, lambda xy: np.column_stack([_into_window(xy[:, 0], seam), xy[:, 1]])))
    bounds = shapely.bounds(turned)
    with np.errstate(invalid="ignore"):
        across = (bounds[:, 2] - bounds[:, 0] > 180.0) | (np.abs(bounds[:, [1, 3]]).max(axis=1) > _NEAR_POLE_DEG)
    continuous = is_geographic(data_crs)
    top = _highest_latitude(map_crs)
    for index in np.nonzero(across)[0]:
        turned[index] = _cut(whole[index], seam, top, continuous=continuous)
    drawn = np.asarray(shapely.transform(turned, _carried(WGS84, map_crs)))
    finite = np.isfinite(shapely.bounds(drawn)).all(axis=1)
    drawn[~finite] = None
    return drawn


def _carried(source: str, target: str) -> Callable[[Floats], Floats]:
    carry = transformer(source, target)
    return lambda xy: np.column_stack(carry.transform(xy[:, 0], xy[:, 1]))


def _into_window(longitudes: Floats, seam: float) -> Floats:
    """Longitudes in the 360 degrees that end at the seam; those on the seam itself stay on their own side."""
    low = seam - 360.0
    return np.where((longitudes >= low) & (longitudes <= seam), longitudes, (longitudes - low) % 360.0 + low)


@lru_cache(maxsize=256)
def _highest_latitude(crs: str) -> float:
    seam = seam_of(crs)
    origin = (180.0 if seam is None else seam) - 180.0
    xs, ys = transformer(WGS84, crs).transform([origin, origin], [90.0, -90.0])
    return 90.0 if np.isfinite([*xs, *ys]).all() and np.abs(ys).max() < 1e8 else _NEAR_POLE_DEG


def _cut(shape: Any, seam: float, top: float, *, continuous: bool) -> shapely.Geometry:
    """The pieces of one geometry in lon/lat between seam - 360 and seam."""
    parts = [_unrolled(part, seam) for part in shapely.get_parts(shape)] if not continuous else list(shapely.get_parts(shape))
    pieces: list[Any] = []
    for part in parts:
        sound = shapely.make_valid(part) if part.geom_type == "Polygon" else part
        west, _, east, _ = sound.bounds
        for turn in range(int(np.floor((west - seam) / 360.0)) + 1, int(np.ceil((east - seam) / 360.0)) + 1):
            low = seam + 360.0 * (turn - 1)
            window = shapely.box(low + _NUDGE_DEG, -top, low + 360.0 - _NUDGE_DEG, top)
            pieces.append(shapely.transform(sound.intersection(window), partial(_turned, degrees=-360.0 * turn)))
    return _joined([piece for piece in pieces if not piece.is_empty], int(shapely.get_dimensions(shape)))


def _joined(pieces: list[Any], dimension: int) -> shapely.Geometry:
    simple = shapely.get_parts(shapely.get_parts(pieces)) if pieces else np.array([], object)
    makers = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    made: shapely.Geometry = makers[dimension](simple[shapely.get_dimensions(simple) == dimension])
    return made


def _unrolled(part: Any, seam: float) -> Any:
    """The part with longitudes that go on beyond 180 where it does; a ring around a pole is closed over the pole."""
    if part.geom_type == "Polygon":
        shell = _ring(part.exterior, seam)
        middle = (shell[:, 0].min() + shell[:, 0].max()) / 2
        holes = [_ring(hole, seam) for hole in part.interiors]
        return shapely.Polygon(shell, [_turned(h, 360.0 * round((middle - h[:, 0].mean()) / 360.0)) for h in holes])
    xy = shapely.get_coordinates(part)
    xy[:, 0] = np.unwrap(xy[:, 0], period=360.0)
    return shapely.LineString(xy) if part.geom_type == "LineString" else part


def _turned(xy: Floats, degrees: float) -> Floats:
    return np.column_stack([xy[:, 0] + degrees, xy[:, 1]])


def _ring(ring: Any, seam: float) -> Floats:
    xy = shapely.get_coordinates(ring)
    xy[:, 0] = np.unwrap(xy[:, 0], period=360.0)
    turn = xy[-1, 0] - xy[0, 0]
    if abs(turn) < 180.0:
        return xy
    return _over_the_pole(xy, np.copysign(360.0, turn), seam)


def _over_the_pole(xy: Floats, turn: float, seam: float) -> Floats:
    """A ring that goes once around, begun where it meets the seam, so that the way to the pole and back lies on the seam."""
    start = seam + 360.0 * np.ceil((min(xy[0, 0], xy[-1, 0]) - seam) / 360.0)
    side = xy[:, 0] - start
    at = int(np.nonzero(side[:-1] * side[1:] <= 0)[0][0])
    share = side[at] / (side[at] - side[at + 1]) if side[at] != side[at + 1] else 0.0
    latitude = xy[at, 1] + share * (xy[at + 1, 1] - xy[at, 1])
    pole = 90.0 if xy[:, 1].mean() > 0 else -90.0
    closing = [(start + turn, latitude), (start + turn, pole), (start, pole), (start, latitude)]
    return np.vstack([[(start, latitude)], xy[at + 1 : -1], _turned(xy[: at + 1], turn), closing])

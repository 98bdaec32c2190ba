"""Polygons cut into bands of a gradient: shapely geometries in, shapely geometries out, the same whatever picture they are for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.affinity
from numpy.typing import NDArray

from rendermap.symbology.symbols import GradientFill

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
MOST_STEPS = 64
_INNERMOST = 0.02
"""To which share of its width the inside of a polygon is looked for."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How polygons are cut.

    is_disjoint: bands lie beside each other, for colours that are seen through; else each lies on all that come after it from where it
    begins, so that no background shows where two meet.
    """

    method: str
    angle_deg: float
    steps: int
    is_disjoint: bool


def cut_of(fill: GradientFill) -> Cut:
    """The cut a gradient needs."""
    turns = fill.angle_deg % 360 if fill.method == "linear" else 0.0
    sees_through = any(color.a < 255 for _, color in fill.ramp.stops)
    return Cut(fill.method, turns, min(max(fill.steps, 2), MOST_STEPS), sees_through)


def bands(shapes: Shapes, cut: Cut) -> tuple[list[Shapes], list[float]]:
    """(the parts of every polygon band by band, in the order they are drawn; the position of each band on the ramp, 0 to 1)."""
    edges = np.arange(cut.steps) / cut.steps
    middles = [(k + 0.5) / cut.steps for k in range(cut.steps)]
    from_edge = [_beyond(cut.method)(shapes, cut, edge) for edge in edges]
    if cut.is_disjoint:
        nothing = np.full(len(shapes), shapely.Polygon(), object)
        from_edge = [shapely.difference(part, inner) for part, inner in zip(from_edge, [*from_edge[1:], nothing], strict=True)]
    is_outside_first = cut.method in ("circular", "rectangular")
    return from_edge, [1 - middle for middle in middles] if is_outside_first else middles


def _beyond(method: str) -> Callable[[Shapes, Cut, float], Shapes]:
    """What of each polygon lies further than a share of the way: along the line, in from the box, or in from the edge."""
    return {"circular": _within_circle, "rectangular": _within_box, "buffered": _within_edge}.get(method, _along)


def _along(shapes: Shapes, cut: Cut, share: float) -> Shapes:
    """The half planes across the direction, laid over each polygon's own box."""
    left, bottom, right, top = shapely.bounds(shapes).T
    cos, sin = np.cos(np.radians(cut.angle_deg)), np.sin(np.radians(cut.angle_deg))
    reach = (abs(cos) * (right - left) + abs(sin) * (top - bottom)) / 2
    x, y = (left + right) / 2, (bottom + top) / 2
    start, far = reach * (2 * share - 1), np.hypot(right - left, top - bottom) + reach
    corners = np.stack([_turned(x, y, cos, sin, u, v) for u, v in ((start, -far), (far, -far), (far, far), (start, far))], axis=1)
    return _kept(shapes, np.asarray(shapely.polygons(corners)), share)


def _turned(x: Floats, y: Floats, cos: float, sin: float, u: Floats, v: Floats) -> Floats:
    return np.stack([x + u * cos - v * sin, y + u * sin + v * cos], axis=1)


def _within_circle(shapes: Shapes, cut: Cut, share: float) -> Shapes:
    left, bottom, right, top = shapely.bounds(shapes).T
    middles = shapely.points((left + right) / 2, (bottom + top) / 2)
    disks = shapely.buffer(middles, np.hypot(right - left, top - bottom) / 2 * (1 - share), quad_segs=24)
    return _kept(shapes, disks, share)


def _within_box(shapes: Shapes, cut: Cut, share: float) -> Shapes:
    left, bottom, right, top = shapely.bounds(shapes).T
    x, y, across, up = (left + right) / 2, (bottom + top) / 2, (right - left) / 2 * (1 - share), (top - bottom) / 2 * (1 - share)
    return _kept(shapes, shapely.box(x - across, y - up, x + across, y + up), share)


def _within_edge(shapes: Shapes, cut: Cut, share: float) -> Shapes:
    if not share:
        return shapes
    return np.asarray(shapely.buffer(shapes, -_depths(shapes) * share, quad_segs=4))


def _depths(shapes: Shapes) -> Floats:
    """How far the innermost point of each polygon is from its edge."""
    sizes = np.sqrt(np.maximum(shapely.area(shapes), 1e-300))
    depths = [
        shapely.length(shapely.maximum_inscribed_circle(shape, tolerance=size * _INNERMOST)) if size > 1e-100 else 0.0
        for shape, size in zip(shapes, sizes, strict=True)
    ]
    return np.array(depths, float)


def _kept(shapes: Shapes, masks: Shapes, share: float) -> Shapes:
    # The first band is the whole polygon, to the last bit of its edge.
    return shapes if not share else np.asarray(shapely.intersection(shapes, masks))

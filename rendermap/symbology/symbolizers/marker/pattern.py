"""A grid of markers as one tile of SVG.

Mapnik takes the box of a tile's paths for its size, so shapes that stand on the tile's edge are cut there and drawn again on the other
side; strokes become the areas they cover.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import shapely
import shapely.affinity
from numpy.typing import NDArray

from rendermap.symbology import paths
from rendermap.symbology.symbolizers import lattice
from rendermap.symbology.symbolizers.lattice import Point
from rendermap.symbology.symbolizers.stroke import mapnik as strokes
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, format_number, paint
from rendermap.symbology.symbols import Color, Marker, Stroke

_CLOSEST_PX = 3.0
_USUAL_SPACING_PT = 12.0
_CAPS: dict[str, Literal["flat", "round", "square"]] = {"butt": "flat", "round": "round", "square": "square"}
_JOINS: dict[str, Literal["mitre", "round", "bevel"]] = {"miter": "mitre", "round": "round", "bevel": "bevel"}

Painted = tuple[shapely.Geometry, Color]


def tile(marker: Marker) -> str:
    """The tile as SVG, whole px at ratio 1."""
    width, height, places = _places(marker)
    page = shapely.box(0, 0, width, height)
    w, h = format_number(width), format_number(height)
    pieces = [f'<path d="M0 0L{w} 0L{w} {h}L0 {h}Z" fill="none" stroke="none"/>']
    for shape, color in _painted(marker):
        around = _around(places, shapely.bounds(shape), width, height)
        copies = [shapely.intersection(shapely.affinity.translate(shape, x, y), page) for x, y in around]
        path = "".join(_path(copy) for copy in copies)
        if path:
            pieces.append(f'<path d="{path}" fill-rule="evenodd" {" ".join(f"{k}={v!r}" for k, v in paint("fill", color).items())}/>')
    body = "".join(pieces).replace("'", '"')
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">{body}</svg>'


def _places(marker: Marker) -> tuple[float, float, list[Point]]:
    """(width, height, places): where markers stand in the tile, a single one in the middle of its cell."""
    across = max((marker.spacing_pt or _USUAL_SPACING_PT) * PX_PER_PT, _CLOSEST_PX)
    down = max((marker.spacing_y_pt or marker.spacing_pt or _USUAL_SPACING_PT) * PX_PER_PT, _CLOSEST_PX)
    cos, sin = math.cos(math.radians(marker.grid_deg)), -math.sin(math.radians(marker.grid_deg))
    rows = 2 if marker.is_staggered else 1
    right, below = (across * cos, across * sin), (-down * rows * sin, down * rows * cos)
    width, height, found, (right, below) = lattice.grid(right, below)
    starts = [(0.25, 0.25), (0.75, 0.75)] if marker.is_staggered else [(0.5, 0.5)]
    shifts = [(a * right[0] + b * below[0], a * right[1] + b * below[1]) for a, b in starts]
    return width, height, [((x + dx) % width, (y + dy) % height) for x, y in found for dx, dy in shifts]


def _around(places: list[Point], bounds: NDArray[np.float64], width: float, height: float) -> Iterator[Point]:
    """The places, and those of neighbouring tiles whose marker reaches into this one."""
    left, top, right, bottom = bounds
    for x, y in places:
        for i in range(math.floor(-(x + right) / width) + 1, math.ceil((width - x - left) / width)):
            for j in range(math.floor(-(y + bottom) / height) + 1, math.ceil((height - y - top) / height)):
                yield x + i * width, y + j * height


def _painted(marker: Marker) -> Iterator[Painted]:
    """What the marker covers, in px about its place, bottom first."""
    parts = [(points, closed) for points, closed in paths.flattened(marker.path) if len(points) > 1]
    if marker.fill and marker.fill.a:
        rings = [shapely.make_valid(shapely.Polygon(points)) for points, _ in parts if len(points) > 2]
        yield _placed(_even_odd(rings), marker), marker.fill
    if marker.stroke and strokes.is_visible(marker.stroke):
        lines = [shapely.LinearRing(points) if closed and len(points) > 2 else shapely.LineString(points) for points, closed in parts]
        yield _placed(_stroked(lines, marker.stroke, marker.size_pt), marker), marker.stroke.color


def _even_odd(areas: Sequence[shapely.Geometry]) -> shapely.Geometry:
    inside: shapely.Geometry = shapely.Polygon()
    for area in areas:
        inside = shapely.symmetric_difference(inside, area)
    return inside


def _stroked(lines: Sequence[shapely.Geometry], stroke: Stroke, size_pt: float) -> shapely.Geometry:
    half = stroke.width_pt / size_pt / 2
    cap, join = _CAPS.get(stroke.cap, "round"), _JOINS.get(stroke.join, "round")
    areas = shapely.buffer(np.array(lines, object), half, cap_style=cap, join_style=join, mitre_limit=stroke.miter_limit)
    return shapely.union_all(areas)


def _placed(shape: shapely.Geometry, marker: Marker) -> shapely.Geometry:
    size = marker.size_pt * PX_PER_PT
    turned = shapely.affinity.rotate(shapely.affinity.scale(shape, size, size, origin=(0, 0)), -marker.rotation_deg, origin=(0, 0))
    return shapely.affinity.translate(turned, marker.dx_pt * PX_PER_PT, -marker.dy_pt * PX_PER_PT)


def _path(shape: shapely.Geometry) -> str:
    rings = [ring for part in shapely.get_parts(shape) if _is_area(part) for ring in (part.exterior, *part.interiors)]
    return "".join("M" + "L".join(f"{format_number(x)} {format_number(y)}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)


def _is_area(part: shapely.Geometry) -> bool:
    return isinstance(part, shapely.Polygon) and not part.is_empty

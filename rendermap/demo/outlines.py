"""From cells to lines and areas that look drawn: rounded streams, and rounded areas that still share their borders."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy.ndimage import gaussian_filter1d
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from rendermap.demo.terrain import Grid

ROUNDING_CELLS = 2.5


def stream_line(line: BaseGeometry) -> BaseGeometry:
    """A line from cell to cell, rounded; it keeps its two ends, so that lines still meet at forks."""
    return _rounded(shapely.get_coordinates(line), ROUNDING_CELLS)


def label_areas(labels: NDArray[np.int32], grid: Grid) -> dict[int, BaseGeometry]:
    """Number -> the area of its cells, rounded; neighbours still share their borders.  0 is no area.

    The borders are cut into arcs where three areas meet, each arc is rounded by itself, and the areas are put together again.
    """
    stairs = [shape(outline).boundary for outline, _ in shapes(labels, transform=grid.transform)]
    arcs = shapely.get_parts(shapely.line_merge(shapely.union_all(stairs)))
    rounded = [_rounded(shapely.get_coordinates(shapely.segmentize(arc, grid.cell_m)), ROUNDING_CELLS) for arc in arcs]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(rounded)]))
    parts: dict[int, list[BaseGeometry]] = {}
    for face in faces:
        parts.setdefault(_label_at(face.representative_point(), labels, grid), []).append(face)
    return {number: shapely.union_all(parts[number]) for number in sorted(parts) if number}


def _label_at(place: shapely.Point, labels: NDArray[np.int32], grid: Grid) -> int:
    rows, cols = grid.cells(np.array([place.x]), np.array([place.y]))
    row, col = np.clip((round(rows[0]), round(cols[0])), 0, np.array(labels.shape) - 1)
    return int(labels[row, col])


def _rounded(points: NDArray[np.float64], cells: float) -> BaseGeometry:
    """A line smoothed along its way; an open one keeps its ends."""
    is_ring = bool((points[0] == points[-1]).all())
    if is_ring and len(points) > 8:
        smooth = gaussian_filter1d(points[:-1], cells, axis=0, mode="wrap")
        points = np.vstack((smooth, smooth[:1]))
    elif len(points) > 4:
        smooth = gaussian_filter1d(points, cells, axis=0, mode="nearest")
        points = np.vstack((points[:1], smooth[1:-1], points[-1:]))
    return shapely.LineString(points).simplify(3)

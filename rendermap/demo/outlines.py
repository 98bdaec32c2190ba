"""From cells to lines and areas that look drawn: rounded streams, areas that share their borders."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from rendermap.demo.features import as_multi
from rendermap.demo.terrain import Grid


def stream_line(cells: tuple[int, ...], grid: Grid) -> BaseGeometry:
    """A rounded line through cell centres that keeps its two ends, so that lines still meet at forks."""
    rows, cols = np.divmod(np.array(cells), grid.values.shape[1])
    points = np.column_stack(grid.xy(rows, cols))
    if len(points) > 4:
        points[1:-1] = gaussian_filter1d(points, 1.6, axis=0, mode="nearest")[1:-1]
    return shapely.LineString(points).simplify(3)


def label_areas(labels: NDArray[np.int32], grid: Grid) -> dict[int, BaseGeometry]:
    """Number -> the area of its cells, rounded; neighbours still share their borders.  0 is no area."""
    smooth = _rounded(labels)
    parts: dict[int, list[BaseGeometry]] = {}
    for outline, value in shapes(smooth, mask=smooth > 0, transform=grid.transform):
        parts.setdefault(int(value), []).append(shape(outline))
    areas = shapely.coverage_simplify([as_multi(polygons) for polygons in parts.values()], grid.cell_m * 0.8)
    return dict(sorted(zip(parts, areas, strict=True)))


def _rounded(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Every cell goes to the label strongest around it."""
    strongest = np.zeros(labels.shape, np.float32)
    rounded = np.zeros_like(labels)
    for label in range(int(labels.max()) + 1):
        weight = gaussian_filter((labels == label).astype(np.float32), 1.6)
        rounded[weight > strongest] = label
        strongest = np.maximum(strongest, weight)
    return rounded

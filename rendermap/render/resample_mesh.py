"""Pixels of a mesh from the cells around them, by Pillow: its loop over quadrilaterals is many times faster than one array operation after
another, and exact to the double.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.render.raster_holes import Valid
from rendermap.render.raster_patch import Patch
from rendermap.render.resample_points import PointSampler
from rendermap.render.warp import Mesh, points_at

Floats = NDArray[np.float64]
Values = NDArray[Any]
_PLANE_TOLERANCE_PX = 0.1
"""Together with the mesh's own, less than half a pixel by far."""
_Plane = tuple[tuple[int, int, int, int], tuple[float, ...]]
_Quad = tuple[tuple[int, int, int, int], tuple[float, ...]]


class MeshSampler:
    """The pixels of a picture placed in a patch of cells by a mesh.

    by_planes: cells are picked by the planes nearest to its parts, where those err by little; what is blended is not, and must agree.
    """

    def __init__(self, patch: Patch, mesh: Mesh, by_planes: bool = False) -> None:
        self._patch, self._mesh = patch, mesh
        self._size = int(mesh.across[-1]), int(mesh.down[-1])
        cols, rows = (mesh.cols - patch.left) / patch.step[0], (mesh.rows - patch.top) / patch.step[1]
        self._quads = _quads(mesh, cols, rows)
        height, width = patch.cells.shape[1:]
        self._planes = _planes(mesh, cols, rows, mesh.scale / max(patch.step) * _PLANE_TOLERANCE_PX) if by_planes else None
        self.is_covered = bool(cols.min() >= 0 and rows.min() >= 0 and cols.max() < width and rows.max() < height)

    @cached_property
    def shown(self) -> Valid | None:
        """Pixels, (height, width), whose cell holds data; None when all do."""
        valid = self._patch.valid
        if valid is None and self.is_covered:
            return None
        return self.pick(np.ones(self._patch.cells.shape[1:], np.uint8) if valid is None else valid.view(np.uint8)).view(np.bool_)

    def pick(self, cells: Values) -> Values:
        """The value of the cell under each pixel, 0 outside the patch: cells (height, width) of the patch, uint8 or uint32."""
        if cells.dtype == np.uint8:
            return self._nearest(cells)
        parts = np.ascontiguousarray(cells).view(np.uint8).reshape(*cells.shape, 4)
        return self._nearest(parts).view(np.uint32)[..., 0]

    def blend(self, cells: Values) -> Values:
        """Bilinear between cell centres, of those cells that hold data; float32."""
        valid = self._patch.valid
        if valid is None:
            return self._transform(cells.astype(np.float32, copy=False), Image.Resampling.BILINEAR)
        # What a hole has a share in is no number: only pixels on the edge of one are worked out with their weights.
        values = self._transform(np.where(valid, cells, np.float32(np.nan)).astype(np.float32, copy=False), Image.Resampling.BILINEAR)
        holed = np.isnan(values)
        return self._beside_holes(values, holed, cells) if holed.any() else values

    def _beside_holes(self, values: Values, holed: Valid, cells: Values) -> Values:
        """The values with those of pixels that a hole has a share in, and 0 where nothing is shown."""
        mended = np.where(holed, np.float32(0), values)
        rows, cols = np.nonzero(holed if self.shown is None else holed & self.shown)
        mended[rows, cols] = PointSampler(self._patch, *points_at(self._mesh, cols, rows)).blend(cells)
        return mended

    def _nearest(self, cells: Values) -> Values:
        if self._planes is None:
            return self._transform(cells, Image.Resampling.NEAREST)
        image = Image.fromarray(cells)
        if len(self._planes) == 1:
            return _on_plane(image, self._planes[0])
        picked = np.empty((self._size[1], self._size[0], *cells.shape[2:]), cells.dtype)
        for plane in self._planes:
            left, top, right, bottom = plane[0]
            picked[top:bottom, left:right] = _on_plane(image, plane)
        return picked

    def _transform(self, cells: Values, method: Image.Resampling) -> Values:
        image = Image.fromarray(cells)
        # Pillow counts from a cell's outer corner and draws at the pixel's centre, as a mesh does.
        return np.asarray(image.transform(self._size, Image.Transform.MESH, self._quads, method))


def _quads(mesh: Mesh, cols: NDArray[np.float64], rows: NDArray[np.float64]) -> list[_Quad]:
    """Each part of a mesh: its box in the picture, and its corners among the cells from the upper left one downwards and round."""
    across, down = mesh.across.tolist(), mesh.down.tolist()
    xs, ys = cols.tolist(), rows.tolist()
    quads = []
    for r in range(len(down) - 1):
        for c in range(len(across) - 1):
            corners = ((r, c), (r + 1, c), (r + 1, c + 1), (r, c + 1))
            quads.append(((across[c], down[r], across[c + 1], down[r + 1]), tuple(v for i, j in corners for v in (xs[i][j], ys[i][j]))))
    return quads


def _planes(mesh: Mesh, cols: Floats, rows: Floats, tolerance: float) -> list[_Plane] | None:
    """Each part of a mesh as a plane, which Pillow steps over in whole numbers, three times as fast: its box in the picture, and what
    carries its pixels to the cells.  None where one errs by more than the tolerance, in cells.
    """
    corners = np.stack([cols, rows])
    upper, lower = corners[:, :-1], corners[:, 1:]
    # A quadrilateral is a plane but for its twist, of which the plane between errs by a quarter in the corners.
    if np.abs(lower[..., 1:] - lower[..., :-1] - upper[..., 1:] + upper[..., :-1]).max() > 4 * tolerance:
        return None
    widths, heights = np.diff(mesh.across), np.diff(mesh.down)[:, np.newaxis]
    towards_right = (upper[..., 1:] - upper[..., :-1] + lower[..., 1:] - lower[..., :-1]) / (2 * widths)
    towards_bottom = (lower[..., 1:] - upper[..., 1:] + lower[..., :-1] - upper[..., :-1]) / (2 * heights)
    middle = (upper[..., 1:] + upper[..., :-1] + lower[..., 1:] + lower[..., :-1]) / 4
    first = middle - towards_right * widths / 2 - towards_bottom * heights / 2
    told = np.stack([towards_right, towards_bottom, first], axis=1).reshape(6, *first.shape[1:])
    across, down = mesh.across.tolist(), mesh.down.tolist()
    return [
        ((across[c], down[r], across[c + 1], down[r + 1]), tuple(told[:, r, c].tolist()))
        for r in range(len(down) - 1)
        for c in range(len(across) - 1)
    ]


def _on_plane(image: Image.Image, plane: _Plane) -> Values:
    (left, top, right, bottom), carried = plane
    return np.asarray(image.transform((right - left, bottom - top), Image.Transform.AFFINE, carried, Image.Resampling.NEAREST))

"""Values of a picture's pixels from the cells around them; missing cells never bleed into their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.render.raster_holes import Valid
from rendermap.render.raster_patch import Patch
from rendermap.render.resample_mesh import MeshSampler
from rendermap.render.resample_points import PointSampler, kind_of
from rendermap.render.warp import CellGrid, Mesh, points_of

Values = NDArray[Any]


class Sampler:
    """The pixels of a picture placed in a patch of cells.

    place: of the picture's pixels in the raster whose patch this is.  is_picked: nothing is blended, so places may be a little off.
    """

    def __init__(self, patch: Patch, place: Mesh | CellGrid, is_picked: bool = False) -> None:
        self._patch, self._place, self._is_picked = patch, place, is_picked
        self._mesh = MeshSampler(patch, place, is_picked) if isinstance(place, Mesh) else None
        self._points = None if self._mesh else PointSampler(patch, place.cols, place.rows)

    def of(self, patch: Patch) -> Sampler:
        """The same pixels in a patch of the same cells, of which others hold data."""
        return Sampler(patch, self._place, self._is_picked)

    @property
    def shown(self) -> Valid | None:
        """Pixels, (height, width), whose cell holds data; None when all do."""
        return (self._mesh or self._at_points()).shown

    @property
    def is_covered(self) -> bool:
        """True when every pixel lies within the patch; False where that would have to be looked for."""
        return self._mesh is not None and self._mesh.is_covered

    def pick(self, cells: Values) -> Values:
        """The value of the cell under each pixel, 0 outside the patch: cells (height, width) of the patch, uint8 or uint32."""
        return (self._mesh or self._at_points()).pick(cells)

    def blend(self, cells: Values) -> Values:
        """Bilinear between cell centres, of those cells that hold data; float32, or float64 where the cells need it."""
        if self._mesh and kind_of(cells) is np.float32:
            return self._mesh.blend(cells)
        return self._at_points().blend(cells)

    def _at_points(self) -> PointSampler:
        if self._points is None:
            assert isinstance(self._place, Mesh)
            self._points = PointSampler(self._patch, *points_of(self._place))
        return self._points

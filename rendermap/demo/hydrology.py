"""Where water runs: streams, watersheds and the river basins they belong to.

The analysis is pyflwdir's: hollows drain by their lowest rim, orders are Strahler's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyflwdir
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rendermap.demo.terrain import Doubles, Grid

Cells = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drainage:
    """Flow over a grid of rows x cols, cells numbered row by row.

    flow: the library's own.  area_m2: what drains through each cell, itself included, (cells,).
    """

    flow: pyflwdir.FlwdirRaster
    area_m2: Doubles

    @property
    def exits(self) -> Cells:
        """The cells by which water leaves the grid."""
        return np.asarray(self.flow.idxs_pit, np.int64)

    def below(self, cells: Cells) -> Cells:
        """The cells they drain to; an exit drains to itself."""
        downstream: Cells = np.asarray(self.flow.idxs_ds, np.int64)[cells]
        return downstream

    def exits_of(self, cells: Cells) -> Cells:
        """Where the water of each cell leaves the grid."""
        exits: Cells = self.exits[self.flow.basins().ravel()[cells].astype(np.int64) - 1]
        return exits

    def watersheds(self, outlets: Cells) -> NDArray[np.int32]:
        """Number every cell 1, 2, ... by the outlet it drains through first, 0 for none; (rows, cols)."""
        labels: NDArray[np.int32] = self.flow.basins(idxs=outlets).astype(np.int32)
        return labels


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of stream between two forks: a line from its upper end down, with its order by Strahler."""

    line: BaseGeometry
    order: int


def drain(grid: Grid) -> Drainage:
    """Let water find its way off the grid."""
    flow = pyflwdir.from_dem(grid.values, transform=grid.transform)
    return Drainage(flow, flow.upstream_area("cell").ravel() * grid.cell_m**2)


def reaches(drainage: Drainage, grid: Grid, least_area_m2: float) -> list[Reach]:
    """Streams of the cells that drain at least least_area_m2, cut at every fork."""
    flow = drainage.flow
    streams = (drainage.area_m2 >= least_area_m2).reshape(flow.shape)
    x, y = grid.xy(*np.indices(flow.shape))
    found = flow.streams(mask=streams, xs=x, ys=y, strord=flow.stream_order("strahler", mask=streams))
    # The library marks each exit by a line without length
    drawn = [feature for feature in found if not feature["properties"]["pit"]]
    return [Reach(shapely.geometry.shape(feature["geometry"]), int(feature["properties"]["strord"])) for feature in drawn]

"""Where water runs: flow directions, drained area, stream order and basins of an elevation grid."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
OUT = -1


@dataclass(frozen=True, slots=True)
class Drainage:
    """Flow over a grid of rows x cols, cells numbered row by row.

    downstream: the cell each cell drains to, `OUT` at the edge, (cells,).  upward: all cells, every one after the cell that it
    drains to, (cells,).  area: cells that drain through each cell, itself included, (cells,).
    """

    shape: tuple[int, int]
    downstream: NDArray[np.int64]
    upward: NDArray[np.int64]
    area: NDArray[np.int64]


def drain(elevation: NDArray[np.floating]) -> Drainage:
    """Let water find its way off the grid.

    Priority flood from the edge upwards: hollows drain by their lowest rim, so every cell reaches the edge.
    Method: Barnes, Lehman and Mulla 2014, Priority-Flood.
    """
    rows, cols = elevation.shape
    height = elevation.ravel().tolist()
    downstream = np.full(rows * cols, OUT, np.int64)
    edge = [cell for cell in range(rows * cols) if cell // cols in (0, rows - 1) or cell % cols in (0, cols - 1)]
    queue = [(height[cell], cell) for cell in edge]
    heapq.heapify(queue)
    seen = bytearray(rows * cols)
    for cell in edge:
        seen[cell] = 1
    upward: list[int] = []
    while queue:
        level, cell = heapq.heappop(queue)
        upward.append(cell)
        row, col = divmod(cell, cols)
        for down, right in NEIGHBOURS:
            if 0 <= row + down < rows and 0 <= col + right < cols:
                beside = cell + down * cols + right
                if not seen[beside]:
                    seen[beside] = 1
                    downstream[beside] = cell
                    heapq.heappush(queue, (max(height[beside], level), beside))
    order = np.array(upward, np.int64)
    return Drainage((rows, cols), downstream, order, _drained_area(downstream, order))


def _drained_area(downstream: NDArray[np.int64], upward: NDArray[np.int64]) -> NDArray[np.int64]:
    target = downstream.tolist()
    area = [1] * len(target)
    for cell in reversed(upward.tolist()):
        if target[cell] != OUT:
            area[target[cell]] += area[cell]
    return np.array(area, np.int64)


def basins(drainage: Drainage, outlets: list[int]) -> NDArray[np.int32]:
    """Number every cell 1, 2, ... by the outlet it drains through first, 0 for none; (rows, cols)."""
    label = [0] * len(drainage.downstream)
    number = {cell: index for index, cell in enumerate(outlets, start=1)}
    target = drainage.downstream.tolist()
    for cell in drainage.upward.tolist():
        label[cell] = number.get(cell) or (label[target[cell]] if target[cell] != OUT else 0)
    return np.array(label, np.int32).reshape(drainage.shape)


def follow(drainage: Drainage, cell: int) -> int:
    """Where the water of a cell leaves the grid."""
    while (below := int(drainage.downstream[cell])) != OUT:
        cell = below
    return cell


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of stream between two forks: cells from its upper end down, with its order by Strahler."""

    cells: tuple[int, ...]
    order: int


def reaches(drainage: Drainage, least_area: int) -> list[Reach]:
    """Streams of the cells that drain at least least_area cells, cut at every fork.

    Order: Strahler 1957; two streams of one order make one of the next.
    """
    feeders: dict[int, list[int]] = {}
    order: dict[int, int] = {}
    stream = [cell for cell in reversed(drainage.upward.tolist()) if drainage.area[cell] >= least_area]
    for cell in stream:
        ranks = sorted((order[feeder] for feeder in feeders.get(cell, ())), reverse=True)
        order[cell] = 1 if not ranks else ranks[0] + (len(ranks) > 1 and ranks[0] == ranks[1])
        feeders.setdefault(int(drainage.downstream[cell]), []).append(cell)
    found = []
    for head in stream:
        if len(feeders.get(head, ())) != 1:
            found.append(Reach(tuple(_down_to_fork(head, drainage, feeders)), order[head]))
    return [reach for reach in found if len(reach.cells) > 1]


def _down_to_fork(head: int, drainage: Drainage, feeders: dict[int, list[int]]) -> list[int]:
    path = [head]
    while (below := int(drainage.downstream[path[-1]])) != OUT:
        path.append(below)
        if len(feeders[below]) > 1:
            break
    return path

"""Water on small grids whose answer is plain."""

from __future__ import annotations

import numpy as np

from rendermap.demo.hydrology import drain, reaches
from rendermap.demo.terrain import read_elevation
from tests.demo.grounds import ground

VALLEY = ground([[9, 8, 7, 8, 9], [8, 6, 4, 6, 8], [8, 5, 3, 5, 8], [8, 4, 2, 4, 8], [8, 7, 1, 7, 8]])
MOUTH = 4 * 5 + 2


def test_water_leaves_by_the_lowest_edge() -> None:
    """Every cell of a valley drains to the valley's mouth."""
    drainage = drain(VALLEY)
    assert (drainage.exits_of(np.arange(25)) == MOUTH).all()
    assert drainage.area_m2[MOUTH] == 25 * 900


def test_a_hollow_spills_over_its_lowest_rim() -> None:
    """A pit without outlet still drains, by the lowest cell around it."""
    values = np.full((5, 5), 9.0)
    values[2, 2], values[2, 3], values[2, 4] = 1, 5, 4
    drainage = drain(ground(values))
    assert drainage.below(np.array([2 * 5 + 2])) == 2 * 5 + 3
    assert drainage.exits_of(np.array([2 * 5 + 2])) == 2 * 5 + 4


def test_area_adds_up() -> None:
    """What leaves the grid is all that there is."""
    drainage = drain(ground(np.random.default_rng(1).random((20, 30))))
    assert drainage.area_m2[drainage.exits].sum() == 600 * 900


def test_watersheds_number_cells_by_the_first_outlet_below() -> None:
    """A cell belongs to the nearest outlet downstream of it, and to none without one."""
    drainage = drain(VALLEY)
    labels = drainage.watersheds(np.array([MOUTH, 2 * 5 + 2]))
    assert labels[3, 2] == 1
    assert labels[1, 2] == 2
    assert drainage.watersheds(np.array([2 * 5 + 2]))[3, 2] == 0


def test_two_streams_of_an_order_make_the_next() -> None:
    """Strahler on the sample: a stream without feeders is a 1; two of the highest make one more, else the highest stays."""
    grid = read_elevation(120.0)
    streams = reaches(drain(grid), grid, least_area_m2=1e6)
    feeders: dict[tuple[float, ...], list[int]] = {}
    for stream in streams:
        feeders.setdefault(stream.line.coords[-1], []).append(stream.order)
    for stream in streams:
        above = feeders.get(stream.line.coords[0], [])
        expected = max(above) + (above.count(max(above)) > 1) if above else 1
        assert stream.order == expected
    assert max(stream.order for stream in streams) >= 3


def test_streams_run_down_from_cell_to_cell() -> None:
    """Every line has a length and ends lower than it begins."""
    grid = read_elevation(120.0)
    ends = np.array([stream.line.coords[i] for stream in reaches(drain(grid), grid, 1e6) for i in (0, -1)])
    rows, cols = (np.rint(part).astype(int) for part in grid.cells(*ends.T))
    heights = grid.values[rows, cols].reshape(-1, 2)
    assert (np.hypot(*(ends[::2] - ends[1::2]).T) > 0).all()
    assert np.median(heights[:, 0] - heights[:, 1]) > 5

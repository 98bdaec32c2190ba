"""Water on small grids whose answer is plain."""

from __future__ import annotations

import numpy as np

from rendermap.demo.hydrology import OUT, basins, drain, follow, reaches

VALLEY = np.array([[9, 8, 7, 8, 9], [8, 6, 4, 6, 8], [8, 5, 3, 5, 8], [8, 4, 2, 4, 8], [8, 7, 1, 7, 8]], float)


def test_water_leaves_by_the_lowest_edge() -> None:
    """Every inner cell of a valley drains to the valley's mouth."""
    drainage = drain(VALLEY)
    mouth = 4 * 5 + 2
    inner = [row * 5 + col for row in (1, 2, 3) for col in (1, 2, 3)]
    assert {follow(drainage, cell) for cell in inner} == {mouth}
    assert drainage.area[mouth] == 10


def test_a_hollow_spills_over_its_lowest_rim() -> None:
    """A pit without outlet still drains, by the lowest cell around it."""
    grid = np.full((5, 5), 9.0)
    grid[2, 2], grid[2, 3], grid[2, 4] = 1, 5, 4
    drainage = drain(grid)
    assert drainage.downstream[2 * 5 + 2] == 2 * 5 + 3
    assert follow(drainage, 2 * 5 + 2) == 2 * 5 + 4


def test_area_adds_up() -> None:
    """What leaves the grid is all that there is."""
    drainage = drain(np.random.default_rng(1).random((20, 30)))
    assert drainage.area[drainage.downstream == OUT].sum() == 600


def test_basins_number_cells_by_the_first_outlet_below() -> None:
    """A cell belongs to the nearest outlet downstream of it, and to none without one."""
    drainage = drain(VALLEY)
    labels = basins(drainage, [4 * 5 + 2, 2 * 5 + 2])
    assert labels[3, 2] == 1
    assert labels[1, 2] == 2
    assert labels[0, 0] == 0


def test_two_streams_of_an_order_make_the_next() -> None:
    """Strahler: 1 and 1 make 2; a 1 that joins a 2 leaves it a 2."""
    grid = np.full((9, 9), 50.0)
    for step in range(4):
        grid[step, step] = grid[step, 8 - step] = 20 - step
    grid[4:, 4] = [10, 9, 8, 7, 6]
    orders = {reach.cells[-1]: reach.order for reach in reaches(drain(grid), least_area=2)}
    assert orders[8 * 9 + 4] == 2
    assert set(orders.values()) == {1, 2}

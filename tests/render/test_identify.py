"""find_cells: the value that a raster's pixel is coloured by, and the class it is drawn in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rendermap.dispatch.found import Cell
from rendermap.dispatch.plan import IdentifyPlan
from rendermap.render.identify import find_cells
from rendermap.symbology.style import (
    RGB,
    Classified,
    RasterCategory,
    RasterClass,
    RasterTheme,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Ramp
from tests.builders.rasters import BY_NAME, TRANSFORM, hidden_cells, values_of, write_raster
from tests.builders.views import look, plan_of

GRAY = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
RED = Color(200, 0, 0)


def spot(row: int, col: int) -> tuple[float, float]:
    """The middle of a cell."""
    x, y = TRANSFORM @ (col + 0.5, row + 0.5)
    return float(x), float(y)


def ask(path: Path, theme: RasterTheme, *cells: tuple[int, int], cell: float | None = None) -> tuple[Cell | None, ...]:
    plan = plan_of(look(path), theme)
    return find_cells(IdentifyPlan(plan, tuple(spot(*one) for one in cells), cell)).cells


def stretch(**rest: object) -> Stretch:
    return Stretch(GRAY, StretchRecipe(StretchKind.MINIMUM_MAXIMUM, limits=(0.0, 255.0)), **rest)  # type: ignore[arg-type]


def test_cells_have_their_own_values(tmp_path: Path) -> None:
    """Of each cell asked about, at its exact place; None beside the raster."""
    kind = BY_NAME["uint8"]
    values = values_of(kind)[0]
    path = write_raster(tmp_path, kind)
    places = [(0, 0), (3, 9), (17, 30), (values.shape[0] - 1, values.shape[1] - 1)]
    assert ask(path, stretch(), *places) == tuple(Cell((float(values[place]),)) for place in places)
    assert ask(path, stretch(), (-2, 3)) == (None,)


@pytest.mark.parametrize("name", [kind.name for kind in BY_NAME.values() if kind.hidden])
def test_cells_that_are_not_drawn_have_no_value(name: str, tmp_path: Path) -> None:
    """Whatever way the dataset hides them."""
    kind = BY_NAME[name]
    path = write_raster(tmp_path, kind)
    shown = tuple(int(part) for part in np.argwhere(~hidden_cells())[-1])
    hidden, seen = ask(path, stretch() if kind.bands < 3 else RGB(), (1, 1), (shown[0], shown[1]))
    assert hidden == Cell() and seen is not None and seen.values


def test_a_background_value_is_no_data(tmp_path: Path) -> None:
    """Of a stretch that leaves a value out."""
    kind = BY_NAME["uint8"]
    value = float(values_of(kind)[0][0, 0])
    assert ask(write_raster(tmp_path, kind), stretch(background=value), (0, 0)) == (Cell(),)


def test_classes_are_told_by_their_labels(tmp_path: Path) -> None:
    """Of the class that the value is drawn in; none for a value that is in none."""
    kind = BY_NAME["uint8"]
    path, values = write_raster(tmp_path, kind), values_of(kind)[0]
    low, high = float(values[0, 0]), float(values.max())
    place = tuple(int(part) for part in np.argwhere(values == values.max())[0])
    classes = Classified((RasterClass(low, RED, "low"), RasterClass(high - 1, RED, "middle")))
    assert ask(path, classes, (0, 0), (place[0], place[1])) == (Cell((low,), "low"), Cell((high,)))
    unique = UniqueRaster((RasterCategory((low,), RED, "the lowest"),), default=RED, default_label="others")
    assert ask(path, unique, (0, 0), (place[0], place[1])) == (Cell((low,), "the lowest"), Cell((high,), "others"))


def test_a_bound_raster_tells_one_value_for_each_cell_of_its_grid(tmp_path: Path) -> None:
    """However finely one asks."""
    kind = BY_NAME["uint8"]
    path = write_raster(tmp_path, kind)
    side = abs(TRANSFORM.a) * 8
    found = {ask(path, stretch(), (row, col), cell=side) for row in range(8, 24) for col in range(8, 24)}
    assert 1 < len(found) <= 9


def test_bands_are_told_together(tmp_path: Path) -> None:
    """Those that the picture shows, in its order."""
    kind = BY_NAME["rgb"]
    values = values_of(kind)
    (found,) = ask(write_raster(tmp_path, kind), replace(RGB(), bands=(3, 2, 1)), (5, 5))
    assert found == Cell(tuple(float(values[band, 5, 5]) for band in (2, 1, 0)))

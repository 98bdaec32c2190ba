"""Views finer than allowed are cut from one picture: however often, shifted and fine they are asked for, no cell shows a second colour."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, transform_bbox, transformer
from rendermap.geo.finest import Finest
from rendermap.geo.view import MapView
from rendermap.render.compose import draw, runs_of
from rendermap.render.labels import BLOCKS
from rendermap.render.one_picture import BLOCK_CELLS, BLOCKS_OF_ONE, OnePicture, cut_from
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.style import Single, Stretch, StretchRecipe, Style
from rendermap.symbology.symbols import Color, Fill, Marker, Ramp, Stroke, Symbol
from tests.builders.rasters import write_array
from tests.builders.vectors import fill, map_plan, plan_for, write_features
from tests.builders.views import look, plan_of

# isort: split
from affine import Affine

Pixels = NDArray[np.uint8]
UTM = "EPSG:32632"
X, Y = 500_000.0, 5_538_000.0
CELL_M = 2.0
GRID = Finest(UTM, CELL_M, CELL_M)
RAMP = Ramp(((0.0, Color(0, 0, 80)), (0.5, Color(250, 240, 120)), (1.0, Color(120, 0, 0))))
HALO = TextSymbol("DejaVu Sans", 9, Color(0, 0, 0), halo_color=Color(255, 255, 255), halo_pt=1)


def forget() -> None:
    """As a new worker."""
    BLOCKS_OF_ONE.forget()
    BLOCKS.forget()


@pytest.fixture(autouse=True)
def forgetful() -> None:
    forget()


@pytest.fixture
def ground(tmp_path: Path) -> tuple[LayerPlan, ...]:
    """Polygons of odd shapes with dashed outlines, points, and names."""
    random = np.random.default_rng(4)
    places = random.uniform(0, 400, (40, 2)) + np.array([X, Y])
    shapes = [shapely.buffer(shapely.Point(x, y), random.uniform(5, 40), quad_segs=3) for x, y in places]
    areas = write_features(tmp_path, list(shapes), {"name": [f"place {n}" for n in range(40)]}, crs=UTM, name="areas")
    points = write_features(tmp_path, [shapely.Point(x, y) for x, y in places], crs=UTM, name="points")
    label = LabelClass(Column("name"), HALO, Placement(("C",)))
    area = Symbol((Fill(Color(220, 200, 120)), Stroke(Color(60, 30, 90), 1.3, (4.0, 2.5))))
    point = Symbol((Marker("M-.5 0A.5 .5 0 1 1 .5 0A.5 .5 0 1 1 -.5 0Z", 7, Color(200, 30, 30), Stroke(Color(255, 255, 255), 1)),))
    return (
        replace(plan_for(areas, Style(Single(area), labels=(label,)), 1), finest=GRID),
        replace(plan_for(points, Style(Single(point)), 0), finest=GRID),
    )


def surface(folder: Path) -> LayerPlan:
    """A raster of cells of 8 m, drawn as a surface."""
    data = np.random.default_rng(3).uniform(0, 100, (1, 50, 50)).astype(np.float32)
    transform = Affine(8, 0, X, 0, -8, Y + 400)
    layer = look(write_array(folder / "surface.tif", data, transform=transform, crs=UTM))
    assert isinstance(layer.facts, RasterFacts)
    return replace(plan_of(layer, Stretch(RAMP, StretchRecipe(limits=(0.0, 100.0)))), finest=GRID)


def cells_under(view: MapView) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows, with their fractions, of the grid under the centres of a view's pixels."""
    box = view.bbox
    xs = box.xmin + (np.arange(view.width_px) + 0.5) * box.width / view.width_px
    ys = box.ymax - (np.arange(view.height_px) + 0.5) * box.height / view.height_px
    x, y = np.meshgrid(xs, ys)
    if view.crs != UTM:
        x, y = (np.asarray(part) for part in transformer(view.crs, UTM).transform(x, y))
    return x / GRID.dx, -y / GRID.dy


def colors_seen(plans: Iterator[MapPlan], margin: float) -> dict[tuple[int, int], set[tuple[int, ...]]]:
    """Every colour in which each cell was met, away from the cells' edges by a margin."""
    seen: dict[tuple[int, int], set[tuple[int, ...]]] = defaultdict(set)
    for plan in plans:
        picture = draw(plan)
        cols, rows = cells_under(plan.view)
        sure = (np.abs(cols % 1 - 0.5) < 0.5 - margin) & (np.abs(rows % 1 - 0.5) < 0.5 - margin)
        found = zip(np.floor(cols[sure]), np.floor(rows[sure]), picture[sure], strict=True)
        for col, row, color in found:
            seen[int(col), int(row)].add(tuple(int(part) for part in color))
    return seen


def shifted_views(seed: int, crs: str = UTM, count: int = 40) -> Iterator[MapView]:
    """Views over the ground: shifted by parts of a pixel, of many sizes, oblong, sharp, and finer up to forty times."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        step_x, step_y = CELL_M / random.uniform(1.01, 40, 2)
        width, height = (int(side) for side in random.integers(40, 300, 2))
        x, y = random.uniform(0, 350, 2) + np.array([X, Y])
        box = BBox(x, y, x + width * step_x, y + height * step_y)
        carried = transform_bbox(box, UTM, crs)
        assert carried
        yield MapView(carried, crs, width, height, float(random.choice([0.5, 1.0, 2.0, 4.0])))


def test_shifted_views_recover_one_colour_for_each_cell(ground: tuple[LayerPlan, ...]) -> None:
    """Outlines, dashes, markers and labels of forty views: thousands of cells are met many times, each in its one colour."""
    seen = colors_seen((map_plan(view, *ground) for view in shifted_views(1)), 1e-6)
    assert len(seen) > 5_000
    assert len(set().union(*seen.values())) > 200, "the ground must have something to tell"
    assert {cell: colors for cell, colors in seen.items() if len(colors) > 1} == {}


def test_another_crs_shows_the_same_cells(ground: tuple[LayerPlan, ...]) -> None:
    """Web Mercator, degrees and a neighbouring zone are cut from the very picture: they are no second look."""
    views = [view for seed, crs in enumerate((WEB_MERCATOR, "EPSG:4326", "EPSG:32633", UTM)) for view in shifted_views(seed, crs, 12)]
    seen = colors_seen((map_plan(view, *ground) for view in views), 0.15)
    assert len(seen) > 5_000
    assert {cell: colors for cell, colors in seen.items() if len(colors) > 1} == {}


def test_a_raster_shows_one_colour_for_each_cell_of_the_grid(tmp_path: Path) -> None:
    """A surface between cells is told at four places along a cell's side and not between them."""
    plan = surface(tmp_path)
    seen = colors_seen((map_plan(view, plan) for view in shifted_views(2)), 1e-6)
    assert len(seen) > 5_000
    assert max(map(len, seen.values())) == 1


def test_a_cell_is_what_an_ordinary_picture_of_its_scale_shows(ground: tuple[LayerPlan, ...]) -> None:
    """The one picture is the map at the finest scale allowed: a view whose pixels are the cells shows exactly its colours."""
    view = MapView(BBox(X, Y, X + 256, Y + 256), UTM, 128, 128)
    fine = replace(view, width_px=512, height_px=512)
    cut = draw(map_plan(fine, *ground))
    plain = draw(map_plan(view, *(replace(plan, finest=None) for plan in ground)))
    cols, rows = (np.floor(part).astype(int) for part in cells_under(fine))
    magnified = plain[rows - rows.min(), cols - cols.min()]
    assert (np.abs(magnified.astype(int) - cut) <= 1).mean() > 0.97, "labels may stand elsewhere, for an export places its own"
    assert (magnified == cut).all(axis=2).mean() > 0.9


def test_tiles_meet_without_a_seam(ground: tuple[LayerPlan, ...]) -> None:
    """Four quarters of a view are its pixels."""
    whole = MapView(BBox(X + 20, Y + 20, X + 120, Y + 120), UTM, 400, 400)
    picture = draw(map_plan(whole, *ground))
    for left, bottom in ((0, 0), (50, 0), (0, 50), (50, 50)):
        BLOCKS_OF_ONE.forget()
        part = MapView(BBox(X + 20 + left, Y + 20 + bottom, X + 70 + left, Y + 70 + bottom), UTM, 200, 200)
        top = 200 if bottom == 0 else 0
        assert (draw(map_plan(part, *ground)) == picture[top : top + 200, left * 4 : left * 4 + 200]).all()


def test_what_was_forgotten_is_drawn_the_same(ground: tuple[LayerPlan, ...]) -> None:
    """Another worker, which has no block yet, answers in the same bytes."""
    plan = map_plan(MapView(BBox(X + 3, Y + 3, X + 103, Y + 103), UTM, 301, 299), *ground)
    first = draw(plan)
    forget()
    assert (draw(plan) == first).all() and first[..., 3].any()


def test_layers_of_other_grids_are_drawn_apart(ground: tuple[LayerPlan, ...]) -> None:
    """Neighbours join only where they are cut from the same grid; one that is drawn as it is stays as fine as asked."""
    areas, points = ground
    free = replace(points, finest=None)
    assert [len(run) for run in runs_of((areas, points))] == [2]
    assert [len(run) for run in runs_of((areas, free, free))] == [1, 2]
    view = MapView(BBox(X, Y, X + 200, Y + 200), UTM, 300, 300)
    alone = draw(map_plan(view, free))
    both = draw(map_plan(view, replace(areas, style=replace(areas.style, labels=())), free))
    shown = alone[..., 3] == 255
    assert shown.any() and (both[shown] == alone[shown]).all()


def test_a_view_that_is_fine_in_one_corner_only_costs_no_more(ground: tuple[LayerPlan, ...]) -> None:
    """The grid is coarsened until a part of the view lies on a few blocks; the colours are still those of fixed cells."""
    view = MapView(BBox(X - 100_000, Y - 100_000, X + 100_000, Y + 100_000), UTM, 200, 200)
    draw(map_plan(view, *ground))
    assert len(BLOCKS_OF_ONE._blocks) <= 2 * 12


def test_a_view_that_shows_no_place_is_blank(tmp_path: Path) -> None:
    """Beyond the pole there is nothing to cut from."""
    layer = write_features(tmp_path, [shapely.box(8, 49, 10, 51)], crs="EPSG:4326")
    plan = replace(plan_for(layer, fill(Color(1, 2, 3))), finest=GRID)
    assert not draw(map_plan(MapView(BBox(0, 91, 1, 92), "EPSG:4326", 64, 64), plan)).any()


def test_far_beyond_the_earth_there_is_nothing(ground: tuple[LayerPlan, ...]) -> None:
    """Coordinates that no grid counts to are blank."""
    view = MapView(BBox(1e15, 1e15, 1e15 + 128, 1e15 + 128), UTM, 64, 64)
    assert not draw(map_plan(view, *ground)).any()


@pytest.mark.parametrize(
    ("crs", "side", "width_m", "center"),
    [
        ("EPSG:32633", 7.5, 2000.0, (1_500_000.0, 6_000_000.0)),
        ("EPSG:32633", 7.5, 60.0, (1_500_000.0, 6_000_000.0)),
        ("EPSG:4326", 1e-4, 2000.0, (-9_000_000.0, 4_000_000.0)),
        ("EPSG:4326", 1e-4, 2000.0, (0.0, 0.0)),
    ],
    ids=["finer", "much finer", "degrees west", "on both sides of Greenwich"],
)
def test_a_pixel_is_the_cell_under_its_centre(crs: str, side: float, width_m: float, center: tuple[float, float]) -> None:
    """By whatever way pixels are told from cells, none is farther from its own than a quarter of a pixel."""
    grid, (x, y), half = Finest(crs, side, side), center, width_m / 2
    view = MapView(BBox(x - half, y - half, x + half, y + half), "EPSG:3857", 256, 200)

    def numbered(block: MapView) -> Pixels:
        cols, rows = (np.arange(BLOCK_CELLS) + round(edge / side) for edge in (block.bbox.xmin, -block.bbox.ymax))
        return np.stack(np.broadcast_arrays(cols % 251, (rows % 241)[:, None], 7, 255), -1).astype(np.uint8)

    cut = cut_from(OnePicture(grid, crs, numbered), view)
    places = np.add.outer((-0.25, 0.0, 0.25), np.arange(256) + 0.5) * width_m / 256 + x - half
    heights = y + half - np.add.outer((-0.25, 0.0, 0.25), np.arange(200) + 0.5) * width_m / 200
    is_near = np.zeros((200, 256), np.bool_)
    for xs, ys in itertools.product(places, heights):
        easting, northing = transformer("EPSG:3857", crs).transform(*np.meshgrid(xs, ys))
        cols, rows = np.floor(np.divide(easting, side)), np.floor(np.divide(northing, -side))
        is_near |= (cut[..., 0] == cols % 251) & (cut[..., 1] == rows % 241)
    assert is_near.all()
    assert cut[..., 3].all()

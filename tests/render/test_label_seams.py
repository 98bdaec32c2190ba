"""No label is cut or doubled at the seam of tiles, whatever their size, and whichever of them is drawn first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.lattice import blocks_of, frames_of, is_tile_like, lattice_of
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.geo.view import MapView, snapped
from rendermap.render.compose import draw
from rendermap.render.labels import BLOCKS
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbols import Color, Symbol
from tests.builders.vectors import plan_for, write_features

Pixels = NDArray[np.uint8]
WORLD = 20037508.342789244
ZOOM = 12
PX = 2 * WORLD / 256 / 2**ZOOM
"""Metres of a pixel of 256 px tiles."""

COL, ROW = 2180, 1420
"""The tile whose upper left corner is the origin of the drawings; blocks of 1024 px begin at every fourth tile."""


def at(x: float, y: float) -> tuple[float, float]:
    """Metres of a place in pixels, y down from the origin."""
    return (COL * 256 + x) * PX - WORLD, WORLD - (ROW * 256 + y) * PX


def tile(col: int, row: int, size_px: int, ratio: float) -> MapPlan:
    """A tile without layers, as the service plans it: moved to its grid, its lattice known from before."""
    zoom = ZOOM if size_px / ratio == 256 else ZOOM - 1
    share = 2 ** (ZOOM - zoom)
    view = view_of(TileAddress("WebMercatorQuad", zoom, ROW // share + row, COL // share + col), size_px, ratio)
    return MapPlan(snapped(view), (), None, "png", lattice=lattice_of(view))


def stitched(plans: tuple[LayerPlan, ...], size_px: int, ratio: float, order: int) -> Pixels:
    """2048 px (at ratio 1 and zoom 12) of tiles, drawn in an order, and forgotten between every two of them where the order is odd."""
    count = 2048 // round(size_px / ratio)
    side = size_px
    whole = np.zeros((count * side, count * side, 4), np.uint8)
    places = [(col, row) for row in range(count) for col in range(count)]
    for col, row in np.random.default_rng(order).permutation(places):
        if order % 2:
            BLOCKS.forget()
        asked = replace(tile(int(col), int(row), size_px, ratio), layers=plans)
        whole[row * side : (row + 1) * side, col * side : (col + 1) * side] = draw(asked)
    return whole


NOTHING = Single(Symbol())
COLORS = [Color(r, g, b) for r in (0, 120, 240) for g in (0, 120, 240) for b in (0, 120, 240)]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> tuple[LayerPlan, ...]:
    """Points, lines and polygons whose labels have a colour each: on seams of tiles and blocks, on their corners, right beside them."""
    folder = tmp_path_factory.mktemp("seams")
    shapes: list[tuple[shapely.Geometry, str, Placement]] = [
        (shapely.Point(*at(x, y)), f"Point {x} {y}", Placement(anchors=anchors))
        for x, y, anchors in (
            (1024, 700, ("C",)), (1020, 300, ("NE",)), (1028, 500, ("W", "E")), (300, 1024, ("S", "N")), (1024, 1024, ("C",)),
            (256, 256, ("C",)), (511, 100, ("NE", "NW")), (768, 900, ("C",)), (5, 130, ("C",)), (2, 1300, ("W",)), (1500, 1022, ("C",)),
        )
    ]  # fmt: skip
    lines = [
        ([(100, 1200), (1900, 1250)], "A long street through two blocks", Placement()),
        ([(1000, 1300), (1060, 1420)], "Short and steep, on the edge", Placement(side="above")),
        ([(60, 1500 + 0.0), (600, 1460), (1024, 1500), (1400, 1580)], "River with bends", Placement(along="straight")),
        ([(1010, 1800), (1200, 1800)], "Level", Placement(along="horizontal", side="below")),
    ]
    shapes += [(shapely.LineString([at(*p) for p in points]), text, placement) for points, text, placement in lines]
    boxes = [((700, 1600, 1360, 1900), "County on the edge"), ((1500, 900, 1900, 1140), "Bailiwick"), ((1300, 100, 2000, 800), "Inland")]
    shapes += [
        (shapely.box(*at(box[0], box[3]), *at(box[2], box[1])), text, Placement(must_fit=text == "Bailiwick")) for box, text in boxes
    ]
    return tuple(one_label(folder, number, shape, text, placement) for number, (shape, text, placement) in enumerate(shapes))


def one_label(folder: Path, number: int, shape: shapely.Geometry, text: str, placement: Placement) -> LayerPlan:
    layer = write_features(folder, [shape], {"name": [text]}, crs="EPSG:3857", name=f"layer{number}")
    label = LabelClass(Column("name"), TextSymbol("Arial", 11, COLORS[number]), placement)
    return plan_for(layer, Style(NOTHING, labels=(label,)), number)


def places_of(picture: Pixels, color: Color) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(rows, columns) where a label's own colour is."""
    rows, cols = np.nonzero(picture[..., 3] > 90)
    own = (np.abs(picture[rows, cols, :3].astype(int) - color[:3]) <= 8).all(axis=1)
    return rows[own], cols[own]


@pytest.mark.parametrize(("size_px", "ratio"), [(256, 1.0), (512, 1.0), (512, 2.0), (1024, 2.0)])
def test_every_label_is_whole_and_there_once(plans: tuple[LayerPlan, ...], size_px: int, ratio: float) -> None:
    """Each label of the stitched tiles is one heap of pixels as large as the label is when it is drawn alone in the middle of nowhere."""
    scale = 1 if size_px / ratio == 256 else 0.5
    picture = stitched(plans, size_px, ratio, order=2)
    assert picture.any()
    for number, plan in enumerate(plans):
        rows, cols = places_of(picture, COLORS[number])
        assert rows.size, f"label {number} is missing"
        alone = size_alone(plan, ratio, scale)
        wide, high = np.ptp(cols) + 1, np.ptp(rows) + 1
        assert abs(wide - alone[0]) <= 2 * ratio + 1 and abs(high - alone[1]) <= 2 * ratio + 1, f"label {number}: {wide, high}, {alone}"


def size_alone(plan: LayerPlan, ratio: float, zoom_share: float) -> tuple[int, int]:
    """(width, height) of the label drawn where no edge is near: in the middle of one view that is no tile."""
    assert plan.layer.bbox
    (x, y), half = plan.layer.bbox.center, 400 * PX / zoom_share
    view = MapView(BBox(x - half, y - half, x + half, y + half), "EPSG:3857", round(800 * ratio), round(800 * ratio), ratio)
    assert not is_tile_like(view)
    rows, cols = np.nonzero(draw(MapPlan(view, (plan,), None, "png"))[..., 3] > 90)
    return int(np.ptp(cols)) + 1, int(np.ptp(rows)) + 1


def test_tiles_are_the_same_whatever_was_drawn_before(plans: tuple[LayerPlan, ...]) -> None:
    """Drawn in other orders, by workers that know no other tile, they are the same to the last pixel."""
    few = plans[::3]
    assert (stitched(few, 512, 1.0, order=2) == stitched(few, 512, 1.0, order=3)).all()


def test_tiles_of_either_size_show_the_same_labels(plans: tuple[LayerPlan, ...]) -> None:
    """Tiles of 512 px of the zoom before have the same pixels' lattice, so the same blocks: no pixel differs."""
    view = tile(0, 0, 256, 1.0).view
    larger = MapView(
        BBox(view.bbox.xmin, view.bbox.ymin - view.bbox.height, view.bbox.xmax + view.bbox.width, view.bbox.ymax), view.crs, 512, 512
    )
    whole = draw(MapPlan(snapped(larger), plans, None, "png", lattice=lattice_of(larger)))
    part = draw(replace(tile(0, 0, 256, 1.0), layers=plans))
    assert (whole[:256, :256] == part).all()


def test_all_tiles_of_a_zoom_lie_on_one_lattice() -> None:
    """Boxes that carry noise, at places far apart, give the very same frames; so do boxes in degrees."""
    found = set()
    for col, row in ((0, 0), (1, 2), (3, 3)):
        view = tile(col, row, 256, 1.0).view
        noisy = replace(view, bbox=BBox(*(value + 1e-7 * (i - 2) for i, value in enumerate(view.bbox.corners))))
        found |= {frame for seen_view in (view, noisy) for frame in frames_of(snapped(seen_view), lattice_of(seen_view))}
    assert len(found) == 1
    degrees = [MapView(BBox(x, 40.0, x + 360 / 2**14, 40.0 + 360 / 2**14), "EPSG:4326", 256, 256) for x in (11.25, 11.25 + 360 / 2**14)]
    assert len({block.frame for view in degrees for block in blocks_of(view, lattice_of(view))}) == 1


def test_prints_are_no_tiles() -> None:
    """A small picture of very fine pixels is drawn whole: its block would be a hundred times as large as a tile's."""
    print_view, tile_view = (MapView(BBox(0, 0, 100, 100), "EPSG:3857", round(100 * r), round(100 * r), r) for r in (6.25, 4.0))
    assert not is_tile_like(print_view) and is_tile_like(tile_view)


def test_tiles_of_a_national_grid_lie_on_one_lattice() -> None:
    """A step that is no power of two is found in the tiles' own edges."""
    step = 26.458386250105836
    views = [MapView(BBox(x * 256 * step, 5e6, (x + 1) * 256 * step, 5e6 + 256 * step), "EPSG:25832", 256, 256) for x in (72, 73, 74, 75)]
    lattices = {lattice_of(view) for view in views}
    assert len({f"{lattice.dx:.10f}" for lattice in lattices}) == 1


def test_a_view_between_the_tiles_is_cut_from_its_blocks(plans: tuple[LayerPlan, ...]) -> None:
    """A small picture across the corner of four blocks shows what the tiles there show."""
    view = tile(0, 0, 256, 1.0).view
    moved = replace(view, bbox=BBox(*at(1024 - 128, 1024 + 128), *at(1024 + 128, 1024 - 128)))
    picture = draw(MapPlan(moved, plans, None, "png", lattice=lattice_of(moved)))
    whole = stitched(plans, 256, 1.0, order=2)
    assert (picture == whole[896:1152, 896:1152]).all()

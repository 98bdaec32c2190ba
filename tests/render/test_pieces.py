"""Gradients and markers at vertices, drawn from features cut into pieces: right colours, no seams, the same in every tile."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.geo.crs import transformer
from rendermap.jobs.job import Layer
from rendermap.render import piece_copies
from rendermap.render.gradients import bands, cut_of
from rendermap.render.vectors import WARM, draw_vectors
from rendermap.symbology import shapes
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.style import Categories, Category, Proportional, Rule, Rules, Single, Style
from rendermap.symbology.symbols import Color, Fill, GradientFill, Marker, Ramp, SizeBy, Stroke, Symbol
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, view_on, write_features

Pixels = NDArray[np.uint8]
RAMP = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(240, 0, 0))))
GLASS = Ramp(((0.0, Color(0, 0, 200, 128)), (1.0, Color(0, 0, 200, 128))))
SQUARE = shapely.box(0, 0, 100, 100)
EDGE = Stroke(GREEN, 3.0, join="miter")


def drawn(layer: Layer, style: Style | Symbol, box: tuple[float, float, float, float] = (0, 0, 100, 100), side: int = 100) -> Pixels:
    return draw_vectors([plan_for(layer, style)], view_on(box, width=side, height=side))


@pytest.fixture
def square(tmp_path: Path) -> Layer:
    return write_features(tmp_path, [SQUARE])


@pytest.mark.parametrize(
    ("method", "angle", "reds"),
    [
        # at the left, right, top and bottom edge, and in the middle
        ("linear", 0.0, (0, 240, 120, 120, 120)),
        ("linear", 90.0, (120, 120, 240, 0, 120)),
        ("linear", 180.0, (240, 0, 120, 120, 120)),
        ("circular", 0.0, (170, 170, 170, 170, 0)),
        ("rectangular", 0.0, (240, 240, 240, 240, 0)),
        ("buffered", 0.0, (0, 0, 0, 0, 240)),
    ],
)
def test_a_gradient_runs_where_it_says(square: Layer, method: str, angle: float, reds: tuple[int, ...]) -> None:
    """The ramp begins and ends at the right places, on the map as in the docstring of the symbol."""
    pixels = drawn(square, Symbol((GradientFill(RAMP, method, angle, 48),)))
    found = [int(pixels[y, x, 0]) for y, x in ((50, 2), (50, 97), (2, 50), (97, 50), (50, 50))]
    assert found == pytest.approx(reds, abs=14)
    assert (pixels[..., 3] == 255).all()


@pytest.mark.parametrize("method", ["linear", "circular", "rectangular", "buffered"])
def test_bands_share_out_the_polygon(method: str) -> None:
    """Bands beside each other cover the polygon once; bands over each other end in the innermost; holes stay holes."""
    polygon = np.array([shapely.Polygon([(0, 0), (90, 10), (60, 80), (5, 60)], [[(30, 30), (40, 30), (40, 40), (30, 40)]])], object)
    beside, _ = bands(polygon, cut_of(GradientFill(GLASS, method, 30.0, 12)))
    assert sum(shapely.area(band[0]) for band in beside) == pytest.approx(shapely.area(polygon[0]), rel=1e-6)
    over, positions = bands(polygon, cut_of(GradientFill(RAMP, method, 30.0, 12)))
    areas = [shapely.area(band[0]) for band in over]
    assert areas == sorted(areas, reverse=True) and len(positions) == 12 and 0 < min(positions) < max(positions) < 1


@pytest.mark.parametrize("method", ["linear", "circular", "buffered"])
def test_no_hairlines_between_bands(square: Layer, method: str) -> None:
    """Bands of one half-transparent colour look like one polygon."""
    pixels = drawn(square, Symbol((GradientFill(GLASS, method, 33.0, 20),)))[5:-5, 5:-5, 3].astype(int)
    assert np.abs(pixels - 128).max() <= 10


def test_layers_below_and_above_a_gradient_keep_their_places(square: Layer) -> None:
    """A fill below shines through, an outline lies above."""
    pixels = drawn(square, Symbol((Fill(RED), GradientFill(GLASS), EDGE)))
    assert np.abs(pixels[50, 50].astype(int) - (127, 0, 100, 255)).max() <= 2
    assert tuple(pixels[1, 50]) == GREEN


def test_features_keep_their_order(tmp_path: Path) -> None:
    """All pieces of a later feature lie over those of an earlier one."""
    layer = write_features(tmp_path, [SQUARE, shapely.box(40, 40, 60, 60)])
    pixels = drawn(layer, Symbol((GradientFill(RAMP, "linear", 0.0, 4), EDGE)))
    assert tuple(pixels[50, 40]) == GREEN and pixels[50, 43, 0] < 60 < pixels[50, 30, 0]


def test_classes_filters_and_gradients(tmp_path: Path) -> None:
    """Each class has its own gradient or none; what fails the filter is not drawn; a class's features meet no later class."""
    boxes = [shapely.box(x, 0, x + 25, 100) for x in (0, 25, 50, 75)]
    layer = write_features(tmp_path, boxes, {"k": ["a", "b", "c", None]})
    both = Ramp(((0.0, BLUE), (1.0, BLUE)))
    theme = Categories(
        ("k",),
        (
            Category((("a",),), Symbol((GradientFill(RAMP, "linear", 90.0),))),
            Category((("b",),), Symbol((GradientFill(both, "circular"), EDGE))),
            Category((("c",),), fill(RED)),
        ),
        default=fill(GREEN),
    )
    pixels = drawn(layer, Style(theme))
    assert pixels[95, 12, 0] < 20 < 220 < pixels[4, 12, 0]
    assert tuple(pixels[50, 37]) == BLUE and tuple(pixels[50, 26]) == GREEN
    assert tuple(pixels[50, 62]) == RED and tuple(pixels[50, 87]) == GREEN
    filtered = drawn(layer, Style(theme, filter=parse_filter("k <> 'b'")))
    assert not filtered[50, 37].any() and not filtered[50, 87].any() and tuple(filtered[50, 62]) == RED


def test_rules_that_all_apply_and_sizes_by_value(tmp_path: Path) -> None:
    """Themes whose features are drawn by several rules draw each once, too."""
    layer = write_features(tmp_path, [SQUARE], {"v": [4.0]})
    rules = Rules((Rule(Symbol((GradientFill(GLASS),))), Rule(Symbol((EDGE,)), filter=parse_filter("v > 1"))))
    pixels = drawn(layer, Style(rules))
    assert tuple(pixels[1, 50]) == GREEN and abs(int(pixels[50, 50, 3]) - 128) <= 2
    dot = Symbol((Marker(shapes.CIRCLE, 9.0, BLUE),))
    theme = Proportional(dot, SizeBy(Column("v"), ((0.0, 1.0), (4.0, 2.0))), under=Symbol((GradientFill(RAMP, "linear", 0.0),)))
    pixels = drawn(layer, Style(theme))
    assert tuple(pixels[50, 50]) == BLUE and pixels[50, 5, 0] < 30 and pixels[50, 95, 0] > 210


def test_a_gradient_is_the_same_in_all_tiles(square: Layer) -> None:
    """Four tiles are the quarters of one picture."""
    symbol = Symbol((GradientFill(RAMP, "circular", steps=16), EDGE))
    whole = drawn(square, symbol, (-14, -14, 114, 114), 128)
    quarters = {(x, y): drawn(square, symbol, (x, y, x + 64, y + 64), 64) for x in (-14, 50) for y in (-14, 50)}
    joined = np.vstack([np.hstack([quarters[-14, y], quarters[50, y]]) for y in (50, -14)])
    assert np.abs(joined.astype(int) - whole.astype(int)).max() <= 1


def test_a_gradient_is_straight_in_the_map(tmp_path: Path) -> None:
    """Polygons are cut in the map's CRS: a gradient along x has one colour along every column, wherever the data is from."""
    to_lonlat = transformer("EPSG:25832", "EPSG:4326")
    corners = [to_lonlat.transform(x, y) for x, y in ((400000, 5700000), (500000, 5700000), (500000, 5800000), (400000, 5800000))]
    layer = write_features(tmp_path, [shapely.Polygon(corners)], crs="EPSG:4326")
    pixels = drawn(layer, Symbol((GradientFill(RAMP, "linear", 0.0, 10),)), (410000, 5710000, 490000, 5790000))
    assert (pixels[..., 0].max(axis=0).astype(int) - pixels[..., 0].min(axis=0)).max() <= 24 and np.ptp(pixels[50, :, 0]) > 150


@pytest.mark.parametrize("limit", ["MOST_FEATURES", "MOST_ROWS", "MOST_VERTICES"])
def test_beyond_the_bounds_the_middle_colour_is_drawn(
    square: Layer, limit: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A dataset too large to be cut is drawn plainly, and the log says so."""
    monkeypatch.setattr(piece_copies, limit, 0)
    WARM.forget()
    with caplog.at_level(logging.WARNING):
        pixels = drawn(square, Symbol((GradientFill(RAMP, steps=7), EDGE)))
    assert "too large" in caplog.text
    assert tuple(pixels[50, 50]) == (120, 0, 0, 255) and tuple(pixels[1, 50]) == GREEN


def test_markers_at_every_vertex(tmp_path: Path) -> None:
    """One marker at each vertex and none between, turned between the two edges, its offset turned with it."""
    layer = write_features(tmp_path, [shapely.LineString([(10, 20), (50, 20), (50, 80)])])
    symbol = Symbol((Stroke(BLUE, 0.75), Marker(shapes.SQUARE, 6.0, RED, placement="vertex")))
    pixels = drawn(layer, symbol)
    is_red = (pixels[..., 0] > 200) & (pixels[..., 3] > 200)
    for x, y in ((10, 79), (50, 79), (50, 19)):
        assert is_red[y, x]
    assert not is_red[79, 30] and not is_red[50, 50]
    aside = drawn(layer, Symbol((Marker(shapes.SQUARE, 3.0, RED, placement="vertex", dy_pt=9.0),)))
    assert aside[67, 10, 3] > 200 and aside[19, 38, 3] > 200


def test_vertices_of_rings_are_counted_once(tmp_path: Path) -> None:
    """A half-transparent marker at a ring's closing vertex is no darker than others."""
    layer = write_features(tmp_path, [shapely.box(20, 20, 80, 80)])
    pixels = drawn(layer, Symbol((Marker(shapes.CIRCLE, 9.0, Color(255, 0, 0, 100), placement="vertex"),)))
    assert {int(pixels[y, x, 3]) for x in (20, 80) for y in (20, 79)} == {100}


def test_markers_along_an_outline_go_round_its_holes(tmp_path: Path) -> None:
    """All rings of all parts are outlines."""
    ring = shapely.Polygon([(5, 5), (95, 5), (95, 95), (5, 95)], [[(40, 40), (60, 40), (60, 60), (40, 60)]])
    layer = write_features(tmp_path, [shapely.MultiPolygon([ring, shapely.box(45, 45, 55, 55)])])
    pixels = drawn(layer, Symbol((Fill(GREEN), Marker(shapes.CIRCLE, 3.0, RED, placement="line", spacing_pt=6.0))))
    is_red = pixels[..., 0] > 200
    assert is_red[38:63, 38:42].any() and is_red[44:56, 44:47].any() and is_red[:, 92:98].any() and not is_red[10:38, 10:90].any()


def test_other_layers_stay_uncut(square: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A style without such symbol layers makes no copy."""
    monkeypatch.setattr("rendermap.render.vectors.piece_copy", lambda *_: pytest.fail("a copy was made"))
    assert tuple(drawn(square, Style(Single(fill(RED))))[50, 50]) == RED

"""Swatches show what the map shows: the same symbol, colour and opacity, whole and sharp."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from rendermap.dispatch.plan import LegendPlan, SheetPlan, SwatchLayer
from rendermap.limits import SHEET_LINES, SWATCHES
from rendermap.render.swatches import draw_legend, draw_sheet
from rendermap.render.vectors import draw_vectors
from rendermap.reply import LegendEntry
from rendermap.symbology import shapes
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.legend_item import LegendItem, NoPatch, shortened
from rendermap.symbology.style import (
    Break,
    Breaks,
    Classified,
    Engine,
    Proportional,
    RasterCategory,
    RasterClass,
    Single,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Fill, GradientFill, Hatch, Marker, Ramp, SizeBy, Stroke, Symbol
from tests.builders.symbols import SYMBOLS
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, view_on, write_features

Pixels = NDArray[np.uint8]


def pixels_of(entry: LegendEntry) -> Pixels:
    picture = np.asarray(Image.open(io.BytesIO(entry.swatch)).convert("RGBA"))
    assert picture.shape[:2] == (entry.height_px, entry.width_px)
    return picture


def swatches(
    theme: Theme | Style | Symbol, geometry: str, size: tuple[int, int] = (20, 20), ratio: float = 1.0
) -> tuple[list[Pixels], list[str]]:
    """The swatches of a style, and their labels."""
    theme = Single(theme) if isinstance(theme, Symbol) else theme
    style = theme if isinstance(theme, Style) else Style(theme)
    (layer,) = draw_legend(LegendPlan((SwatchLayer(3, "Layer", geometry, style),), ratio, size))
    assert layer.id == 3 and layer.kind == ("raster" if geometry == "raster" else "vector")
    return [pixels_of(entry) for entry in layer.entries], [entry.label for entry in layer.entries]


def test_polygon_swatch_is_the_polygon_of_the_map(tmp_path: Path) -> None:
    """Fill and outline of the swatch have the map's very colours."""
    symbol = Symbol((Fill(Color(120, 200, 80, 128)), Stroke(Color(20, 60, 10), 3.0, join="miter")))
    ((swatch,), _) = swatches(symbol, "polygon", (24, 24))
    layer = write_features(tmp_path, [shapely.box(20, 20, 80, 80)])
    drawn = draw_vectors([plan_for(layer, symbol)], view_on((0, 0, 100, 100), width=100, height=100))
    assert tuple(swatch[12, 12]) == tuple(drawn[50, 50])
    assert tuple(swatch[2, 12]) == tuple(drawn[20, 50]) == (20, 60, 10, 255)
    assert swatch[0, 0, 3] < 255


def test_line_swatch_crosses_the_patch() -> None:
    """A line goes from edge to edge at the middle, as wide as on the map."""
    ((swatch,), _) = swatches(Symbol((Stroke(RED, 3.0, cap="butt"),)), "line", (30, 20))
    assert swatch.shape == (20, 30, 4)
    assert (swatch[8:12, :, 3] == 255).all() and (swatch[:, 15, 3] > 0).sum() == 4


def test_large_marker_makes_its_swatch_grow() -> None:
    """A marker of 30 px is shown at its true size on a larger swatch, whole."""
    ((swatch,), _) = swatches(Symbol((Marker(shapes.CIRCLE, 22.5, BLUE),)), "point")
    assert 30 <= swatch.shape[0] <= 33 and swatch.shape[0] == swatch.shape[1]
    assert (swatch[swatch.shape[0] // 2, :, 3] > 127).sum() == pytest.approx(30, abs=1)


def test_huge_marker_is_drawn_smaller() -> None:
    """A marker of 200 px neither breaks the legend nor is cut: the swatch stops at twice its size."""
    ((swatch,), _) = swatches(Symbol((Marker(shapes.CIRCLE, 150.0, BLUE),)), "point")
    assert swatch.shape == (40, 40, 4)
    assert (swatch[20, :, 3] > 127).sum() >= 36
    assert swatch[0, 0, 3] == 0


def test_marker_beside_its_point_is_whole() -> None:
    """An offset marker is not cut at the swatch's edge."""
    ((swatch,), _) = swatches(Symbol((Marker(shapes.SQUARE, 9.0, RED, dx_pt=9.0),)), "point")
    assert (swatch[..., 3] > 127).sum() == pytest.approx(144, abs=30)


def test_pixel_ratio_sharpens() -> None:
    """At ratio 2 a swatch has twice the pixels of the same symbol."""
    marker = Symbol((Marker(shapes.CIRCLE, 9.0, RED),))
    ((one,), _), ((two,), _) = swatches(marker, "point"), swatches(marker, "point", ratio=2.0)
    assert one.shape[:2] == (20, 20) and two.shape[:2] == (40, 40)
    assert (two[..., 3] > 127).sum() == pytest.approx(4 * (one[..., 3] > 127).sum(), rel=0.15)


def test_small_swatches_are_drawn() -> None:
    """Below 16 px, where Mapnik ignores a map's size, swatches keep their size."""
    ((swatch,), _) = swatches(fill(GREEN), "polygon", (10, 8))
    assert swatch.shape == (8, 10, 4) and tuple(swatch[4, 5]) == GREEN


def test_classes_keep_their_order_and_labels() -> None:
    """One entry per class, first class first, the default last."""
    theme = Breaks("v", 0, (Break(1, fill(RED), "low"), Break(2, fill(GREEN), "high")), default=fill(BLUE), default_label="none")
    drawn, labels = swatches(theme, "polygon")
    assert labels == ["low", "high", "none"]
    assert [tuple(s[10, 10]) for s in drawn] == [RED, GREEN, BLUE]


def test_layer_opacity_shows_in_its_swatches() -> None:
    """A layer drawn half transparent has half-transparent swatches."""
    ((swatch,), _) = swatches(Style(Single(fill(RED)), opacity=0.5), "polygon")
    assert tuple(swatch[10, 10]) == (255, 0, 0, 128)


def test_raster_classes_are_patches_of_their_colour() -> None:
    """A class's patch has exactly its colour, and white is framed."""
    theme = Classified((RasterClass(1, Color(255, 255, 255), "a"), RasterClass(2, RED, "b")))
    drawn, _ = swatches(theme, "raster")
    assert [tuple(s[10, 10]) for s in drawn] == [(255, 255, 255, 255), RED]
    assert tuple(drawn[0][0, 0]) != (255, 255, 255, 255)


def test_ramp_slices_stack_to_the_ramp() -> None:
    """Slices under each other run from high to low without a step."""
    ramp = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(250, 250, 250))))
    drawn, labels = swatches(Stretch(ramp, StretchRecipe(StretchKind.CUSTOM, limits=(0.0, 100.0))), "raster")
    column = np.concatenate([s[:, 5, 0] for s in drawn]).astype(int)
    assert labels[0] == "100" and labels[-1] == "0"
    assert column[0] > 245 and column[-1] < 5
    assert (np.diff(column) <= 0).all() and np.abs(np.diff(column)).max() <= 4


def test_sheet_shows_every_class(tmp_path: Path) -> None:
    """The sheet of a plan holds the swatches' colours."""
    theme = Breaks("v", 0, (Break(1, fill(RED)), Break(2, fill(GREEN))))
    layer = SwatchLayer(0, "Areas", "polygon", Style(theme))
    sheet = draw_sheet(LegendPlan((layer,), 1.0, (20, 20), SheetPlan("Title", False, "png")))
    for color in (RED, GREEN):
        assert (sheet == color).all(axis=2).sum() > 200


@pytest.mark.parametrize("name", SYMBOLS)
def test_every_symbol_has_its_swatch(name: str) -> None:
    """Whatever a symbol holds, its swatch shows something at any pixel ratio, and nothing of it is cut at the patch's edge."""
    symbol, geometry = SYMBOLS[name]
    for ratio in (1.0, 2.0):
        ((swatch,), _) = swatches(symbol, geometry.value, (24, 20), ratio)
        shown = swatch[..., 3] > 60
        assert shown.sum() > 12 * ratio * ratio
        if geometry.value == "point":
            rim = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
            assert not rim.any() or name in ("png", "jpeg", "svg")


def test_swatch_of_a_line_shows_its_arrow_heads_whole() -> None:
    """The line is shorter by its heads."""
    symbol = Symbol((Stroke(Color(0, 0, 0), 1.0), Marker(shapes.ARROW, 9.0, RED, placement="last")))
    ((swatch,), _) = swatches(symbol, "line", (40, 20))
    is_red = (swatch[..., 0] > 200) & (swatch[..., 3] > 200)
    assert is_red.sum() > 30 and not is_red[:, -1].any() and swatch[10, 0, 3] > 100


def test_swatch_of_a_gradient_is_a_gradient() -> None:
    """The ramp's ends are at the patch's ends."""
    ramp = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(250, 0, 0))))
    ((swatch,), _) = swatches(Symbol((GradientFill(ramp, "linear", 0.0),)), "polygon", (40, 20))
    assert swatch[10, 2, 0] < 30 < 220 < swatch[10, 37, 0]


def test_patterns_wider_than_the_patch_are_brought_closer() -> None:
    """A grid of 100 pt and a hatch of 60 pt show at least one marker and two lines."""
    grid = Symbol((Marker(shapes.SQUARE, 6.0, RED, placement="pattern", spacing_pt=100.0),))
    ((swatch,), _) = swatches(grid, "polygon", (24, 20))
    assert (swatch[..., 3] > 200).sum() > 40
    ((swatch,), _) = swatches(Symbol((Hatch(Stroke(RED, 1.5), 0.0, 60.0),)), "polygon", (24, 24))
    assert len(np.nonzero(np.diff((swatch[:, 12, 3] > 100).astype(int)) == 1)[0]) >= 2


def test_swatch_knows_levels_and_no_feature() -> None:
    """Symbol levels count in a stack; sizes and turns by value are left to the map."""
    by_value = SizeBy(Column("v"), ((0.0, 0.01), (1.0, 9.0)))
    symbol = Symbol((Marker(shapes.SQUARE, 6.0, RED, level=1, size_by=by_value), Marker(shapes.SQUARE, 12.0, BLUE)))
    ((swatch,), _) = swatches(symbol, "point")
    assert tuple(swatch[10, 10]) == RED and tuple(swatch[10, 4]) == BLUE


@pytest.mark.parametrize(("geometry", "body"), [("polygon", "Polygon"), ("line", "Line"), ("point", "Markers")])
def test_patch_of_the_engines_own_rule(geometry: str, body: str) -> None:
    """A rule of Mapnik is drawn whatever its filter and its scales."""
    paint = 'stroke="#ff0000" stroke-width="4"' if body == "Line" else 'fill="#ff0000"'
    rule = f"<Rule><Filter>[a]=1</Filter><MaxScaleDenominator>5</MaxScaleDenominator><{body}Symbolizer {paint}/></Rule>"
    theme = Engine((f"<Style>{rule}</Style>",), (), (("a class", rule),))
    drawn, labels = swatches(theme, geometry)
    assert labels == ["a class"] and tuple(drawn[0][10, 10]) == RED


def test_long_legends_are_cut_and_say_so() -> None:
    """Ten thousand classes: the sheet shows some hundred and clients are told two thousand, both with the number of those left out."""
    classes = tuple(RasterCategory((float(i),), RED, str(i), "Codes") for i in range(10_000))
    layer = SwatchLayer(0, "Layer", "raster", Style(UniqueRaster(classes)))
    (told,) = draw_legend(LegendPlan((layer,), 1.0, (20, 20)))
    assert len(told.entries) == SWATCHES.value + 1
    last = told.entries[-1]
    assert (last.label, last.heading) == ("and 8,000 more", "Codes") and not pixels_of(last).any()
    sheet = draw_sheet(LegendPlan((layer,), 1.0, (20, 20), SheetPlan("Title", True, "png")))
    assert sheet.shape[0] < SHEET_LINES.value * 30 / 2


def test_legends_that_fit_are_whole() -> None:
    """A legend of exactly as many lines as there may be has no line more."""
    items = tuple(LegendItem(str(i), NoPatch(), "Codes") for i in range(301))
    assert shortened(items, 301) == items
    assert [item.label for item in shortened(items, 300)[-2:]] == ["299", "and 1 more"]


def sizes_of(drawn: list[Pixels]) -> list[int]:
    """How wide each symbol is at its middle, in px."""
    return [int((swatch[swatch.shape[0] // 2, :, 3] > 127).sum()) for swatch in drawn]


@pytest.mark.parametrize("geometry", ["point", "polygon"])
def test_symbols_of_one_layer_are_drawn_to_one_scale(geometry: str) -> None:
    """What is twice as large on the map is twice as large in the legend; none is cut, and the smallest is still seen."""
    grown = SizeBy(Column("N"), ((1.0, 1.0), (100.0, 12.5)))
    theme = Proportional(Symbol((Marker(shapes.CIRCLE, 12.0, BLUE),)), grown)
    drawn, labels = swatches(theme, geometry)
    assert labels == ["100", "50", "20", "1"]
    largest, middle, _, smallest = sizes_of(drawn)
    assert largest == pytest.approx(80, abs=3) and middle / largest == pytest.approx(0.5, abs=0.08) and 3 <= smallest < 12
    assert not drawn[0][0, :20, 3].any() and not drawn[0][-1, -20:, 3].any()


def test_dashes_tell_lines_apart() -> None:
    """A line is long enough for all its dashes, as long as its neighbours; dashes longer than three patches are made shorter."""
    patterns = ((8.0, 6.0), (8.0, 6.0, 2.0, 6.0), (8.0, 6.0, 2.0, 6.0, 2.0, 6.0), (300.0, 300.0))
    theme = Breaks("v", 0, tuple(Break(float(i), Symbol((Stroke(RED, 2.0, dash, "butt"),))) for i, dash in enumerate(patterns)))
    drawn, _ = swatches(theme, "line")
    assert {swatch.shape for swatch in drawn} == {(20, 60, 4)}
    dashes = [(np.diff(np.concatenate([[0], (swatch[10, :, 3] > 127).astype(int), [0]])) == 1).sum() for swatch in drawn]
    assert dashes == [4, 5, 5, 2]


WHITE, FAINT = Color(255, 255, 255), Color(250, 250, 245, 120)


@pytest.mark.parametrize(
    ("symbol", "geometry", "shown"),
    [
        (Symbol((Marker(shapes.CIRCLE, 9.0, WHITE),)), "point", WHITE),
        (Symbol((Stroke(WHITE, 3.0),)), "line", WHITE),
        (Symbol((Stroke(WHITE, 0.5),)), "line", WHITE),
        (Symbol((Fill(WHITE),)), "polygon", WHITE),
        (Symbol((Fill(FAINT),)), "polygon", FAINT),
    ],
)
def test_white_is_seen_on_a_white_page(symbol: Symbol, geometry: str, shown: Color) -> None:
    """A symbol that is white all over has a thin edge, inside of which it is what the map shows."""
    ((swatch,), _) = swatches(symbol, geometry)
    on_white = swatch[..., :3] * (swatch[..., 3:] / 255) + 255 * (1 - swatch[..., 3:] / 255)
    assert on_white.min() < 200
    if geometry != "line":
        middle = swatch[swatch.shape[0] // 2, swatch.shape[1] // 2]
        assert np.abs(middle.astype(int) - shown).max() <= 1


def test_what_is_seen_on_white_has_no_edge() -> None:
    """A colour stays the same up to its edge, also one that is nearly white in some channels, and so does white inside of a line."""
    for color in (GREEN, Color(255, 255, 200)):
        ((swatch,), _) = swatches(fill(color), "polygon")
        assert {tuple(pixel[:3]) for pixel in swatch[swatch[..., 3] == 255]} == {color[:3]}
    ((swatch,), _) = swatches(Symbol((Fill(WHITE), Stroke(RED, 1.0))), "polygon")
    assert (swatch[3:-3, 3:-3] == 255).all() and not (swatch[..., :3].max(axis=-1) < 200).any()

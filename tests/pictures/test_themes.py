"""Each vector theme drawn on a known dataset: colours at probe points first, then the whole picture by likeness to one looked at by eye."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from rendermap.dispatch.plan import measure_plan
from rendermap.dispatch.pool import Pool
from rendermap.jobs.job import Layer
from rendermap.render.compose import draw
from rendermap.render.measure import measure
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Arithmetic, Column
from rendermap.symbology.ramps import color_at, of_colors
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    Classification,
    DotDensity,
    Dots,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rule,
    Rules,
    Style,
    Theme,
)
from rendermap.symbology.symbols import Color, Fill, Hatch, Marker, SizeBy, Stroke, Symbol
from tests.builders.pools import run
from tests.builders.vectors import map_plan, plan_for, view_on, write_features

KEPT = Path(__file__).parent / "themes"
SIDE_PX = 260
VIEW = view_on((0, 0, 90, 90), width=SIDE_PX, height=SIDE_PX)
LINE = Stroke(Color(255, 255, 255), 0.75)
PAGE = Symbol((Fill(Color(225, 221, 210)), Stroke(Color(160, 155, 140), 0.75)))
RAMP = of_colors([Color(255, 255, 204), Color(254, 217, 118), Color(253, 141, 60), Color(227, 26, 28), Color(128, 0, 38)])
HEAT = of_colors([Color(255, 255, 178, 0), Color(254, 204, 92, 200), Color(253, 141, 60, 230), Color(240, 59, 32), Color(189, 0, 38)])
SPOT = Marker(CIRCLE, 3.0, Color(33, 102, 172), Stroke(Color(255, 255, 255), 0.75))
WOOD, TOWN, LIGHT = Color(120, 170, 100), Color(200, 90, 80), Color(230, 230, 230)

POPULATION = [(i * i * 7919) % 4000 + 50 for i in range(36)]
KINDS = [("wood", "town", "field", None)[i % 4] for i in range(36)]


def patch(color: Color) -> Symbol:
    return Symbol((Fill(color), LINE))


FIVE = tuple(Break(float(i), patch(color)) for i, (_, color) in enumerate(RAMP.stops))
THEMES: dict[str, Theme] = {
    "rules": Rules(
        (
            Rule(patch(Color(166, 206, 227)), filter=parse_filter("pop > 2000")),
            Rule(Symbol((Hatch(Stroke(Color(31, 120, 180), 1.0), 45.0, 6.0),)), filter=parse_filter("kind = 'wood'")),
            Rule(patch(LIGHT), is_else=True),
        )
    ),
    "categories": Categories(("kind",), (Category((("wood",),), patch(WOOD)), Category((("town",),), patch(TOWN))), default=patch(LIGHT)),
    "breaks": Breaks(
        "pop",
        0.0,
        tuple(Break(float(i), patch(color)) for i, (_, color) in enumerate(RAMP.stops)),
        Method.QUANTILE,
        normalization_field="area",
    ),
    "graded": Graded(Arithmetic("/", Column("pop"), Column("area")), patch(LIGHT), RAMP),
    "proportional": Proportional(Symbol((SPOT,)), SizeBy(Column("pop"), (), 0.5), under=PAGE),
    "dots": DotDensity((Dots(Column("pop"), Symbol((Marker(CIRCLE, 1.5, Color(180, 50, 40)),))),), 20.0, under=PAGE),
    "heat map": HeatMap(HEAT, radius_pt=14.0),
}


def cells(folder: Path) -> Layer:
    """Six by six squares of two widths, row by row from the south-west."""
    edges = np.cumsum([0, 10, 20, 10, 20, 10, 20])
    boxes = [shapely.box(edges[c], edges[r], edges[c + 1], edges[r + 1]) for r in range(6) for c in range(6)]
    return write_features(folder, boxes, {"pop": list(POPULATION), "kind": list(KINDS), "area": [float(b.area) for b in boxes]})


def heaps(folder: Path) -> Layer:
    folder.mkdir(exist_ok=True)
    chooser = np.random.default_rng(11)
    middles = chooser.uniform(15, 75, (6, 2))
    return write_features(folder, [shapely.Point(p) for m in middles for p in m + chooser.normal(0, 5, (60, 2))])


def fitted(layer: Layer, theme: Theme) -> Style:
    style = Style(theme)
    taken = {need: measure(measure_plan(layer, need)) for need in needs(style, layer.facts, Classification.AUTO)}
    return fit(style, layer.facts, taken, Classification.AUTO)


def drawn(layer: Layer, style: Style) -> NDArray[np.uint8]:
    return draw(map_plan(VIEW, plan_for(layer, style)))


def at(pixels: NDArray[np.uint8], layer_cell: int, dx: float = 0.0) -> tuple[int, ...]:
    """The colour in the middle of a cell, dx to its right in its own units."""
    edges = np.cumsum([0, 10, 20, 10, 20, 10, 20])
    row, col = divmod(layer_cell, 6)
    x, y = (edges[col] + edges[col + 1]) / 2 + dx, (edges[row] + edges[row + 1]) / 2
    return tuple(int(v) for v in pixels[int((90 - y) * SIDE_PX / 90), int(x * SIDE_PX / 90)])


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_looks_as_it_did_when_it_was_looked_at(name: str, tmp_path: Path) -> None:
    """On a white page, not one pixel in a hundred may differ visibly from the picture that was judged."""
    layer = heaps(tmp_path) if name == "heat map" else cells(tmp_path)
    pixels = Image.fromarray(np.ascontiguousarray(drawn(layer, fitted(layer, THEMES[name]))))
    page = Image.new("RGBA", pixels.size, (255, 255, 255, 255))
    page.alpha_composite(pixels)
    file = KEPT / f"{name.replace(' ', '_')}.png"
    with Image.open(file) as kept:
        apart = np.abs(np.asarray(page.convert("RGB"), int) - np.asarray(kept.convert("RGB"), int)).max(axis=2)
    assert (apart > 24).mean() < 0.01, file


def test_every_worker_draws_the_same(tmp_path: Path) -> None:
    """What is scattered by chance, made ready in a copy or looked for in the whole result is so in a confined worker too, to the pixel."""
    ground = cells(tmp_path)
    grounds = {"dots": ground, "heat map": heaps(tmp_path / "heaps"), "proportional": ground}
    plans = {name: map_plan(VIEW, plan_for(layer, fitted(layer, THEMES[name]))) for name, layer in grounds.items()}

    async def ask() -> dict[str, bytes]:
        pool = Pool(2)
        await pool.start()
        try:
            return {name: (await pool.draw(plan)).body for name, plan in plans.items()}
        finally:
            await pool.stop()

    for name, body in run(ask, limit_s=90).items():
        with Image.open(io.BytesIO(body)) as opened:
            theirs = np.asarray(opened.convert("RGBA"))
        ours = draw(plans[name])
        assert (theirs[..., 3] == ours[..., 3]).all() and (theirs[ours[..., 3] > 0] == ours[ours[..., 3] > 0]).all(), name


def test_colours_of_classes(tmp_path: Path) -> None:
    """Every cell has the colour that its attributes say, in each theme that fills it."""
    layer = cells(tmp_path)
    rules = drawn(layer, fitted(layer, THEMES["rules"]))
    kinds = drawn(layer, fitted(layer, THEMES["categories"]))
    for cell, (population, kind) in enumerate(zip(POPULATION, KINDS, strict=True)):
        assert at(kinds, cell) == {"wood": WOOD, "town": TOWN}.get(kind or "", LIGHT), cell
        if kind != "wood":
            assert at(rules, cell) == (Color(166, 206, 227) if population > 2000 else LIGHT), cell


def test_colours_of_quotients(tmp_path: Path) -> None:
    """The ramp at the cell's density between the lowest and the highest; classes by quantiles of the same."""
    layer = cells(tmp_path)
    graded, breaks = fitted(layer, THEMES["graded"]), fitted(layer, THEMES["breaks"])
    ramped, classed = drawn(layer, graded), drawn(layer, breaks)
    sides = np.array([10, 20, 10, 20, 10, 20])
    density = np.array(POPULATION) / np.outer(sides, sides).ravel()
    assert isinstance(breaks.theme, Breaks) and [b.upper for b in breaks.theme.classes][-1] == pytest.approx(density.max())
    for cell, value in enumerate(density):
        wanted = color_at(RAMP, float((value - density.min()) / (density.max() - density.min())))
        assert np.allclose(at(ramped, cell), wanted, atol=2), cell
        number = next(i for i, b in enumerate(breaks.theme.classes) if value <= b.upper * (1 + 1e-12))
        assert at(classed, cell) == RAMP.stops[number][1], cell


def test_areas_of_symbols(tmp_path: Path) -> None:
    """A circle's area is to another's as their numbers are."""
    layer = cells(tmp_path)
    blue = np.asarray(drawn(layer, fitted(layer, THEMES["proportional"])))
    assert at(blue, int(np.argmax(POPULATION))) == SPOT.fill
    theme = fitted(layer, THEMES["proportional"]).theme
    assert isinstance(theme, Proportional)
    assert theme.size.stops[-1][1] == pytest.approx((max(POPULATION) / min(POPULATION)) ** 0.5)


def test_dots_are_as_many_as_the_numbers_say(tmp_path: Path) -> None:
    """The share of a cell that its dots cover grows with its density."""
    layer = cells(tmp_path)
    pixels = drawn(layer, fitted(layer, THEMES["dots"])).astype(int)
    reddish = (pixels[..., 0] - pixels[..., 2]) > 60
    edges = np.cumsum([0, 10, 20, 10, 20, 10, 20]) * SIDE_PX // 90
    shares = [reddish[SIDE_PX - edges[r + 1] : SIDE_PX - edges[r], edges[c] : edges[c + 1]].mean() for r in range(6) for c in range(6)]
    sides = np.array([10, 20, 10, 20, 10, 20])
    assert np.corrcoef(shares, np.array(POPULATION) / np.outer(sides, sides).ravel())[0, 1] > 0.9

"""However a continuous layer is drawn, it has no more colours than its author serves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import layer_plan
from rendermap.jobs.job import Layer
from rendermap.render.compose import draw
from rendermap.render.heat_map import draw_heat_map
from rendermap.render.raster import draw_raster
from rendermap.symbology.adjustment import settle
from rendermap.symbology.classing import Method
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.legend import legend_items
from rendermap.symbology.legend_item import ColorPatch
from rendermap.symbology.quantised import quantised
from rendermap.symbology.style import (
    RGB,
    Classified,
    ColorAdjustment,
    Colormap,
    Graded,
    HeatMap,
    RasterClass,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
)
from rendermap.symbology.symbols import Color, Fill, Ramp, Symbol
from tests.builders.rasters import Kind, write_array
from tests.builders.vectors import map_plan, plan_for, view_on, write_features
from tests.builders.views import look
from tests.render.test_raster_themes import hills, whole

WARM = Ramp(((0.0, Color(20, 40, 160)), (0.5, Color(250, 250, 220)), (1.0, Color(170, 20, 20))))
RECIPE = StretchRecipe(limits=(0.0, 400.0))
CURVED = StretchRecipe(limits=(0.0, 400.0), gamma=1.7)
THEMES: dict[str, Theme] = {
    "stretch": Stretch(WARM, RECIPE),
    "curved": Stretch(WARM, CURVED),
    "inverted": Stretch(WARM, StretchRecipe(limits=(0.0, 400.0), invert=True)),
    "lit": Stretch(WARM, RECIPE, relief=ShadedRelief(z_factor=3)),
    "relief": ShadedRelief(z_factor=3),
    "coloured relief": ShadedRelief(z_factor=3, ramp=WARM, recipe=RECIPE),
    "all sides": ShadedRelief(z_factor=3, is_multidirectional=True),
    "classes": Classified(tuple(RasterClass(4.0 * n, Color(n, 255 - n, 60)) for n in range(1, 101)), 0.0, Method.MANUAL),
}
STRONG = ColorAdjustment(brightness=0.1, contrast=1.3, saturation=1.5)


def colors_of(pixels: np.ndarray) -> int:
    return len(np.unique(pixels[pixels[..., 3] > 0].reshape(-1, 4), axis=0))


def drawn(layer: Layer, style: Style, count: int) -> np.ndarray:
    seen = quantised(settle(style), count)
    return draw_raster(layer_plan(1, layer, layer.crs or "EPSG:32611", seen), whole(layer, 4))


@pytest.mark.parametrize("count", [2, 5, 16])
@pytest.mark.parametrize("adjustment", [None, STRONG], ids=["plain", "adjusted"])
@pytest.mark.parametrize("name", THEMES)
def test_a_raster_has_so_many_colours(tmp_path: Path, name: str, adjustment: ColorAdjustment | None, count: int) -> None:
    """As many as asked for, or few less."""
    layer = look(write_array(tmp_path / "hills.tif", hills()[np.newaxis]))
    style = Style(THEMES[name], adjustment=adjustment)
    assert colors_of(drawn(layer, style, 0)) > 40, "the theme must be continuous to prove anything"
    found = colors_of(drawn(layer, style, count))
    assert max(count / 3, 1) < found <= count


@pytest.mark.parametrize("name", THEMES)
def test_a_cell_in_few_colours_has_one(tmp_path: Path, name: str) -> None:
    """Nothing is mixed between cells: where one colour turned into the next would tell how far the values are from their step."""
    layer = look(write_array(tmp_path / "hills.tif", hills()[np.newaxis]))
    for count in (0, 5):
        picture = drawn(layer, Style(THEMES[name]), count)
        cells = picture.reshape(picture.shape[0] // 4, 4, picture.shape[1] // 4, 4, 4)
        assert bool((cells == cells[:, :1, :, :1]).all()) is (count > 0 or name == "classes")


def test_a_composite_has_so_many_colours(tmp_path: Path) -> None:
    """Bands, and how much they hide: a mask by degrees is all or nothing."""
    slopes = hills() / 2, hills().T[:64, :64].repeat(2, 1)[:, :96] / 2, 255 - hills() / 2
    bands = np.clip(np.stack(slopes), 0, 255)
    alpha = np.tile(np.linspace(0, 255, 96), (64, 1))
    data = np.concatenate([bands, alpha[np.newaxis]]).astype(np.uint8)
    kind = Kind("rgba", bands=4, options={"photometric": "rgb", "alpha": "yes"})
    layer = look(write_array(tmp_path / "rgba.tif", data, kind))
    recipes = (StretchRecipe(StretchKind.NONE),) * 3
    style = Style(RGB((1, 2, 3), recipes, alpha_band=4))
    assert colors_of(drawn(layer, style, 0)) > 1000
    for count in (4, 12, 64):
        picture = drawn(layer, style, count)
        assert 1 < colors_of(picture) <= count
        assert set(np.unique(picture[..., 3])) == {0, 255}


def test_a_datasets_own_colours_are_so_many(tmp_path: Path) -> None:
    """A palette that no style knows."""
    kind = Kind("paletted", options={"photometric": "palette"}, largest=5)
    layer = look(write_array(tmp_path / "paletted.tif", np.arange(6, dtype=np.uint8).repeat(40).reshape(1, 12, 20), kind))
    assert colors_of(drawn(layer, Style(Colormap()), 0)) == 6
    assert colors_of(drawn(layer, Style(Colormap()), 3)) <= 3


def test_heat_has_so_many_colours(tmp_path: Path) -> None:
    """And no fading edge, which would tell more."""
    points = np.random.default_rng(2).normal(64, 20, (60, 2))
    layer = write_features(tmp_path, list(shapely.points(points)))
    style = Style(HeatMap(WARM, radius_pt=12))
    view = view_on((0, 0, 128, 128), width=128, height=128)
    assert colors_of(draw_heat_map(plan_for(layer, style), view)) > 40
    for count in (2, 6):
        picture = draw_heat_map(plan_for(layer, quantised(style, count)), view)
        assert colors_of(picture) == count and set(np.unique(picture[..., 3])) == {0, 255}


def test_features_along_a_ramp_have_so_many_colours(tmp_path: Path) -> None:
    """In squares without antialiased edges, one for each number; and the legend shows just these colours."""
    squares = [shapely.box(x * 8, y * 8, x * 8 + 8, y * 8 + 8) for y in range(16) for x in range(16)]
    layer = write_features(tmp_path, squares, {"n": [float(n) for n in range(256)]})
    style = Style(Graded(Column("n"), Symbol((Fill(Color(9, 9, 9)),)), WARM, (0.0, 255.0)))
    view = view_on((0, 0, 128, 128), width=128, height=128)

    def colors(found: Style) -> set[tuple[int, ...]]:
        middles = draw(map_plan(view, plan_for(layer, found)))[4::8, 4::8, :3]
        return {tuple(map(int, color)) for color in middles.reshape(-1, 3)}

    assert len(colors(style)) > 100
    served = quantised(style, 6)
    patches = [item.patch for item in legend_items(served)]
    assert colors(served) == {tuple(patch.color[:3]) for patch in patches if isinstance(patch, ColorPatch)}
    assert len(patches) == 6

"""Layers lie over each other as they should: order, opacity, blend, and nothing copied for nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.imaging.blend import fade, multiply, over
from rendermap.jobs.job import DataSource, Layer
from rendermap.render import compose
from rendermap.render.compose import draw, runs_of
from rendermap.symbology.facts import Band, RasterFacts
from rendermap.symbology.style import ShadedRelief, Single, Style
from rendermap.symbology.symbols import Color
from tests.builders.vectors import BLUE, GREEN, RED, fill, map_plan, plan_for, view_on, write_features

Pixels = NDArray[np.uint8]
VIEW = view_on((0, 0, 64, 64))


def raster_plan(style: Style) -> LayerPlan:
    facts = RasterFacts(8, 8, (Band("uint8"),), (1.0, 1.0))
    source = DataSource(Path("/nowhere/shade.tif"), None, Path("/nowhere"), "1")
    return plan_for(Layer(source, "rasterio", "/nowhere/shade.tif", "EPSG:25832", BBox(0, 0, 64, 64), facts), style)


@pytest.fixture
def grey(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every raster draws as opaque mid grey."""

    def drawn(plan: LayerPlan, view: MapView, clip_deg: BBox | None) -> Pixels:
        pixels = np.full((view.height_px, view.width_px, 4), 128, np.uint8)
        pixels[..., 3] = 255
        return pixels

    monkeypatch.setattr(compose, "draw_raster", drawn)


def square(folder: Path, name: str, color: Color, **style: object) -> LayerPlan:
    layer = write_features(folder, [shapely.box(0, 0, 64, 64)], name=name)
    return plan_for(layer, Style(Single(fill(color)), **style))  # type: ignore[arg-type]


def reference(below: Pixels, above: Pixels, blend: str) -> NDArray[np.float64]:
    """W3C compositing in floating point: (h, w, 4), straight, 0 to 255."""
    cb, ab, cs, as_ = (x.astype(float) / 255 for x in (below[..., :3], below[..., 3:], above[..., :3], above[..., 3:]))
    mixed = (1 - ab) * cs + ab * (cb * cs if blend == "multiply" else cs)
    alpha = as_ + ab * (1 - as_)
    color = np.divide(as_ * mixed + ab * (1 - as_) * cb, alpha, out=np.zeros_like(cb), where=alpha > 0)
    return np.concatenate([color, alpha], axis=2) * 255


@pytest.mark.parametrize("blend", ["normal", "multiply"])
def test_blending_is_the_standards(blend: str) -> None:
    """Straight-alpha compositing equals the formula to one level wherever anything is seen."""
    random = np.random.default_rng(5)
    below, above = (random.integers(0, 256, (64, 64, 4), dtype=np.uint8) for _ in range(2))
    made = {"normal": over, "multiply": multiply}[blend](below, above).astype(float)
    wanted = reference(below, above, blend)
    assert np.abs(made[..., 3] - wanted[..., 3]).max() <= 1
    seen = wanted[..., 3] > 32
    assert np.abs(made - wanted)[seen].max() <= 2


def test_opaque_and_empty_layers_change_nothing_else() -> None:
    """Over an opaque layer the result is exact; an empty layer leaves exactly what was below."""
    below = np.random.default_rng(1).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    assert (over(below, np.zeros_like(below))[..., 3] == below[..., 3]).all()
    opaque = below.copy()
    opaque[..., 3] = 255
    assert (over(below, opaque) == opaque).all()
    assert (over(opaque, np.zeros_like(below)) == opaque).all()


def test_fade_keeps_colours() -> None:
    """Opacity touches alpha alone, and 1 touches nothing."""
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    assert fade(pixels, 1.0) is pixels
    assert (fade(pixels, 0.5)[..., :3] == pixels[..., :3]).all()
    assert (fade(pixels, 0.0)[..., 3] == 0).all()


def test_neighbouring_vectors_are_one_run(tmp_path: Path) -> None:
    """Vectors between rasters go to Mapnik together; a blended one goes alone."""
    a, b, c = (square(tmp_path, name, RED) for name in "abc")
    multiplied = square(tmp_path, "m", RED, blend="multiply")
    raster = raster_plan(Style(ShadedRelief()))
    assert [len(run) for run in runs_of((a, b, raster, c, multiplied, a))] == [2, 1, 1, 1, 1]


def test_vectors_lie_over_a_raster(tmp_path: Path, grey: None) -> None:
    """Bottom first: a half-transparent polygon over a grey raster mixes evenly."""
    picture = draw(map_plan(VIEW, raster_plan(Style(ShadedRelief())), square(tmp_path, "a", RED, opacity=0.5)))
    assert np.abs(picture[32, 32].astype(int) - (191, 64, 64, 255)).max() <= 1


def test_raster_opacity_is_applied(grey: None) -> None:
    """A raster at 0.25 has a quarter of its alpha."""
    assert tuple(draw(map_plan(VIEW, raster_plan(Style(ShadedRelief(), opacity=0.25))))[5, 5]) == (128, 128, 128, 64)


def test_hillshade_multiplies(tmp_path: Path, grey: None) -> None:
    """A multiplied raster darkens what is below it; with nothing below it shows itself."""
    shade = raster_plan(Style(ShadedRelief(), blend="multiply"))
    picture = draw(map_plan(VIEW, square(tmp_path, "a", Color(200, 100, 50)), shade))
    assert np.abs(picture[32, 32].astype(int) - (100, 50, 25, 255)).max() <= 1
    assert tuple(draw(map_plan(VIEW, shade))[32, 32]) == (128, 128, 128, 255)


def test_multiplied_vectors_darken_the_run_below(tmp_path: Path) -> None:
    """Blend works between vector layers too."""
    picture = draw(
        map_plan(VIEW, square(tmp_path, "a", Color(200, 100, 50)), square(tmp_path, "b", Color(128, 128, 128), blend="multiply"))
    )
    assert np.abs(picture[32, 32].astype(int) - (100, 50, 25, 255)).max() <= 1


def test_an_unknown_blend_mode_is_refused(tmp_path: Path) -> None:
    """What no reader should have let pass is not drawn as something else."""
    with pytest.raises(StyleInvalid):
        draw(map_plan(VIEW, square(tmp_path, "a", RED, blend="sparkle")))


def test_a_first_layer_blends_with_nothing(tmp_path: Path) -> None:
    """Alone on the page a layer shows as it is, but for operators that show only what lies within what is below."""
    assert tuple(draw(map_plan(VIEW, square(tmp_path, "a", RED, blend="color-burn")))[9, 9]) == RED
    assert not draw(map_plan(VIEW, square(tmp_path, "b", RED, blend="source-in"))).any()


def test_no_layers_is_a_transparent_picture() -> None:
    """A plan without layers, all out of scale perhaps, is empty and of the size asked."""
    picture = draw(map_plan(view_on((0, 0, 1, 1), width=30, height=7)))
    assert picture.shape == (7, 30, 4) and not picture.any()


def test_order_of_layers(tmp_path: Path, grey: None) -> None:
    """The last layer of a plan is on top, whatever is drawn how."""
    red, blue = square(tmp_path, "a", RED), square(tmp_path, "b", BLUE)
    assert tuple(draw(map_plan(VIEW, red, raster_plan(Style(ShadedRelief())), blue))[9, 9]) == BLUE
    assert tuple(draw(map_plan(VIEW, red, blue, raster_plan(Style(ShadedRelief()))))[9, 9]) == (128, 128, 128, 255)
    assert tuple(draw(map_plan(VIEW, replace(blue, id=2), replace(red, id=1)))[9, 9]) == RED
    assert tuple(draw(map_plan(VIEW, red, square(tmp_path, "c", GREEN)))[9, 9]) == GREEN

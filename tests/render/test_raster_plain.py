"""Rasters of classes drawn by the number of their colour: the very picture, and a palette at once."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rendermap.dispatch.plan import MapPlan, layer_plan
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.imaging.palette import Indexed
from rendermap.jobs.job import Layer
from rendermap.render.compose import draw, draw_plain
from rendermap.render.worker import draw_map
from rendermap.symbology.classing import Method
from rendermap.symbology.style import (
    Classified,
    Colormap,
    RasterCategory,
    RasterClass,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Ramp
from tests.builders.rasters import Kind, write_array
from tests.builders.views import look

THEMES: dict[str, Theme] = {
    "categories": UniqueRaster(tuple(RasterCategory((float(n),), Color(n * 9, 255 - n * 7, 80)) for n in range(1, 18)), Color(1, 2, 3, 90)),
    "classes": Classified(tuple(RasterClass(4.0 * n, Color(n * 30, 255 - n * 20, 60)) for n in range(1, 4)), 1.0, Method.MANUAL),
    "entries": Colormap(entries=tuple((n, Color(n * 9, 20, 90), "") for n in range(3, 15))),
}


def cover(folder: Path, dtype: str, nodata: float = 7.0) -> Layer:
    """20 codes in patches, one of them no data; 300 by 200 cells of 30 m."""
    rows, cols = np.mgrid[0:200, 0:300]
    data = ((cols // 7 * 5 + rows // 5 * 3) % 20).astype(dtype)[np.newaxis]
    return look(write_array(folder / "cover.tif", data, Kind("cover", dtype=dtype), nodata=nodata))


def plan_of(layer: Layer, style: Style, share: float, shift: float) -> MapPlan:
    """A picture of a share of the raster, moved aside by so many of its own widths."""
    box = layer.bbox
    assert box and layer.crs
    wide, high, x = box.width * share, box.height * share, box.xmin + shift * box.width
    view = MapView(BBox(x, box.ymin, x + wide, box.ymin + high), layer.crs, 280, 190)
    return MapPlan(view, (layer_plan(1, layer, layer.crs, style),), None, "png")


def pixels_of(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(body)).convert("RGBA"))


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_the_palette_holds_the_very_picture(tmp_path: Path, theme: Theme, dtype: str) -> None:
    """Inside the raster, across its edge, enlarged and shrunken, pictures by number are those by colour, and so is the PNG."""
    layer = cover(tmp_path, dtype)
    for share, shift in ((1.0, 0.0), (0.2, 0.3), (3.0, -0.4), (0.7, 0.6)):
        plan = plan_of(layer, Style(theme), share, shift)
        indexed, drawn = draw_plain(plan), draw(plan)
        assert isinstance(indexed, Indexed)
        assert np.array_equal(indexed.colors[indexed.indexes], drawn)
        assert np.array_equal(pixels_of(draw_map(plan).body), drawn)


@pytest.mark.parametrize("nodata", [7.0, 250.0])
@pytest.mark.parametrize(("high", "alpha"), [(600.0, 255), (1500.0, 255), (19.0, 255), (600.0, 90)])
def test_few_steps_of_a_ramp_are_a_palette(tmp_path: Path, high: float, alpha: int, nodata: float) -> None:
    """A surface that shows a short part of its ramp has that part for a palette, with holes and without; else it is drawn by colour."""
    layer = cover(tmp_path, "float32", nodata)
    ramp = Ramp(((0.0, Color(0, 200, 30, alpha)), (0.4, Color(250, 250, 220)), (1.0, Color(170, 20, 20))))
    for share, shift in ((1.0, 0.0), (0.2, 0.3), (3.0, -0.4), (1.0, 5.0)):
        plan = plan_of(layer, Style(Stretch(ramp, StretchRecipe(StretchKind.CUSTOM, limits=(0.0, high)))), share, shift)
        plain, drawn = draw_plain(plan), draw(plan)
        assert isinstance(plain, Indexed) == ((high > 100 and alpha == 255) or shift == 5.0)
        assert np.array_equal(plain.colors[plain.indexes] if isinstance(plain, Indexed) else plain, drawn)
        answer = draw_map(plan)
        assert np.array_equal(pixels_of(answer.body), drawn)
        assert answer.head.empty == (shift == 5.0)


def test_an_empty_picture_says_so(tmp_path: Path) -> None:
    """Beside the raster there is nothing, and the answer tells."""
    plan = plan_of(cover(tmp_path, "uint8"), Style(THEMES["categories"]), 1.0, 5.0)
    assert draw_map(plan).head.empty
    assert not draw_map(plan_of(plan.layers[0].layer, Style(THEMES["categories"]), 1.0, 0.0)).head.empty


def test_what_mixes_colours_is_drawn_by_colour(tmp_path: Path) -> None:
    """A layer seen through, one with a colour for no data, one below another and one over a background have no palette of their own."""
    layer, style = cover(tmp_path, "uint8"), Style(THEMES["categories"])
    plan = plan_of(layer, style, 1.0, 0.0)
    assert draw_plain(plan) is not None
    for other in (replace(style, opacity=0.5), replace(style, nodata_color=Color(9, 9, 9)), replace(style, resampling="bilinear")):
        changed = plan_of(layer, other, 1.0, 0.0)
        assert (draw_plain(changed) is None) == (other.resampling == "")
        assert np.array_equal(pixels_of(draw_map(changed).body), draw(changed))
    assert draw_plain(replace(plan, layers=plan.layers * 2)) is None
    assert draw_plain(replace(plan, background=(255, 255, 255))) is None

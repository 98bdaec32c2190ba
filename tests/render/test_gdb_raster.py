"""Rasters inside file geodatabases, which only Mapnik's GDAL opens."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rendermap.dispatch.plan import layer_plan
from rendermap.errors import NotSupported, SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.gdb_raster import _class_stops, _ramp_stops
from rendermap.render.geodatabase import _dtype_of
from rendermap.render.raster import draw_raster
from rendermap.symbology.facts import Band, RasterFacts
from rendermap.symbology.style import (
    RGB,
    Classified,
    Colormap,
    RasterCategory,
    RasterClass,
    RasterTheme,
    ShadedRelief,
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Ramp
from tests.builders.views import look, plan_of

SHARED = Path(os.environ.get("RENDERMAP_SHARED", str(Path(__file__).parents[2].parent / "shared")), "data", "gdal-filegdb", "raster")
RAMP = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")


@pytest.mark.parametrize(("code", "dtype"), [(0x200400, "uint8"), (0x410400, "int8"), (0x1020400, "float32"), (0x810400, "int16")])
def test_sample_types(code: int, dtype: str) -> None:
    """The band table's code tells bits and sign, seen in data of ArcGIS."""
    assert _dtype_of(code) == dtype


def test_classes_end_with_their_limit() -> None:
    """A stop begins just after the limit before it, as Esri's classes include their own upper limit."""
    stops = _class_stops(Classified((RasterClass(1.0, Color(1, 1, 1)), RasterClass(2.0, Color(2, 2, 2))), minimum=0.0))
    assert [value for value, _, _ in stops] == pytest.approx([0.0, 1.0, 2.0])
    assert stops[1][0] > 1.0 and stops[-1][0] > 2.0
    assert stops[-1][2] == TRANSPARENT


def test_ramp_holds_beyond_its_ends() -> None:
    """Values below the limits take the first colour, above them the last."""
    stops = _ramp_stops(RAMP, StretchRecipe(limits=(10.0, 20.0)), Band("float32"))
    assert stops[0][2] == stops[1][2] == Color(0, 0, 0) and stops[0][0] < -1e38
    assert stops[-1][2] == Color(255, 255, 255) and stops[-1][0] == 20.0


@real
@pytest.mark.parametrize(
    "theme",
    [
        Stretch(RAMP, StretchRecipe(limits=(-124.0, 123.0))),
        Classified((RasterClass(0.0, Color(9, 9, 9)), RasterClass(127.0, Color(200, 9, 9)))),
        UniqueRaster((RasterCategory((-124.0,), Color(9, 9, 9)),), default=Color(7, 7, 7)),
        Colormap(entries=((-124, Color(9, 9, 9), ""), (-116, Color(8, 8, 8), ""))),
        RGB(bands=(1, 0, 1), recipes=(StretchRecipe(limits=(-124.0, 123.0)),) * 3),
    ],
    ids=lambda theme: type(theme).__name__,
)
def test_every_theme_draws(theme: RasterTheme) -> None:
    """Each theme gives more than one colour, at its cells and nowhere else."""
    layer = look(SHARED / "int8.gdb")
    picture = draw_raster(plan_of(layer, theme), _view(layer))
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 1
    assert picture[..., 3].any()


@real
def test_categories_count_as_the_attribute_table_does() -> None:
    """Each category covers as many cells as the dataset's own attribute table says."""
    layer = look(SHARED / "rat.gdb")
    assert isinstance(layer.facts, RasterFacts)
    table = dict(layer.facts.attribute_table)
    picture = draw_raster(plan_of(layer, UniqueRaster((RasterCategory((-116.0,), Color(9, 9, 9)),))), _view(layer))
    assert int((picture[..., 3] > 0).sum()) == table["Count"][table["Value"].index(-116)]


@real
def test_what_cannot_be_drawn_is_named() -> None:
    """Shaded relief, a band that is not there and a raster without blocks have words of their own."""
    layer = look(SHARED / "int8.gdb")
    with pytest.raises(NotSupported):
        draw_raster(plan_of(layer, ShadedRelief()), _view(layer))
    with pytest.raises(NotSupported):
        draw_raster(plan_of(layer, Stretch(RAMP, StretchRecipe(limits=(0, 1)), relief=ShadedRelief())), _view(layer))
    with pytest.raises(StyleInvalid):
        draw_raster(plan_of(layer, Stretch(RAMP, StretchRecipe(limits=(0, 1)), band=3)), _view(layer))
    with pytest.raises(SourceUnreadable, match="holds no data"):
        look(SHARED / "NCH_ES_WATER_LOGGING_HAZARD.gdb")


@real
def test_background_exclusions_inks_and_missing_cells() -> None:
    """Cells of one value, found in the picture of an attribute table's raster, may be hidden, coloured or left out of their class."""
    layer = look(SHARED / "rat.gdb")
    view = _view(layer)
    table = dict(layer.facts.attribute_table) if isinstance(layer.facts, RasterFacts) else {}
    count = table["Count"][table["Value"].index(-116)]
    red, blue = Color(200, 0, 0), Color(0, 0, 200)

    def painted(style: Style) -> np.ndarray:
        return draw_raster(layer_plan(1, layer, layer.crs or "EPSG:32611", style), view)

    where = painted(Style(UniqueRaster((RasterCategory((-116.0,), red),))))[..., 3] > 0
    assert where.sum() == count
    stretch = Stretch(RAMP, StretchRecipe(limits=(-128.0, 127.0)), background=-116.0)
    plain, shown = painted(Style(stretch)), painted(Style(replace(stretch, background_color=blue)))
    assert (plain[where] == 0).all() and (shown[where] == blue).all() and np.array_equal(plain[~where], shown[~where])
    classed = Classified((RasterClass(127.0, red),), excluded=((-116.0, -116.0),), excluded_color=blue)
    assert (painted(Style(classed))[where] == blue).all()
    hidden = plain[..., 3] == 0
    filled = painted(Style(Stretch(RAMP, StretchRecipe(limits=(-128.0, 127.0))), nodata_color=blue))
    assert (filled[..., 3] == 255).all() and (filled[hidden & ~where] == blue).all()
    left = StretchRecipe(limits=(-128.0, 127.0), invert=True)
    without = painted(Style(RGB((1, 1, 1), (left, left, left))))
    inks = painted(Style(RGB((1, 1, 1), (left, left, left), black_band=1, black_recipe=left)))
    expected = np.rint(without[..., :3].astype(float) * without[..., :1] / 255)
    assert np.abs(inks[..., :3] - expected).max() <= 1


@real
def test_statistics_of_the_view() -> None:
    """Limits come from probes of the cells in view."""
    layer = look(SHARED / "rat.gdb")
    box = layer.bbox
    assert box
    part = BBox(box.xmin, box.ymin, box.xmin + box.width / 2, box.ymin + box.height / 2)
    recipe = StretchRecipe(StretchKind.MINIMUM_MAXIMUM, source=StatisticsSource.VIEW)
    picture = draw_raster(plan_of(layer, Stretch(RAMP, recipe)), MapView(part, layer.crs or "EPSG:32611", 64, 64))
    seen = picture[picture[..., 3] > 0][:, 0]
    assert seen.min() == 0 and seen.max() == 255


def test_raster_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    """A geodatabase removed after it was looked at is a word, not a crash."""
    facts = RasterFacts(2, 2, (Band("uint8"),), (1.0, 1.0))
    source = DataSource(tmp_path / "gone.gdb", "r", tmp_path, "1")
    layer = Layer(source, "gdal", f'OpenFileGDB:"{tmp_path}/gone.gdb":r', "EPSG:32611", BBox(0, 0, 2, 2), facts, "OpenFileGDB")
    with pytest.raises(SourceUnreadable):
        draw_raster(plan_of(layer, Classified((RasterClass(1.0, Color(1, 1, 1)),))), _view(layer))


def _view(layer: Layer) -> MapView:
    assert isinstance(layer.facts, RasterFacts) and layer.bbox
    return MapView(layer.bbox, layer.crs or "EPSG:32611", layer.facts.width, layer.facts.height)

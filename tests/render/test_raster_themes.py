"""Every raster theme and what a style adds to it: colours at each cell against arithmetic of this file's own."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rendermap.dispatch.plan import LayerPlan, MeasurePlan, layer_plan
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.measure import measure
from rendermap.render.raster import draw_raster
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.style import (
    RGB,
    Classification,
    Classified,
    ColorAdjustment,
    Colormap,
    RasterCategory,
    RasterClass,
    ShadedRelief,
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Ramp
from tests.builders.rasters import TRANSFORM, add_overviews, write_array
from tests.builders.views import look

GRAY = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
WARM = Ramp(((0.0, Color(20, 40, 160)), (0.5, Color(250, 250, 220)), (1.0, Color(170, 20, 20))))
RED, GREEN, BLUE, YELLOW = Color(200, 0, 0), Color(0, 160, 0), Color(0, 0, 220), Color(230, 220, 0)
NODATA = -9999.0


def hills(height: int = 64, width: int = 96) -> np.ndarray:
    """Smooth ground between 0 and about 400."""
    rows, cols = np.mgrid[0:height, 0:width]
    return (200 + 120 * np.sin(cols / 11) + 80 * np.cos(rows / 7)).astype(np.float32)


def styled(layer: Layer, style: Style) -> LayerPlan:
    return layer_plan(1, layer, layer.crs or "EPSG:32611", style)


def whole(layer: Layer, factor: float = 1) -> MapView:
    assert isinstance(layer.facts, RasterFacts) and layer.bbox
    return MapView(layer.bbox, layer.crs or "EPSG:32611", round(layer.facts.width * factor), round(layer.facts.height * factor))


def drawn(layer: Layer, style: Style | Theme, factor: float = 1) -> np.ndarray:
    return draw_raster(styled(layer, style if isinstance(style, Style) else Style(style)), whole(layer, factor))


def resolved(layer: Layer, style: Style, classification: Classification = Classification.AUTO, *, by_view: bool = False) -> Style:
    wanted = needs(style, layer.facts, classification, by_view=by_view)
    measures = {need: measure(MeasurePlan(layer, need.field, need.band)) for need in wanted}
    return fit(style, layer.facts, measures, classification, by_view=by_view)


def along(ramp: Ramp, places: np.ndarray) -> np.ndarray:
    """Colours of a ramp by numpy alone."""
    at = [p for p, _ in ramp.stops]
    return np.stack([np.interp(places, at, [c[i] for _, c in ramp.stops]) for i in range(4)], axis=-1)


def between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def close(picture: np.ndarray, expected: np.ndarray, tolerance: float = 1.0) -> bool:
    return bool(np.abs(picture.astype(float) - expected).max() <= tolerance)


# --- stretches -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "place"),
    [
        (StretchRecipe(StretchKind.MINIMUM_MAXIMUM, gamma=2.0), lambda v: ((v - v.min()) / np.ptp(v)) ** 0.5),
        (StretchRecipe(StretchKind.MINIMUM_MAXIMUM, invert=True), lambda v: 1 - (v - v.min()) / np.ptp(v)),
        (StretchRecipe(StretchKind.SQUARE_ROOT), lambda v: np.sqrt((v - v.min()) / np.ptp(v))),
        (StretchRecipe(StretchKind.LOGARITHM, invert=True), lambda v: 1 - np.log1p(255 * (v - v.min()) / np.ptp(v)) / math.log(256)),
        (StretchRecipe(StretchKind.SIGMOID, strength=3.0), lambda v: 1 / (1 + np.exp(-3 * (2 * (v - v.min()) / np.ptp(v) - 1)))),
        (
            StretchRecipe(StretchKind.PERCENT_CLIP, percents=(3.0, 7.0)),
            lambda v: between(v, *np.percentile(v, [3, 93])),
        ),
        (StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE), lambda v: np.searchsorted(np.sort(v.ravel()), v) / v.size),
    ],
)
def test_stretches_draw_each_cell_where_its_formula_says(tmp_path: Path, recipe: StretchRecipe, place: object) -> None:
    """Read, measured, fitted and painted: each cell has the ramp's colour of its value."""
    values = hills()
    layer = look(write_array(tmp_path / "hills.tif", values[np.newaxis]))
    picture = drawn(layer, resolved(layer, Style(Stretch(WARM, recipe))))
    assert close(picture, along(WARM, place(values.astype(float))), 3.0)  # type: ignore[operator]


def test_cells_without_data_have_their_colour_within_the_raster_only(tmp_path: Path) -> None:
    """A colour for missing cells fills them, and neither the background value nor the ground beside the raster."""
    values = hills(20, 30)
    values[:5, :5] = NODATA
    values[10:15, 10:15] = 7.0
    layer = look(write_array(tmp_path / "holes.tif", values[np.newaxis], nodata=NODATA))
    theme = Stretch(GRAY, StretchRecipe(limits=(0.0, 400.0)), background=7.0)
    assert layer.bbox and layer.crs
    box = BBox(layer.bbox.xmin - 300, layer.bbox.ymin, layer.bbox.xmax, layer.bbox.ymax)
    for resampling in ("", "nearest"):
        picture = draw_raster(styled(layer, Style(theme, nodata_color=RED, resampling=resampling)), MapView(box, layer.crs, 40, 20))
        assert (picture[:, :10] == 0).all()
        assert (picture[:5, 10:15] == RED).all()
        assert (picture[10:15, 20:25] == 0).all()
        assert (picture[16:, 10:, 3] == 255).all()
    shown = draw_raster(styled(layer, Style(replace(theme, background_color=BLUE))), MapView(box, layer.crs, 40, 20))
    assert (shown[10:15, 20:25] == BLUE).all() and (shown[:5, 10:15] == 0).all()
    classed = Classified((RasterClass(1000.0, GREEN),))
    picture = draw_raster(styled(layer, Style(classed, nodata_color=RED)), MapView(box, layer.crs, 40, 20))
    assert (picture[:5, 10:15] == RED).all() and (picture[6:, 10:] == GREEN).all() and (picture[:, :10] == 0).all()


def test_statistics_of_the_view_are_those_of_its_cells(tmp_path: Path) -> None:
    """Honoured per picture: the view's least and greatest cell are the ramp's ends, in one picture of many blocks as well."""
    values = hills(200, 300)
    layer = look(write_array(tmp_path / "hills.tif", values[np.newaxis]))
    recipe = StretchRecipe(StretchKind.MINIMUM_MAXIMUM, source=StatisticsSource.VIEW)
    style = resolved(layer, Style(Stretch(GRAY, recipe)), by_view=True)
    assert isinstance(style.theme, Stretch) and style.theme.recipe.limits is None
    part, box = values[50:100, 60:120].astype(float), TRANSFORM @ (60, 100)
    right, top = TRANSFORM @ (120, 50)
    assert layer.crs
    picture = draw_raster(styled(layer, style), MapView(BBox(box[0], box[1], right, top), layer.crs, 60, 50))
    expected = (part - part.min()) / np.ptp(part) * 255
    assert np.abs(picture[..., 0] - expected).max() <= 1.5
    big = draw_raster(styled(layer, style), MapView(BBox(box[0], box[1], right, top), layer.crs, 1200, 1000))
    assert np.abs(big[10::20, 10::20, 0] - expected).max() <= 8
    dataset = resolved(layer, Style(Stretch(GRAY, recipe)))
    assert isinstance(dataset.theme, Stretch) and dataset.theme.recipe.limits == (values.min(), values.max())


@pytest.mark.parametrize("limits", [(math.nan, 1.0), (5.0, 5.0), (-math.inf, math.inf)])
def test_limits_that_say_nothing_draw_the_middle(tmp_path: Path, limits: tuple[float, float]) -> None:
    """Neither a fault nor noise: one colour, the middle of the ramp."""
    layer = look(write_array(tmp_path / "hills.tif", hills()[np.newaxis]))
    assert close(drawn(layer, Stretch(GRAY, StretchRecipe(limits=limits))), np.asarray((127.5, 127.5, 127.5, 255)))


def test_infinite_cells_neither_stretch_nor_show(tmp_path: Path) -> None:
    """A raster with infinities is measured and drawn without them, by every type."""
    values = hills()
    values[0, :10], values[1, :10], values[2, :10] = np.inf, -np.inf, np.nan
    layer = look(write_array(tmp_path / "inf.tif", values[np.newaxis]))
    for kind in StretchKind:
        style = resolved(layer, Style(Stretch(GRAY, StretchRecipe(kind))))
        assert isinstance(style.theme, Stretch) and style.theme.recipe.limits and np.isfinite(style.theme.recipe.limits).all()
        picture = drawn(layer, replace(style, resampling="nearest"))
        assert (picture[:3, :10, 3] == 0).all() and (picture[3:, :, 3] == 255).all()


# --- resampling ------------------------------------------------------------------------------------------------------------


def test_resampling_is_as_the_style_says(tmp_path: Path) -> None:
    """Nearest keeps cells as blocks, bilinear classes values between cells, majority shows what most cells have."""
    layer = look(write_array(tmp_path / "two.tif", np.asarray([[[0, 100], [0, 100]]], np.float32)))
    stretch = Stretch(GRAY, StretchRecipe(limits=(0.0, 100.0)))
    blocks = drawn(layer, Style(stretch, resampling="nearest"), 10)
    assert set(np.unique(blocks[..., 0])) == {0, 255} and (blocks[:, :10, 0] == 0).all()
    assert len(np.unique(drawn(layer, Style(stretch), 10)[..., 0])) > 5
    classes = Classified(tuple(RasterClass(upper, color) for upper, color in ((20.0, RED), (80.0, GREEN), (100.0, BLUE))))
    between = drawn(layer, Style(classes, resampling="bilinear"), 10)
    assert {tuple(c) for c in between.reshape(-1, 4).tolist()} == {tuple(RED), tuple(GREEN), tuple(BLUE)}
    assert {tuple(c) for c in drawn(layer, classes, 10).reshape(-1, 4).tolist()} == {tuple(RED), tuple(BLUE)}
    mostly = np.ones((64, 64), np.uint8)
    mostly[::4, ::4] = 2
    many = look(write_array(tmp_path / "many.tif", mostly[np.newaxis]))
    unique = UniqueRaster((RasterCategory((1.0,), RED), RasterCategory((2.0,), BLUE)))
    assert (drawn(many, Style(unique, resampling="majority"), 0.25) == RED).all()


# --- classes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "int32"])
def test_excluded_values_have_their_own_colour_or_none(tmp_path: Path, dtype: str) -> None:
    """Values and ranges that are excluded belong to no class, in samples of every width."""
    values = np.arange(100, dtype=dtype).reshape(10, 10)
    layer = look(write_array(tmp_path / "some.tif", values[np.newaxis]))
    theme = Classified((RasterClass(49.0, RED), RasterClass(99.0, BLUE)), excluded=((5.0, 5.0), (40.0, 60.0)))
    shut = (values == 5) | ((values >= 40) & (values <= 60))
    for color in (None, GREEN):
        expected = np.where((values <= 49)[..., np.newaxis], RED, BLUE)
        expected[shut] = color or (0, 0, 0, 0)
        assert np.array_equal(drawn(layer, replace(theme, excluded_color=color)), expected)


def test_sixteen_bit_palettes_are_exact(tmp_path: Path) -> None:
    """65,536 entries, found by a table: each cell in its own colour, values without an entry transparent."""
    values = np.random.default_rng(1).integers(0, 1 << 16, (100, 120)).astype(np.uint16)
    entries = tuple((v, Color(v & 255, v >> 8, v % 97, 255), "") for v in range(0, 1 << 16, 2))
    layer = look(write_array(tmp_path / "wide.tif", values[np.newaxis]))
    picture = drawn(layer, Colormap(entries))
    even = values % 2 == 0
    assert (picture[~even] == 0).all()
    expected = np.stack([values & 255, values >> 8, values % 97, np.full_like(values, 255)], axis=-1)
    assert np.array_equal(picture[even], expected[even])


def test_many_classes_cost_a_tile_no_time(tmp_path: Path) -> None:
    """60,000 categories on real numbers: the table is made once, and a tile then takes hardly more than that of three."""
    values = np.random.default_rng(2).integers(0, 60_000, (256, 256)).astype(np.float32)
    layer = look(write_array(tmp_path / "many.tif", values[np.newaxis]))
    many = styled(layer, Style(UniqueRaster(tuple(RasterCategory((float(v),), Color(v % 251, v % 13, 7)) for v in range(60_000)))))
    few = styled(layer, Style(UniqueRaster(tuple(RasterCategory((float(v),), RED) for v in range(3)))))
    view = whole(layer)
    picture = draw_raster(many, view)
    assert np.array_equal(picture[..., 0], values.astype(int) % 251)
    draw_raster(few, view)
    times = {name: min(_time(plan, view) for _ in range(7)) for name, plan in (("many", many), ("few", few))}
    assert times["many"] < 4 * times["few"] + 0.01


def _time(plan: LayerPlan, view: MapView) -> float:
    start = time.perf_counter()
    draw_raster(plan, view)
    return time.perf_counter() - start


# --- composites ------------------------------------------------------------------------------------------------------------


def test_composites_stretch_each_band_and_hide_or_colour_their_background(tmp_path: Path) -> None:
    """Limits and gamma by band; the background's three values together are one colour, or nothing."""
    bands = np.random.default_rng(4).integers(1, 1000, (3, 20, 20)).astype(np.uint16)
    bands[:, :4, :4] = 0
    layer = look(write_array(tmp_path / "rgb.tif", bands))
    recipes = tuple(StretchRecipe(limits=(0.0, top), gamma=gamma) for top, gamma in ((1000.0, 1.0), (500.0, 2.0), (2000.0, 0.5)))
    theme = RGB(recipes=recipes, background=(0.0, 0.0, 0.0))  # type: ignore[arg-type]
    picture = drawn(layer, Style(theme, resampling="nearest"))
    places = [np.clip(bands[i] / top, 0, 1) ** (1 / gamma) for i, (top, gamma) in enumerate(((1000, 1.0), (500, 2.0), (2000, 0.5)))]
    expected = np.stack([*(p * 255 for p in places), np.full((20, 20), 255.0)], axis=-1)
    expected[:4, :4] = 0
    assert close(picture, expected, 1.6)
    seen = drawn(layer, Style(replace(theme, background_color=YELLOW), resampling="nearest"))
    assert (seen[:4, :4] == YELLOW).all() and close(seen[4:], expected[4:], 1.6)


def test_inks_take_colour_away(tmp_path: Path) -> None:
    """Cyan, magenta, yellow and black, each from 0 to 255: a channel is what its ink and black leave."""
    inks = np.random.default_rng(5).integers(0, 256, (4, 16, 16)).astype(np.uint8)
    layer = look(write_array(tmp_path / "cmyk.tif", inks))
    left = StretchRecipe(StretchKind.NONE, invert=True, limits=(0.0, 255.0))
    picture = drawn(layer, Style(RGB((1, 2, 3), (left, left, left), black_band=4, black_recipe=left), resampling="nearest"))
    share = 1 - inks.astype(float) / 255
    assert close(picture[..., :3], np.moveaxis(share[:3] * share[3] * 255, 0, -1), 1.1)


def test_colours_are_adjusted_pixel_by_pixel_where_bands_mix(tmp_path: Path) -> None:
    """A composite without saturation is grey; classes carry the adjustment in their own colours."""
    bands = np.random.default_rng(6).integers(0, 256, (3, 12, 12)).astype(np.uint8)
    layer = look(write_array(tmp_path / "rgb.tif", bands))
    style = resolved(layer, Style(RGB(), adjustment=ColorAdjustment(saturation=0.0), resampling="nearest"))
    gray = (bands.max(axis=0).astype(float) + bands.min(axis=0)) / 2
    assert close(drawn(layer, style)[..., :3], np.repeat(gray[..., np.newaxis], 3, axis=-1), 1.0)


# --- relief ----------------------------------------------------------------------------------------------------------------


def lit(heights: np.ndarray, cell: float, azimuth: float, altitude: float, z: float = 1.0) -> np.ndarray:
    """GDAL's hillshade (Horn 1981), one cell after the other; the rim is left at not a number."""
    found = np.full(heights.shape, np.nan)
    az, alt = math.radians(azimuth), math.radians(altitude)
    for r in range(1, heights.shape[0] - 1):
        for c in range(1, heights.shape[1] - 1):
            w = heights[r - 1 : r + 2, c - 1 : c + 2].astype(float) * z
            x = ((w[0, 0] + 2 * w[1, 0] + w[2, 0]) - (w[0, 2] + 2 * w[1, 2] + w[2, 2])) / (8 * cell)
            y = ((w[2, 0] + 2 * w[2, 1] + w[2, 2]) - (w[0, 0] + 2 * w[0, 1] + w[0, 2])) / (8 * -cell)
            aspect, steep = math.atan2(y, x), x * x + y * y
            found[r, c] = (math.sin(alt) - math.cos(alt) * math.sqrt(steep) * math.sin(aspect - az)) / math.sqrt(1 + steep)
    return np.clip(found, 0, 1)


INNER = np.s_[1:-1, 1:-1]
MANY = ((315, 60, 0.167), (270, 60, 0.278), (225, 60, 0.167), (0, 60, 0.111), (180, 60, 0.056), (0, 90, 0.222))


@pytest.mark.parametrize(("azimuth", "altitude", "z"), [(315.0, 45.0, 1.0), (40.0, 20.0, 3.0), (180.0, 90.0, 1.0)])
def test_relief_is_gdals_hillshade(tmp_path: Path, azimuth: float, altitude: float, z: float) -> None:
    """One light: each cell as bright as Horn's formula has it."""
    heights = hills()
    layer = look(write_array(tmp_path / "hills.tif", heights[np.newaxis]))
    picture = drawn(layer, ShadedRelief(azimuth, altitude, z))
    assert np.abs(picture[INNER][..., 0] - lit(heights, 30, azimuth, altitude, z)[INNER] * 255).max() <= 1


def test_relief_from_many_sides_and_by_cell_size(tmp_path: Path) -> None:
    """Six weighted lights as in Esri's multidirectional hillshade; heights exaggerated by a power of the cell's size."""
    heights = hills()
    layer = look(write_array(tmp_path / "hills.tif", heights[np.newaxis]))
    many = sum(weight * lit(heights, 30, azimuth, altitude) for azimuth, altitude, weight in MANY) / sum(w for _, _, w in MANY)
    assert np.abs(drawn(layer, ShadedRelief(is_multidirectional=True))[INNER][..., 0] - many[INNER] * 255).max() <= 1
    z = 1 + 0.024 * 30**0.664
    picture = drawn(layer, ShadedRelief(size_factor=0.024, size_power=0.664))
    assert np.abs(picture[INNER][..., 0] - lit(heights, 30, 315, 45, z)[INNER] * 255).max() <= 1


def test_relief_darkens_ramps(tmp_path: Path) -> None:
    """A tinted relief, and a hillshade effect on a stretch, are the ramp's colour of the height times the light."""
    heights = hills()
    layer = look(write_array(tmp_path / "hills.tif", heights[np.newaxis]))
    recipe = StretchRecipe(limits=(0.0, 400.0))
    light = lit(heights, 30, 315, 45)[..., np.newaxis]
    expected = along(WARM, heights / 400.0)
    expected[..., :3] *= light
    for theme in (ShadedRelief(ramp=WARM, recipe=recipe), Stretch(WARM, recipe, relief=ShadedRelief())):
        assert close(drawn(layer, theme)[INNER], expected[INNER], 1.5)


# --- tiles -----------------------------------------------------------------------------------------------------------------

STEPS = Classified(tuple(RasterClass(float(u), c) for u, c in ((100, RED), (200, GREEN), (300, BLUE), (500, YELLOW))))
THEMES = {
    "stretch": Style(Stretch(WARM, StretchRecipe(StretchKind.LOGARITHM, limits=(0.0, 400.0)))),
    "nearest": Style(Stretch(WARM, StretchRecipe(limits=(0.0, 400.0))), resampling="nearest"),
    "classified": Style(STEPS, nodata_color=Color(90, 90, 90)),
    "relief": Style(ShadedRelief()),
    "many sides": Style(ShadedRelief(is_multidirectional=True, ramp=WARM, recipe=StretchRecipe(limits=(0.0, 400.0)))),
    "adjusted": Style(ShadedRelief(ramp=WARM, recipe=StretchRecipe(limits=(0.0, 400.0))), adjustment=ColorAdjustment(saturation=0.3)),
}


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("with_overviews", [False, True])
def test_tiles_together_are_the_whole_picture(tmp_path: Path, name: str, with_overviews: bool) -> None:
    """Sixteen tiles side by side show what one picture shows, enlarged and shrunken."""
    values = hills(512, 512)
    values[100:140, 200:260] = NODATA
    path = write_array(tmp_path / "hills.tif", values[np.newaxis], nodata=NODATA)
    if with_overviews:
        add_overviews(path)
    layer = look(path)
    assert layer.bbox and layer.crs
    plan = styled(layer, THEMES[name])
    for size in (256, 512, 1024):
        one = draw_raster(plan, MapView(layer.bbox, layer.crs, size, size))
        step, px = layer.bbox.width / 4, size // 4
        for row in range(4):
            for col in range(4):
                xmin, ymax = layer.bbox.xmin + col * step, layer.bbox.ymax - row * step
                tile = draw_raster(plan, MapView(BBox(xmin, ymax - step, xmin + step, ymax), layer.crs, px, px))
                cut = one[row * px : (row + 1) * px, col * px : (col + 1) * px]
                assert (tile[..., 3] == cut[..., 3]).mean() > 0.999
                assert np.abs(tile.astype(int) - cut).max() <= 1 or np.mean(np.abs(tile.astype(int) - cut).max(axis=-1) > 1) < 0.001


def test_tiles_of_relief_in_degrees_meet_without_a_seam(tmp_path: Path) -> None:
    """Degrees of longitude shrink row by row, so that a tile does not know where it is cut."""
    from affine import Affine

    values = hills(512, 512) * 20
    layer = look(write_array(tmp_path / "world.tif", values[np.newaxis], transform=Affine(0.05, 0, 0, 0, -0.05, 70), crs="EPSG:4326"))
    assert layer.bbox
    plan = styled(layer, Style(ShadedRelief(z_factor=5)))
    one = draw_raster(plan, MapView(layer.bbox, "EPSG:4326", 512, 512))
    middle = (layer.bbox.ymin + layer.bbox.ymax) / 2
    box = layer.bbox
    upper, lower = BBox(box.xmin, middle, box.xmax, box.ymax), BBox(box.xmin, box.ymin, box.xmax, middle)
    for part, rows in ((upper, np.s_[:256]), (lower, np.s_[256:])):
        half = draw_raster(plan, MapView(part, "EPSG:4326", 512, 256))
        assert np.abs(half.astype(int) - one[rows]).max() <= 1

"""draw_raster: right colours at the right place, whatever the sample type, codec, CRS or view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rendermap.dispatch.plan import MeasurePlan, layer_plan
from rendermap.errors import SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_bbox, transformer
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.measure import measure
from rendermap.render.raster import draw_raster
from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.style import (
    RGB,
    Classified,
    Colormap,
    RasterCategory,
    RasterClass,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Ramp, Symbol
from tests.builders import rasters
from tests.builders.rasters import BY_NAME, HEIGHT, KINDS, TRANSFORM, WIDTH, Kind, hidden_cells, values_of, write_array, write_raster
from tests.builders.views import look, plan_of

# isort: split
import rasterio
from affine import Affine
from rasterio.warp import Resampling, reproject

GRAY = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
STEPS = (50.0, 100.0, 150.0, 250.0)
COLORS = (Color(200, 0, 0), Color(0, 200, 0), Color(0, 0, 200), Color(200, 200, 0))


def native_view(layer: Layer, factor: int = 1) -> MapView:
    """The whole raster in its own CRS, factor pixels per cell."""
    assert isinstance(layer.facts, RasterFacts) and layer.bbox
    return MapView(layer.bbox, layer.crs or "EPSG:32611", layer.facts.width * factor, layer.facts.height * factor)


def is_gray(pixels: np.ndarray, level: float) -> bool:
    """True when all pixels are opaque and of a gray, to the rounding of a ramp's step."""
    return bool((np.abs(pixels[..., :3] - level) <= 1).all() and (pixels[..., 3] == 255).all())


def classes(scale: float = 1.0) -> Classified:
    return Classified(tuple(RasterClass(upper * scale, color) for upper, color in zip(STEPS, COLORS, strict=True)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_its_class_colors(kind: Kind, tmp_path: Path) -> None:
    """Each sample type, codec and driver draws every cell in the colour of its class and hides cells without data."""
    layer = look(write_raster(tmp_path, kind))
    scale = kind.largest / 200
    picture = draw_raster(plan_of(layer, classes(scale)), native_view(layer))
    values = values_of(kind)[0].astype(float)
    limits = np.asarray(STEPS) * scale
    expected = np.asarray(COLORS, np.uint8)[np.searchsorted(limits, values)]
    hidden = hidden_cells() if kind.hidden else np.zeros_like(hidden_cells())
    expected[hidden] = 0
    sure = np.abs(values[..., None] - limits).min(axis=-1) > kind.tolerance
    if kind.tolerance:  # JPEG smears across its blocks' edges
        sure &= np.isin(np.arange(HEIGHT) % 8, (2, 3, 4, 5))[:, None] & np.isin(np.arange(WIDTH) % 8, (2, 3, 4, 5))
    assert np.array_equal(picture[sure], expected[sure])


def test_esri_binary_grid_draws(tmp_path: Path) -> None:
    """A grid folder of ArcInfo is drawn like any raster."""
    data = values_of(BY_NAME["uint8"])[0]
    layer = look(rasters.write_esri_grid(tmp_path / "grid", data))
    picture = draw_raster(plan_of(layer, classes()), native_view(layer))
    assert np.array_equal(picture, np.asarray(COLORS, np.uint8)[np.searchsorted(STEPS, data)])


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:3035", "ESRI:54030"])
@pytest.mark.parametrize("turn", [0.0, 25.0])
def test_warp_is_exact_to_half_a_pixel(tmp_path: Path, crs: str, turn: float) -> None:
    """Across CRS pairs and for turned rasters, each pixel shows the very place PROJ puts there, to half a pixel."""
    rows, cols = np.mgrid[0:300, 0:400]
    transform = TRANSFORM @ Affine.rotation(turn)
    place = np.stack([cols, rows]).astype(np.float32)
    layer = look(write_array(tmp_path / "place.tif", place, transform=transform))
    box = transform_bbox(layer.bbox, "EPSG:32611", crs)  # type: ignore[arg-type]
    assert box
    view = MapView(box, crs, 333, 257)
    found = []
    for band, size in ((1, 400), (2, 300)):
        fine = Stretch(GRAY, StretchRecipe(StretchKind.CUSTOM, limits=(0.0, float(size))), band=band)
        found.append(draw_raster(plan_of(layer, fine), view))
    px, py = np.meshgrid(np.arange(333) + 0.5, np.arange(257) + 0.5)
    x, y = transformer(crs, "EPSG:32611").transform(box.xmin + px * box.width / 333, box.ymax - py * box.height / 257)
    inverse = ~transform
    col, row = inverse.a * x + inverse.b * y + inverse.c, inverse.d * x + inverse.e * y + inverse.f
    well_in = (col > 1) & (row > 1) & (col < 399) & (row < 299)
    outside = (col < -1) | (row < -1) | (col > 401) | (row > 301)
    assert well_in.sum() > 1000
    assert (found[0][well_in][:, 3] == 255).all()
    assert (found[0][outside][:, 3] == 0).all()
    # A gray step is size / 255 cells wide; half a step is what rounding may cost.
    for picture, true, size in ((found[0], col, 400), (found[1], row, 300)):
        shown = picture[..., 0] / 255 * size + 0.5
        assert np.abs(shown - true)[well_in].max() <= 0.5 + size / 255 / 2


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:32612"])
def test_categories_agree_with_gdals_own_warp(tmp_path: Path, crs: str) -> None:
    """Nearest neighbours are the cells GDAL's exact warp picks, but for pixels on the very edge between two cells."""
    data = np.random.default_rng(5).integers(0, 4, (1, 120, 160)).astype(np.uint8)
    layer = look(write_array(tmp_path / "classes.tif", data))
    box = transform_bbox(layer.bbox, "EPSG:32611", crs)  # type: ignore[arg-type]
    assert box
    theme = UniqueRaster(tuple(RasterCategory((float(i),), color) for i, color in enumerate(COLORS)))
    picture = draw_raster(plan_of(layer, theme), MapView(box, crs, 480, 360))
    expected = np.full((360, 480), 255, np.uint8)
    target = Affine(box.width / 480, 0, box.xmin, 0, -box.height / 360, box.ymax)
    reproject(
        data[0],
        expected,
        src_transform=TRANSFORM,
        src_crs="EPSG:32611",
        dst_transform=target,
        dst_crs=crs,
        tolerance=0,
        init_dest_nodata=False,
    )
    table = np.vstack([np.asarray(COLORS, np.uint8), np.zeros((252, 4), np.uint8)])
    same = (picture == table[expected]).all(axis=-1)
    assert same.mean() > 0.995


def test_continuous_values_agree_with_gdals_bilinear(tmp_path: Path) -> None:
    """Bilinear values differ from GDAL's by no more than the rounding of a gray step."""
    rows, cols = np.mgrid[0:120, 0:160]
    data = (np.sin(cols / 9.0) * np.cos(rows / 7.0)).astype(np.float32)[np.newaxis]
    layer = look(write_array(tmp_path / "surface.tif", data))
    box = transform_bbox(layer.bbox, "EPSG:32611", "EPSG:3857")  # type: ignore[arg-type]
    assert box
    picture = draw_raster(plan_of(layer, Stretch(GRAY, StretchRecipe(limits=(-1.0, 1.0)))), MapView(box, "EPSG:3857", 480, 360))
    expected = np.full((360, 480), np.nan, np.float32)
    target = Affine(box.width / 480, 0, box.xmin, 0, -box.height / 360, box.ymax)
    reproject(
        data[0],
        expected,
        src_transform=TRANSFORM,
        src_crs="EPSG:32611",
        dst_transform=target,
        dst_crs="EPSG:3857",
        resampling=Resampling.bilinear,
        dst_nodata=np.nan,
        tolerance=0,
    )
    known = np.isfinite(expected) & (picture[..., 3] > 0)
    assert known.mean() > 0.8
    assert np.abs(picture[known][:, 0] - (expected[known] + 1) * 127.5).max() < 2


def test_nodata_never_bleeds_into_its_neighbours(tmp_path: Path) -> None:
    """Interpolation beside a hole uses only cells with data, and covers exactly the cells that have any."""
    data = np.full((1, 20, 20), 100, np.float32)
    data[0, 5:10, 5:10] = -3.4028234663852886e38
    layer = look(write_array(tmp_path / "hole.tif", data, nodata=-3.4028234663852886e38))
    picture = draw_raster(plan_of(layer, Stretch(GRAY, StretchRecipe(limits=(0.0, 200.0)))), native_view(layer, 8))
    hole = np.zeros((160, 160), np.bool_)
    hole[40:80, 40:80] = True
    assert (picture[hole] == 0).all()
    assert is_gray(picture[~hole], 127.5)


def test_infinite_cells_are_transparent(tmp_path: Path) -> None:
    """What a tool divided by zero has no place on a ramp, also where it is averaged."""
    data = np.full((1, 600, 600), 100, np.float32)
    data[0, :300, :300], data[0, 300:, 300:] = np.inf, -np.inf
    layer = look(write_array(tmp_path / "inf.tif", data))
    assert layer.bbox and layer.crs
    picture = draw_raster(plan_of(layer, Stretch(GRAY, StretchRecipe(limits=(0.0, 200.0)))), MapView(layer.bbox, layer.crs, 60, 60))
    assert (picture[:29, :29] == 0).all() and (picture[31:, 31:] == 0).all()
    assert is_gray(picture[:29, 31:], 127.5) and is_gray(picture[31:, :29], 127.5)


@pytest.mark.parametrize("layout", [{}, {"photometric": "miniswhite"}, {"bigtiff": "yes"}, {"endianness": "big"}])
def test_one_bit_is_yes_or_no(layout: dict[str, object], tmp_path: Path) -> None:
    """Bits without a colour table of their own are data: yes is drawn, no is clear."""
    kind = Kind("bits", options={"nbits": 1, **layout})
    data = np.eye(16, dtype=np.uint8)[np.newaxis]
    layer = look(write_array(tmp_path / "bits.tif", data, kind))
    theme = default_style(layer.facts, {need: measure(MeasurePlan(layer)) for need in default_needs(layer.facts)}, "bits").theme
    picture = draw_raster(plan_of(layer, theme), native_view(layer))
    assert np.array_equal(picture[..., 3] == 255, data[0] == 1)
    assert (picture[data[0] == 0] == 0).all()


def test_one_bit_with_a_palette_keeps_it(tmp_path: Path) -> None:
    """A colour table in the file is meant."""
    with rasterio.open(
        tmp_path / "bits.tif", "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", nbits=1, photometric="palette",
        crs="EPSG:32611", transform=TRANSFORM,
    ) as file:  # fmt: skip
        file.write(np.eye(8, dtype=np.uint8)[np.newaxis])
        file.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 255, 255, 255)})
    facts = look(tmp_path / "bits.tif").facts
    assert isinstance(facts, RasterFacts) and facts.bands[0].palette


def test_shrunken_surface_is_averaged_without_its_holes(tmp_path: Path) -> None:
    """Without overviews a small picture shows means of cells with data, not picked cells and not the nodata value."""
    data = np.tile(np.asarray([[0, 200], [200, 0]], np.float32), (400, 400))[np.newaxis]
    data[0, :, 400:] = -9999
    layer = look(write_array(tmp_path / "checker.tif", data, nodata=-9999))
    assert layer.bbox and layer.crs
    picture = draw_raster(plan_of(layer, Stretch(GRAY, StretchRecipe(limits=(0.0, 200.0)))), MapView(layer.bbox, layer.crs, 80, 80))
    assert is_gray(picture[:, :40], 127.5)
    assert (picture[:, 40:] == 0).all()


def test_shrunken_categories_stay_categories(tmp_path: Path) -> None:
    """Classes are picked, never mixed: no colour appears that no class has."""
    data = np.random.default_rng(1).choice(np.asarray([1, 9], np.uint8), (1, 700, 700))
    layer = look(write_array(tmp_path / "classes.tif", data))
    theme = UniqueRaster((RasterCategory((1.0,), COLORS[0]), RasterCategory((9.0,), COLORS[1])))
    assert layer.bbox and layer.crs
    picture = draw_raster(plan_of(layer, theme), MapView(layer.bbox, layer.crs, 70, 70))
    assert {tuple(int(v) for v in color) for color in np.unique(picture.reshape(-1, 4), axis=0)} == {COLORS[0], COLORS[1]}


def test_overviews_are_used_where_they_lie(tmp_path: Path) -> None:
    """A small picture comes from an overview, in its right place also when sizes do not divide evenly."""
    _, cols = np.mgrid[0:777, 0:1001]
    path = write_array(tmp_path / "slope.tif", cols.astype(np.float32)[np.newaxis])
    rasters.add_overviews(path, (2, 4, 8), Resampling.average)
    layer = look(path)
    assert isinstance(layer.facts, RasterFacts) and layer.facts.has_overviews
    assert layer.bbox and layer.crs
    picture = draw_raster(plan_of(layer, Stretch(GRAY, StretchRecipe(limits=(0.0, 1000.0)))), MapView(layer.bbox, layer.crs, 100, 77))
    true = ((np.arange(100) + 0.5) * 10.01 - 0.5) / 1000 * 255
    assert np.abs(picture[38, 1:-1, 0] - true[1:-1]).max() <= 1.5


def test_views_beside_and_far_away_are_empty(tmp_path: Path) -> None:
    """A view wholly outside is transparent; one partly outside shows its part only."""
    layer = look(write_raster(tmp_path, BY_NAME["uint8"]))
    far = MapView(BBox(0, 0, 1000, 1000), "EPSG:32611", 64, 64)
    assert not draw_raster(plan_of(layer, classes()), far).any()
    box = layer.bbox
    assert box
    half = MapView(BBox(box.xmin - box.width, box.ymin, box.xmax, box.ymax), "EPSG:32611", WIDTH * 2, HEIGHT)
    picture = draw_raster(plan_of(layer, classes()), half)
    assert not picture[:, :WIDTH].any()
    assert (picture[:, WIDTH:, 3] == 255).all()


@pytest.mark.parametrize("start", [-180.0, 0.0])
def test_world_goes_round(tmp_path: Path, start: float) -> None:
    """Across the antimeridian both sides show, for rasters from -180 as for rasters from 0 degrees."""
    cols = np.tile(np.arange(360, dtype=np.float32), (180, 1))[np.newaxis]
    path = write_array(tmp_path / "world.tif", cols, transform=Affine(1, 0, start, 0, -1, 90), crs="EPSG:4326")
    layer = look(path)
    theme = Stretch(GRAY, StretchRecipe(limits=(0.0, 360.0)))
    turn = 20037508.342789244
    view = MapView(BBox(turn - 2e6, -1e6, turn + 2e6, 1e6), "EPSG:3857", 256, 128)
    picture = draw_raster(plan_of(layer, theme), view)
    assert (picture[..., 3] == 255).all()
    longitudes = 180 + (np.arange(256) + 0.5 - 128) * (4e6 / 256) / turn * 180
    expected = ((longitudes - start) % 360 - 0.5) / 360 * 255
    away = np.abs(longitudes - 180) > 1
    assert np.abs(picture[64, away, 0] - expected[away]).max() <= 1


def test_horizon_has_a_clean_edge(tmp_path: Path) -> None:
    """On a globe seen from space all pixels of the disc are drawn and none beyond."""
    path = write_array(tmp_path / "world.tif", np.full((1, 90, 180), 7, np.uint8), transform=Affine(2, 0, -180, 0, -2, 90), crs="EPSG:4326")
    view = MapView(BBox(-7e6, -7e6, 7e6, 7e6), "ESRI:102035", 200, 200)
    picture = draw_raster(plan_of(look(path), UniqueRaster((RasterCategory((7.0,), COLORS[0]),))), view)
    x, y = np.meshgrid((np.arange(200) - 99.5) * 70000, (np.arange(200) - 99.5) * 70000)
    radius = np.hypot(x, y)
    assert (picture[radius < 6.30e6][:, 3] == 255).all()
    assert (picture[radius > 6.40e6][:, 3] == 0).all()


def test_stretch_gamma_and_inversion(tmp_path: Path) -> None:
    """Gamma bends the ramp by its reciprocal and inversion turns it round; values beyond the limits take the ends."""
    data = np.asarray([[[-50, 0, 64, 128, 255, 300]]], np.int16)
    layer = look(write_array(tmp_path / "row.tif", np.repeat(data, 2, axis=1)))
    recipe = StretchRecipe(StretchKind.CUSTOM, limits=(0.0, 255.0), gamma=2.0, invert=True)
    bent = draw_raster(plan_of(layer, Stretch(GRAY, recipe)), native_view(layer))[0, :, 0]
    expected = 255 * (1 - (np.clip(data[0, 0], 0, 255) / 255) ** 0.5)
    assert np.abs(bent - expected).max() <= 4


def test_stretch_along_a_curve(tmp_path: Path) -> None:
    """An equalising curve gives each value the position it names."""
    layer = look(write_array(tmp_path / "row.tif", np.repeat(np.asarray([[[0, 10, 20, 1000]]], np.int16), 2, axis=1)))
    recipe = StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE, curve=((0.0, 0.0), (10.0, 0.4), (20.0, 0.8), (1000.0, 1.0)))
    picture = draw_raster(plan_of(layer, Stretch(GRAY, recipe)), native_view(layer))
    assert np.abs(picture[0, :, 0] - np.asarray([0, 102, 204, 255])).max() <= 12


def test_stretch_background(tmp_path: Path) -> None:
    """The background value is transparent, or has its own colour where the style names one."""
    layer = look(write_array(tmp_path / "row.tif", np.repeat(np.asarray([[[0, 0, 100, 100]]], np.uint8), 2, axis=1)))
    recipe = StretchRecipe(limits=(0.0, 200.0))
    hidden = draw_raster(plan_of(layer, Stretch(GRAY, recipe, background=0.0)), native_view(layer))[0]
    assert (hidden[:2] == 0).all() and is_gray(hidden[2:], 127.5)
    colored = draw_raster(plan_of(layer, Stretch(GRAY, recipe, background=0.0, background_color=COLORS[1])), native_view(layer))[0]
    assert (colored[:2] == COLORS[1]).all() and is_gray(colored[2:], 127.5)


def test_class_limits_are_compared_as_the_samples_hold_them(tmp_path: Path) -> None:
    """A float32 cell of 0.1 belongs to the class up to 0.1, though its double is a little more; below the minimum nothing shows."""
    data = np.repeat(np.asarray([[[0.05, 0.1, 0.2, 0.3, 0.4]]], np.float32), 2, axis=1)
    layer = look(write_array(tmp_path / "row.tif", data))
    theme = Classified((RasterClass(0.1, COLORS[0]), RasterClass(0.3, COLORS[1])), minimum=0.1)
    row = draw_raster(plan_of(layer, theme), native_view(layer))[0]
    assert [tuple(int(v) for v in pixel) for pixel in row] == [(0, 0, 0, 0), COLORS[0], COLORS[1], COLORS[1], (0, 0, 0, 0)]


def test_categories_have_a_default(tmp_path: Path) -> None:
    """Values of no category take the default colour, or none; several values may share a category."""
    data = np.repeat(np.asarray([[[-3, 1, 2, 7, 9]]], np.int32), 2, axis=1)
    layer = look(write_array(tmp_path / "row.tif", data))
    grouped = (RasterCategory((-3.0, 7.0), COLORS[0]), RasterCategory((1.0,), COLORS[1]))
    row = draw_raster(plan_of(layer, UniqueRaster(grouped, default=COLORS[2])), native_view(layer))[0]
    assert [tuple(int(v) for v in pixel) for pixel in row] == [COLORS[0], COLORS[1], COLORS[2], COLORS[0], COLORS[2]]
    row = draw_raster(plan_of(layer, UniqueRaster(grouped)), native_view(layer))[0]
    assert row[:, 3].tolist() == [255, 255, 0, 255, 0]


def test_palette_is_exact(tmp_path: Path) -> None:
    """A paletted raster shows exactly its own colours."""
    layer = look(write_raster(tmp_path, BY_NAME["paletted"]))
    picture = draw_raster(plan_of(layer, Colormap()), native_view(layer))
    colors = rasters.palette()
    table = np.asarray([colors[value] for value in sorted(colors)], np.uint8)
    assert np.array_equal(picture, table[values_of(BY_NAME["paletted"])[0]])


def test_style_may_name_its_own_palette(tmp_path: Path) -> None:
    """Entries of the style win over the dataset's colour table; values without one are transparent."""
    layer = look(write_raster(tmp_path, BY_NAME["paletted"]))
    picture = draw_raster(plan_of(layer, Colormap(entries=((1, COLORS[0], "one"), (2, Color(9, 9, 9, 77), "two")))), native_view(layer))
    values = values_of(BY_NAME["paletted"])[0]
    assert (picture[values == 1] == COLORS[0]).all() and (picture[values == 2] == (9, 9, 9, 77)).all()
    assert (picture[~np.isin(values, (1, 2))][:, 3] == 0).all()


def test_composite_of_bands(tmp_path: Path) -> None:
    """Bands become colours in the order of the style, a band of 0 stays dark, and a background is see-through."""
    kind = BY_NAME["rgb"]
    layer = look(write_raster(tmp_path, kind))
    values = values_of(kind)
    picture = draw_raster(plan_of(layer, RGB(bands=(3, 1, 0))), native_view(layer))
    assert np.array_equal(picture[..., 0], values[2]) and np.array_equal(picture[..., 1], values[0])
    assert not picture[..., 2].any() and (picture[..., 3] == 255).all()
    corner = tuple(float(v) for v in values[:, 0, 0])
    hidden = draw_raster(plan_of(layer, RGB(background=corner)), native_view(layer))  # type: ignore[arg-type]
    assert np.array_equal(hidden[..., 3] == 0, (values == values[:, :1, :1]).all(axis=0))


def test_composite_stretches_each_band(tmp_path: Path) -> None:
    """Sixteen-bit bands are stretched by their own recipes."""
    data = np.stack([np.full((4, 4), v, np.uint16) for v in (1000, 2000, 3000)])
    layer = look(write_array(tmp_path / "wide.tif", data))
    recipes = tuple(StretchRecipe(limits=(0.0, top)) for top in (2000.0, 4000.0, 3000.0))
    picture = draw_raster(plan_of(layer, RGB(recipes=recipes)), native_view(layer))  # type: ignore[arg-type]
    assert (picture == (128, 128, 255, 255)).all()


def test_relief_is_lit_from_the_north_west(tmp_path: Path) -> None:
    """A slope facing the light is bright, one turned away is dark, flat ground is the sine of the sun's height."""
    rows, cols = np.mgrid[0:60, 0:60]
    tent = -np.abs((rows + cols) - 59).astype(np.float32) * 15
    layer = look(write_array(tmp_path / "tent.tif", tent[np.newaxis]))
    picture = draw_raster(plan_of(layer, ShadedRelief()), native_view(layer))
    assert picture[15, 15, 0] > 240 > 120 > picture[45, 45, 0]
    flat = look(write_array(tmp_path / "flat.tif", np.zeros((1, 20, 20), np.float32)))
    level = draw_raster(plan_of(flat, ShadedRelief(altitude_deg=30.0)), native_view(flat))
    assert np.abs(level[..., 0].astype(int) - 128).max() <= 1


def test_relief_over_colors_keeps_the_hue(tmp_path: Path) -> None:
    """With a ramp the light darkens the colour of the height."""
    flat = look(write_array(tmp_path / "flat.tif", np.full((1, 20, 20), 50, np.float32)))
    ramp = Ramp(((0.0, Color(200, 100, 0)), (1.0, Color(200, 100, 0))))
    picture = draw_raster(
        plan_of(flat, ShadedRelief(altitude_deg=30.0, ramp=ramp, recipe=StretchRecipe(limits=(0.0, 100.0)))), native_view(flat)
    )
    assert np.abs(picture.astype(int) - (100, 50, 0, 255)).max() <= 1


def test_a_new_version_is_drawn_anew(tmp_path: Path) -> None:
    """A dataset written again under its name, with a new fingerprint, never shows the old cells."""
    path = write_array(tmp_path / "job.tif", np.full((1, 8, 8), 40, np.uint8))
    first = look(path, version="1")
    assert (draw_raster(plan_of(first, classes()), native_view(first)) == COLORS[0]).all()
    path.unlink()
    write_array(path, np.full((1, 8, 8), 140, np.uint8))
    second = look(path, version="2")
    assert (draw_raster(plan_of(second, classes()), native_view(second)) == COLORS[2]).all()


def test_huge_view_of_a_tiny_raster(tmp_path: Path) -> None:
    """A picture far larger than the raster's cells is drawn block by block, without a seam."""
    layer = look(write_array(tmp_path / "two.tif", np.asarray([[[0, 200], [200, 0]]], np.uint8)))
    assert layer.bbox and layer.crs
    picture = draw_raster(plan_of(layer, classes()), MapView(layer.bbox, layer.crs, 1400, 1100))
    assert (picture[:550, :700] == COLORS[0]).all() and (picture[:550, 700:] == COLORS[3]).all()
    assert (picture[550:, :700] == COLORS[3]).all() and (picture[550:, 700:] == COLORS[0]).all()


def test_style_that_does_not_fit_is_named(tmp_path: Path) -> None:
    """A band that is not there, an unfitted stretch and a theme of vectors are faults of the style."""
    layer = look(write_raster(tmp_path, BY_NAME["uint8"]))
    for theme in (Stretch(GRAY, StretchRecipe(limits=(0, 1)), band=4), Stretch(GRAY, StretchRecipe()), Single(Symbol(()))):
        with pytest.raises(StyleInvalid):
            draw_raster(plan_of(layer, theme), native_view(layer))


def test_truncated_file_is_unreadable(tmp_path: Path) -> None:
    """A file cut short while written says so instead of drawing garbage."""
    path = write_array(tmp_path / "cut.tif", np.random.default_rng(2).integers(0, 255, (1, 300, 300), dtype=np.uint8))
    layer = look(path)
    path.write_bytes(path.read_bytes()[:20000])
    with pytest.raises(SourceUnreadable):
        draw_raster(layer_plan(1, layer, "EPSG:32611", plan_of(layer, classes()).style), native_view(layer))

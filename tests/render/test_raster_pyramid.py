"""Large rasters without levels of their own: what is kept of them draws the same pictures, and is never needed for one."""

from __future__ import annotations

import fcntl
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_bbox
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.assets import use_workshop
from rendermap.render.paint import request_of
from rendermap.render.raster import draw_raster
from rendermap.render.raster_pyramid import Kept, find_pyramid, prepare_raster
from rendermap.render.warm_rasters import warm_rasters
from rendermap.symbology.style import RasterCategory, Stretch, StretchKind, StretchRecipe, Style, Theme, UniqueRaster
from rendermap.symbology.symbols import Color, Ramp
from tests.builders.damage import spoil
from tests.builders.rasters import BY_NAME, TRANSFORM, add_overviews, write_array
from tests.builders.views import look, plan_of

# isort: split
import rasterio
from affine import Affine
from rasterio.warp import Resampling, reproject

WIDE, HIGH = 2560, 320
RANDOM = np.random.default_rng(5)
GRAY = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
CATEGORIES = UniqueRaster(tuple(RasterCategory((float(value),), Color(value * 20, 255 - value * 9, 80)) for value in range(1, 12)))
SCALES = (0.5, 1.0, 1.7, 2.5, 3.99, 4.5, 9.0, 20.0)


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Path:
    """A store of this test alone."""
    folder = tmp_path / "store"
    folder.mkdir()
    use_workshop(folder)
    warm_rasters().forget()
    return folder


def surface(dtype: str) -> np.ndarray:
    """A hilly surface with a hole of nodata, (1, HIGH, WIDE)."""
    rows, cols = np.mgrid[0:HIGH, 0:WIDE]
    data = (100 + 60 * np.sin(cols / 37.0) * np.cos(rows / 23.0) + (cols * 7 + rows * 3) % 11).astype(dtype)
    data[60:141, 400:701] = 0
    return data[np.newaxis]


def layer_of(folder: Path, data: np.ndarray, **options: object) -> Layer:
    """The layer of a raster in a job's folder of its own."""
    job = folder / "job"
    job.mkdir()
    kind = replace(BY_NAME["uint8"], dtype=str(data.dtype), bands=len(data), options=options)
    return look(write_array(job / "large.tif", data, kind, nodata=0.0))


def gray(low: float = 0.0, high: float = 200.0) -> Stretch:
    return Stretch(GRAY, StretchRecipe(StretchKind.CUSTOM, limits=(low, high)))


def view_at(layer: Layer, scale: float, crs: str = "EPSG:3857") -> MapView:
    """A view of the middle of a raster, about so many cells per pixel."""
    assert layer.bbox
    box = transform_bbox(layer.bbox, "EPSG:32611", crs)
    assert box
    side, x, y = 200 * scale * 30 * 1.25, (box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2
    return MapView(BBox(x - side / 2, y - side / 2, x + side / 2, y + side / 2), crs, 200, 200)


def drawn_anew(plan: LayerPlan, view: MapView) -> np.ndarray:
    """The picture as a worker draws it that has just started."""
    warm_rasters().forget()
    return draw_raster(plan, view).astype(int)


@pytest.mark.parametrize(("dtype", "theme"), [("float32", gray()), ("uint8", gray(90, 120)), ("uint8", CATEGORIES), ("int16", CATEGORIES)])
def test_pictures_are_those_of_the_original(tmp_path: Path, dtype: str, theme: Theme) -> None:
    """A surface differs by no more than a shade in the mean; of categories no pixel does."""
    data = surface(dtype) if isinstance(theme, Stretch) else surface("uint8").astype(dtype) // 16
    layer = layer_of(tmp_path, data)
    plan = plan_of(layer, theme)
    views = [view_at(layer, scale) for scale in SCALES]
    before = [drawn_anew(plan, view) for view in views]
    assert prepare_raster(layer) is not None
    for view, old in zip(views, before, strict=True):
        new = drawn_anew(plan, view)
        assert warm_rasters().get(layer).memory_bytes == 0, "no level is made in memory any more"
        if isinstance(theme, Stretch):
            assert np.abs(new - old).mean() < 1.5
            assert (new[..., 3] != old[..., 3]).mean() < 0.005
        else:
            assert np.array_equal(new, old)


@pytest.mark.parametrize(("resampling", "most_px"), [("", 0.5), ("nearest", 1.0)])
def test_odd_sizes_keep_their_places(tmp_path: Path, resampling: str, most_px: float) -> None:
    """Where levels do not divide evenly each pixel shows its very place still: to half a pixel of means, to one of picked cells."""
    cols, rows = np.meshgrid(np.arange(2605, dtype=np.float32), np.arange(2083, dtype=np.float32))
    layer = layer_of(tmp_path, (cols + rows + 1)[np.newaxis])
    prepare_raster(layer)
    assert layer.bbox
    for scale in (2.5, 4.5, 9.0, 18.0):
        side = 64 * scale * 30
        box = BBox(layer.bbox.xmax - side, layer.bbox.ymin, layer.bbox.xmax, layer.bbox.ymin + side)
        low, high = 2605 + 2083 - 128 * scale, 2605.0 + 2083.0
        theme = gray(low, high)
        picture = drawn_anew(replace(plan_of(layer, theme), style=Style(theme, resampling=resampling)), MapView(box, "EPSG:32611", 64, 64))
        across, down = np.meshgrid((np.arange(64) + 0.5) * scale, (np.arange(64) + 0.5) * scale)
        true = (2605 - 64 * scale + across - 0.5) + (2083 - 64 * scale + down - 0.5) + 1
        found = picture[..., 0] / 255 * (high - low) + low
        # The value grows by the scale with each pixel across and with each down; a shade is half a pixel of it.
        away = np.abs(found - true)[1:-1, 1:-1] / scale
        assert away.max() <= 2 * most_px + 0.26


def test_a_kept_raster_agrees_with_gdals_own_warp(tmp_path: Path) -> None:
    """Drawn from what is kept, cells are picked and means blended where GDAL's own warp does so from the original."""
    layer = layer_of(tmp_path, surface("float32"))
    assert prepare_raster(layer) is not None
    for scale, method, most in ((1.2, Resampling.bilinear, 1.0), (8.5, Resampling.average, 3.0)):
        view = view_at(layer, scale)
        box, expected = view.bbox, np.full((200, 200), np.nan, np.float32)
        target = Affine(box.width / 200, 0, box.xmin, 0, -box.height / 200, box.ymax)
        reproject(
            surface("float32")[0],
            expected,
            src_transform=TRANSFORM,
            src_crs="EPSG:32611",
            src_nodata=0,
            dst_transform=target,
            dst_crs="EPSG:3857",
            dst_nodata=np.nan,
            resampling=method,
            tolerance=0,
        )
        picture = drawn_anew(plan_of(layer, gray()), view)
        known = np.isfinite(expected) & (picture[..., 3] > 0)
        assert known.sum() > 2000
        assert np.abs(picture[known][:, 0] - expected[known] * 255 / 200).mean() < most


def tall(data: np.ndarray, folder: Path) -> tuple[LayerPlan, list[MapView]]:
    """Classes that divide into levels unevenly, and small views of them from near and far, at places between cells."""
    layer = layer_of(folder, data.astype(np.uint8)[np.newaxis], compress="deflate")
    assert layer.bbox
    x, y = layer.bbox.xmin + 4321, layer.bbox.ymax - 9876
    sides = [64 * 30 * scale for scale in (1.3, 2.5, 3.9, 4.2, 6.5, 8.4, 17.0, 33.0, 70.0)]
    return plan_of(layer, CATEGORIES), [MapView(BBox(x, y - side, x + side, y), "EPSG:32611", 64, 64) for side in sides]


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("largest", [2048, 600])
def test_preparing_changes_no_class(size: int, largest: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even of a checkerboard, whichever way the original was read: picked from it, or from levels in memory, fine and coarse."""
    monkeypatch.setattr("rendermap.render.raster_levels._MEMORY_SIDE", largest)
    monkeypatch.setattr("rendermap.render.raster_levels._READ_CELLS", 100_000)
    rows, cols = np.mgrid[0:2605, 0:611] // size
    plan, views = tall((rows + cols) % 2 + 1, tmp_path)
    before = [drawn_anew(plan, view) for view in views]
    assert prepare_raster(plan.layer)
    for view, old in zip(views, before, strict=True):
        assert np.array_equal(drawn_anew(plan, view), old)


def test_classes_lie_within_half_a_pixel(tmp_path: Path) -> None:
    """Each pixel shows a class that is there within half a pixel of its middle, before preparing and after."""
    patches = RANDOM.integers(1, 12, (2605 // 7 + 1, 611 // 7 + 1)).repeat(7, 0).repeat(7, 1)[:2605, :611]
    plan, views = tall(patches, tmp_path)
    padded = np.pad(patches, 80, mode="edge")
    for _ in range(2):
        for view in views:
            picture, scale = drawn_anew(plan, view), view.bbox.width / 64 / 30
            left, top = (view.bbox.xmin - TRANSFORM.c) / 30, (TRANSFORM.f - view.bbox.ymax) / 30
            for row, col in zip(*np.nonzero(picture[..., 3]), strict=True):
                y, x = (int(start + place * scale) + 80 for start, place in ((top, row), (left, col)))
                y1, x1 = (int(start + (place + 1) * scale) + 81 for start, place in ((top, row), (left, col)))
                assert picture[row, col, 0] // 20 in padded[y:y1, x:x1]
        prepare_raster(plan.layer)


def test_masks_and_transparency_are_kept(tmp_path: Path) -> None:
    """What a mask or a band of transparency hides stays hidden, cell by cell."""
    shown = np.ones((HIGH, WIDE), np.bool_)
    shown[100:200, 900:1500] = False
    for name, options in (("mask", {}), ("alpha", {"photometric": "rgb", "alpha": "yes"})):
        data = np.repeat(surface("uint8"), 4 if name == "alpha" else 1, axis=0)
        if name == "alpha":
            data[3] = np.where(shown, 255, 0)
        path = tmp_path / name / "large.tif"
        path.parent.mkdir()
        write_array(path, data, replace(BY_NAME["uint8"], bands=len(data), options=options))
        if name == "mask":
            with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
                dataset.write_mask(shown)
        layer = look(path)
        plan = plan_of(layer, CATEGORIES)
        before = [drawn_anew(plan, view_at(layer, scale)) for scale in (1.0, 5.0)]
        assert prepare_raster(layer) is not None
        assert find_pyramid(layer, Kept.MEANS) is None
        for scale, old in zip((1.0, 5.0), before, strict=True):
            assert np.array_equal(drawn_anew(plan, view_at(layer, scale)), old)


def test_worker_takes_up_what_was_kept_meanwhile(tmp_path: Path) -> None:
    """A raster that is open already goes on from the kept levels, and lets go of those it made in memory."""
    layer = layer_of(tmp_path, surface("float32"))
    plan, view = plan_of(layer, gray()), view_at(layer, 9.0)
    draw_raster(plan, view)
    assert warm_rasters().get(layer).memory_bytes > 0
    prepare_raster(layer)
    draw_raster(plan, view)
    assert warm_rasters().get(layer).memory_bytes == 0


@pytest.mark.parametrize("kept_bytes", [0, 100, 30_000])
@pytest.mark.parametrize("scale", [1.0, 9.0])
def test_damaged_file_is_dropped(tmp_path: Path, store: Path, kept_bytes: int, scale: float) -> None:
    """A kept file that was cut short changes no picture: the original is drawn, and the file is gone until it is made again."""
    layer = layer_of(tmp_path, surface("float32"))
    plan, view = plan_of(layer, gray()), view_at(layer, scale)
    before = drawn_anew(plan, view)
    prepare_raster(layer)
    files = list(store.glob("copies/*.tif"))
    for file in files:
        file.write_bytes(file.read_bytes()[:kept_bytes])
    assert np.array_equal(drawn_anew(plan, view), before)
    assert len(list(store.glob("copies/*.tif"))) == len(files) - 1
    prepare_raster(layer)
    assert np.abs(drawn_anew(plan, view) - before).mean() < 1.5


@pytest.mark.parametrize(
    ("dtype", "theme", "scale", "is_warm"),
    [
        ("float32", gray(), 1.0, False),
        ("float32", gray(), 1.0, True),
        ("float32", gray(), 9.0, False),
        ("uint8", CATEGORIES, 1.0, True),
        ("uint8", CATEGORIES, 9.0, False),
    ],
)
def test_bytes_that_are_others_are_never_drawn(tmp_path: Path, store: Path, dtype: str, theme: Theme, scale: float, is_warm: bool) -> None:
    """Whatever their length and their heads say, and also where the files are open: a block is looked at before it is drawn."""
    layer = layer_of(tmp_path, surface(dtype) // (1 if isinstance(theme, Stretch) else 16))
    plan, view = plan_of(layer, theme), view_at(layer, scale)
    before = drawn_anew(plan, view)
    prepare_raster(layer)
    files = list(store.glob("copies/*.tif"))
    if is_warm:
        raster = warm_rasters().get(layer)
        raster.read(request_of(plan.style, (0, 0, 40, 40), scale))
    for file in files:
        spoil(file)
    drawn = draw_raster(plan, view).astype(int) if is_warm else drawn_anew(plan, view)
    assert np.array_equal(drawn, before)
    assert len(list(store.glob("copies/*.tif"))) == len(files) - 1
    prepare_raster(layer)
    assert len(list(store.glob("copies/*.tif"))) == len(files)
    assert np.abs(drawn_anew(plan, view) - before).mean() < 1.5


def test_nothing_is_written_beside_the_dataset(tmp_path: Path, store: Path) -> None:
    """All that is kept lies in the store; made twice it is made once."""
    layer = layer_of(tmp_path, surface("uint8"))
    made = prepare_raster(layer)
    assert made is not None
    times = {file: file.stat().st_ino for file in store.glob("copies/*.tif")}
    assert prepare_raster(layer) == made
    assert {file: file.stat().st_ino for file in store.glob("copies/*.tif")} == times
    assert len(times) == 3
    assert [file.name for file in layer.source.root.iterdir()] == ["large.tif"]


def test_what_draws_fast_is_left_alone(tmp_path: Path) -> None:
    """Small rasters, and rasters with overviews that nothing is packed in, are not kept."""
    small = look(write_array(tmp_path / "small.tif", surface("uint8")[:, :, :900]))
    assert prepare_raster(small) is None
    path = write_array(tmp_path / "levels.tif", surface("uint8"))
    add_overviews(path)
    assert prepare_raster(look(path)) is None


@pytest.mark.parametrize("theme", [gray(), CATEGORIES])
def test_what_was_compressed_is_kept_unpacked(tmp_path: Path, store: Path, theme: Theme) -> None:
    """Of a compressed raster with overviews all levels are kept as they are, so that not one pixel is another."""
    job = tmp_path / "job"
    job.mkdir()
    kind = replace(BY_NAME["uint8"], dtype="int16", options={"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64})
    path = write_array(job / "packed.tif", surface("int16") // (1 if isinstance(theme, Stretch) else 16), kind, nodata=0.0)
    add_overviews(path, (2, 4, 8), Resampling.average if isinstance(theme, Stretch) else Resampling.nearest)
    layer = look(path)
    plan = plan_of(layer, theme)
    before = [drawn_anew(plan, view_at(layer, scale)) for scale in SCALES]
    made = prepare_raster(layer)
    assert made is not None
    assert list(store.glob("copies/*.tif")) == [made]
    with rasterio.open(made) as kept:
        assert (kept.compression, kept.overviews(1)) == (None, [2, 4, 8])
    path.write_bytes(path.read_bytes()[:20_000])  # what is not kept could not be drawn any more
    for scale, old in zip(SCALES, before, strict=True):
        assert np.array_equal(draw_raster(plan, view_at(layer, scale)), old)


def test_of_a_raster_too_large_its_levels_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far views are drawn from the levels alone, near ones from the raster itself, and not one pixel is another."""
    job = tmp_path / "job"
    job.mkdir()
    kind = replace(BY_NAME["uint8"], options={"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64})
    path = write_array(job / "packed.tif", surface("uint8") // 16, kind, nodata=0.0)
    add_overviews(path, (2, 4, 8))
    layer = look(path)
    plan = plan_of(layer, CATEGORIES)
    before = [drawn_anew(plan, view_at(layer, scale)) for scale in SCALES]
    monkeypatch.setattr("rendermap.render.raster_pyramid.MOST_BYTES", WIDE * HIGH // 4)
    made = prepare_raster(layer)
    assert made is not None
    with rasterio.open(made) as kept:
        assert (kept.width, kept.overviews(1)) == (WIDE // 2, [2, 4])
    for scale, old in zip(SCALES, before, strict=True):
        assert np.array_equal(drawn_anew(plan, view_at(layer, scale)), old)
    path.write_bytes(path.read_bytes()[:20_000])  # what is not kept cannot be drawn any more
    for scale, old in zip(SCALES, before, strict=True):
        if scale > 4:
            assert np.array_equal(draw_raster(plan, view_at(layer, scale)), old)


def test_a_copy_being_made_is_not_waited_for(tmp_path: Path, store: Path) -> None:
    """While others hold every lock of the store a picture is drawn from the original."""
    layer = layer_of(tmp_path, surface("float32"))
    (store / "copies").mkdir()
    locks = [(store / "copies" / f"{digit}.lock").open("w") for digit in "0123456789abcdef"]
    for lock in locks:
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert drawn_anew(plan_of(layer, gray()), view_at(layer, 9.0))[..., 3].any()
    for lock in locks:
        lock.close()


def test_the_plan_of_a_style_without_means_reads_cells(tmp_path: Path) -> None:
    """A surface drawn cell by cell, as its style may ask, is the same from what is kept."""
    layer = layer_of(tmp_path, surface("float32"))
    plan = replace(plan_of(layer, gray()), style=Style(gray(), resampling="nearest"))
    before = [drawn_anew(plan, view_at(layer, scale)) for scale in SCALES]
    prepare_raster(layer)
    for scale, old in zip(SCALES, before, strict=True):
        assert np.array_equal(drawn_anew(plan, view_at(layer, scale)), old)

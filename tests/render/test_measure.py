"""measure: the numbers that classes and stretches are made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil

from rendermap.dispatch.plan import MeasurePlan
from rendermap.errors import SourceUnreadable, StyleInvalid
from rendermap.render import cell_counts
from rendermap.render import measure as module
from rendermap.render.measure import measure
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.style import Categories, Category
from tests.builders.rasters import BY_NAME, HEIGHT, KINDS, WIDTH, Kind, hidden_cells, values_of, write_array, write_raster
from tests.builders.vectors import RED, fill, plan_for, view_on, write_features
from tests.builders.views import look

# isort: split
import shapely

POINTS: list[shapely.Geometry] = [shapely.Point(500000 + i, 5400000 + i) for i in range(6)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.tolerance], ids=lambda kind: kind.name)
def test_band_of_every_kind(kind: Kind, tmp_path: Path) -> None:
    """Range, mean and distinct values of each kind leave out the cells without data."""
    values = values_of(kind)[0].astype(float)
    shown = values[~hidden_cells()] if kind.hidden else values.ravel()
    found = measure(MeasurePlan(look(write_raster(tmp_path, kind))))
    assert (found.count, found.minimum, found.maximum) == (len(shown), shown.min(), shown.max())
    assert found.mean == pytest.approx(shown.mean()) and found.deviation == pytest.approx(shown.std())
    assert found.exact and found.distinct_is_whole
    assert found.distinct == tuple(zip(*np.unique(shown, return_counts=True), strict=True))


def test_percentiles_and_sample(tmp_path: Path) -> None:
    """201 percentiles from the least to the greatest value, and a few thousand values for class limits."""
    data = np.random.default_rng(1).normal(100, 20, (1, 300, 400)).astype(np.float32)
    found = measure(MeasurePlan(look(write_array(tmp_path / "bell.tif", data))))
    assert len(found.percentiles) == 201
    assert (found.percentiles[0], found.percentiles[-1]) == (found.minimum, found.maximum)
    assert found.percentiles[100] == pytest.approx(np.median(data), abs=0.01)
    assert 1000 <= len(found.sample) <= 5000
    assert not found.distinct and not found.distinct_is_whole


def test_large_raster_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a regular sample stands for the whole, and says so; extremes that the maker counted are believed."""
    monkeypatch.setattr(module, "_READ_WHOLE_UP_TO_CELLS", 10_000)
    monkeypatch.setattr(module, "_SAMPLED_CELLS", 5_000)
    data = np.tile(np.arange(400, dtype=np.float32), (500, 1))[np.newaxis]
    path = write_array(tmp_path / "ramp.tif", data)
    found = measure(MeasurePlan(look(path)))
    assert not found.exact and found.count <= data.size / 4
    assert found.mean == pytest.approx(199.5, abs=2)
    path.with_name("ramp.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MINIMUM">0</MDI>'
        '<MDI key="STATISTICS_MAXIMUM">399</MDI></Metadata>'
        "</PAMRasterBand></PAMDataset>"
    )
    told = measure(MeasurePlan(look(path)))
    assert (told.minimum, told.maximum, told.percentiles[0], told.percentiles[-1]) == (0.0, 399.0, 0.0, 399.0)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.tolerance], ids=lambda kind: kind.name)
@pytest.mark.parametrize("block", [0, 16])
def test_small_whole_numbers_are_counted_however_large_the_raster(
    kind: Kind, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted block by block, in strips or tiles, a band of bytes or 16 bits measures as it does when it is held whole."""
    path = write_raster(tmp_path, kind)
    if block:
        path = _tiled(path, block)
    whole = measure(MeasurePlan(look(path)))
    monkeypatch.setattr(module, "_READ_WHOLE_UP_TO_CELLS", 10)
    monkeypatch.setattr(cell_counts, "_BLOCK_CELLS", 100)
    monkeypatch.setattr(cell_counts, "_BLOCK_SIDE", 20)
    found = measure(MeasurePlan(look(path)))
    if values_of(kind).dtype.itemsize > 2:
        assert not found.exact
        return
    assert (found.count, found.minimum, found.maximum, found.distinct) == (whole.count, whole.minimum, whole.maximum, whole.distinct)
    assert found.exact and found.distinct_is_whole
    assert (found.mean, found.deviation) == (pytest.approx(whole.mean), pytest.approx(whole.deviation))
    assert found.percentiles == pytest.approx(whole.percentiles) and found.sample[-1] == whole.maximum


def _tiled(path: Path, block: int) -> Path:
    tiled = path.with_name(f"tiled_{path.name}")
    rasterio.shutil.copy(path, tiled, driver="GTiff", tiled=True, blockxsize=block, blockysize=block)
    return tiled


def test_counts_beyond_the_limit_are_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted cells of too many values are no list of categories, and their range is still that of all."""
    monkeypatch.setattr(module, "_READ_WHOLE_UP_TO_CELLS", 10)
    data = np.arange(HEIGHT * WIDTH, dtype=np.int16).reshape(1, HEIGHT, WIDTH) - 50
    found = measure(MeasurePlan(look(write_array(tmp_path / "many.tif", data)), distinct_limit=300))
    assert found.exact and not found.distinct and not found.distinct_is_whole
    assert (found.minimum, found.maximum) == (-50, HEIGHT * WIDTH - 51)


def test_distinct_values_are_given_up_beyond_the_limit(tmp_path: Path) -> None:
    """More values than asked for are no list of categories."""
    layer = look(write_array(tmp_path / "many.tif", np.arange(HEIGHT * WIDTH, dtype=np.int32).reshape(1, HEIGHT, WIDTH)))
    assert not measure(MeasurePlan(layer, distinct_limit=256)).distinct_is_whole
    few = look(write_raster(tmp_path, BY_NAME["int16"]))
    assert measure(MeasurePlan(few, distinct_limit=10)).distinct_is_whole
    assert not measure(MeasurePlan(few, distinct_limit=9)).distinct


def test_empty_band(tmp_path: Path) -> None:
    """A raster of nothing but holes has no range, and that is no fault."""
    layer = look(write_array(tmp_path / "void.tif", np.full((1, 8, 8), -1, np.int16), nodata=-1))
    found = measure(MeasurePlan(layer))
    assert (found.count, found.minimum, found.maximum, found.distinct) == (0, None, None, ())


def test_infinite_cells_are_left_out(tmp_path: Path) -> None:
    """Division by zero in a tool must not stretch a map to infinity."""
    data = np.asarray([[[1, 2, np.inf, -np.inf, np.nan, 3]]], np.float32)
    found = measure(MeasurePlan(look(write_array(tmp_path / "inf.tif", np.repeat(data, 2, axis=1)))))
    assert (found.count, found.minimum, found.maximum) == (6, 1.0, 3.0)


@pytest.mark.parametrize("driver", ["GPKG", "OpenFileGDB", "ESRI Shapefile", "FlatGeobuf"])
def test_fields(driver: str, tmp_path: Path) -> None:
    """Numbers and text of a column are measured without nulls."""
    columns: dict[str, list[object]] = {
        "size": [4, 1, 1, 9, 4, 4],
        "share": [0.5, None, 1.5, 2.5, None, 0.5],
        "use": ["b", "a", None, "b", "c", "b"],
    }
    layer = look(write_features(tmp_path, POINTS, columns, driver=driver).source.path)
    size = measure(MeasurePlan(layer, field="size"))
    assert (size.count, size.minimum, size.maximum, size.distinct) == (6, 1.0, 9.0, ((1, 2), (4, 3), (9, 1)))
    share = measure(MeasurePlan(layer, field="share"))
    assert (share.count, share.distinct) == (4, ((0.5, 2), (1.5, 1), (2.5, 1)))
    use = measure(MeasurePlan(layer, field="use"))
    assert (use.count, use.minimum, use.distinct) == (5, None, (("a", 1), ("b", 3), ("c", 1)))
    assert use.distinct_is_whole and use.exact


@pytest.mark.parametrize(("page", "language"), [(None, 0), (None, 0x57), ("1252", 0)])
def test_classes_of_a_shapefile_are_what_is_drawn(page: str | None, language: int, tmp_path: Path) -> None:
    """Text in UTF-8 without a code page file, or under a wrong one, is measured as it is filtered: the class is drawn."""
    boxes: list[shapely.Geometry] = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]
    file = write_features(tmp_path, boxes, {"use": ["Öde", "Straße"]}, driver="ESRI Shapefile").source.path
    file.with_suffix(".cpg").unlink()
    if page:
        file.with_suffix(".cpg").write_text(page)
    table = file.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[29] = language
    table.write_bytes(content)
    layer = look(file)
    found = measure(MeasurePlan(layer, field="use"))
    values = [value for value, _ in found.distinct]
    if not page:
        assert values == ["Straße", "Öde"]
    theme = Categories(("use",), tuple(Category(((value,),), fill(RED), str(value)) for value in values))
    picture = draw_vectors([plan_for(layer, theme)], view_on((0, 0, 20, 10), width=20, height=20))
    assert (picture[..., 3] == 255).all()


def test_fields_of_a_csv(tmp_path: Path) -> None:
    """Columns of a table of text are measured as what they hold."""
    (tmp_path / "wells.csv").write_text("lon,lat,depth,use\n1,1,3.5,a\n2,2,,b\n3,3,4.5,a\n")
    layer = look(tmp_path / "wells.csv")
    depth = measure(MeasurePlan(layer, field="depth"))
    assert (depth.count, depth.minimum, depth.maximum) == (2, 3.5, 4.5)
    assert measure(MeasurePlan(layer, field="use")).distinct == (("a", 2), ("b", 1))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """An unknown field and an unknown band are faults with words of their own, and no name of a field leaks."""
    layer = look(write_features(tmp_path, POINTS, {"size": [1, 2, 3, 4, 5, 6]}, driver="GPKG").source.path)
    with pytest.raises(SourceUnreadable) as caught:
        measure(MeasurePlan(layer, field="secret_field"))
    assert "secret_field" not in caught.value.sentence
    with pytest.raises(StyleInvalid):
        measure(MeasurePlan(look(write_raster(tmp_path, BY_NAME["uint8"])), band=2))

"""A dataset of more than is drawn is refused when it is looked at, with the limit named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from rendermap.dispatch.plan import InspectPlan
from rendermap.errors import SourceRefused
from rendermap.jobs.job import DataSource
from rendermap.limits import BANDS, FEATURES, RASTER_SIDE, VERTICES, Limit
from rendermap.render import dataset_size
from rendermap.render.inspect import inspect
from tests.builders.rasters import CRS, TRANSFORM
from tests.builders.vectors import SUFFIXES, write_features

POINTS = [shapely.Point(x, 0) for x in range(9)]


def look(path: Path, member: str | None = None) -> object:
    """What a worker says of a dataset."""
    return inspect(InspectPlan(DataSource(path, member, path.parent, "now")))


def write_raster(path: Path, width: int, height: int, bands: int = 1) -> Path:
    """A raster that says its size and holds nothing."""
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=bands, dtype="uint8", crs=CRS, transform=TRANSFORM, sparse_ok=True
    ):
        return path


@pytest.mark.parametrize("driver", SUFFIXES)
def test_too_many_features_are_refused(driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the format, by the dataset's own count; as many as are allowed draw."""
    source = write_features(tmp_path, POINTS, driver=driver, crs="EPSG:4326").source
    monkeypatch.setattr(dataset_size, "FEATURES", replace(FEATURES, value=9))
    look(source.path)
    monkeypatch.setattr(dataset_size, "FEATURES", replace(FEATURES, value=8))
    with pytest.raises(SourceRefused, match="At most 8 features in a dataset are allowed"):
        look(source.path)


def test_too_many_rows_of_a_table_are_refused_as_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table has no count of its own."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "1,2\n" * 9, encoding="ascii")
    monkeypatch.setattr(dataset_size, "FEATURES", replace(FEATURES, value=8))
    with pytest.raises(SourceRefused, match="At most 8 features"):
        look(table)


@pytest.mark.parametrize("driver", SUFFIXES)
def test_files_that_may_hold_too_many_vertices_are_refused(driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are counted, not the vertices: those of the class itself in a geodatabase, of the file elsewhere."""
    source = write_features(tmp_path, POINTS, driver=driver, crs="EPSG:4326").source
    member = source.member if driver == "OpenFileGDB" else None
    monkeypatch.setattr(dataset_size, "VERTICES", replace(VERTICES, value=10))
    with pytest.raises(SourceRefused, match="At most 10 vertices"):
        look(source.path, member)


def test_large_neighbours_in_a_geodatabase_are_no_fault_of_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of rasters and other classes lie in files of their own."""
    source = write_features(tmp_path, POINTS, driver="OpenFileGDB").source
    with (source.path / "a000000ff.gdbtable").open("wb") as neighbour:
        neighbour.truncate(10_000_000)
    monkeypatch.setattr(dataset_size, "VERTICES", replace(VERTICES, value=1_000_000))
    look(source.path, source.member)


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        ((RASTER_SIDE.value + 1, 1, 1), RASTER_SIDE),
        ((1, RASTER_SIDE.value + 1, 1), RASTER_SIDE),
        ((2, 2, BANDS.value + 1), BANDS),
    ],
)
def test_too_large_rasters_are_refused(size: tuple[int, int, int], limit: Limit, tmp_path: Path) -> None:
    """By what the file says of itself, before a cell is read."""
    with pytest.raises(SourceRefused, match=limit.sentence):
        look(write_raster(tmp_path / "r.tif", *size))


def test_a_raster_of_fifty_thousand_by_fifty_thousand_is_not_too_large(tmp_path: Path) -> None:
    """The limits leave room for real work."""
    look(write_raster(tmp_path / "r.tif", 50_000, 50_000))
    assert FEATURES.value >= 10_000_000 and np.prod([FEATURES.value, 50]) <= VERTICES.value

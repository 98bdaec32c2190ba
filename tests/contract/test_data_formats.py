"""Contract of the table of data formats: each row is documented and told from all others by content."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rendermap.imaging.formats import FORMATS
from rendermap.render.data_formats import DATA_FORMATS, DataFormat, recognise
from rendermap.render.drivers import LEANED_ON, SKIPPED
from rendermap.render.engine import mapnik
from rendermap.render.shape_table import write_table
from tests.builders.rasters import BY_NAME, values_of, write_esri_grid, write_raster
from tests.builders.vectors import write_features

# isort: split
import pyogrio
import rasterio
import shapely

MANUAL = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
RASTERS = {
    "geotiff": "int16",
    "hfa": "erdas",
    "jpeg2000": "jpeg2000",
    "netcdf": "netcdf",
    "nitf": "nitf",
    "envi": "envi",
    "ascii_grid": "ascii_grid",
}
VECTORS = {
    "filegdb": "OpenFileGDB",
    "gpkg": "GPKG",
    "flatgeobuf": "FlatGeobuf",
    "shapefile": "ESRI Shapefile",
    "geojson": "GeoJSON",
}


@pytest.fixture(params=DATA_FORMATS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> DataFormat:
    return request.param


def example(row: DataFormat, folder: Path) -> Path:
    """A dataset of the format."""
    if row.name in RASTERS:
        return write_raster(folder, BY_NAME[RASTERS[row.name]])
    if row.name in VECTORS:
        return write_features(folder, [shapely.Point(1, 2)], driver=VECTORS[row.name], crs="EPSG:4326").source.path
    if row.name == "esri_grid":
        return write_esri_grid(folder / "grid", values_of(BY_NAME["uint8"])[0])
    if row.name == "dbase":
        write_table(folder / "table.dbf", {"n": np.array([1, 2])}, 2)
        return folder / "table.dbf"
    (folder / "table.csv").write_text("lon,lat\n1,2\n")
    return folder / "table.csv"


def test_each_format_is_recognised_by_one_row_only(row: DataFormat, tmp_path: Path) -> None:
    """A dataset of each format is told from all others by its content."""
    path = example(row, tmp_path)
    head = b"" if path.is_dir() else path.read_bytes()[:4096]
    assert recognise(path) is row
    assert [other.name for other in DATA_FORMATS if other.is_it(path, head)] == [row.name]


def test_each_format_is_in_the_manual(row: DataFormat) -> None:
    """The manual names every format that is read."""
    assert f"| `{row.name}` |" in MANUAL


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_each_picture_format_is_in_the_manual(format: object) -> None:
    """The manual names every picture format and what ArcGIS calls it."""
    row = FORMATS[getattr(format, "name", "")]
    assert f"| `{row.name}` | {row.media_type} |" in MANUAL
    assert all(name in MANUAL for name in row.esri)


def gdals() -> Iterator[ctypes.CDLL]:
    """Mapnik's, pyogrio's and rasterio's GDAL, as this process has loaded them."""
    yield ctypes.CDLL(str(Path(mapnik.paths.inputpluginspath) / "gdal+ogr.input"))
    for package in (pyogrio, rasterio):
        folder = Path(package.__path__[0])
        (library,) = (*folder.with_name(f"{folder.name}.libs").glob("libgdal*"), *folder.glob(".dylibs/libgdal*"))
        yield ctypes.CDLL(str(library))


def drivers_of(gdal: ctypes.CDLL) -> set[str]:
    """The names of the drivers that a GDAL has registered."""
    gdal.GDALGetDriver.restype = gdal.GDALGetDriverByName.restype = ctypes.c_void_p
    gdal.GDALGetDriverShortName.restype = ctypes.c_char_p
    gdal.GDALGetDriverShortName.argtypes = [ctypes.c_void_p]
    return {gdal.GDALGetDriverShortName(gdal.GDALGetDriver(number)).decode() for number in range(gdal.GDALGetDriverCount())}


def found() -> list[list[str]]:
    """The drivers of each of the three GDALs."""
    with rasterio.Env():
        return [sorted(drivers_of(gdal)) for gdal in gdals()]


def test_no_gdal_has_a_driver_beside_those_of_the_table() -> None:
    """None of the three GDALs opens anything but the formats of the table (C2): what follows references or asks a network is not there."""
    # in a process of its own: drivers are registered once, and other tests of this one use GDAL their own way
    look = "import json; from tests.contract.test_data_formats import found; print(json.dumps(found()))"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    present = [set(names) for names in json.loads(told.stdout.splitlines()[-1])]
    allowed = {row.driver for row in DATA_FORMATS} - {"CSV"} | LEANED_ON
    assert [names - allowed for names in present] == [set()] * 3
    assert all({"GTiff", "GPKG", "GeoJSON"} <= names for names in present)
    assert not allowed & set(SKIPPED)

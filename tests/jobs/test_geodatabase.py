"""Names in a file geodatabase, from its catalogue table alone."""

import os
import warnings
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from rendermap.jobs.geodatabase import read_names
from tests.builders.jobs import geodatabase_files, write_files

SHARED = Path(os.environ.get("RENDERMAP_SHARED", Path(__file__).parents[3] / "shared")) / "data"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_names_are_read_in_order_without_the_systems_own(tmp_path: Path, encoding: str) -> None:
    """User names as written, in both encodings; catalogue tables, raster parts and value tables are not offered."""
    names = ["outWatershed", "Überflutung", "depth", "fras_ras_depth", "VAT_depth", "VAT_alone", "x" * 100]
    write_files(tmp_path, geodatabase_files("a.gdb", names, encoding=encoding))
    assert read_names(tmp_path / "a.gdb") == ("outWatershed", "Überflutung", "depth", "VAT_alone", "x" * 100)


def test_a_changed_catalogue_is_read_again(tmp_path: Path) -> None:
    """A feature class added a moment later is there."""
    write_files(tmp_path, geodatabase_files("a.gdb", ["one"]))
    assert read_names(tmp_path / "a.gdb") == ("one",)
    write_files(tmp_path, geodatabase_files("a.gdb", ["one", "other"]))
    assert read_names(tmp_path / "a.gdb") == ("one", "other")


def test_a_geodatabase_that_gdal_writes_is_read(tmp_path: Path) -> None:
    """The names are those that GDAL lists."""
    path = tmp_path / "a.gdb"
    points = shapely.to_wkb(shapely.points([[0, 0], [1, 1]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layer in ("Contours", "Höhen"):
            pyogrio.raw.write(
                path, points, [np.array([1.0, 2.0])], ["a"], layer=layer, driver="OpenFileGDB", geometry_type="Point", crs="EPSG:25832"
            )
    assert read_names(path) == ("Contours", "Höhen")


@pytest.mark.parametrize("cut", [0, 1, 39, 60, 100, 150])
def test_a_cut_catalogue_is_not_understood_and_not_an_error(tmp_path: Path, cut: int) -> None:
    """Half a file is left to the worker."""
    files = geodatabase_files("a.gdb", ["outWatershed"])
    files["a.gdb/a00000001.gdbtable"] = files["a.gdb/a00000001.gdbtable"][:cut]
    write_files(tmp_path, files)
    assert read_names(tmp_path / "a.gdb") is None


def test_no_bytes_at_all_make_it_fail(tmp_path: Path) -> None:
    """Any single damaged byte gives names or None, never an exception or an endless loop."""
    files = geodatabase_files("a.gdb", ["outWatershed"])
    for name in ("a.gdb/a00000001.gdbtable", "a.gdb/a00000001.gdbtablx"):
        for position in range(min(len(files[name]), 140)):
            damaged = bytearray(files[name])
            damaged[position] ^= 0xFF
            write_files(tmp_path, {**files, name: bytes(damaged)})
            os.utime(tmp_path / "a.gdb" / "a00000001.gdbtable", ns=(position + 1, position + 1))
            read_names(tmp_path / "a.gdb")


def test_what_is_no_geodatabase_has_no_names(tmp_path: Path) -> None:
    """A folder without a catalogue is None, like a linked one."""
    assert read_names(tmp_path) is None
    write_files(tmp_path, geodatabase_files("a.gdb", ["a"]))
    (tmp_path / "b.gdb").mkdir()
    (tmp_path / "b.gdb" / "a00000001.gdbtable").symlink_to(tmp_path / "a.gdb" / "a00000001.gdbtable")
    assert read_names(tmp_path / "b.gdb") is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not here")
def test_geodatabases_of_esris_own_software_are_read() -> None:
    """Real result geodatabases list their feature classes and rasters."""
    assert read_names(SHARED / "gdal-filegdb" / "raster" / "int8.gdb") == ("int8",)
    names = read_names(SHARED / "esri-military" / "Results.gdb")
    assert names is not None
    assert set(pyogrio.list_layers(SHARED / "gdal-filegdb" / "vector" / "featuredataset.gdb")[:, 0]) <= set(
        read_names(SHARED / "gdal-filegdb" / "vector" / "featuredataset.gdb") or ()
    )
    assert len(names) == 17

"""A fingerprint changes with the data and with nothing else."""

import os
import time
from pathlib import Path

import pytest

from rendermap.jobs.fingerprint import companions_of, fingerprint, list_folder
from tests.builders.jobs import TIFF, write_files

SHAPEFILE = {f"a{suffix}": b"x" for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")}


@pytest.mark.parametrize("sidecar", ["a.tif.ovr", "a.tif.aux.xml", "a.aux.xml", "a.tfw", "a.tif.msk", "a.TIF.OVR"])
def test_a_sidecar_counts(tmp_path: Path, sidecar: str) -> None:
    """Overviews, statistics and world files change what is drawn."""
    write_files(tmp_path, {"a.tif": TIFF, "b.tif": TIFF})
    before = fingerprint(tmp_path / "a.tif"), fingerprint(tmp_path / "b.tif")
    write_files(tmp_path, {sidecar: b"x"})
    assert fingerprint(tmp_path / "a.tif") != before[0]
    assert fingerprint(tmp_path / "b.tif") == before[1]


def test_size_time_and_inode_count_each(tmp_path: Path) -> None:
    """A file that grew, was touched, or was replaced by one of equal size and time is another version."""
    file = tmp_path / "a.tif"
    seen = []
    for act in (
        lambda: file.write_bytes(TIFF),
        lambda: file.write_bytes(TIFF + b"x"),
        lambda: os.utime(file, ns=(1, 1)),
        lambda: (
            file.with_suffix(".new").write_bytes(TIFF + b"y"),
            os.utime(file.with_suffix(".new"), ns=(1, 1)),
            file.with_suffix(".new").replace(file),
        ),
    ):
        act()
        seen.append(fingerprint(file))
    assert len(set(seen)) == 4
    assert fingerprint(file) == seen[-1]


@pytest.mark.parametrize("name", SHAPEFILE)
def test_every_part_of_a_shapefile_counts(tmp_path: Path, name: str) -> None:
    """Attributes and projection are as much the dataset as the shapes."""
    write_files(tmp_path, SHAPEFILE)
    before = fingerprint(tmp_path / "a.shp")
    os.utime(tmp_path / name, ns=(1, 1))
    assert fingerprint(tmp_path / "a.shp") != before


def test_reading_does_not_change_a_fingerprint(tmp_path: Path) -> None:
    """Locks and SQLite's helpers come with readers and go with them."""
    write_files(tmp_path, {"a.gdb/a00000001.gdbtable": b"x", "b.gpkg": b"x"})
    before = fingerprint(tmp_path / "a.gdb"), fingerprint(tmp_path / "b.gpkg")
    write_files(tmp_path, {"a.gdb/HOST.1.sr.lock": b"", "b.gpkg-shm": b"x", "b.gpkg-wal": b""})
    assert (fingerprint(tmp_path / "a.gdb"), fingerprint(tmp_path / "b.gpkg")) == before


def test_a_folder_dataset_is_all_its_files(tmp_path: Path) -> None:
    """A grid's cells, the info folder beside it and its sidecars count."""
    write_files(tmp_path, {"g/hdr.adf": b"x", "g/w001001.adf": b"x", "info/arc.dir": b"x"})
    seen = [fingerprint(tmp_path / "g")]
    for name in ("g/w001001.adf", "info/arc.dir", "g.aux.xml"):
        write_files(tmp_path, {name: b"changed"})
        seen.append(fingerprint(tmp_path / "g"))
    assert len(set(seen)) == 4


def test_names_that_only_begin_alike_are_strangers(tmp_path: Path) -> None:
    """depth2.tif is no part of depth.tif."""
    write_files(tmp_path, {"depth.tif": TIFF, "depth2.tif": TIFF, "depth_old.tfw": b"x"})
    assert set(companions_of("depth.tif", list_folder(tmp_path))) == {"depth.tif"}


def test_contents_are_never_read(tmp_path: Path) -> None:
    """A dataset nobody may open, and one of a terabyte, have fingerprints all the same."""
    (tmp_path / "a.tif").touch(mode=0)
    os.truncate(tmp_path / "a.tif", 2**40)
    start = time.perf_counter()
    assert len(fingerprint(tmp_path / "a.tif")) == 32
    assert time.perf_counter() - start < 1


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    """A missing dataset is an error, not an empty fingerprint."""
    with pytest.raises(FileNotFoundError):
        fingerprint(tmp_path / "a.tif")

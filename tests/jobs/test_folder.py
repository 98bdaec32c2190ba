"""Names of datasets: found inside the job's folder, refused with the true reason everywhere else."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rendermap.errors import SourceRefused
from rendermap.jobs import refusals
from rendermap.jobs.folder import JobFolder
from rendermap.limits import DATASET_NAME_CHARS
from tests.builders.jobs import TIFF, geodatabase_files, write_files

VRT = b'<VRTDataset rasterXSize="9" rasterYSize="9"><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A job folder with a neighbour that holds a secret."""
    write_files(tmp_path / "other" / "scratch", {"secret.tif": TIFF})
    write_files(
        tmp_path / "job" / "scratch", {"viewshed.tif": TIFF, "sub/depth.tif": TIFF, **geodatabase_files("scratch.gdb", ["outWatershed"])}
    )
    return tmp_path / "job"


def found(root: Path, name: str, *, is_over: bool = True) -> tuple[str, str | None]:
    """Where a name leads, below the scratch workspace."""
    source = JobFolder(root).resolve(name, is_over=is_over)
    return source.path.relative_to(root / "scratch").as_posix(), source.member


def refusal(root: Path, name: str, *, is_over: bool = True) -> str:
    """With which sentence a name is refused."""
    with pytest.raises(SourceRefused) as caught:
        JobFolder(root).resolve(name, is_over=is_over)
    assert str(root) not in caught.value.sentence
    assert caught.value.reason
    return caught.value.sentence


@pytest.mark.parametrize(
    ("name", "path", "member"),
    [
        ("%scratchworkspace%/viewshed.tif", "viewshed.tif", None),
        ("%SCRATCHWORKSPACE%\\Viewshed.TIF", "viewshed.tif", None),
        ("%scratchFolder%/viewshed.tif", "viewshed.tif", None),
        ("viewshed.tif", "viewshed.tif", None),
        ("Viewshed", "viewshed.tif", None),
        ("./sub//depth.tif", "sub/depth.tif", None),
        ("SUB/Depth", "sub/depth.tif", None),
        ("%scratchworkspace%/scratch.gdb/outWatershed", "scratch.gdb", "outWatershed"),
        ("%scratchgdb%/OUTWATERSHED", "scratch.gdb", "outWatershed"),
        ("%scratchworkspace%/Scratch.gdb/Basins/outwatershed", "scratch.gdb", "outWatershed"),
        ("outwatershed", "scratch.gdb", "outWatershed"),
        ("scratch.gdb", "scratch.gdb", None),
    ],
)
def test_a_name_as_tools_write_it_is_found(root: Path, name: str, path: str, member: str | None) -> None:
    """Variables, letter case, slashes and missing suffixes are forgiven."""
    assert found(root, name) == (path, member)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.tif", refusals.MISSING),
        ("missing", refusals.MISSING),
        ("%scratchworkspace%/scratch.gdb/missing", refusals.MISSING),
        ("%scratchworkspace%/scratch.gdb/GDB_Items", refusals.MISSING),
        ("%scratchworkspace%/none.gdb/a", refusals.MISSING),
        ("%scratchworkspace%/viewshed.tif/a", refusals.MISSING),
        ("in_memory/viewshed", refusals.IN_MEMORY),
        ("memory\\viewshed", refusals.IN_MEMORY),
        ("MEM:::DATAPOINTER=1", refusals.IN_MEMORY),
        ("/vsimem/a.tif", refusals.IN_MEMORY),
        ("/etc/passwd", refusals.OUTSIDE),
        ("C:\\data\\a.tif", refusals.OUTSIDE),
        ("\\\\server\\share\\a.tif", refusals.OUTSIDE),
        ("../other/scratch/secret.tif", refusals.OUTSIDE),
        ("%scratchworkspace%/../../other/scratch/secret.tif", refusals.OUTSIDE),
        ("%scratchworkspace%/scratch.gdb/../../x", refusals.OUTSIDE),
        ("/vsicurl/http://example.org/a.tif", refusals.REMOTE),
        ("/vsizip/a.zip/a.tif", refusals.REMOTE),
        ("https://example.org/a.tif", refusals.REMOTE),
        ("s3://bucket/a.tif", refusals.REMOTE),
        ("GTIFF_DIR:1:viewshed.tif", refusals.NO_NAME),
        ("NETCDF:a.nc:depth", refusals.NO_NAME),
        ("%scratchworkspace%/PG:dbname=x", refusals.NO_NAME),
        ("%workspace%/a.tif", refusals.NO_NAME),
        ("viewshed.tif\0.png", refusals.NO_NAME),
        ("viewshed.tif\n", "viewshed.tif"),
        (VRT.decode(), refusals.NO_NAME),
        ("viewshed.tif?x=1", refusals.NO_NAME),
        ("", refusals.NO_NAME),
        (".", refusals.NO_NAME),
        ("%scratchworkspace%", refusals.NO_NAME),
        ("x" * 2000, DATASET_NAME_CHARS.sentence),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_with_the_true_reason(root: Path, name: str, sentence: str) -> None:
    """Each way out of the folder has its own sentence; blanks around a name are no fault."""
    assert (found(root, name)[0] if sentence == "viewshed.tif" else refusal(root, name)) == sentence


def test_links_are_not_followed_at_any_step(root: Path) -> None:
    """A link as file, as folder, as geodatabase, as sidecar, inside a geodatabase or in place of scratch is refused by that word."""
    scratch, secret = root / "scratch", root.parent / "other" / "scratch"
    (scratch / "link.tif").symlink_to(secret / "secret.tif")
    (scratch / "away").symlink_to(secret, target_is_directory=True)
    (scratch / "linked.gdb").symlink_to(scratch / "scratch.gdb", target_is_directory=True)
    write_files(scratch, {"a.tif": TIFF, **geodatabase_files("inner.gdb", ["a"])})
    (scratch / "a.tif.ovr").symlink_to(secret / "secret.tif")
    (scratch / "inner.gdb" / "a00000009.gdbtable").symlink_to(secret / "secret.tif")
    for name in ("link.tif", "link", "away/secret.tif", "linked.gdb/outWatershed", "a.tif", "inner.gdb/a"):
        assert refusal(root, name) == refusals.LINK, name
    (root.parent / "third").mkdir()
    (root.parent / "third" / "scratch").symlink_to(secret, target_is_directory=True)
    assert refusal(root.parent / "third", "secret.tif") == refusals.LINK


def test_a_file_with_a_second_name_is_refused(root: Path) -> None:
    """A hard link to another job's dataset (C1) lies inside this job by its path: as dataset, as sidecar and inside a geodatabase."""
    scratch, secret = root / "scratch", root.parent / "other" / "scratch" / "secret.tif"
    write_files(scratch, {"a.tif": TIFF, **geodatabase_files("inner.gdb", ["a"])})
    for name in ("hard.tif", "a.tif.ovr", "inner.gdb/a00000009.gdbtable"):
        (scratch / name).hardlink_to(secret)
    for name in ("hard.tif", "hard", "a.tif", "inner.gdb/a"):
        assert refusal(root, name) == refusals.HARD_LINK, name
    assert found(root, "viewshed.tif") == ("viewshed.tif", None)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.vrt", {"a.vrt": VRT}),
        ("a.tif", {"a.tif": b"\n <?xml version='1.0'?>\n" + VRT}),
        ("a.csv", {"a.csv": b'<OGRVRTDataSource><OGRVRTLayer name="a"/></OGRVRTDataSource>'}),
        ("a.tif", {"a.tif": b"<GDAL_WMS><Service/></GDAL_WMS>"}),
        ("a.tif", {"a.tif": TIFF, "a.tif.ovr": VRT}),
        ("a.tif", {"a.tif": TIFF, "a.tif.aux.xml": b'<PAMDataset><MDI key="OVERVIEW_FILE">/x.tif</MDI></PAMDataset>'}),
        ("a.img", {"a.img": TIFF, "a.aux.xml": b"<PAMDataset><SourceFilename>/x</SourceFilename></PAMDataset>"}),
        ("grid", {"grid/hdr.adf": b"GRID1.2", "grid.aux.xml": b"<!DOCTYPE x><PAMDataset/>"}),
        ("a.geojson", {"a.geojson": b'{"type": "Feature", "stac_version": "1.0.0", "assets": {}}'}),
    ],
)
def test_files_that_point_to_others_are_refused_by_content(root: Path, name: str, files: dict[str, bytes]) -> None:
    """A VRT is a VRT under any name, and a sidecar that names a source is one too."""
    write_files(root / "scratch", files)
    assert refusal(root, name) == refusals.POINTER


def test_an_ordinary_sidecar_is_no_reason_to_refuse(root: Path) -> None:
    """Statistics, world files and projections beside a raster are part of it."""
    sidecars = {
        "viewshed.tif.aux.xml": b"<PAMDataset><MDI key='STATISTICS_MAXIMUM'>1</MDI></PAMDataset>",
        "viewshed.tfw": b"1\n0\n0\n-1\n0\n0\n",
    }
    write_files(root / "scratch", sidecars)
    write_files(
        root / "scratch", {"viewshed.tif.xml": b'<!DOCTYPE metadata SYSTEM "http://www.esri.com/metadata/esriprof80.dtd"><metadata/>'}
    )
    assert found(root, "viewshed.tif") == ("viewshed.tif", None)


@pytest.mark.parametrize(
    ("name", "files", "sentence"),
    [
        ("a.tif", {"a.tif": b""}, refusals.UNFINISHED),
        ("a.tif.tmp", {"a.tif.tmp": TIFF}, refusals.UNFINISHED),
        ("a.gpkg", {"a.gpkg": b"SQLite format 3\0", "a.gpkg-journal": bytes.fromhex("d9d505f920a163d7")}, refusals.UNFINISHED),
        ("a.gpkg", {"a.gpkg": b"SQLite format 3\0", "a.gpkg-wal": b"x"}, refusals.UNFINISHED),
        ("new.gdb/a", {"new.gdb/a00000001.gdbtable": b""}, refusals.UNFINISHED),
        ("new.gdb", {"new.gdb/gdb": b"x"}, refusals.UNFINISHED),
        ("a.shp", {"a.shp": b"x", "a.dbf": b"x"}, refusals.INCOMPLETE.format(".shx")),
        ("a.shp", {"a.shp": b"x", "a.shx": b"x", "A.DBF": b""}, refusals.INCOMPLETE.format(".dbf")),
        ("a.docx", {"a.docx": b"x"}, refusals.NOT_A_DATASET),
        ("a.zip", {"a.zip": b"PK\x03\x04"}, refusals.NOT_A_DATASET),
        ("a.gdb.zip", {"a.gdb.zip": b"PK\x03\x04"}, refusals.NOT_A_DATASET),
        ("folder", {"folder/readme.txt": b"x"}, refusals.NOT_A_DATASET),
        ("style.lyrx", {"style.lyrx": b"{}"}, refusals.POINTER),
        ("hdr.adf", {"hdr.adf": b"x"}, refusals.NOT_A_DATASET),
    ],
)
def test_what_is_there_and_cannot_be_drawn_says_why(root: Path, name: str, files: dict[str, bytes], sentence: str) -> None:
    """Half written, incomplete and unfit are different words."""
    write_files(root / "scratch", files)
    assert refusal(root, name) == sentence


@pytest.mark.parametrize("name", ["aux.tif", "con.tif", "CON/nul.tif"])
def test_names_that_only_windows_reserves_are_names(root: Path, name: str) -> None:
    """A raster may be named like a device of another system."""
    write_files(root / "scratch", {name: TIFF})
    assert found(root, name) == (name, None)


def test_a_whole_path_into_the_own_scratch_workspace_is_a_name(root: Path) -> None:
    """Tools return whole paths; those into this very job's scratch workspace are as good as relative ones, all others lead outside."""
    scratch = root / "scratch"
    assert found(root, f"{scratch}/viewshed.tif") == ("viewshed.tif", None)
    assert found(root, str(scratch / "scratch.gdb" / "outWatershed").replace("/", "\\")) == ("scratch.gdb", "outWatershed")
    for name in (f"{scratch}/../../other/scratch/secret.tif", f"{root}/scratch2/a.tif", f"{root.parent}/other/scratch/secret.tif"):
        assert refusal(root, name) == refusals.OUTSIDE


def test_geojson_may_be_named_json(root: Path) -> None:
    """A file named like any JSON is listed when it is GeoJSON, and not otherwise."""
    write_files(
        root / "scratch",
        {
            "wells.json": b'\xef\xbb\xbf {"name": "x", "type" : "FeatureCollection", "features": []}',
            "settings.json": b'{"type": "FeatureLayer"}',
            "list.json": b"[]",
        },
    )
    names = dict(JobFolder(root).datasets())
    assert names["wells"] == "wells.json" and not {"settings", "list"} & names.keys()


def test_special_files_are_refused_without_being_opened(root: Path) -> None:
    """A pipe named like a raster neither hangs nor draws."""
    os.mkfifo(root / "scratch" / "pipe.tif")
    assert refusal(root, "pipe.tif") == refusals.SPECIAL


def test_a_locked_geodatabase_is_unfinished_only_while_the_job_runs(root: Path) -> None:
    """Locks of a job that is over were left by a crash; readers' locks never count."""
    write_files(root / "scratch", {"scratch.gdb/HOST.1234.5678.sr.lock": b""})
    assert found(root, "outWatershed", is_over=False) == ("scratch.gdb", "outWatershed")
    write_files(root / "scratch", {"scratch.gdb/a00000009.gdbtable.HOST.1234.5678.wr.lock": b""})
    assert refusal(root, "outWatershed", is_over=False) == refusals.UNFINISHED
    assert found(root, "outWatershed") == ("scratch.gdb", "outWatershed")


def test_a_cold_journal_does_not_stop_a_geopackage(root: Path) -> None:
    """SQLite in PERSIST mode leaves a journal with a wiped header; a real GeoPackage beside it is whole."""
    sqlite3.connect(root / "scratch" / "a.gpkg").execute("create table t (a)").connection.close()
    write_files(root / "scratch", {"a.gpkg-journal": bytes(512), "a.gpkg-wal": b""})
    assert found(root, "a.gpkg/main.lookouts") == ("a.gpkg", "lookouts")
    assert found(root, "A.GPKG/lookouts") == ("a.gpkg", "lookouts")


@pytest.mark.parametrize(
    ("files", "name", "path"),
    [
        ({"depth.shp": b"x", "depth.shx": b"x", "depth.dbf": b"x"}, "DEPTH", "depth.shp"),
        ({"depth/hdr.adf": b"x", "depth/w001001.adf": b"x", "info/arc.dir": b"x"}, "Depth", "depth"),
        ({"depth/hdr.adf": b"x"}, "depth/hdr.adf", "depth"),
        ({"depth": b"x", "depth.hdr": b"ENVI"}, "depth", "depth"),
        ({"depth/readme.txt": b"x", "depth.img": b"x"}, "depth", "depth.img"),
        ({"out.v2.tif": b"x"}, "out.v2", "out.v2.tif"),
    ],
)
def test_a_bare_name_finds_what_the_tool_made_of_it(root: Path, files: dict[str, bytes], name: str, path: str) -> None:
    """Shapefile, Esri grid, ENVI file, and rasters whose suffix the tool added."""
    write_files(root / "scratch", files)
    assert found(root, name) == (path, None)


def test_a_catalogue_that_cannot_be_read_is_left_to_the_worker(root: Path) -> None:
    """An old geodatabase keeps the name as asked; the worker will know."""
    write_files(root / "scratch", {"old.gdb/a00000001.gdbtable": b"not understood"})
    assert found(root, "old.gdb/Anything") == ("old.gdb", "Anything")


def test_every_dataset_is_listed_by_its_own_name(root: Path) -> None:
    """Members of geodatabases one by one, files by stem, of two with the same stem the second by its whole name."""
    write_files(root / "scratch", {"viewshed.gpkg": b"x", "viewshed.tfw": b"x", "notes.txt": b"x", "job.json": b"{}", "grid/hdr.adf": b"x"})
    assert JobFolder(root).datasets() == (
        ("grid", "grid"),
        ("outWatershed", "scratch.gdb/outWatershed"),
        ("viewshed", "viewshed.tif"),
        ("viewshed.gpkg", "viewshed.gpkg"),
    )


STEPS = st.sampled_from(
    [
        "..",
        ".",
        "",
        "/",
        "\\",
        "scratch",
        "scratch.gdb",
        "viewshed.tif",
        "link.tif",
        "away",
        "secret.tif",
        "other",
        "job",
        "%scratchworkspace%",
        "sub",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.one_of(st.text(max_size=40), st.lists(STEPS, max_size=7).map("/".join), st.lists(STEPS, max_size=7).map("\\".join)))
def test_no_name_at_all_leads_outside(root: Path, name: str) -> None:
    """Whatever is asked, the answer lies really inside the job folder, or is a refusal."""
    with suppress(FileExistsError):
        (root / "scratch" / "link.tif").symlink_to(root.parent / "other" / "scratch" / "secret.tif")
        (root / "scratch" / "away").symlink_to(root.parent / "other", target_is_directory=True)
    try:
        source = JobFolder(root).resolve(name)
    except SourceRefused:
        return
    assert Path(os.path.realpath(source.path)).is_relative_to(root)
    assert source.path != root

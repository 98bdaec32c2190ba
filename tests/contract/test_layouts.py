"""Contract of the table of job layouts: every row, also one written tomorrow."""

from pathlib import Path

import pytest

import rendermap.jobs.layouts
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.job import Job, JobStatus
from rendermap.jobs.layouts.table import LAYOUTS, Layout
from rendermap.jobs.refusals import LINK
from tests.builders.jobs import TIFF, Layer, Service, Task, catalog_of, geodatabase_files, job_folder, write_files

FILES = {"viewshed.tif": TIFF, **geodatabase_files("scratch.gdb", ["outWatershed"])}
SERVICE = Service(
    "Demo/Viewshed",
    (Task("Viewshed", (Layer("Viewshed", "Visible ground", "%scratchworkspace%/viewshed.tif"), Layer("outwatershed", "Watersheds"))),),
)


@pytest.fixture(params=LAYOUTS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Layout:
    return request.param


def job_of(tmp_path: Path, root: Path) -> Job:
    """The job as a catalogue with the service published finds it."""
    return catalog_of(tmp_path, services=[SERVICE]).find("Demo/Viewshed", root.name)


def test_every_file_is_in_the_table() -> None:
    """A layout that was written is a layout that is tried."""
    files = {path.stem for path in Path(rendermap.jobs.layouts.__file__).parent.glob("*.py")} - {"__init__", "table"}
    assert files == set(LAYOUTS.names)
    assert all(LAYOUTS[name].name == name for name in LAYOUTS.names)


def test_a_folder_is_recognised_by_its_own_row_first(tmp_path: Path, row: Layout) -> None:
    """The rows are in the order in which they must be tried."""
    root = job_folder(tmp_path, row.name, FILES)
    assert job_of(tmp_path, root).layout == row.name


def test_a_finished_job_has_its_outputs_by_parameter_name(tmp_path: Path, row: Layout) -> None:
    """Datasets are bound by path and by name, under the parameter's own spelling, inside the job's folder."""
    root = job_folder(tmp_path, row.name, {"viewshed.tif": TIFF} if row.name == "manifest" else FILES)
    if row.name == "manifest":
        write_files(root / "scratch", FILES)
    job = job_of(tmp_path, root)
    assert (job.status, job.root, job.service, job.task) == (JobStatus.SUCCEEDED, root, "Demo/Viewshed", "Viewshed")
    outputs = {output.name: output for output in job.outputs}
    source = outputs["Viewshed"].source
    assert source is not None
    assert source.path.name == "viewshed.tif"
    assert source.path.is_relative_to(root)
    assert job.created is not None and job.finished is not None
    if row.name != "manifest":
        watershed = outputs["outwatershed"].source
        assert watershed is not None
        assert watershed.member == "outWatershed"


def test_one_bad_output_leaves_the_others(tmp_path: Path, row: Layout) -> None:
    """A link in place of one dataset is that output's fault alone."""
    root = job_folder(tmp_path, row.name, {"viewshed.tif": TIFF, "other.tif": TIFF})
    (next(root.rglob("other.tif"))).unlink()
    (next(root.rglob("viewshed.tif")).with_name("other.tif")).symlink_to("/etc/passwd")
    service = Service("Demo/Viewshed", (Task("Viewshed", (Layer("Viewshed", "A", "viewshed.tif"), Layer("Other", "B", "other.tif"))),))
    job = catalog_of(tmp_path, services=[service], quiet_s=0).find("Demo/Viewshed", root.name)
    outputs = {output.name: output for output in job.outputs}
    assert outputs["Viewshed"].source is not None
    assert (outputs["Other"].source, outputs["Other"].fault) == (None, LINK)


def test_an_empty_folder_is_no_job(tmp_path: Path, row: Layout) -> None:
    """No row recognises what holds nothing."""
    assert not row.recognises(JobFolder(tmp_path))


def test_what_reading_leaves_behind_does_not_make_a_job_unfinished(tmp_path: Path, row: Layout) -> None:
    """Drawing a GeoPackage in WAL mode makes -shm and an empty -wal beside it, which changes the folder's time."""
    root = job_folder(tmp_path, row.name, FILES)
    place = next(root.rglob("viewshed.tif")).parent
    for name in ("a.gpkg-shm", "a.gpkg-wal"):
        (place / name).write_bytes(b"" if name.endswith("wal") else bytes(32768))
    assert job_of(tmp_path, root).status is JobStatus.SUCCEEDED

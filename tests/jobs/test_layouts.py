"""What each layout makes of a folder, beyond what all layouts share."""

import json
import os
import time
from pathlib import Path

import pytest

from rendermap.jobs import manifest
from rendermap.jobs.activity import STALE_LOCK_S
from rendermap.jobs.document import read_document, write_document
from rendermap.jobs.job import Job, JobStatus
from rendermap.jobs.refusals import MISSING, OUTSIDE
from tests.builders.jobs import JOB_ID, TIFF, Layer, Service, Task, catalog_of, geodatabase_files, job_folder, make_old, write_files

LOCK = "scratch/scratch.gdb/a00000009.gdbtable.HOST.1234.5678.wr.lock"
TWO_TASKS = Service(
    "Demo/Viewshed",
    (Task("Slope", (Layer("Slope", "Slope"),)), Task("Aspect", (Layer("Aspect", "Aspect"), Layer("Lines", "Aspect lines")))),
)


def find(tmp_path: Path, job_id: str = JOB_ID, **options: object) -> Job:
    """The job of the demo service."""
    return catalog_of(tmp_path, **options).find("Demo/Viewshed", job_id)  # type: ignore[arg-type]


def test_a_scratch_folder_at_rest_has_succeeded(tmp_path: Path) -> None:
    """ArcGIS leaves no marker: a folder that lies still, without locks, is a finished job."""
    job_folder(tmp_path, "arcgis", geodatabase_files("scratch.gdb", ["outWatershed"]))
    job = find(tmp_path)
    assert job.status is JobStatus.SUCCEEDED
    assert job.finished is not None


def test_a_scratch_folder_just_written_is_executing(tmp_path: Path) -> None:
    """Until it was quiet for a moment, nobody can know that the tool is done; that moment can be set to nothing."""
    job_folder(tmp_path, "arcgis", {"a.tif": TIFF}, is_old=False)
    assert find(tmp_path, quiet_s=60).status is JobStatus.EXECUTING
    assert find(tmp_path, quiet_s=60).finished is None
    assert find(tmp_path, quiet_s=0).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize(("age_s", "status"), [(30, JobStatus.EXECUTING), (STALE_LOCK_S + 60, JobStatus.SUCCEEDED)])
def test_a_lock_means_writing_until_it_is_stale(tmp_path: Path, age_s: float, status: JobStatus) -> None:
    """A tool may think for long between two writes; a lock in a folder untouched for an hour was left by a crash."""
    root = job_folder(tmp_path, "arcgis", geodatabase_files("scratch.gdb", ["a"]))
    write_files(root, {LOCK: b""})
    make_old(root, age_s)
    assert find(tmp_path).status is status


@pytest.mark.parametrize(
    ("lock", "before_s", "status"),
    [
        ("_gdb.PRO.9.9.sr.lock", -30, JobStatus.SUCCEEDED),
        ("a00000009.gdbtable.PRO.9.9.rd.lock", -30, JobStatus.SUCCEEDED),
        ("a00000009.gdbtable.PRO.9.9.ed.lock", 30, JobStatus.EXECUTING),
        ("other.lock", -30, JobStatus.EXECUTING),
        ("other.lock", 30, JobStatus.SUCCEEDED),
    ],
)
def test_who_only_reads_does_not_take_a_job_off_the_map(tmp_path: Path, lock: str, before_s: float, status: JobStatus) -> None:
    """ArcGIS Pro locks a geodatabase that it shows; a lock of an unknown name counts when it came with the newest data or later."""
    root = job_folder(tmp_path, "arcgis", geodatabase_files("scratch.gdb", ["a"]))
    make_old(root, 300)
    write_files(root / "scratch" / "scratch.gdb", {lock: b""})
    made = time.time() - 300 - before_s
    os.utime(root / "scratch" / "scratch.gdb" / lock, (made, made))
    assert find(tmp_path).status is status


def test_a_file_server_with_a_fast_clock_does_not_hide_a_job(tmp_path: Path) -> None:
    """Files from the far future count as finished; from the near future as just written."""
    root = job_folder(tmp_path, "arcgis", {"a.tif": TIFF})
    make_old(root, -3600)
    assert find(tmp_path).status is JobStatus.SUCCEEDED
    make_old(root, -30)
    assert find(tmp_path).status is JobStatus.EXECUTING


def test_the_task_is_told_by_what_is_there(tmp_path: Path) -> None:
    """Of several tasks the one whose outputs lie in the folder made it; names match without regard to case or blanks."""
    job_folder(tmp_path, "arcgis", {"aspect.tif": TIFF, **geodatabase_files("scratch.gdb", ["aspect_LINES"])})
    job = find(tmp_path, services=[TWO_TASKS])
    assert job.task == "Aspect"
    assert [(output.name, output.source and output.source.member) for output in job.outputs] == [
        ("Aspect", None),
        ("Lines", "aspect_LINES"),
    ]


def test_a_job_none_of_whose_tasks_left_anything_names_no_task(tmp_path: Path) -> None:
    """Nothing is claimed that nothing shows."""
    job_folder(tmp_path, "arcgis", {"other.tif": TIFF})
    assert (find(tmp_path, services=[TWO_TASKS]).task, find(tmp_path, services=[TWO_TASKS]).outputs) == (None, ())


def test_a_missing_output_of_the_only_task_is_a_fault(tmp_path: Path) -> None:
    """The layer stays in the list and says why it is empty."""
    job_folder(tmp_path, "arcgis", {"other.tif": TIFF})
    service = Service("Demo/Viewshed", (Task("Viewshed", (Layer("Viewshed", "Visible ground"),)),))
    assert [output.fault for output in find(tmp_path, services=[service]).outputs] == [MISSING]


def test_a_published_service_shows_its_tool_layers_and_nothing_else(tmp_path: Path) -> None:
    """Other datasets of the folder are no outputs; without a service every dataset is one."""
    job_folder(tmp_path, "plain", {"viewshed.tif": TIFF, "private.tif": TIFF})
    service = Service("Demo/Viewshed", (Task("Viewshed", (Layer("Viewshed", "Visible ground"),)),))
    assert [output.name for output in find(tmp_path, services=[service]).outputs] == ["Viewshed"]
    assert [output.name for output in find(tmp_path).outputs] == ["private", "viewshed"]


def test_a_document_speaks_first_and_the_service_fills_the_gaps(tmp_path: Path) -> None:
    """An output the document does not name is looked for where the service says it lies; names follow the service's spelling."""
    layers = (
        Layer("Viewshed", "Visible ground", "%scratchworkspace%/elsewhere.tif"),
        Layer("Relief", "Relief", "%scratchworkspace%/relief.tif"),
    )
    service = Service("Demo/Viewshed", (Task("Viewshed", layers),))
    with manifest.start(tmp_path, service="Demo/Viewshed", task="Viewshed") as run:
        write_files(run.scratch, {"viewshed.tif": TIFF, "relief.tif": TIFF})
        run.output("visible GROUND", "%scratchworkspace%/viewshed.tif")
    outputs = find(tmp_path, run.job_id, services=[service]).outputs
    assert [(output.name, output.source and output.source.path.name) for output in outputs] == [
        ("Viewshed", "viewshed.tif"),
        ("Relief", "relief.tif"),
    ]


def test_a_text_value_of_a_parameter_with_a_layer_names_its_dataset(tmp_path: Path) -> None:
    """A GPString that names a dataset is drawn, and its value is still told."""
    service = Service("Demo/Viewshed", (Task("Viewshed", (Layer("Path", "Relief"),)),))
    with manifest.start(tmp_path, service="Demo/Viewshed", task="Viewshed") as run:
        write_files(run.scratch, {"relief.tif": TIFF})
        run.value("Path", "%scratchworkspace%/relief.tif")
        run.value("Note", "%scratchworkspace%/relief.tif")
    path, note = find(tmp_path, run.job_id, services=[service]).outputs
    assert path.source is not None and path.value == "%scratchworkspace%/relief.tif"
    assert (note.source, note.fault) == (None, None)


def test_a_document_cannot_lead_outside(tmp_path: Path) -> None:
    """Whoever wrote it: a document's dataset outside the folder is refused in those words, and the job's other outputs stay."""
    root = job_folder(tmp_path, "manifest", {"viewshed.tif": TIFF})
    document = json.loads((root / "job.json").read_text())
    document["outputs"]["Secret"] = {"dataset": "/etc/passwd"}
    (root / "job.json").write_text(json.dumps(document))
    outputs = {output.name: output for output in find(tmp_path, root.name).outputs}
    assert outputs["Secret"].fault == OUTSIDE
    assert outputs["viewshed"].source is not None


def test_a_documents_names_do_not_override_the_folders(tmp_path: Path) -> None:
    """A copied document speaks for the folder it lies in, not for another job or service."""
    root = job_folder(tmp_path, "manifest", {"viewshed.tif": TIFF})
    write_document(root, read_document(root).model_copy(update={"service": "Other", "job_id": "j1"}))
    job = find(tmp_path, root.name)
    assert (job.service, job.job_id) == ("Demo/Viewshed", root.name)


def test_many_outputs_of_one_geodatabase_cost_one_look(tmp_path: Path) -> None:
    """A geodatabase of three hundred files and seventeen outputs is found in a few milliseconds."""
    root = job_folder(tmp_path, "arcgis", geodatabase_files("scratch.gdb", [f"m{i}" for i in range(17)]))
    write_files(root / "scratch" / "scratch.gdb", {f"a{i:08x}.gdbtable": b"x" for i in range(16, 316)})
    make_old(root)
    catalog = catalog_of(tmp_path)
    catalog.find("Demo/Viewshed", JOB_ID)
    start = time.perf_counter()
    for _ in range(10):
        assert len(catalog.find("Demo/Viewshed", JOB_ID).outputs) == 17
    assert (time.perf_counter() - start) / 10 < 0.05

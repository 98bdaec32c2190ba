"""The face for GP servers: what a few lines leave behind."""

import re
import threading
from datetime import UTC
from pathlib import Path

import pytest

from rendermap.jobs import manifest
from rendermap.jobs.document import DatasetOutput, Document, read_document


def texts(document: Document) -> list[str]:
    """What the messages say."""
    return [message.text for message in document.messages]


def test_a_run_leaves_a_whole_document(tmp_path: Path) -> None:
    """Folder, id, outputs, value, message, times and success as the manual says."""
    with manifest.start(tmp_path, service="Demo/Viewshed", task="Viewshed", inputs={"Height": 12}) as run:
        assert read_document(run.root).status == "executing"
        run.output("Viewshed", "%scratchworkspace%/viewshed.tif")
        run.value("Share", 12.5)
        run.message("half way")
        run.progress("interpolating", 50)
        assert read_document(run.root).progress is not None
    document = read_document(run.root)
    assert re.fullmatch(r"j[0-9a-f]{32}", run.job_id)
    assert run.root == tmp_path / "demo" / "viewshed_gpserver" / run.job_id
    assert (document.status, document.task, document.inputs, document.progress) == ("succeeded", "Viewshed", {"Height": 12}, None)
    assert document.outputs["Viewshed"] == DatasetOutput(dataset="%scratchworkspace%/viewshed.tif")
    assert document.started and document.finished and document.created <= document.started <= document.finished
    assert document.created.utcoffset() == UTC.utcoffset(None)
    assert texts(document) == ["half way"]


def test_an_exception_is_a_failed_job_and_goes_on_its_way(tmp_path: Path) -> None:
    """The tool's own exception reaches its caller; the message names no path of the server."""
    with pytest.raises(RuntimeError), manifest.start(tmp_path, service="Viewshed") as run:
        raise RuntimeError(f"cannot write {run.scratch}/a.tif")
    document = read_document(run.root)
    assert document.status == "failed"
    assert texts(document) == ["cannot write %scratchworkspace%/a.tif"]


def test_an_interrupt_is_a_cancelled_job(tmp_path: Path) -> None:
    """Ctrl-C is not the tool's failure."""
    with pytest.raises(KeyboardInterrupt), manifest.start(tmp_path, service="Viewshed") as run:
        raise KeyboardInterrupt
    assert read_document(run.root).status == "cancelled"


def test_a_job_that_was_ended_by_hand_stays_so(tmp_path: Path) -> None:
    """Leaving the block does not turn a failure that the tool declared into success."""
    with manifest.start(tmp_path, service="Viewshed") as run:
        run.fail("no view from there")
    assert read_document(run.root).status == "failed"


@pytest.mark.parametrize(
    ("act", "status"), [("cancel", "cancelled"), ("time_out", "timed_out"), ("end", "ended"), ("succeed", "succeeded")]
)
def test_every_end_is_written(tmp_path: Path, act: str, status: str) -> None:
    """Each way a job is over has its word."""
    run = manifest.start(tmp_path, service="Viewshed")
    getattr(run, act)()
    assert read_document(run.root).status == status
    assert read_document(run.root).finished is not None


def test_a_submitted_job_is_taken_over_by_another_process(tmp_path: Path) -> None:
    """The GP server submits; its worker resumes by the folder alone."""
    submitted = manifest.submit(tmp_path, service="Viewshed", inputs={"a": 1})
    assert read_document(submitted.root).status == "submitted"
    assert read_document(submitted.root).started is None
    with manifest.resume(submitted.root) as run:
        assert read_document(run.root).status == "executing"
    assert read_document(run.root).status == "succeeded"
    assert read_document(run.root).inputs == {"a": 1}


def test_names_become_paths_in_the_scratch_workspace(tmp_path: Path) -> None:
    """All spellings of the scratch workspace lead into this job's own."""
    run = manifest.start(tmp_path, service="Viewshed")
    assert run.path("%scratchworkspace%/a.tif") == run.path("%ScratchFolder%/a.tif") == run.path("a.tif") == run.scratch / "a.tif"
    assert run.path("%scratchGDB%/out") == run.scratch / "scratch.gdb" / "out"
    run.output("A", run.scratch / "scratch.gdb" / "out")
    assert read_document(run.root).outputs["A"] == DatasetOutput(dataset="%scratchworkspace%/scratch.gdb/out")


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.tif", "%scratchworkspace%/../a.tif"])
def test_an_output_outside_is_the_writers_mistake(tmp_path: Path, name: str) -> None:
    """The writer learns at once what the reader would refuse."""
    with pytest.raises(ValueError, match="scratch workspace"):
        manifest.start(tmp_path, service="Viewshed").output("A", name)


@pytest.mark.parametrize("name", ["in_memory/x", "memory\\x", "IN_MEMORY/a/b"])
def test_an_output_in_memory_is_told_so(tmp_path: Path, name: str) -> None:
    """What was never written is no dataset in the scratch workspace, and the writer learns why."""
    run = manifest.start(tmp_path, service="Viewshed")
    with pytest.raises(ValueError, match="kept in memory"):
        run.output("A", name)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}])
def test_a_value_json_cannot_say_is_the_writers_mistake(tmp_path: Path, value: object) -> None:
    """NaN and Python objects never reach a document."""
    with pytest.raises((ValueError, TypeError)):
        manifest.start(tmp_path, service="Viewshed").value("A", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("service", ["", "a/b/c", "../a", "a b", "/a", "a/", ".", "a\n"])
def test_a_service_name_that_is_no_folder_is_refused(tmp_path: Path, service: str) -> None:
    """Nothing is made outside the jobs directory."""
    with pytest.raises(ValueError, match="service name"):
        manifest.start(tmp_path, service=service)
    assert not list(tmp_path.iterdir())


def test_threads_lose_no_message(tmp_path: Path) -> None:
    """A tool's threads may write at the same time."""
    run = manifest.start(tmp_path, service="Viewshed")
    threads = [threading.Thread(target=lambda n=n: [run.message(f"{n}-{i}") for i in range(5)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(texts(read_document(run.root)))) == 20


def test_two_jobs_at_once_never_share_a_file(tmp_path: Path) -> None:
    """The same tool twice at the same time writes two folders, and each document names its own data."""
    with manifest.start(tmp_path, service="Viewshed") as one, manifest.start(tmp_path, service="Viewshed") as other:
        for run, content in ((one, b"one"), (other, b"other")):
            run.path("%scratchworkspace%/a.tif").write_bytes(content)
            run.output("A", "%scratchworkspace%/a.tif")
    assert one.job_id != other.job_id
    assert one.path("a.tif").read_bytes() == b"one"
    assert other.path("a.tif").read_bytes() == b"other"

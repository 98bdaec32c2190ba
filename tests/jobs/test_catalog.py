"""The catalogue: found on request, four words kept apart, nothing outside the jobs directories."""

import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rendermap.errors import Broken, Ended, JobNotFound, JobUnreadable
from rendermap.jobs import manifest
from rendermap.jobs.catalog import is_job_id
from rendermap.jobs.document import read_document, write_document
from rendermap.jobs.job import JobStatus, MessageKind
from tests.builders.jobs import JOB_ID, TIFF, Layer, Service, Task, catalog_of, geodatabase_files, job_folder, make_old, write_files

VIEWSHED = Service("Demo/Viewshed", (Task("Viewshed", (Layer("Viewshed", "Visible ground", "%scratchworkspace%/viewshed.tif"),)),))


def test_a_job_is_there_the_moment_it_finishes(tmp_path: Path) -> None:
    """One catalogue, made before the job, tells unknown, running and succeeded as they happen."""
    catalog = catalog_of(tmp_path)
    with pytest.raises(JobNotFound):
        catalog.find("Demo/Viewshed", JOB_ID)
    with manifest.start(tmp_path, service="Demo/Viewshed", task="Viewshed", inputs={"Height": 12}) as run:
        assert catalog.find("Demo/Viewshed", run.job_id).status is JobStatus.EXECUTING
        write_files(run.scratch, {"viewshed.tif": TIFF})
        run.output("Viewshed", "%scratchworkspace%/viewshed.tif")
        run.progress("half way", 50)
        progress = catalog.find("Demo/Viewshed", run.job_id).progress
        assert progress is not None and progress.percent == 50
    job = catalog.find("demo/VIEWSHED", run.job_id)
    assert (job.status, job.task, job.inputs, job.layout) == (JobStatus.SUCCEEDED, "Viewshed", {"Height": 12}, "manifest")
    assert job.outputs[0].source is not None
    assert job.outputs[0].source.path == run.path("viewshed.tif")


def test_a_failed_job_says_so_with_its_message(tmp_path: Path) -> None:
    """Failed is a status with a message, not an error of the catalogue."""
    with pytest.raises(RuntimeError), manifest.start(tmp_path, service="Viewshed") as run:
        raise RuntimeError("no view")
    job = catalog_of(tmp_path).find("Viewshed", run.job_id)
    assert job.status is JobStatus.FAILED
    assert (job.messages[0].kind, job.messages[0].text) == (MessageKind.ERROR, "no view")


def expire(run: manifest.Run) -> None:
    """Let the job's time be over."""
    write_document(run.root, read_document(run.root).model_copy(update={"expires": datetime.now(UTC) - timedelta(seconds=1)}))


def bury(run: manifest.Run) -> None:
    """Put a tombstone in place of the folder."""
    (run.root / "job.json").unlink()
    (run.root / "scratch").rmdir()
    run.root.rmdir()
    run.root.with_name(f"{run.job_id}.ended").touch()


@pytest.mark.parametrize("act", [manifest.Run.end, expire, bury])
def test_ended_is_another_word_than_unknown(tmp_path: Path, act: Callable[[manifest.Run], None]) -> None:
    """By its document, by its time or by a tombstone, a job that is gone is gone, and no longer listed."""
    run = manifest.start(tmp_path, service="Viewshed")
    run.succeed()
    act(run)
    catalog = catalog_of(tmp_path)
    with pytest.raises(Ended):
        catalog.find("Viewshed", run.job_id)
    assert catalog.list() == ()


def test_a_tombstone_beside_the_folder_is_enough(tmp_path: Path) -> None:
    """A sweeper marks first and removes afterwards."""
    root = job_folder(tmp_path, "arcgis", {"a.tif": TIFF})
    root.with_name(f"{JOB_ID}.ended").touch()
    with pytest.raises(Ended):
        catalog_of(tmp_path).find("Demo/Viewshed", JOB_ID)


@pytest.mark.parametrize(
    "job_id",
    [
        "",
        ".",
        "..",
        "...",
        "../x",
        "a/b",
        "a\\b",
        "a\0",
        "a b",
        "j1\n",
        "jé",
        "ј1",
        "j１",
        "j1.",
        "-j",
        ".j",
        "x" * 129,
        "%2e%2e",
        "j%00",
        "j:1",
        "~",
    ],
)
def test_an_id_that_is_no_plain_name_is_unknown(tmp_path: Path, job_id: str) -> None:
    """Separators, dots, blanks, look-alikes and endless ids never reach the disk."""
    job_folder(tmp_path, "arcgis", {"a.tif": TIFF})
    assert not is_job_id(job_id)
    with pytest.raises(JobNotFound):
        catalog_of(tmp_path).find("Demo/Viewshed", job_id)


@pytest.mark.parametrize("job_id", ["j0123456789abcdef0123456789abcdef", "_ags_j1", "2026-03-01T12.00", "x" * 128, "a"])
def test_an_id_that_is_safe_in_an_address_is_good(job_id: str) -> None:
    """Other servers' ids are welcome."""
    assert is_job_id(job_id)


@pytest.mark.parametrize("service", ["", "/", "a/b/c", "..", "../Demo", "Demo/..", "Demo", "Viewshed", "Demo/Viewshed_gpserver", "Demo/\0"])
def test_a_service_that_has_no_folder_has_no_jobs(tmp_path: Path, service: str) -> None:
    """Service names are compared with what stands there, never joined to a path."""
    job_folder(tmp_path, "arcgis", {"a.tif": TIFF})
    with pytest.raises(JobNotFound):
        catalog_of(tmp_path / "demo").find(service + "x", JOB_ID)
    with pytest.raises(JobNotFound):
        catalog_of(tmp_path).find(service, JOB_ID)


@pytest.mark.parametrize("folder", ["demo/viewshed_gpserver", "Demo/Viewshed_GPServer", "DEMO/Viewshed_gpServer"])
def test_letter_case_of_folders_does_not_matter(tmp_path: Path, folder: str) -> None:
    """Installations spell the same folder differently."""
    write_files(tmp_path / folder / JOB_ID / "scratch", {"a.tif": TIFF})
    make_old(tmp_path / folder)
    catalog = catalog_of(tmp_path, services=[VIEWSHED])
    assert catalog.find("demo/viewshed", JOB_ID).service == "Demo/Viewshed"
    assert [job.service for job in catalog.list()] == ["Demo/Viewshed"]


@pytest.mark.parametrize("level", ["job", "service", "folder"])
def test_a_linked_folder_is_not_followed(tmp_path: Path, level: str) -> None:
    """No link at any level of the jobs directory leads to other people's folders."""
    jobs, away = tmp_path / "jobs", tmp_path / "away"
    root = job_folder(away, "arcgis", {"a.tif": TIFF})
    link, target = {
        "job": (jobs / "demo" / "viewshed_gpserver" / JOB_ID, root),
        "service": (jobs / "demo" / "viewshed_gpserver", root.parent),
        "folder": (jobs / "demo", root.parent.parent),
    }[level]
    link.parent.mkdir(parents=True)
    link.symlink_to(target, target_is_directory=True)
    catalog = catalog_of(jobs)
    with pytest.raises(JobNotFound):
        catalog.find("Demo/Viewshed", JOB_ID)
    assert catalog.list() == ()


def test_a_jobs_directory_may_itself_be_a_link(tmp_path: Path) -> None:
    """What the operator configures is the operator's choice."""
    job_folder(tmp_path / "real", "arcgis", {"a.tif": TIFF})
    (tmp_path / "jobs").symlink_to(tmp_path / "real", target_is_directory=True)
    source = catalog_of(tmp_path / "jobs").find("Demo/Viewshed", JOB_ID).outputs[0].source
    assert source is not None


def test_two_jobs_of_one_service_never_see_each_others_files(tmp_path: Path) -> None:
    """Equal names lead each job to its own data, also while both are written."""
    with manifest.start(tmp_path, service="Viewshed") as one, manifest.start(tmp_path, service="Viewshed") as other:
        for run in (one, other):
            write_files(run.scratch, {"a.tif": TIFF})
            run.output("A", "%scratchworkspace%/a.tif")
        other.output("Stolen", f"%scratchworkspace%/{one.job_id}/scratch/a.tif")
    catalog = catalog_of(tmp_path)
    for run in (one, other):
        job = catalog.find("Viewshed", run.job_id)
        sources = [output.source for output in job.outputs if output.source]
        assert [source.path for source in sources] == [run.path("a.tif")]
        assert sources[0].root == run.root


def test_a_changed_dataset_has_another_fingerprint_at_the_next_look(tmp_path: Path) -> None:
    """The document's parse is kept, the data's fingerprint is not."""
    root = job_folder(tmp_path, "manifest", {"viewshed.tif": TIFF})
    catalog = catalog_of(tmp_path)
    seen = []
    for content in (TIFF, TIFF + b"x"):
        (root / "scratch" / "viewshed.tif").write_bytes(content)
        source = catalog.find("Demo/Viewshed", root.name).outputs[0].source
        assert source is not None
        seen.append(source.fingerprint)
    assert len(set(seen)) == 2


def test_an_unreadable_document_is_broken_when_asked_and_failed_in_the_list(tmp_path: Path) -> None:
    """One bad folder does not hide the others."""
    bad = job_folder(tmp_path, "manifest", {"a.tif": TIFF})
    good = job_folder(tmp_path, "manifest", {"a.tif": TIFF})
    (bad / "job.json").write_text("{")
    catalog = catalog_of(tmp_path)
    with pytest.raises(Broken):
        catalog.find("Demo/Viewshed", bad.name)
    jobs = {job.job_id: job for job in catalog.list()}
    assert jobs[bad.name].status is JobStatus.FAILED
    assert str(tmp_path) not in jobs[bad.name].messages[0].text
    assert jobs[good.name].status is JobStatus.SUCCEEDED


def test_a_document_whose_reference_system_is_none_is_unreadable(tmp_path: Path) -> None:
    """It is the job's fault, and not that of whoever asks for its results."""
    root = job_folder(tmp_path, "manifest", {"a.tif": TIFF})
    document = json.loads((root / "job.json").read_text())
    (root / "job.json").write_text(json.dumps({**document, "out_crs": "+proj=merc"}))
    with pytest.raises(JobUnreadable):
        catalog_of(tmp_path).find("Demo/Viewshed", root.name)


@pytest.mark.parametrize(
    ("said", "owner", "is_private"), [(None, None, True), ('{"owner": "anna", "private": true}', "anna", True), ("{}", None, False)]
)
def test_a_job_that_cannot_be_read_is_whose_the_file_beside_it_says(
    tmp_path: Path, said: str | None, owner: str | None, is_private: bool
) -> None:
    """Without such a file it is nobody's, asked for and listed: its own document may have made it private."""
    bad = job_folder(tmp_path, "manifest", {"a.tif": TIFF})
    (bad / "job.json").write_text("{")
    if said is not None:
        bad.with_name(f"{bad.name}.access").write_text(said)
    catalog = catalog_of(tmp_path)
    with pytest.raises(JobUnreadable) as told:
        catalog.find("Demo/Viewshed", bad.name)
    listed = catalog.list()[0]
    assert (told.value.owner, told.value.is_private) == (listed.owner, listed.is_private) == (owner, is_private)


@pytest.mark.parametrize("made", ["folder", "pipe", "link", "not JSON", "another key"])
def test_an_access_file_that_cannot_be_read_makes_the_job_nobodys(tmp_path: Path, made: str) -> None:
    """Whatever stands in its place; the job itself is found."""
    job = job_folder(tmp_path, "manifest", {"a.tif": TIFF})
    place = job.with_name(f"{job.name}.access")
    make = {
        "folder": place.mkdir,
        "pipe": lambda: os.mkfifo(place),
        "link": lambda: place.symlink_to(tmp_path / "elsewhere"),
        "not JSON": lambda: place.write_text("{"),
        "another key": lambda: place.write_text('{"private": false, "more": 1}'),
    }
    make[made]()
    found = catalog_of(tmp_path).find("Demo/Viewshed", job.name)
    assert (found.owner, found.is_private) == (None, True)


def test_the_list_is_newest_first_of_all_directories_and_bounded(tmp_path: Path) -> None:
    """Jobs of all services and directories in one order of time."""
    ages = {"a": 30, "b": 10, "c": 20}
    for name, age in ages.items():
        root = job_folder(
            tmp_path / ("one" if name == "b" else "two"), "arcgis", {"a.tif": TIFF}, service=f"Demo/{name}", job_id=f"j{name}"
        )
        make_old(root, age * 60)
    catalog = catalog_of(tmp_path / "one", tmp_path / "two", tmp_path / "missing")
    assert [job.job_id for job in catalog.list()] == ["jb", "jc", "ja"]
    assert [job.job_id for job in catalog.list(limit=2)] == ["jb", "jc"]
    assert [job.job_id for job in catalog.list("demo/C")] == ["jc"]


def test_a_folder_that_is_no_job_is_not_listed_and_not_found(tmp_path: Path) -> None:
    """Empty folders and folders of other things have no map."""
    (tmp_path / "viewshed_gpserver" / "j1").mkdir(parents=True)
    write_files(tmp_path / "viewshed_gpserver" / "j2", {"readme.txt": b"x"})
    catalog = catalog_of(tmp_path)
    assert catalog.list() == ()
    for job_id in ("j1", "j2"):
        with pytest.raises(JobNotFound):
            catalog.find("Viewshed", job_id)


def test_a_folder_without_the_suffix_counts_for_published_services_only(tmp_path: Path) -> None:
    """A stranger cannot make a service of any folder in the jobs directory."""
    write_files(tmp_path / "demo" / "viewshed" / "j1", {"viewshed.tif": TIFF})
    make_old(tmp_path)
    with pytest.raises(JobNotFound):
        catalog_of(tmp_path).find("demo/viewshed", "j1")
    assert catalog_of(tmp_path).list() == ()
    published = catalog_of(tmp_path, services=[VIEWSHED])
    assert published.find("Demo/Viewshed", "j1").layout == "plain"
    assert [job.job_id for job in published.list()] == ["j1"]


@pytest.mark.parametrize("layout", ["manifest", "arcgis", "plain"])
def test_a_job_is_found_by_the_path_of_its_folder(tmp_path: Path, layout: str) -> None:
    """The command line names folders, and the service is told by what stands above them."""
    root = job_folder(tmp_path, layout, {"viewshed.tif": TIFF})
    assert catalog_of(services=[VIEWSHED]).at(root).service == "Demo/Viewshed"
    job = catalog_of().at(root)
    assert job.job_id == root.name
    assert [output.name for output in job.outputs] == ["viewshed"]
    with pytest.raises(JobNotFound):
        catalog_of().at(tmp_path / "missing")


def test_threads_may_ask_at_the_same_time(tmp_path: Path) -> None:
    """Many requests for one job, while another writes it, all get whole answers."""
    run = manifest.start(tmp_path, service="Viewshed")
    catalog = catalog_of(tmp_path)
    faults: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(30):
                assert catalog.find("Viewshed", run.job_id).status in (JobStatus.EXECUTING, JobStatus.SUCCEEDED)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for index in range(20):
        run.value(f"v{index}", index)
    run.succeed()
    for thread in threads:
        thread.join()
    assert not faults


def test_a_folder_nobody_may_read_is_no_crash(tmp_path: Path) -> None:
    """A place without permission or removed meanwhile is unknown."""
    root = job_folder(tmp_path, "arcgis", geodatabase_files("scratch.gdb", ["a"]))
    (root / "scratch").rename(root / "gone")
    with pytest.raises(JobNotFound):
        catalog_of(tmp_path).find("Demo/Viewshed", JOB_ID)

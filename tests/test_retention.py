"""Jobs end when the lifetime of their service is over."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from rendermap import retention
from rendermap.access.grant import PUBLIC
from rendermap.app import create_app
from rendermap.assembly import build
from rendermap.cli import OK, app
from rendermap.errors import Ended, JobNotFound
from rendermap.jobs import manifest
from rendermap.jobs.catalog import ENDED_SUFFIX, Catalog
from rendermap.jobs.usage import Usage, used_path
from rendermap.request import JobRequest
from rendermap.retention import LOCK_NAME, MARK, MARKS_STAY_S, SPARE_S, Retention, Step, Swept
from rendermap.services.reader import Services
from rendermap.settings import Settings
from tests.builders.asgi import ask
from tests.builders.whole_service import NAME, lay_out

HOUR_S = 3600.0
DRAWING_S = 10.0
NOT_NOW = "jobs are not swept this time"
TASK = '[[tasks]]\nname = "Run"\n[[tasks.parameters]]\nname = "Area"\ntype = "GPDouble"\ndirection = "output"\n'


@dataclass
class Shelf:
    """A jobs directory with a service whose jobs live for an hour, and a clock that can be set on."""

    folder: Path
    lifetime_from: str = "creation"
    on_s: float = 0.0
    services: Services = field(init=False)
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        service = self.folder / "styles" / "Short"
        service.mkdir(parents=True)
        run = f'[run]\nlifetime_h = 1\nlifetime_from = "{self.lifetime_from}"\n'
        (service / "service.toml").write_text(f'title = "Short"\n{run}{TASK}')
        (self.folder / "styles" / "Long").mkdir()
        (self.folder / "styles" / "Long" / "service.toml").write_text(f'title = "Long"\n{TASK}')
        self.services = Services(self.folder / "styles", check_every_s=0.0)
        self.catalog = Catalog((self.jobs,), services=self.services.current)

    @property
    def jobs(self) -> Path:
        """The directory."""
        return self.folder / "jobs"

    def retention(self, every_s: float = 300.0) -> Retention:
        """Of another process, if wanted."""
        return Retention((self.jobs,), self.catalog, self.services.current, DRAWING_S, every_s, now=lambda: time.time() + self.on_s)

    def job(self, service: str = "Short", *, is_over: bool = True) -> Path:
        """The folder of a new job."""
        run = manifest.start(self.jobs, service=service, task="Run")
        run.path("data.txt").write_text("x")
        if is_over:
            run.succeed()
        return run.root

    def steps(self, **how: bool) -> list[tuple[str, Step]]:
        """What a sweep does."""
        return [(swept.job_id, swept.step) for swept in self.retention().sweep(**how)]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Jobs end by their age."""
    return Shelf(tmp_path)


def mark_of(root: Path) -> Path:
    """The file that says that a job has ended."""
    return root.with_name(f"{root.name}{ENDED_SUFFIX}")


def test_a_job_is_said_to_have_ended_and_its_folder_goes_later(shelf: Shelf) -> None:
    """After its hour it is gone for everybody; the folder goes when no drawing can be under way, the mark when nobody will ask again."""
    root = shelf.job()
    assert shelf.steps() == []
    shelf.on_s = HOUR_S + 1
    assert shelf.steps() == [(root.name, Step.ENDED)] and root.is_dir()
    with pytest.raises(Ended):
        shelf.catalog.find("Short", root.name)
    shelf.on_s = DRAWING_S + SPARE_S - 5
    assert shelf.steps() == [] and root.is_dir()
    shelf.on_s = DRAWING_S + SPARE_S + 5
    assert shelf.steps() == [(root.name, Step.REMOVED)] and not root.exists()
    assert shelf.steps() == [] and mark_of(root).exists()
    shelf.on_s = MARKS_STAY_S + 5
    assert shelf.steps() == [(root.name, Step.FORGOTTEN)] and list(root.parent.iterdir()) == []
    with pytest.raises(JobNotFound):
        shelf.catalog.find("Short", root.name)


def test_nothing_else_ends(shelf: Shelf) -> None:
    """Jobs that run, those of services without a lifetime, those that cannot be read, and what is no job, stay for ever."""
    shelf.job("Long")
    running, broken = shelf.job(is_over=False), shelf.job()
    (broken / "job.json").write_text("{")
    (running.parent / "notes").mkdir()
    (running.parent / "linked").symlink_to(shelf.jobs / "long_gpserver", target_is_directory=True)
    shelf.on_s = 1000 * HOUR_S
    assert shelf.steps() == []


def test_what_others_have_marked_is_not_removed(shelf: Shelf) -> None:
    """Whoever says that a job has ended removes it; and a mark without a name is no mark of the folder of all jobs."""
    root = shelf.job()
    mark_of(root).write_text("")
    (root.parent / ENDED_SUFFIX).write_bytes(MARK)
    shelf.on_s = 1000 * HOUR_S
    assert shelf.steps() == [] and root.is_dir()


def test_a_trial_only_tells(shelf: Shelf) -> None:
    """What would be done, and nothing is."""
    root = shelf.job()
    shelf.on_s = HOUR_S + 1
    assert shelf.steps(is_trial=True) == shelf.steps(is_trial=True) == [(root.name, Step.ENDED)] and not mark_of(root).exists()


def test_a_job_that_is_used_lives_on(tmp_path: Path) -> None:
    """By its last access where the service says so, which is noted beside its folder and never in it."""
    shelf = Shelf(tmp_path, "access")
    used, idle = shelf.job(), shelf.job()
    before = sorted(used.iterdir())
    ago = time.time() - 2 * HOUR_S
    Usage().note(used, HOUR_S)
    assert sorted(used.iterdir()) == before and used_path(used).is_file()
    shelf.on_s = HOUR_S - 60
    assert shelf.steps() == []
    os.utime(used_path(used), (time.time() + shelf.on_s,) * 2)
    shelf.on_s = HOUR_S + 60
    assert shelf.steps() == [(idle.name, Step.ENDED)]
    os.utime(used_path(used), (ago, ago))
    assert (used.name, Step.ENDED) in shelf.steps()


def test_use_is_noted_seldom_and_a_disk_that_refuses_is_borne(tmp_path: Path) -> None:
    """Pictures by the thousand write one file, not thousands; jobs on a disk for reading alone are shown all the same."""
    root, usage = tmp_path / "place" / "job", Usage()
    usage.note(root, HOUR_S)
    assert not used_path(root).exists()
    root.mkdir(parents=True)
    usage = Usage()
    usage.note(root, HOUR_S)
    used_path(root).unlink()
    usage.note(root, HOUR_S)
    assert not used_path(root).exists()


KILLED = """
import sys
from pathlib import Path
from rendermap import retention
retention.remove_folder = lambda folder: (next(Path(folder).rglob("*.txt")).unlink(), __import__("os").kill(__import__("os").getpid(), 9))
retention._remove(Path(sys.argv[1]), sys.argv[2])
"""


def test_a_sweep_that_is_killed_is_made_good_by_the_next(shelf: Shelf) -> None:
    """Half a folder is left, which nobody sees; the next sweep removes the rest.  Half a mark is none."""
    root = shelf.job()
    (root.parent / f".{root.name}{ENDED_SUFFIX}.tmp").write_bytes(MARK[:5])
    shelf.on_s = HOUR_S + 1
    assert shelf.steps() == [(root.name, Step.ENDED)]
    killed = subprocess.run([sys.executable, "-c", KILLED, root.parent, root.name], check=False, cwd=Path(__file__).parents[1])
    assert killed.returncode == -9 and root.is_dir() and not list(root.rglob("*.txt"))
    with pytest.raises(Ended):
        shelf.catalog.find("Short", root.name)
    assert shelf.steps() == [(root.name, Step.REMOVED)] and not root.exists()


def test_one_job_that_cannot_be_removed_keeps_no_other(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the fault is: the others go at once, and the background sweeps on; a sweep that fails as a whole is made good, too."""
    first, second = sorted((shelf.job(), shelf.job()))
    shelf.on_s = HOUR_S + 1
    assert {step for _, step in shelf.steps()} == {Step.ENDED}
    faults = iter((RecursionError(), OSError(5, "Input/output error"), None))

    def remove(path: Path) -> None:
        if path == first and (fault := next(faults)):
            raise fault
        shutil.rmtree(path)

    monkeypatch.setattr(retention, "remove_folder", remove)
    shelf.on_s = DRAWING_S + SPARE_S + 5
    with capture_logs() as logs:
        assert shelf.steps() == [(first.name, Step.FAILED), (second.name, Step.REMOVED)] and not second.exists()
        asyncio.run(_sweep_behind(shelf, monkeypatch, first))
    assert not first.exists()
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["a job cannot be swept", NOT_NOW, "a job cannot be swept"]


async def _sweep_behind(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Until a folder is gone; the first sweep fails as a whole."""
    faults, sweep_in_turn = [RuntimeError()], Retention._sweep_in_turn

    def sweep(self: Retention) -> list[Swept]:
        if faults:
            raise faults.pop()
        os.utime(shelf.jobs / LOCK_NAME, (1, 1))
        return sweep_in_turn(self)

    monkeypatch.setattr(Retention, "_sweep_in_turn", sweep)
    background = shelf.retention(every_s=0.01)
    background.start()
    async with asyncio.timeout(10):
        while root.exists():
            await asyncio.sleep(0.01)
    await background.stop()


def test_several_services_over_one_directory_sweep_it_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the background; whoever comes while another sweeps, or soon after it, passes on."""
    root = shelf.job()
    shelf.on_s = HOUR_S + 1
    passes = list[str]()

    def job_folders(self: Catalog, folder: Path) -> Iterator[tuple[float, Path]]:
        passes.append(folder.name)
        return iter([(0.0, root)] if not mark_of(root).exists() else [])

    monkeypatch.setattr(Catalog, "job_folders", job_folders)

    async def run() -> None:
        services = [shelf.retention(every_s=0.4) for _ in range(4)]
        for service in services:
            service.start()
        await asyncio.sleep(0.6)
        for service in services:
            await service.stop()

    shelf.on_s = 0.0
    os.utime(root / "job.json", (1, 1))
    document = root / "job.json"
    year = time.strftime("%Y")
    document.write_text(document.read_text().replace(f'"{year}-', '"2001-'))
    asyncio.run(run())
    assert passes == ["short_gpserver"] and mark_of(root).exists()


def test_an_ended_job_answers_as_the_contract_says(tmp_path: Path) -> None:
    """Over the real route: clients that poll hear that it failed; one that looks at a map notes the use."""
    job_id = lay_out(tmp_path)
    toml = next((tmp_path / "services").rglob("service.toml"))
    toml.write_text(toml.read_text().replace("[[tasks]]", '[run]\nlifetime_h = 1\nlifetime_from = "access"\n\n[[tasks]]', 1))
    assembled = build(Settings(jobs=(tmp_path / "jobs",), services=tmp_path / "services", workers=1))
    root = next((tmp_path / "jobs").rglob(job_id))
    address = f"/arcgis/rest/services/{NAME}/GPServer/Flood%20Depth/jobs/{job_id}?f=json"
    asyncio.run(assembled.service.job(JobRequest(NAME, job_id, PUBLIC)))
    assert used_path(root).is_file()
    mark_of(root).write_bytes(MARK)
    said = json.loads(asyncio.run(ask(create_app(assembled), address)).body)
    assert said["jobStatus"] == "esriJobFailed" and "expired" in said["messages"][0]["description"]
    shutil.rmtree(root)
    assert json.loads(asyncio.run(ask(create_app(assembled), address)).body)["jobStatus"] == "esriJobFailed"


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    """One line per job; a trial says what would be."""
    shelf = Shelf(tmp_path)
    root = shelf.job()
    document = root / "job.json"
    document.write_text(document.read_text().replace(f'"{time.strftime("%Y")}-', '"2001-'))
    os.utime(document, (1, 1))
    words = ["sweep", "--jobs", str(shelf.jobs), "--services", str(tmp_path / "styles")]
    trial = CliRunner().invoke(app, [*words, "--dry-run"])
    assert trial.exit_code == OK and f"Short/{root.name}  ended" in trial.output and "would be: 1 ended" in trial.output
    assert not mark_of(root).exists()
    swept = CliRunner().invoke(app, words)
    assert swept.exit_code == OK and "1 ended" in swept.output and mark_of(root).exists()
    assert "nothing is due" in CliRunner().invoke(app, words).output

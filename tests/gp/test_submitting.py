"""Who may have tasks run, and what is told to those who may not."""

from __future__ import annotations

import asyncio
import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.access.grant import PUBLIC, Principal, PrincipalKind
from rendermap.access.policy import JobAccess, Policy, ServiceAccess, Who
from rendermap.app import create_app
from rendermap.assembly import build
from rendermap.errors import NotSupported
from rendermap.gp.engines.engine import Site
from rendermap.gp.orders import JobOrder
from rendermap.gp.runner import Runner
from rendermap.request import SubmitRequest
from rendermap.services.description import RunDescription
from rendermap.services.reader import Services, read_service
from rendermap.services.service import Running
from rendermap.settings import Settings
from tests.builders.counted_service import CountedService
from tests.builders.tooled import Workshop, lay_out_tools, leave_behind

ANNA = Principal("anna", PrincipalKind.USER)
BEN = Principal("ben", PrincipalKind.USER)
PORTAL = Principal("portal", PrincipalKind.KEY)
SERVICE = '[run]\ninstances = 3\n[[tasks]]\nname = "Buffer Points"\n'


def published(folder: Path, text: str, *, tools: bool) -> Path:
    """A services folder with one service, Buffer."""
    (folder / "Buffer").mkdir()
    (folder / "Buffer/service.toml").write_text('title = "Buffer"\n' + text)
    if tools:
        (folder / "Buffer/tools.py").write_text("def buffer_points(): ...\n")
    return folder / "Buffer/service.toml"


@pytest.mark.parametrize(("tools", "engine", "tool"), [(True, "local", "buffer_points"), (False, "none", "")])
def test_a_service_with_tools_runs_them(tmp_path: Path, tools: bool, engine: str, tool: str) -> None:
    """A tools.py is all it takes; a task that names no function has the one of its own name."""
    service = read_service(published(tmp_path, SERVICE, tools=tools), tmp_path).service
    assert service is not None
    assert (service.running.engine, service.running.instances, service.tasks[0].tool) == (engine, 3, tool)


def test_a_task_that_names_its_function_has_that_one(tmp_path: Path) -> None:
    """The name of the function may be anything."""
    service = read_service(published(tmp_path, SERVICE + 'tool = "make_rings"\n', tools=True), tmp_path).service
    assert service is not None and service.tasks[0].tool == "make_rings"


RUN_HERE = SERVICE + 'tool = "missing"\n[[tasks]]\nname = "Other"\n[[tasks]]\nname = "Far"\ncommand = ["./far.sh"]\n'


def test_what_is_missing_to_run_a_task_is_told(tmp_path: Path) -> None:
    """A function, a program, or both; by `rendermap check` and when the server starts, with file and line."""
    read = read_service(published(tmp_path, RUN_HERE, tools=True), tmp_path)
    assert read.service is not None and read.service.tasks[1].tool == ""
    assert [str(fault).partition("service.toml:")[2] for fault in read.faults] == [
        "6: tasks[0].tool: there is no function missing in tools.py",
        "8: tasks[1].name: nothing runs this task: there is no function of its name in tools.py, and no command",
        "11: tasks[2].command: there is no program ./far.sh",
    ]


FUNCTIONS = """
from rendermap.jobs import manifest
from rendermap.jobs.manifest import Run as Work
def good(run: "manifest.Run", work: Work, AREA, *more, far=1, **others): ...
def wrong(areas, run): ...
def only(area, *, depth): ...
def placed(area, /): ...
async def later(area): ...
@staticmethod
def made(anything): ...
"""


def test_functions_that_can_never_be_called_are_told(tmp_path: Path) -> None:
    """With the parameters that no input fills; what only running would tell is passed over."""
    names = ("good", "wrong", "only", "placed", "later", "made")
    task = '[[tasks]]\nname = "{}"\n[[tasks.parameters]]\nname = "Area"\ntype = "GPString"\n'
    path = published(tmp_path, "".join(map(task.format, names)), tools=False)
    (path.parent / "tools.py").write_text(FUNCTIONS)
    said = [fault.message for fault in read_service(path, tmp_path).faults]
    assert [words.partition(".name: tools.py: the function ")[::2] for words in said] == [
        ("tasks[1]", "in line 5 wants areas, run, and the task has no such input; a run is told by the annotation Run"),
        ("tasks[2]", "in line 6 wants depth, and the task has no such input; a run is told by the annotation Run"),
        ("tasks[3]", "in line 7 must be a plain one that takes its parameters by name"),
        ("tasks[4]", "in line 8 must be a plain one that takes its parameters by name"),
    ]


@pytest.mark.parametrize(("engine", "count"), [("local", 3), ("ogcapi", 3), ("none", 0)])
def test_names_that_requests_have_for_something_else_are_told(tmp_path: Path, engine: str, count: int) -> None:
    """A value for such an input would never arrive; where others run the task it may be called as it likes."""
    url = 'url = "https://processes.example.org"\n' if engine == "ogcapi" else ""
    inputs = "".join(f'[[tasks.parameters]]\nname = "{name}"\ntype = "GPString"\n' for name in ("F", "returnZ", "env:outSR", "Format"))
    described = f'[run]\nengine = "{engine}"\n{url}[[tasks]]\nname = "Go"\n{inputs}'
    path = published(tmp_path, described, tools=False)
    (path.parent / "tools.py").write_text("def go(**all): ...\n")
    faults = read_service(path, tmp_path).faults
    assert len(faults) == count and all("nobody can give it" in fault.message for fault in faults)


def test_tools_that_are_not_python_are_told_by_their_line(tmp_path: Path) -> None:
    """They are read, and never imported by the server."""
    path = published(tmp_path, SERVICE, tools=True)
    (path.parent / "tools.py").write_text("raise SystemExit\ndef buffer_points(:\n")
    assert [str(fault).partition("Buffer/")[2] for fault in read_service(path, tmp_path).faults] == [
        "tools.py:2: not Python: invalid syntax"
    ]


def test_a_service_changes_with_its_tools(tmp_path: Path) -> None:
    """A function that is added counts without a restart."""
    path = published(tmp_path, SERVICE, tools=False)
    (path.parent / "tools.py").write_text("")
    services = Services(tmp_path, check_every_s=0)
    assert services.current()["Buffer"].tasks[0].tool == "" and services.faults
    (path.parent / "tools.py").write_text("def buffer_points(): ...")
    assert services.current()["Buffer"].tasks[0].tool == "buffer_points" and not services.faults


def test_a_task_is_done_by_one_of_both(tmp_path: Path) -> None:
    """A function and a program at once would leave open which of them is meant."""
    faults = read_service(published(tmp_path, SERVICE + 'tool = "a"\ncommand = ["b"]\n', tools=True), tmp_path).faults
    assert [fault.message for fault in faults] == ["tasks[0]: either tool or command, not both"]


def test_where_nothing_runs_submitting_is_refused_politely(tmp_path: Path) -> None:
    """The results of an outside GP server are shown; its tasks are submitted there."""
    counted = CountedService(tmp_path, {"Buffer": 'title = "Buffer"\n' + SERVICE})
    with pytest.raises(NotSupported) as refused:
        asyncio.run(counted.assembled.service.submit(SubmitRequest("buffer", "buffer points")))
    assert "where another server runs its tasks, submit them there" in refused.value.details[0]


@pytest.mark.parametrize(("jobs", "engine"), [("file/jobs", "local"), ("closed", "local"), ("open", "celery"), ("open/new", "local")])
def test_where_no_job_can_be_made_none_is_offered(
    tmp_path: Path, jobs: str, engine: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A jobs directory that cannot be written, or no broker: the operator hears of it at the start, and clients are refused politely."""
    (tmp_path / "file").touch()
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "closed" and access(path, mode))
    found = read_service(published(tmp_path, SERVICE, tools=True), tmp_path).service
    assert found is not None
    service = replace(found, running=Running(engine))
    runner = Runner.of(Site((tmp_path / jobs,), lambda: {service.name: service}))

    async def doing() -> None:
        await runner.start()
        try:
            await runner.submit(JobOrder(service, service.tasks[0], {}))
        finally:
            await runner.stop()

    is_good = jobs == "open/new"
    with nullcontext() if is_good else pytest.raises(NotSupported):
        asyncio.run(doing())
    assert ("no tasks are run" not in "".join(capfd.readouterr()), runner.takes(service)) == (is_good, is_good)


@pytest.mark.parametrize(
    ("submitters", "principal", "may"),
    [
        (None, PUBLIC, True),
        ({"user:anna"}, ANNA, True),
        ({"user:anna"}, BEN, False),
        ({"signed_in"}, PUBLIC, False),
        ({"key:portal"}, PORTAL, True),
    ],
)
def test_a_list_says_who_may_submit(submitters: set[str] | None, principal: Principal, may: bool) -> None:
    """Without a list, whoever may see the service."""
    access = ServiceAccess("Buffer", submitters=None if submitters is None else frozenset(submitters))
    assert Policy().may_submit(principal, access) is may


def test_nobody_submits_what_they_could_not_see() -> None:
    """A stranger's job is nobody's, so where only owners see their jobs a stranger would never see it again."""
    access = ServiceAccess("Buffer", Who(frozenset({"owner"})))
    assert [Policy().may_submit(each, access) for each in (PUBLIC, ANNA, PORTAL)] == [False, True, True]


def test_a_job_is_cancelled_by_its_owner() -> None:
    """Neither by others who may see it, nor by a user who has the name of the key that owns it; a stranger's by whoever may submit."""
    access, policy = ServiceAccess("Buffer"), Policy()
    posing = Principal("key:portal", PrincipalKind.USER)
    annas, portals, nobodys = JobAccess("j1", ANNA.owner_name), JobAccess("j2", PORTAL.owner_name), JobAccess("j3")
    assert [policy.may_cancel(each, access, annas) for each in (ANNA, BEN, PUBLIC)] == [True, False, False]
    assert [policy.may_cancel(each, access, portals) for each in (PORTAL, posing, PUBLIC)] == [True, False, False]
    assert policy.may_cancel(PUBLIC, access, nobodys)


def test_the_defaults_of_running_are_the_same_wherever_they_stand() -> None:
    """A service that says nothing is run as the values say."""
    described, values = RunDescription(), Running()
    assert (described.instances, described.queue, described.time_limit_s) == (values.instances, values.queue, values.time_limit_s)
    bounds = (described.memory_mb, described.file_mb, described.disk_mb, tuple(described.reads))
    assert bounds == (values.memory_mb, values.file_mb, values.disk_mb, values.reads)


def test_only_who_serves_runs_tasks(tmp_path: Path) -> None:
    """A command that draws one picture must not take up the jobs that wait for a server."""
    lay_out_tools(tmp_path / "services", "def go(): ...\n", {"go": ""})
    job_id = leave_behind(workshop := Workshop(tmp_path / "jobs", tmp_path / "services"), "go")
    assembled = build(Settings(jobs=(tmp_path / "jobs",), services=tmp_path / "services", access=tmp_path / "access", workers=1))

    async def doing() -> None:
        await assembled.start()
        await assembled.stop()
        assert workshop.document(job_id).status == "submitted"
        app = create_app(assembled)
        async with app.router.lifespan_context(app):
            assert (await workshop.over(job_id)).status == "succeeded"

    asyncio.run(doing())

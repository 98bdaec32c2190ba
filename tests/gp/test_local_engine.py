"""Many jobs at once, servers that are killed, and several of them over one jobs directory."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.errors import Busy, NotSupported, TooMany
from rendermap.gp import queued_engine
from rendermap.jobs.document import Document
from tests.builders.served import serving
from tests.builders.tooled import Workshop, at_work, is_alive, lay_out_tools, leave_behind, watchers_of

TOOLS = """
import os, time
from pathlib import Path

def alone(number: float) -> dict[str, object]:
    assert os.listdir(".") == []
    Path("mine").write_text(str(number))
    time.sleep(0.1)
    assert os.listdir(".") == ["mine"]
    return {"Area": float(Path("mine").read_text())}

def slow(number: float) -> dict[str, object]:
    time.sleep(number)
    return {"Area": number}
"""
SLOWEST_S = 90.0
"""Whatever takes longer never comes, on the busiest machine."""
OVER = {"succeeded", "failed", "cancelled", "timed_out"}


def tools(folder: Path, **run: float) -> Path:
    """The services folder."""
    lay_out_tools(folder / "services", TOOLS, {"alone": "", "slow": ""}, **run)  # type: ignore[arg-type]
    return folder / "services"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued_engine, "LOOKS_EVERY_S", 0.1)


def most_at_once(documents: list[Document]) -> int:
    """How many ran at one moment."""
    moments = [(each.started, 1) for each in documents if each.started] + [(each.finished, -1) for each in documents if each.finished]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    return most


@pytest.mark.slow
def test_fifty_jobs_at_once(tmp_path: Path) -> None:
    """All finish, four at a time, none sees another's scratch workspace, clients take turns and each has its own in order."""
    clients, each = "abcde", 10

    async def doing() -> dict[str, list[Document]]:
        async with at_work(tmp_path / "jobs", tools(tmp_path, instances=4)) as workshop:

            async def all_of(client: str) -> list[str]:
                return [await workshop.submit("alone", client, Number=10 * clients.index(client) + number) for number in range(each)]

            submitted = await asyncio.gather(*map(all_of, clients))
            return {client: [await workshop.over(job_id) for job_id in jobs] for client, jobs in zip(clients, submitted, strict=True)}

    jobs = asyncio.run(doing())
    documents = [document for own in jobs.values() for document in own]
    assert Counter(document.status.value for document in documents) == {"succeeded": 50}
    assert [document.outputs["Area"].model_dump()["value"] for document in documents] == list(range(50))
    assert 2 <= most_at_once(documents) <= 4
    for own in jobs.values():
        assert all(before.started < after.started for before, after in pairwise(own))  # type: ignore[operator]
    begun = [document.owner for document in sorted(documents, key=lambda document: document.started or document.created)]
    # the first begin while the others are still being submitted, and those that run at once may overtake each other
    shares = [Counter(begun[:number]) for number in range(15, 50)]
    assert all(max(share[client] for client in clients) - min(share[client] for client in clients) <= 3 for share in shares)
    assert list((tmp_path / "jobs/.orders").iterdir()) == []


def states(workshop: Workshop, jobs: list[str]) -> Counter[str]:
    """How many jobs are in which."""
    return Counter(workshop.document(job_id).status.value for job_id in jobs)


def await_state(workshop: Workshop, jobs: list[str], **least: int) -> None:
    """Until at least so many are in each."""
    until = time.monotonic() + SLOWEST_S
    while any(states(workshop, jobs)[state] < number for state, number in least.items()):
        assert time.monotonic() < until, states(workshop, jobs)
        time.sleep(0.02)


@pytest.mark.slow
def test_a_server_that_is_killed_loses_no_finished_job_and_leaves_none_executing(tmp_path: Path) -> None:
    """What ran is failed, by the program that watched it or, where that was killed too, by the next server; what waited goes on."""
    workshop = Workshop(tmp_path / "jobs", tools(tmp_path, instances=3))
    jobs = [leave_behind(workshop, "slow", Number=0.4) for _ in range(14)]
    with serving(tmp_path, "", "--workers", "1") as server:
        await_state(workshop, jobs, succeeded=2, executing=2)
        watchers = watchers_of(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        finished = {job_id for job_id in jobs if workshop.document(job_id).status == "succeeded"}
        server.process.wait()
        await_state(workshop, jobs, failed=1)
        until = time.monotonic() + SLOWEST_S
        while any(map(is_alive, watchers)):
            assert time.monotonic() < until
            time.sleep(0.02)
    assert states(workshop, jobs)["executing"] == 0 and states(workshop, jobs)["submitted"] > 2

    with serving(tmp_path, "", "--workers", "1") as server:
        await_state(workshop, jobs, succeeded=len(finished) + 3, executing=2)
        watchers = watchers_of(server.pid)
        for pid in watchers:
            os.kill(pid, signal.SIGSTOP)
        for pid in (server.pid, *watchers):
            os.kill(pid, signal.SIGKILL)
        server.process.wait()
    cut_off = [job_id for job_id in jobs if workshop.document(job_id).status == "executing"]
    finished = {job_id for job_id in jobs if workshop.document(job_id).status == "succeeded"}
    assert cut_off and states(workshop, jobs)["submitted"]

    with serving(tmp_path, "", "--workers", "1"):
        until = time.monotonic() + SLOWEST_S
        while not states(workshop, jobs).keys() <= OVER:
            assert time.monotonic() < until
            time.sleep(0.02)
    assert states(workshop, jobs).keys() == {"succeeded", "failed"}
    assert finished <= {job_id for job_id in jobs if workshop.document(job_id).status == "succeeded"}
    for job_id in cut_off:
        assert [entry.text for entry in workshop.document(job_id).messages] == ["The server was stopped while the job ran."]
    assert list((tmp_path / "jobs/.orders").iterdir()) == []


def test_so_many_may_wait(tmp_path: Path) -> None:
    """One client may fill half of the queue, and all together the whole of it; a place that is free again is given again."""

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", tools(tmp_path, instances=1, queue=4)) as workshop:
            first = await workshop.submit("slow", "a", Number=30)
            waiting = [await workshop.submit("slow", "a", Number=30) for _ in range(2)]
            with pytest.raises(TooMany):
                await workshop.submit("slow", "a", Number=30)
            for client in "bc":
                await workshop.submit("slow", client, Number=30)
            with pytest.raises(Busy) as refused:
                await workshop.submit("slow", "d", Number=30)
            assert not isinstance(refused.value, TooMany)
            await workshop.engine.cancel(workshop.service, waiting[0])
            document = workshop.document(waiting[0])
            assert (document.status, document.started) == ("cancelled", None)
            await workshop.submit("slow", "d", Number=30)
            assert workshop.document(first).status in ("submitted", "executing")

    asyncio.run(doing())


def test_a_job_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """The time counts from its beginning."""

    async def doing() -> Document:
        async with at_work(tmp_path / "jobs", tools(tmp_path, time_limit_s=0.3)) as workshop:
            return await workshop.over(await workshop.submit("slow", Number=30))

    document = asyncio.run(doing())
    assert (document.status, document.messages[-1].text) == ("timed_out", "The job took longer than allowed.")
    assert document.started and document.finished and 0.3 <= (document.finished - document.started).total_seconds() < 10


def test_two_servers_over_one_jobs_directory(tmp_path: Path) -> None:
    """A job is of the one that took it; another may be asked to cancel it; and what a server leaves waiting, another takes up."""
    services = tools(tmp_path, instances=1)

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", services) as first, at_work(tmp_path / "jobs", services) as second:
            running, waiting, last = [await first.submit("slow", Number=number) for number in (30, 30, 0)]
            await first.reached(running, "executing")
            await second.engine.stop()
            await second.engine.start()
            assert second.document(waiting).status == "submitted"
            for job_id in (waiting, running):
                await second.engine.cancel(second.service, job_id)
            assert [(await first.over(job_id)).status.value for job_id in (waiting, running)] == ["cancelled", "cancelled"]
            assert (await first.over(last)).status == "succeeded"
            left = [await first.submit("slow", Number=number) for number in (30, 0)]
            await first.reached(left[0], "executing")
            await first.engine.stop()
            assert [first.document(job_id).status.value for job_id in left] == ["failed", "submitted"]
            await second.engine._take_up()
            assert (await second.over(left[1])).status == "succeeded"

    asyncio.run(doing())
    assert list((tmp_path / "jobs/.orders").iterdir()) == []


@pytest.mark.slow
def test_servers_have_their_instances_in_common_and_take_turns(tmp_path: Path) -> None:
    """So many jobs run at once on all of them together; a server with one job waits for one of another's, not for all."""
    services = tools(tmp_path, instances=1)

    async def doing() -> list[Document]:
        async with at_work(tmp_path / "jobs", services) as first, at_work(tmp_path / "jobs", services) as second:
            many = [await first.submit("slow", Number=0.2) for _ in range(3)]
            await first.reached(many[0], "executing")
            one = await second.submit("slow", Number=0.2)
            return [await first.over(job_id) for job_id in (*many, one)]

    documents = asyncio.run(doing())
    assert {document.status for document in documents} == {"succeeded"} and most_at_once(documents) == 1
    begun = [document.started for document in documents if document.started]
    assert begun[3] < begun[2] and begun[:3] == sorted(begun[:3])


def test_an_end_that_cannot_be_written_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves no job waiting for ever."""
    failures, finish = [errno.ENOSPC], queued_engine._finish

    def failing(held: queued_engine.Held) -> None:
        if failures:
            raise OSError(failures.pop(), "no room")
        finish(held)

    monkeypatch.setattr(queued_engine, "_finish", failing)

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", tools(tmp_path)) as workshop:
            await workshop.over(await workshop.submit("slow", Number=0))
            async with asyncio.timeout(10):
                while list((tmp_path / "jobs/.orders").iterdir()):
                    await asyncio.sleep(0.05)

    asyncio.run(doing())
    assert not failures


def test_what_is_left_of_a_job_that_was_never_made_or_has_gone_is_cleared_away(tmp_path: Path) -> None:
    """A server may be killed before a job has its folder, and an operator may remove one; a task may be withdrawn while a job waits."""
    services = tools(tmp_path)
    workshop = Workshop(tmp_path / "jobs", services)
    gone, withdrawn = leave_behind(workshop, "slow", Number=0), leave_behind(workshop, "slow", Number=0)
    for path in sorted(workshop.root(gone).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    workshop.root(gone).rmdir()
    (services / "Tools/tools.py").unlink()

    async def doing() -> Document:
        async with at_work(tmp_path / "jobs", services) as afterwards:
            return await afterwards.over(withdrawn)

    document = asyncio.run(doing())
    assert (document.status, document.messages[-1].text) == ("failed", "The service does not run this task any more.")
    with suppress(FileNotFoundError):
        assert list((tmp_path / "jobs/.orders").iterdir()) == []


def test_a_task_that_nothing_runs_is_refused_at_once(tmp_path: Path) -> None:
    """Its jobs may come from elsewhere, beside those of its neighbours that are run here."""
    lay_out_tools(tmp_path / "services", TOOLS, {"slow": "", "elsewhere": ""})

    async def doing() -> None:
        async with at_work(tmp_path / "jobs", tmp_path / "services") as workshop:
            with pytest.raises(NotSupported):
                await workshop.submit("elsewhere")

    asyncio.run(doing())
    assert not (tmp_path / "jobs").exists()


def test_why_a_tool_failed_stands_in_the_log_line_by_line(tmp_path: Path) -> None:
    """As traces do, to be read by its author; the client reads its sentence alone."""

    async def doing() -> tuple[Document, str]:
        async with at_work(tmp_path / "jobs", tools(tmp_path)) as workshop:
            job_id = await workshop.submit("slow", Number=-1)
            document = await workshop.over(job_id)
            async with asyncio.timeout(SLOWEST_S):
                while not (found := [line for line in log if line["event"] == "a tool failed"]):
                    await asyncio.sleep(0.05)
            return document, found[0]["exception"]

    with capture_logs() as log:
        document, trace = asyncio.run(doing())
    assert document.messages[-1].text == "sleep length must be non-negative"
    assert trace.startswith("Traceback") and "in slow\n    time.sleep(number)" in trace

"""Workers that are forked are as good as programs of their own: as confined, as killable, and replaced when they or the nursery die."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.dispatch.nursery import Nursery
from rendermap.dispatch.plan import LegendPlan, SheetPlan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import NURSERY, WorkerDied, WorkerProcess, WorkerProgram, nursery_of
from rendermap.dispatch.scratch import Scratch, make_scratch
from rendermap.errors import RenderCrashed
from tests.builders.pools import all_up, run

pytestmark = pytest.mark.skipif(not NURSERY, reason="workers are forked on Linux alone")

SHEET = LegendPlan((), 1.0, (20, 20), SheetPlan("Depth", False, "png"))
PROGRAM = WorkerProgram(nursery=NURSERY)
BESIEGED = """
import os, sys
from pathlib import Path
import rendermap.render.nursery as nursery
from rendermap.render.confinement import confine
said = []
def tried(name, what):
    try:
        what()
    except OSError:
        said.append(name)
def besieged():
    *_, scratch, job = map(Path, sys.argv)
    lacks = confine(1 << 30, scratch, (job,))
    parent = os.getppid()
    tried("environ", lambda: Path(f"/proc/{parent}/environ").read_bytes())
    tried("memory", lambda: Path(f"/proc/{parent}/mem").open("rb").read(1))
    tried("kill", lambda: os.kill(parent, 0))
    tried("self", lambda: os.kill(os.getpid(), 0))
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in range(64) if os.path.islink(f"/proc/self/fd/{fd}")]
    said.append(sum("socket" in link for link in links))
    print("Landlock" if "Landlock" in (lacks or "") else "", *said, os.environ["TMPDIR"], os.getsid(0) == os.getpid(), flush=True)
    os.abort()
nursery.program.main = besieged
nursery.main()
"""


@asynccontextmanager
async def nursing(program: WorkerProgram = PROGRAM) -> AsyncIterator[tuple[Nursery, Scratch]]:
    """A nursery, and the scratch folder of its workers."""
    scratch = make_scratch()
    nursery = nursery_of(program, scratch)
    assert nursery
    try:
        yield nursery, scratch
    finally:
        await nursery.close()
        scratch.clear()


def private_mb(pid: int) -> float:
    """What a process shares with no other."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1024


def test_a_second_worker_takes_a_fifth_of_the_time_and_half_the_memory() -> None:
    """What is loaded is loaded once; a program of its own would load it all again."""

    async def ask() -> None:
        async with nursing() as (nursery, scratch):
            began, workers = time.perf_counter(), []
            workers.append(await WorkerProcess.start(PROGRAM, scratch, nursery))
            first_s = time.perf_counter() - began
            workers.append(await WorkerProcess.start(PROGRAM, scratch, nursery))
            second_s = time.perf_counter() - began - first_s
            workers.append(await WorkerProcess.start(PROGRAM, scratch))
            *_, forked_mb, new_mb = (private_mb(worker.pid) for worker in workers)
            for worker in workers:
                await worker.close()
            assert second_s < first_s / 5
            assert forked_mb < new_mb / 2

    run(ask)


def test_a_forked_worker_is_confined_and_has_nothing_of_the_nurserys(tmp_path: Path) -> None:
    """No hand on the program it comes from, no socket but its own, a room and a session of its own; its last signal is told."""

    async def ask() -> tuple[list[str], int]:
        scratch, job = tmp_path / "scratch", tmp_path / "job"
        scratch.mkdir()
        job.mkdir()
        ours, theirs = socket.socketpair()
        nursery = Nursery((sys.executable, "-c", BESIEGED, str(scratch), str(job)), {"PATH": "/usr/bin:/bin"})
        with ours, theirs:
            child = await nursery.bear(theirs, tmp_path / "room")
            said = (await child.stdout.read()).decode().split()
            status = await child.wait()
            child.close()
        await nursery.close()
        return said, status

    said, status = run(ask)
    if said[0] == "Landlock":
        pytest.skip("the kernel does not keep files apart")
    assert said == ["environ", "memory", "kill", "1", str(tmp_path / "room"), "True"]
    assert status == -signal.SIGABRT


def test_a_worker_killed_from_outside_is_told_as_such() -> None:
    """The nursery tells how a worker ended, which it alone can know."""

    async def ask() -> WorkerDied:
        async with nursing() as (nursery, scratch):
            worker = await WorkerProcess.start(PROGRAM, scratch, nursery)
            os.kill(worker.pid, signal.SIGKILL)
            with pytest.raises(WorkerDied) as died:
                await worker.ask(b"anything")
            await worker.close()
            return died.value

    assert run(ask).cause in ("killed", "gone")


@pytest.mark.parametrize("whom", ["worker", "nursery"])
def test_pictures_are_drawn_after_a_death(whom: str) -> None:
    """A dead worker is replaced, and a dead nursery with all its workers."""

    async def ask() -> None:
        pool = Pool(2)
        await pool.start()
        try:
            await all_up(pool, 2)
            before = set(pool.pids)
            victim = next(iter(before)) if whom == "worker" else parent_of(next(iter(before)))
            os.kill(victim, signal.SIGKILL)
            assert (await pool.legend_sheet(SHEET)).body
            async with asyncio.timeout(30):
                while len(pool.pids) < 2 or victim in pool.pids or (whom == "nursery" and set(pool.pids) & before):
                    await asyncio.sleep(0.01)
            assert (await pool.legend_sheet(SHEET)).body
        finally:
            await pool.stop()

    run(ask)


def test_who_prepares_is_forked_too() -> None:
    """It comes and goes, and would load everything each time."""

    async def ask() -> None:
        pool = Pool(1)
        await pool.start()
        try:
            hired = await pool._crew.hire()
            assert parent_of(hired.pid) == parent_of(pool.pids[0])
            await hired.close()
        finally:
            await pool.stop()

    run(ask)


def test_a_stopped_pool_leaves_no_process() -> None:
    """Neither workers nor the program they come from."""

    async def ask() -> set[int]:
        pool = Pool(2)
        await pool.start()
        await all_up(pool, 2)
        pids = {*pool.pids, parent_of(pool.pids[0])}
        await pool.stop()
        return pids

    assert not [pid for pid in run(ask) if Path(f"/proc/{pid}").exists()]


def test_a_nursery_that_does_not_come_up_fails_the_start() -> None:
    """Its last words are the reason in the log."""

    async def ask() -> RenderCrashed:
        program = replace(PROGRAM, nursery=(sys.executable, "-c", "raise SystemExit('no library')"))
        with pytest.raises(RenderCrashed) as raised:
            await Pool(1, program=program).start()
        return raised.value

    assert "no library" in (run(ask).reason or "")


def parent_of(pid: int) -> int:
    """The process that has it for a child."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

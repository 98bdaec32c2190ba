"""Workers that crash, hang, grow, lie or talk: one picture is retried once, the service and the others never notice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rendermap.dispatch.crew import WATCH_S
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import WorkerProgram
from rendermap.errors import Busy, RenderCrashed, RendermapError, RenderTimeout
from rendermap.readiness import Readiness
from rendermap.telemetry import make_metrics
from tests.builders.pools import all_up, misbehaving, run, running, told


def test_killed_workers_lose_no_picture() -> None:
    """Ten SIGKILLs during 500 drawings of 5 ms: every one of them is answered."""

    async def ask() -> None:
        metrics = make_metrics()
        async with running(2, queue_limit=500, metrics=metrics) as pool:
            await all_up(pool, 2)
            asked = [asyncio.create_task(pool.draw(told("sleep:0.005"))) for _ in range(500)]
            for _ in range(10):
                await asyncio.sleep(0.05)
                await all_up(pool, 1)
                os.kill(random.choice(pool.pids), signal.SIGKILL)
                await asyncio.sleep(0.05)
            drawn = await asyncio.gather(*asked)
            assert [d.body for d in drawn] == [b"a picture"] * 500
            await all_up(pool, 2)
        assert metrics.registry.get_sample_value("rendermap_worker_restarts_total", {"cause": "killed"})

    run(ask)


def test_a_worker_killed_while_idle_is_replaced_unnoticed() -> None:
    """Its death costs no plan a try, and another stands in its place soon."""

    async def ask() -> None:
        async with running(1) as pool:
            (before,) = pool.pids
            os.kill(before, signal.SIGKILL)
            assert (await pool.draw(told("ok"))).body == b"a picture"
            assert pool.pids != (before,)

    run(ask)


def test_a_crash_is_retried_once_on_another_worker(tmp_path: Path) -> None:
    """The first death is hidden from the asker."""

    async def ask() -> Drawn:
        async with running(2) as pool:
            return await pool.draw(told(f"crash-once:{tmp_path / 'crashed'}"))

    assert run(ask).body == b"a picture"


def test_a_second_crash_is_a_clear_error_and_others_go_on() -> None:
    """The plan that kills workers is given up after two; a plan beside it is drawn; the worker's last words are for the log."""

    async def ask() -> RendermapError:
        async with running(2) as pool:
            bad = asyncio.create_task(pool.draw(told("crash")))
            assert [d.body for d in await asyncio.gather(*(pool.draw(told("sleep:0.01")) for _ in range(30)))] == [b"a picture"] * 30
            with pytest.raises(RenderCrashed) as raised:
                await bad
            assert (await pool.draw(told("ok"))).body
            return raised.value

    error = run(ask)
    assert error.reason and "farewell" in error.reason and "farewell" not in error.sentence


def test_a_hang_ends_at_the_deadline() -> None:
    """A drawing past its deadline is killed, tried once more and given up, within twice the deadline and a little."""

    async def ask() -> float:
        async with running(2, deadline_s=0.2) as pool:
            await all_up(pool, 2)
            began = time.perf_counter()
            with pytest.raises(RenderTimeout):
                await pool.draw(told("hang"))
            return time.perf_counter() - began

    assert 0.4 <= run(ask) < 2


def test_a_hang_that_does_not_come_again_is_hidden(tmp_path: Path) -> None:
    """The retry's picture is the answer."""

    async def ask() -> Drawn:
        async with running(2, deadline_s=0.2) as pool:
            return await pool.draw(told(f"hang-once:{tmp_path / 'hung'}"))

    assert run(ask).body == b"a picture"


def test_memory_is_bounded_while_drawing() -> None:
    """A drawing that eats memory is killed at the bound, not by the machine; the machine's memory is never in question."""

    async def ask() -> RendermapError:
        async with running(1, memory_limit_bytes=150 << 20) as pool:
            with pytest.raises(RenderCrashed) as raised:
                await pool.draw(told("eat"))
            assert (await pool.draw(told("ok"))).body
            return raised.value

    error = run(ask)
    assert error.reason and error.reason.startswith("memory")


@pytest.mark.parametrize(("word", "counts"), [("map:300", False), ("share:300", True)])
def test_mapped_files_are_the_machines_memory(word: str, counts: bool) -> None:
    """It takes them back when it needs to: a large dataset that is mapped kills no worker, memory that could be shared does."""
    if subprocess.check_output(["stat", "-f", "-c", "%T", tempfile.gettempdir()], text=True).strip() == "tmpfs":
        pytest.skip("temporary files are memory here")

    async def ask() -> bool:
        async with running(1, memory_limit_bytes=250 << 20) as pool:
            before = pool.pids
            with suppress(RenderCrashed):
                await pool.draw(told(word))
            await asyncio.sleep(3 * WATCH_S)
            assert (await pool.draw(told("ok"))).body == b"a picture"
            return pool.pids != before

    assert run(ask) is counts


def test_a_worn_worker_is_replaced_between_plans() -> None:
    """A worker that has grown large gives its picture and is then replaced; so is one that has done its number of plans."""

    async def ask() -> None:
        async with running(1, memory_limit_bytes=300 << 20) as pool:
            before = pool.pids
            assert (await pool.draw(told("grow:220"))).body == b"a picture"
            await asyncio.sleep(3 * WATCH_S)
            assert (await pool.draw(told("ok"))).body == b"a picture"
            await all_up(pool, 1)
            assert pool.pids != before
        async with running(1, plans_per_worker=3) as pool:
            pids = [(await pool.draw(told("pid"))).body for _ in range(6)]
            assert pids[0] == pids[2] != pids[3] == pids[5]

    run(ask)


@pytest.mark.parametrize("word", ["garbage", "huge"])
def test_garbage_is_a_crash(word: str) -> None:
    """Bytes that are no answer, or one too large, end the worker; nothing of it reaches the asker."""

    async def ask() -> None:
        async with running(1) as pool:
            with pytest.raises(RenderCrashed):
                await pool.draw(told(word))
            assert (await pool.draw(told("ok"))).body == b"a picture"

    run(ask)


def test_an_answer_nobody_asked_for_reaches_nobody() -> None:
    """A worker owned by a hostile dataset cannot slip its picture under the next question."""

    async def ask() -> None:
        async with running(1) as pool:
            await pool.draw(told("chatter"))
            assert (await pool.draw(told("ok"))).body == b"a picture"
        async with running(1, misbehaving("chatter")) as pool:
            await pool.draw(told("ok"))
            await asyncio.sleep(0.05)
            assert (await pool.draw(told("ok"))).body == b"a picture"

    run(ask)


def test_prints_of_native_libraries_do_not_break_the_frames() -> None:
    """Standard output and standard error of a worker are for the log."""

    async def ask() -> Drawn:
        async with running(1) as pool:
            await pool.draw(told("print"))
            return await pool.draw(told("print"))

    assert run(ask).body == b"a picture"


def test_a_worker_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the service's environment is within a worker's reach."""
    monkeypatch.setenv("RENDERMAP_SECRET_KEY", "open sesame")

    async def ask() -> Drawn:
        async with running(1) as pool:
            return await pool.draw(told("environment"))

    said = run(ask).body.decode()
    assert "sesame" not in said and "PROJ_NETWORK" in said


def test_a_program_that_cannot_start_fails_the_start() -> None:
    """Without any worker the service does not pretend to run, and the log has the program's own words."""

    async def ask() -> RendermapError:
        pool = Pool(1, program=misbehaving("stillborn"))
        with pytest.raises(RenderCrashed) as raised:
            await pool.start()
        assert not pool.ready
        return raised.value

    error = run(ask)
    assert "libmapnik" in (error.reason or "") and "libmapnik" not in error.sentence


def test_workers_that_do_not_start_any_more_are_told_and_come_back(tmp_path: Path) -> None:
    """When none can be started later on, whoever asks is told to come again, the service is not ready, and goes on when it can."""
    trouble = tmp_path / "trouble"

    async def ask() -> None:
        async with running(1, misbehaving(f"stillborn-while:{trouble}"), queue_s=0.5) as pool:
            readiness = Readiness(pool, 0)
            assert (await pool.draw(told("ok"))).body and readiness.reasons() == ()
            trouble.touch()
            os.kill(pool.pids[0], signal.SIGKILL)
            with pytest.raises(Busy):
                await pool.draw(told("ok"))
            assert readiness.reasons() == ("no drawing process is up",)
            trouble.unlink()
            await all_up(pool, 1)
            assert (await pool.draw(told("ok"))).body and readiness.reasons() == ()

    run(ask)


def test_a_program_that_never_gets_ready_fails_the_start() -> None:
    """Waiting for a worker's first word has an end."""

    async def ask() -> None:
        with pytest.raises(RenderCrashed):
            await Pool(1, program=misbehaving("mute", start_limit_s=0.2)).start()

    run(ask)


def test_nothing_is_left_on_disk() -> None:
    """A worker's scratch folder goes with it, also when it is killed."""

    async def ask() -> list[Path]:
        async with running(1) as pool:
            folders = []
            for _ in range(2):
                said = (await pool.draw(told("environment"))).body.decode()
                folders.append(Path(said.split("'TMPDIR': '")[1].split("'")[0]))
                assert folders[-1].is_dir()
                os.kill(pool.pids[0], signal.SIGKILL)
                await asyncio.sleep(0.3)
            return folders

    assert not any(folder.exists() for folder in run(ask))


PARENT = """
import asyncio, os, signal
from tests.builders.pools import running, told
async def main():
    async with running(2) as pool:
        await asyncio.sleep(0.5)
        asyncio.create_task(pool.draw(told("sleep:0.2")))
        await asyncio.sleep(0.05)
        print(*pool.pids, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def test_workers_end_with_their_service() -> None:
    """After a SIGKILL of the service no worker stays behind."""
    root = Path(__file__).parents[2]
    parent = subprocess.run([sys.executable, "-c", PARENT], cwd=root, capture_output=True, text=True, timeout=30)
    pids = [int(word) for word in parent.stdout.split()]
    assert len(pids) == 2
    ends = time.monotonic() + 5
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < ends, "a worker outlived its service"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """False for a process that is gone or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_pool_stopped_while_it_starts_leaves_no_process() -> None:
    """Whenever the stop comes, every program that was started is ended."""

    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    # other tests of this process may have left some that are not ours
    before = children.read_text().split() if children.exists() else []

    async def ask() -> None:
        for wait_s in (0.0, 0.002, 0.005, 0.01, 0.05, 0.15):
            pool = Pool(2, program=misbehaving())
            starting = asyncio.create_task(pool.start())
            await asyncio.sleep(wait_s)
            starting.cancel()
            await asyncio.wait([starting])
            await pool.stop()
        assert not children.exists() or set(children.read_text().split()) <= set(before)

    run(ask)


def test_a_missing_program_fails_the_start() -> None:
    """A program that is not there is an error of the start, not a task that dies unheard."""

    async def ask() -> None:
        with pytest.raises(RenderCrashed):
            await Pool(1, program=WorkerProgram(("/no/such/program",))).start()

    run(ask)


def test_the_default_program_is_our_worker() -> None:
    """The drawing room is started by name and imported by nobody."""
    assert WorkerProgram().argv[-2:] == ("-m", "rendermap.render.worker")

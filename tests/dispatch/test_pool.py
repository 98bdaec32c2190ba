"""The pool feeds workers, keeps its queue within bounds and brings answers back as values."""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from rendermap.dispatch import scratch as scratch_module
from rendermap.dispatch.crew import ABANDONED_S, Crew
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.nursery import Nursery
from rendermap.dispatch.plan import InspectPlan, LegendPlan, MeasurePlan, SheetPlan, layer_plan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import WorkerProcess, WorkerProgram
from rendermap.dispatch.scratch import COPIES, Scratch, copies_prefix
from rendermap.dispatch.wire import Answer
from rendermap.errors import Busy, RenderFailed, RenderTimeout, SourceRefused
from rendermap.symbology.facts import RasterFacts
from rendermap.telemetry import make_metrics
from tests.builders.pools import all_up, filled_layer, misbehaving, run, running, told, vector_layer


def test_a_plan_is_drawn() -> None:
    """A picture comes back with its size and whether it is empty."""

    async def ask() -> Drawn:
        async with running(1) as pool:
            assert pool.ready
            return await pool.draw(told("ok"))

    assert run(ask) == Drawn(b"a picture", False, 2, 1)


def test_the_pool_works_on_uvloop() -> None:
    """The loop that the service runs on carries large bodies too."""

    async def ask() -> Drawn:
        async with running(1) as pool:
            return await pool.draw(told("body:3000000"))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(ask()).body == b"x" * 3_000_000


def test_a_look_keeps_nan_and_types() -> None:
    """A Layer crosses the wall unchanged, a nodata of NaN and its own path included."""

    async def ask() -> None:
        async with running(1) as pool:
            source = vector_layer().source
            layer = await pool.inspect(InspectPlan(source))
            assert layer.source == source and isinstance(layer.source.path, Path)
            assert isinstance(layer.facts, RasterFacts) and math.isnan(layer.facts.bands[0].nodata or 0)
            assert layer.notes == ("a note",)

    run(ask)


def test_measures_keep_the_types_of_their_values() -> None:
    """1, 1.0, True, text and null stay different values on their way back."""

    async def ask() -> None:
        async with running(1) as pool:
            measures = await pool.measure(MeasurePlan(vector_layer(), "depth"))
            assert measures.minimum == -math.inf and measures.maximum == 0.1
            assert [type(value) for value, _ in measures.distinct] == [int, float, str, bool, type(None)]

    run(ask)


def test_legends_come_as_swatches_and_as_a_sheet() -> None:
    """Swatches are bytes again after the wall, and a sheet is a picture."""

    async def ask() -> None:
        plan = LegendPlan((), 1.0, (20, 20), SheetPlan("Slope", False, "png"))
        async with running(1) as pool:
            (layer,) = await pool.legend(plan)
            assert layer.entries[0].swatch == b"\x89PNG\r\n\xff\x00" and layer.max_scale_denominator == 5e5
            assert (await pool.legend_sheet(plan)).body == b"a sheet"
            with pytest.raises(ValueError, match="sheet"):
                await pool.legend_sheet(replace(plan, sheet=None))

    run(ask)


def test_an_error_of_the_drawing_room_is_raised_as_itself() -> None:
    """Class, sentence, details and the reason for the log come back whole."""

    async def ask() -> SourceRefused:
        async with running(1) as pool:
            with pytest.raises(SourceRefused) as raised:
                await pool.draw(told("refuse"))
            return raised.value

    error = run(ask)
    assert (error.sentence, error.details, error.reason) == ("It points elsewhere.", ("one", "two"), "/secret/path")


@pytest.mark.parametrize("word", ["raise", "unknown-error", "wrong-kind"])
def test_the_unforeseen_says_nothing_to_strangers(word: str) -> None:
    """Whatever a worker makes of it, the sentence is ours and the path stays in the reason."""

    async def ask() -> RenderFailed:
        async with running(1) as pool:
            with pytest.raises(RenderFailed) as raised:
                await pool.draw(told(word))
            return raised.value

    error = run(ask)
    assert error.sentence == RenderFailed.sentence and error.reason


def test_a_full_queue_is_busy() -> None:
    """Beyond the queue's limit the answer is Busy with a time, at once, and those before are served."""

    async def ask() -> None:
        async with running(1, queue_limit=3) as pool:
            asked = [asyncio.create_task(pool.draw(told("sleep:0.05"))) for _ in range(4)]
            await asyncio.sleep(0)
            began = time.perf_counter()
            with pytest.raises(Busy) as raised:
                await pool.draw(told("ok"))
            assert time.perf_counter() - began < 0.02 and raised.value.retry_after_s >= 1
            assert len(await asyncio.gather(*asked)) == 4
            assert (await pool.draw(told("ok"))).body

    run(ask)


def test_a_plan_that_waited_too_long_is_busy() -> None:
    """After its time in the queue a plan is told to come again, with the limit named; one that runs meanwhile is drawn."""

    async def ask() -> None:
        async with running(1, queue_s=0.2) as pool:
            first = asyncio.create_task(pool.draw(told("sleep:0.8")))
            await asyncio.sleep(0)
            began = time.perf_counter()
            with pytest.raises(Busy) as raised:
                await pool.draw(told("crash"))
            assert 0.2 <= time.perf_counter() - began < 0.6
            assert "0.2 seconds" in raised.value.sentence and raised.value.retry_after_s >= 1 and pool.queue_share == 0
            assert (await first).body == b"a picture" and (await pool.draw(told("ok"))).body == b"a picture"

    run(ask)


def test_an_asker_that_goes_frees_its_place() -> None:
    """A cancelled question in the queue is never drawn and makes room for another."""

    async def ask() -> None:
        async with running(1, queue_limit=1) as pool:
            first = asyncio.create_task(pool.draw(told("sleep:0.1")))
            await asyncio.sleep(0)
            second = asyncio.create_task(pool.draw(told("crash")))
            await asyncio.sleep(0.01)
            second.cancel()
            await asyncio.sleep(0)
            third = asyncio.create_task(pool.draw(told("pid")))
            assert (await first).body == b"a picture"
            assert (await third).body == str(pool.pids[0]).encode(), "the worker was asked to draw what nobody waits for"

    run(ask)


def test_a_drawing_nobody_waits_for_any_more_harms_no_one() -> None:
    """Its asker gone, a running drawing ends by itself and the worker goes on with the next."""

    async def ask() -> None:
        async with running(1) as pool:
            before = pool.pids
            gone = asyncio.create_task(pool.draw(told("sleep:0.05")))
            await asyncio.sleep(0.02)
            gone.cancel()
            assert (await pool.draw(told("ok"))).body == b"a picture"
            assert pool.pids == before

    run(ask)


def test_a_long_drawing_nobody_waits_for_frees_its_worker() -> None:
    """Its asker gone, a drawing that does not end soon is ended, well before its deadline; nobody is blamed for it."""

    async def ask() -> None:
        metrics = make_metrics()
        async with running(1, metrics=metrics) as pool:
            gone = asyncio.create_task(pool.draw(told("hang")))
            await asyncio.sleep(0.02)
            gone.cancel()
            began = time.perf_counter()
            assert (await pool.draw(told("ok"))).body == b"a picture"
            assert ABANDONED_S - 0.1 < time.perf_counter() - began < ABANDONED_S + 3
        assert metrics.registry.get_sample_value("rendermap_worker_restarts_total", {"cause": "abandoned"}) == 1

    run(ask)


def test_a_warm_worker_is_preferred_but_not_waited_for() -> None:
    """Plans over the same data go to the worker that drew it last when it is idle, else to any other."""

    async def ask() -> None:
        async with running(2) as pool:
            await all_up(pool, 2)
            rivers, lakes = told("pid", filled_layer("rivers.gpkg")), told("pid", filled_layer("lakes.gpkg"))
            (first, second) = await asyncio.gather(pool.draw(rivers), pool.draw(lakes))
            assert first != second
            for _ in range(5):
                assert await pool.draw(lakes) == second
                assert await pool.draw(rivers) == first
            assert {d.body for d in await asyncio.gather(*(pool.draw(rivers) for _ in range(2)))} == {first.body, second.body}

    run(ask)


def test_a_stopped_pool_has_finished_what_it_took() -> None:
    """stop() waits for running and waiting plans, then no process is left and nothing more is taken."""

    async def ask() -> None:
        pool = Pool(1, program=misbehaving())
        await pool.start()
        (pid,) = pool.pids
        asked = [asyncio.create_task(pool.draw(told("sleep:0.02"))) for _ in range(3)]
        await asyncio.sleep(0)
        await pool.stop()
        assert [drawn.body for drawn in await asyncio.gather(*asked)] == [b"a picture"] * 3
        assert not pool.ready
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(Busy):
            await pool.draw(told("ok"))

    run(ask)


def test_what_is_left_when_a_pool_stops_is_told_to_come_again() -> None:
    """A plan that outlives the draining is answered Busy, not left waiting."""

    async def ask() -> None:
        async with running(1) as pool:
            asked = asyncio.create_task(pool.draw(told("hang")))
            await asyncio.sleep(0.02)
            await pool.stop(drain_s=0.05)
            with pytest.raises(Busy):
                await asked

    run(ask)


def test_plans_are_counted() -> None:
    """Outcomes and times are in the metrics, by kind of plan."""

    async def ask() -> None:
        metrics = make_metrics()
        async with running(1, metrics=metrics) as pool:
            await pool.draw(told("ok"))
            with pytest.raises(SourceRefused):
                await pool.draw(told("refuse"))
        value = metrics.registry.get_sample_value
        assert value("rendermap_plans_total", {"kind": "MapPlan", "outcome": "ok"}) == 1
        assert value("rendermap_plans_total", {"kind": "MapPlan", "outcome": "SourceRefused"}) == 1
        assert value("rendermap_plan_seconds_count", {"kind": "MapPlan"}) == 2

    run(ask)


def test_the_wall_costs_little() -> None:
    """A tile's way to a worker and back takes well under a millisecond; the bound leaves room for a busy machine."""

    async def ask() -> float:
        async with running(1) as pool:
            plan, times = told("body:50000", filled_layer()), []
            for _ in range(200):
                began = time.perf_counter()
                await pool.draw(plan)
                times.append(time.perf_counter() - began)
            return statistics.median(times)

    assert run(ask) < 0.002


def test_the_unforeseen_in_a_workers_keeper_costs_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error nobody thought of is answered as one, its worker is replaced, and its place does not stay empty."""

    async def ask() -> None:
        async with running(1) as pool:
            (first,) = pool.pids
            honest, faults = WorkerProcess.ask, iter([ValueError("of no kind we know")])

            async def ask_once(worker: WorkerProcess, request: bytes) -> Answer:
                for fault in faults:
                    raise fault
                return await honest(worker, request)

            monkeypatch.setattr(WorkerProcess, "ask", ask_once)
            with pytest.raises(RenderFailed) as raised:
                await pool.draw(told("ok"))
            assert "ValueError" in (raised.value.reason or "")
            assert (await pool.draw(told("ok"))).body == b"a picture"
            assert first not in pool.pids

    run(ask)


def test_a_start_that_fails_in_an_unforeseen_way_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool comes up once whatever kept its worker from starting is over."""

    async def ask() -> None:
        honest, faults = WorkerProcess.start, iter([ValueError("out of the blue")])

        async def start_once(program: WorkerProgram, scratch: Scratch, nursery: Nursery | None) -> WorkerProcess:
            for fault in faults:
                raise fault
            return await honest(program, scratch, nursery)

        monkeypatch.setattr(WorkerProcess, "start", start_once)
        async with running(1) as pool:
            assert (await pool.draw(told("ok"))).body == b"a picture"

    run(ask)


def test_the_watch_goes_on_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at a worker that fails does not leave hanging workers alone for ever."""

    async def ask() -> None:
        async with running(1, deadline_s=0.3) as pool:
            honest, faults = Crew._look_after, iter([ValueError("out of the blue")])

            def look_once(pool: Pool, worker: WorkerProcess) -> None:
                for fault in faults:
                    raise fault
                honest(pool, worker)

            monkeypatch.setattr(Crew, "_look_after", look_once)
            with pytest.raises(RenderTimeout):
                await pool.draw(told("hang"))

    run(ask)


def test_a_stopped_pool_leaves_no_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers' rooms lie in one folder of the service, which goes when it stops."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def ask() -> None:
        async with running(2) as pool:
            await all_up(pool, 2)
            (scratch,) = tmp_path.iterdir()
            assert len(list(scratch.glob("worker-*"))) == 2
        assert list(tmp_path.iterdir()) == []

    run(ask)


def test_copies_go_with_their_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the folder of a job that was drawn is gone, so are the copies of its datasets; those of others stay."""
    monkeypatch.setattr(scratch_module, "SWEPT_S", 0.05)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    jobs = tmp_path / "ended", tmp_path / "living"

    async def ask() -> None:
        async with running(1) as pool:
            assert pool._crew._scratch
            folder = pool._crew._scratch.shared / COPIES
            folder.mkdir()
            copies = [folder / f"{copies_prefix(job)}a.fgb" for job in jobs]
            for job, copy in zip(jobs, copies, strict=True):
                job.mkdir()
                copy.touch()
                layer = vector_layer()
                source = replace(layer.source, root=job, path=job / "a.gpkg")
                await pool.draw(told("ok", layer_plan(1, replace(layer, source=source), "EPSG:3857", filled_layer().style)))
            await asyncio.sleep(0.2)
            assert all(copy.exists() for copy in copies)
            jobs[0].rmdir()
            async with asyncio.timeout(10):
                while copies[0].exists():
                    await asyncio.sleep(0.01)
            assert copies[1].exists()

    run(ask)

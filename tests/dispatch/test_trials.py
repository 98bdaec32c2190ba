"""No job holds all workers: what was never done, and jobs that hung, leave one for all others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.dispatch.plan import LayerPlan, layer_plan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.queue import Errand
from rendermap.dispatch.trials import Trials
from rendermap.errors import RendermapError
from rendermap.symbology.style import Single, Style
from tests.builders.pools import all_up, run, running, told, vector_layer


def layer_of(job: str, name: str) -> LayerPlan:
    """A layer of a dataset in a job."""
    layer, root = vector_layer(name), Path("/jobs") / job
    source = replace(layer.source, path=root / name, root=root)
    return layer_plan(0, replace(layer, source=source), "EPSG:3857", Style(Single(())))


async def is_refused(pool: Pool, word: str, layer: LayerPlan) -> bool:
    """Whether the drawing fails."""
    try:
        await pool.draw(told(word, layer))
    except RendermapError:
        return True
    return False


def cancel(tasks: list[asyncio.Task[bool]]) -> None:
    """Wait for none of them."""
    for task in tasks:
        task.cancel()


def test_one_jobs_hanging_datasets_keep_nobody_else_waiting() -> None:
    """Two dozen datasets hang at once: pictures of another job, drawn before, come while all of them hang."""

    async def ask() -> None:
        async with running(2) as pool:
            await all_up(pool, 2)
            good = layer_of("good", "a.gpkg")
            await pool.draw(told("ok", good))
            bombs = [asyncio.create_task(is_refused(pool, "hang", layer_of("bad", f"{n}.gpkg"))) for n in range(24)]
            for _ in range(12):
                await pool.draw(told("ok", good))
            assert not any(bomb.done() for bomb in bombs)
            cancel(bombs)

    run(ask)


def test_the_worker_that_is_left_for_others_is_never_given_a_suspected_jobs_drawings() -> None:
    """While the other one dies of them again and again, and is not there for a while each time."""

    async def ask() -> None:
        async with running(2) as pool:
            await all_up(pool, 2)
            good = layer_of("good", "a.gpkg")
            left = int((await pool.draw(told("pid", good))).body)
            bombs = [asyncio.create_task(is_refused(pool, "crash", layer_of("bad", f"{n}.gpkg"))) for n in range(3)]
            while not all(bomb.done() for bomb in bombs):
                assert int((await pool.draw(told("pid", good))).body) == left
                await asyncio.sleep(0.01)
            assert all(bomb.result() for bomb in bombs)

    run(ask)


def test_jobs_nobody_has_seen_get_their_turn_beside_a_suspected_one() -> None:
    """Once a job has brought a worker down, another that is new need not wait for it."""

    async def ask() -> None:
        async with running(2) as pool:
            await all_up(pool, 2)
            assert await is_refused(pool, "crash", layer_of("bad", "0.gpkg"))
            await all_up(pool, 2)
            bombs = [asyncio.create_task(is_refused(pool, "hang", layer_of("bad", f"{n}.gpkg"))) for n in range(1, 9)]
            await asyncio.sleep(0)
            await pool.draw(told("ok", layer_of("new", "a.gpkg")))
            assert not any(bomb.done() for bomb in bombs)
            cancel(bombs)

    run(ask)


def test_new_layers_are_tried_by_all_workers_but_one_and_then_by_all() -> None:
    """With a single worker there is nothing to keep free."""

    async def ask() -> None:
        first, second, tried = Errand(b"", 1, Path("a"), ("x",)), Errand(b"", 1, Path("b"), ("y",)), Errand(b"", 1, Path("c"), ())
        for size, may in ((1, False), (2, False), (3, True)):
            trials = Trials(size, lambda: size)  # noqa: B023
            assert trials.may_begin(first)
            trials.begin(first)
            assert trials.may_begin(second) is may and trials.may_begin(tried)
            trials.end(first, None)
            assert trials.may_begin(second)
            trials.begin(second)
            assert trials.may_begin(first)

    asyncio.run(ask())


@pytest.mark.parametrize(("cause", "is_suspect"), [("deadline", True), ("crash", True), ("memory", True), ("killed", False), (None, False)])
def test_a_job_is_suspected_for_what_is_its_fault(cause: str | None, is_suspect: bool) -> None:
    """A worker that somebody killed says nothing of the job, and no suspicion lasts."""

    async def ask() -> None:
        errand, trials = Errand(b"", 1, Path("a"), ("x",)), Trials(2, lambda: 2, suspect_s=0.05)
        trials.begin(errand)
        trials.end(errand, cause)
        assert trials.is_suspect(errand) is is_suspect
        await asyncio.sleep(0.1)
        assert not trials.is_suspect(errand)

    asyncio.run(ask())

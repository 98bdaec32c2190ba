"""Datasets are prepared behind the pictures: once, one at a time, and whatever becomes of it no picture suffers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from rendermap.dispatch.behind import LARGE_CELLS, MOST_WAITING, Behind
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import LayerPlan, MapPlan, PreparePlan, layer_plan
from rendermap.dispatch.pool import Pool
from rendermap.symbology.facts import Band, RasterFacts
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbols import Color, Fill, Symbol
from tests.builders.pools import all_up, filled_layer, run, running, told, vector_layer

BANDS = (Band("float32"),)
LARGE = RasterFacts(4 * LARGE_CELLS, 4 * LARGE_CELLS, BANDS, (1.0, 1.0))


def raster(name: str, facts: RasterFacts = LARGE) -> LayerPlan:
    """A raster layer that lies nowhere.  name: what the misbehaving worker does with it when it is to be prepared."""
    style = Style(Single(Symbol((Fill(Color(1, 2, 3)),))))
    return layer_plan(1, replace(vector_layer(name), facts=facts), "EPSG:3857", style)


def taken(behind: Behind) -> list[str]:
    """The datasets of everything it gives, one after the other."""
    names = []
    while errand := behind.take():
        names.append(errand.request.decode())
        behind.end(errand)
    return names


def name_of(plan: PreparePlan) -> bytes:
    """In place of a packed plan."""
    return plan.layer.layer.source.path.name.encode()


async def counted(pool: Pool, many: int) -> None:
    """Wait until the workers have answered so many plans."""
    async with asyncio.timeout(20):
        while sum(worker.answered for worker in pool._workers) < many:
            await asyncio.sleep(0.01)


def test_each_version_is_prepared_once_and_one_at_a_time() -> None:
    """A dataset is not prepared for every picture of it, nor two at once; a new version is."""

    async def ask() -> None:
        behind = Behind(name_of, 12)
        newer = raster("a.tif")
        newer = replace(newer, layer=replace(newer.layer, source=replace(newer.layer.source, fingerprint="2")))
        for layers in ((raster("a.tif"),), (raster("a.tif"), raster("b.tif")), (newer,)):
            behind.add(told("ok", *layers))
        first = behind.take()
        assert first and behind.take() is None
        behind.end(first)
        assert taken(behind) == ["b.tif", "a.tif"]

    run(ask)


def test_only_what_draws_slowly_is_prepared() -> None:
    """A few features and small rasters draw well as they are."""

    async def ask() -> None:
        behind = Behind(name_of, 12)
        behind.add(told("ok", filled_layer(), raster("s.tif", replace(LARGE, width=100, height=100))))
        assert taken(behind) == []

    run(ask)


def test_what_finds_no_place_comes_again() -> None:
    """However many results come at once, so many wait, and the others with their next picture."""

    async def ask() -> None:
        behind = Behind(name_of, 12)
        plans = [told("ok", raster(f"{n}.tif")) for n in range(MOST_WAITING + 1)]
        for plan in plans:
            behind.add(plan)
        assert len(taken(behind)) == MOST_WAITING
        behind.add(plans[-1])
        assert taken(behind) == [f"{MOST_WAITING}.tif"]

    run(ask)


def test_a_drawn_raster_is_prepared_by_an_idle_worker() -> None:
    """After its first picture a dataset goes to a worker, and after later ones no more."""

    async def ask() -> None:
        async with running(1) as pool:
            for _ in range(3):
                await pool.draw(told("ok", raster("ok")))
            await counted(pool, 4)
            await asyncio.sleep(0.1)
            assert sum(worker.answered for worker in pool._workers) == 4

    run(ask)


def test_pictures_do_not_wait_for_what_is_behind() -> None:
    """While one worker prepares for long, the other draws, and no second preparation takes its place."""

    async def draw(pool: Pool, plan: MapPlan) -> Drawn:
        return await pool.draw(plan)

    async def ask() -> None:
        async with running(2) as pool:
            await all_up(pool, 2)
            await draw(pool, told("ok", raster("sleep:3")))
            began = time.monotonic()
            for n in range(5):
                await draw(pool, told("ok", raster(f"sleep:{3 + n}")))
            assert time.monotonic() - began < 2.5

    run(ask)


def test_a_preparation_that_kills_its_worker_is_not_tried_again() -> None:
    """The dataset goes on being drawn, and its job is no suspect for it."""

    async def ask() -> None:
        async with running(1) as pool:
            await pool.draw(told("ok", raster("crash")))
            async with asyncio.timeout(20):
                while pool._metrics.worker_restarts.labels("crash")._value.get() < 1:
                    await asyncio.sleep(0.01)
            await all_up(pool, 1)
            for _ in range(3):
                assert (await pool.draw(told("ok", raster("crash")))).body == b"a picture"
            assert pool._metrics.worker_restarts.labels("crash")._value.get() == 1

    run(ask)

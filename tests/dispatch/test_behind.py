"""Datasets are prepared behind the pictures: once, one at a time, and whatever becomes of it no picture suffers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.dispatch import behind as module
from rendermap.dispatch.behind import LARGE_CELLS, MOST_MENDED, MOST_WAITING, Behind
from rendermap.dispatch.plan import LayerPlan, PreparePlan, layer_plan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.wire import Answer, Head
from rendermap.geo.turning import turned
from rendermap.symbology.facts import Band, RasterFacts
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbols import Color, Fill, Symbol
from tests.builders.pools import all_up, filled_layer, misbehaving, run, running, told, vector_layer

BANDS = (Band("float32"),)
LARGE = RasterFacts(4 * LARGE_CELLS, 4 * LARGE_CELLS, BANDS, (1.0, 1.0))


def raster(name: str, facts: RasterFacts = LARGE) -> LayerPlan:
    """A raster layer that lies nowhere.  name: what the misbehaving worker does with it when it is to be prepared."""
    style = Style(Single(Symbol((Fill(Color(1, 2, 3)),))))
    return layer_plan(1, replace(vector_layer(name), facts=facts), "EPSG:3857", style)


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """Process ids of those of this process that a test has begun: earlier tests may have left some that nobody has asked after yet."""
    strangers = _children()
    return lambda: _children() - strangers


def _children() -> set[int]:
    return set(map(int, Path("/proc/thread-self/children").read_text().split()))


def name_of(plan: PreparePlan) -> bytes:
    """In place of a packed plan."""
    return plan.layer.layer.source.path.name.encode()


class Hand:
    """Stands for the worker: remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.busy_since: float | None = None
        self.is_alive = True
        self.gave_way = self.is_closed = False

    async def ask(self, request: bytes) -> Answer:
        """Two at once would be found out."""
        assert self.gave_way and self.busy_since is None
        self.busy_since = time.monotonic()
        await asyncio.sleep(0)
        self.busy_since = None
        self.asked.append(request.decode())
        return Answer(Head("value"))

    def give_way(self) -> None:
        self.gave_way = True

    def weigh(self) -> int:
        return 0

    async def close(self) -> None:
        self.is_closed = True


def begun(hands: list[Hand], told: list[Head] | None = None) -> Behind:
    """Its workers are added to hands as they are hired, what they note to told."""

    async def hire() -> Hand:
        hands.append(Hand())
        return hands[-1]

    return Behind(name_of, hire, [].append if told is None else told.append)  # type: ignore[arg-type]


async def taken(behind: Behind, hands: list[Hand]) -> list[str]:
    """The datasets of everything that was prepared since, in turn; whoever did it has gone."""
    await done(behind)
    assert all(hand.is_closed for hand in hands)
    return hands.pop().asked if hands else []


async def done(behind: Behind) -> None:
    """Wait until nothing is left to prepare."""
    async with asyncio.timeout(20):
        while behind.is_busy:
            await asyncio.sleep(0.01)


def test_each_version_is_prepared_once_and_one_at_a_time() -> None:
    """A dataset is not prepared for every picture of it, nor two at once; a new version is."""

    async def ask() -> None:
        behind = begun(hands := [])
        newer = raster("a.tif")
        newer = replace(newer, layer=replace(newer.layer, source=replace(newer.layer.source, fingerprint="2")))
        for layers in ((raster("a.tif"),), (raster("a.tif"), raster("b.tif")), (newer,)):
            behind.add(told("ok", *layers))
        assert await taken(behind, hands) == ["a.tif", "b.tif", "a.tif"]

    run(ask)


def test_what_was_damaged_is_prepared_again_a_few_times() -> None:
    """What the preparing worker notes is told too; a disk that damages all it is given keeps no worker busy for ever."""

    async def ask() -> None:
        behind = begun(hands := [], noted := [])
        plan = told("ok", raster("a.tif"))
        for round_ in range(MOST_MENDED + 3):
            behind.add(plan)
            assert await taken(behind, hands) == (["a.tif"] if round_ <= MOST_MENDED else [])
            behind.mend(plan, Head("drawn"))
            behind.mend(plan, Head("drawn", damaged=1))
        assert noted == [Head("value")] * (MOST_MENDED + 1)

    run(ask)


def test_only_what_draws_slowly_is_prepared() -> None:
    """A few features and small rasters draw well as they are."""

    async def ask() -> None:
        behind = begun(hands := [])
        behind.add(told("ok", filled_layer(), raster("s.tif", replace(LARGE, width=100, height=100))))
        assert await taken(behind, hands) == []

    run(ask)


def test_nothing_is_prepared_for_a_requests_filter() -> None:
    """Strangers think of as many as they like, and each would be a file of its own."""

    async def ask() -> None:
        behind = begun(hands := [])
        behind.add(told("ok", replace(raster("a.tif"), is_filtered=True), raster("b.tif")))
        assert await taken(behind, hands) == ["b.tif"]

    run(ask)


def test_nothing_is_prepared_for_a_turned_map() -> None:
    """Of each angle it would be prepared anew."""

    async def ask() -> None:
        behind, plan = begun(hands := []), told("ok", raster("a.tif"))
        behind.add(replace(plan, view=turned(plan.view, 30)))
        behind.add(told("ok", raster("b.tif")))
        assert await taken(behind, hands) == ["b.tif"]

    run(ask)


def test_what_finds_no_place_comes_again() -> None:
    """However many results come at once, so many wait, and the others with their next picture."""

    async def ask() -> None:
        behind = begun(hands := [])
        plans = [told("ok", raster(f"{n}.tif")) for n in range(MOST_WAITING + 1)]
        for plan in plans:
            behind.add(plan)
        assert len(await taken(behind, hands)) == MOST_WAITING
        behind.add(plans[-1])
        assert await taken(behind, hands) == [f"{MOST_WAITING}.tif"]

    run(ask)


def test_pictures_never_wait_for_what_is_behind(children: Callable[[], set[int]]) -> None:
    """With a single worker, too: a dataset is prepared beside it, once, and who does it is gone when it is done."""

    async def ask() -> None:
        async with running(1) as pool:
            await all_up(pool, 1)
            await pool.draw(told("ok", raster("sleep:1.5")))
            async with asyncio.timeout(20):
                while not (others := children() - set(pool.pids)):
                    await asyncio.sleep(0.01)
            for _ in range(20):
                await pool.draw(told("ok", raster("sleep:1.5")))
            assert pool._behind.is_busy
            await done(pool._behind)
            assert not others & children()
            await pool.draw(told("ok", raster("sleep:1.5")))
            assert not pool._behind.is_busy

    run(ask)


@pytest.mark.parametrize("word", ["crash", "hang"])
def test_a_preparation_that_kills_its_worker_is_not_tried_again(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are prepared by the next one; the dataset is drawn as ever, and its job is no suspect for it."""
    monkeypatch.setattr(module, "LONGEST_S", 0.5)

    async def ask() -> None:
        async with running(1) as pool:
            for name in (word, "ok"):
                await pool.draw(told("ok", raster(name)))
            await done(pool._behind)
            for _ in range(3):
                assert (await pool.draw(told("ok", raster(word)))).body == b"a picture"
            assert not pool._behind.is_busy and [worker.answered for worker in pool._crew._workers] == [5]

    run(ask)


def test_a_service_stops_while_something_is_prepared(children: Callable[[], set[int]]) -> None:
    """At once, and nothing of it stays."""

    async def ask() -> None:
        async with running(1) as pool:
            await pool.draw(told("ok", raster("hang")))
            await asyncio.sleep(module.FIRST_PICTURES_S + 0.3)
            began = time.monotonic()
        assert time.monotonic() - began < 5 and not children()

    run(ask)


def test_a_picture_that_ends_while_the_service_stops_has_nothing_prepared() -> None:
    """What it would begin, nobody would end."""

    async def ask() -> None:
        pool = Pool(1, program=misbehaving())
        await pool.start()
        drawing = asyncio.create_task(pool.draw(told("sleep:0.3", raster("ok"))))
        await asyncio.sleep(0.1)
        await pool.stop()
        assert (await drawing).body and not pool._behind.is_busy

    run(ask)

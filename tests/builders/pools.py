"""Pools of misbehaving workers, and plans that tell them what to do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from rendermap.dispatch.plan import LayerPlan, MapPlan, layer_plan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import WorkerProgram
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import DataSource, Layer
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbols import Color, Fill, Symbol

T = TypeVar("T")

MISBEHAVING = Path(__file__).with_name("misbehaving_worker.py")
VIEW = MapView(BBox(0, 0, 1, 1), "EPSG:3857", 256, 256)


def misbehaving(*words: str, **kwargs: Any) -> WorkerProgram:
    """The program of `misbehaving_worker`."""
    return WorkerProgram((sys.executable, str(MISBEHAVING), *words), **kwargs)


@asynccontextmanager
async def running(workers: int = 2, program: WorkerProgram | None = None, **kwargs: Any) -> AsyncIterator[Pool]:
    """A started pool of misbehaving workers."""
    pool = Pool(workers, program=program or misbehaving(), **kwargs)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop(drain_s=1)


async def all_up(pool: Pool, workers: int) -> None:
    """Wait until so many workers are up."""
    async with asyncio.timeout(30):
        while len(pool.pids) < workers:
            await asyncio.sleep(0.01)


def told(word: str, *layers: LayerPlan) -> MapPlan:
    """A plan that tells the misbehaving worker what to do."""
    return MapPlan(VIEW, layers, None, word)


def vector_layer(name: str = "rivers.gpkg", fingerprint: str = "1") -> Layer:
    """A polygon layer that lies nowhere."""
    source = DataSource(Path("/jobs/a") / name, None, Path("/jobs/a"), fingerprint)
    return Layer(source, "ogr", str(source.path), "EPSG:3857", BBox(0, 0, 1, 1), VectorFacts(GeometryKind.POLYGON, (), count=3))


def filled_layer(name: str = "rivers.gpkg", fingerprint: str = "1") -> LayerPlan:
    """The same, filled red."""
    return layer_plan(0, vector_layer(name, fingerprint), "EPSG:3857", Style(Single(Symbol((Fill(Color(200, 0, 0)),)))))


def run(test: Callable[[], Coroutine[Any, Any, T]], limit_s: float = 30.0) -> T:
    """Run a test's coroutine on a loop of its own, and never for longer than limit_s."""

    async def bounded() -> T:
        async with asyncio.timeout(limit_s):
            return await test()

    return asyncio.run(bounded())

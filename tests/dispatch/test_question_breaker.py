"""Datasets that crash whoever asks about them rest, as those do that crash whoever draws them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.question_breaker import QuestionBreaker
from rendermap.dispatch.trials import errand_of
from rendermap.errors import Broken, RenderCrashed, RenderTimeout, SourceUnreadable
from tests.builders.pools import filled_layer, run, running, vector_layer

CRS = "EPSG:3857"


def asked(name: str = "rivers.gpkg", limit: int = 10, fingerprint: str = "1") -> FeaturesPlan:
    """A question about a dataset; others have other limits."""
    return FeaturesPlan(vector_layer(name, fingerprint), CRS, CRS, "OBJECTID", (), limit=limit)


@dataclass
class Worker:
    """Dies of what it is told to.  asked: how often it was."""

    dies_of: Broken | None = None
    asked: int = 0
    breaker: QuestionBreaker = field(default_factory=lambda: QuestionBreaker(rest_s=0.1))

    async def find(self, plan: FeaturesPlan | IdentifyPlan) -> str:
        self.asked += 1
        await asyncio.sleep(0.001)
        if self.dies_of:
            raise self.dies_of
        return "found"

    async def answers(self, plans: Sequence[FeaturesPlan | IdentifyPlan]) -> list[object]:
        """What each is told, asked all at once: errors by their sentences."""
        found = await asyncio.gather(*(self.breaker.run(plan, self.find) for plan in plans), return_exceptions=True)
        return [one.sentence if isinstance(one, Broken) else one for one in found]


def test_a_dataset_that_crashes_is_met_once_and_asked_again_later() -> None:
    """However many ask at once, and whatever; a dataset beside it and a later version of it are asked."""

    async def ask() -> None:
        worker = Worker(RenderCrashed("died"))
        assert await worker.answers([asked(limit=limit) for limit in range(12)]) == ["died"] * 12
        assert worker.asked == 1
        worker.dies_of = None
        assert await worker.answers([asked(), asked("other.gpkg"), asked(fingerprint="2")]) == ["died", "found", "found"]
        await asyncio.sleep(0.15)
        assert await worker.answers([asked()]) == ["found"]

    run(ask)


def test_a_question_that_took_too_long_rests_alone() -> None:
    """It may just have been too much work, so nobody else's question has to wait for it; a look at one cell never is."""

    async def ask() -> None:
        worker = Worker(RenderTimeout("late"))
        assert await worker.answers([asked()]) == ["late"]
        worker.dies_of = None
        assert await worker.answers([asked(), asked(limit=1)]) == ["late", "found"]
        worker.dies_of = RenderTimeout("late")
        cells = [IdentifyPlan(filled_layer("raster.tif"), ((place, 0.0),)) for place in (0.0, 1.0)]
        assert await worker.answers(cells) == ["late", "late"] and worker.asked == 3

    run(ask)


def test_damage_that_costs_no_worker_is_told_each_time() -> None:
    """Nothing rests for a dataset that cannot be read, which may be mended any time."""

    async def ask() -> None:
        worker = Worker(SourceUnreadable("torn"))
        assert await worker.answers([asked(), asked()]) == ["torn", "torn"] and worker.asked == 2

    run(ask)


PLANS: dict[str, Callable[[Pool], Awaitable[object]]] = {
    "features": lambda pool: pool.features(asked("crash")),
    "cells": lambda pool: pool.identify(IdentifyPlan(filled_layer("crash"), ((0.0, 0.0),))),
}


@pytest.mark.parametrize("kind", PLANS)
def test_a_job_whose_questions_crash_is_suspected(kind: str) -> None:
    """All that is of it is tried once instead of twice, and leaves a worker for the others."""

    async def ask() -> None:
        async with running(2) as pool:
            with pytest.raises(RenderCrashed):
                await PLANS[kind](pool)
            of_it = asked("other.gpkg")
            assert pool._crew._trials.is_suspect(errand_of(of_it, b"", None))
            assert await pool.features(of_it) == Found()

    run(ask)

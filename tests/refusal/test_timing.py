"""How long a refusal takes tells nothing about why: unknown, private, another service's and ended are told at the same steps of time."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.admission import REFUSAL_STEP_S
from rendermap.jobs.catalog import Catalog
from rendermap.jobs.job import Job
from tests.builders.asgi import ask
from tests.builders.guarded import Guarded

ASKS = 30
SLOW_S = REFUSAL_STEP_S * 0.4
"""How much longer it takes to find a job than to find none, on the slow disk of this test."""
EVEN_S = SLOW_S / 2
ADDRESSES = (
    "/xyz/{service}/jobs/{job}/tilejson.json",
    "/arcgis/rest/services/{service}/MapServer/jobs/{job}/export?f=image&bbox=700000,4000000,706000,4006000",
    "/arcgis/rest/services/{service}/GPServer/Run/jobs/{job}?f=json",
    "/jobs/{service}/{job}",
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    """On a disk so slow that a job that is there is found long after one that is not is missed."""
    quick = Catalog.find

    def find(catalog: Catalog, service: str, job_id: str) -> Job:
        job = quick(catalog, service, job_id)
        time.sleep(SLOW_S)
        return job

    monkeypatch.setattr(Catalog, "find", find)
    return Guarded(tmp_path)


def medians(world: Guarded, address: str) -> Mapping[str, float]:
    """Seconds until the public is told no, by why; the questions take turns, so that all meet the same machine."""
    named = {target.name: target for target in world.targets if target.service == "Everyones"}
    whole = {target.service: target for target in world.targets if target.name == "plain"}
    asked = {
        "unknown": ("Everyones", "j" + "0" * 32),
        "private": ("Everyones", named["private"].job_id),
        "nobody's": ("Everyones", named["nobody's"].job_id),
        "another service's": ("Everyones", whole["Signed"].job_id),
        "running": ("Everyones", named["running"].job_id),
    }
    took: dict[str, list[float]] = {why: [] for why in asked}

    async def once(why: str) -> None:
        service, job_id = asked[why]
        began = time.perf_counter()
        await ask(world.app, address.format(service=service, job=job_id))
        took[why].append(time.perf_counter() - began)

    async def run() -> None:
        for _ in range(ASKS):
            await asyncio.gather(*map(once, asked))

    asyncio.run(run())
    return {why: statistics.median(times) for why, times in took.items()}


def spread(found: Mapping[str, float]) -> float:
    """From the quickest to the slowest, in seconds."""
    return max(found.values()) - min(found.values())


@pytest.mark.slow
@pytest.mark.parametrize("address", ADDRESSES)
def test_how_long_a_refusal_takes_tells_nothing(world: Guarded, address: str) -> None:
    """Medians of thirty lie together however long it took to find out; measured once more before that is doubted."""
    with capture_logs():
        found = medians(world, address)
        assert spread(found) < EVEN_S or spread(found := medians(world, address)) < EVEN_S, found


def test_the_stopwatch_sees_a_difference(world: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the steps the very same questions are told apart."""
    monkeypatch.setattr("rendermap.admission.REFUSAL_STEP_S", 1e-6)
    with capture_logs():
        found = medians(world, ADDRESSES[0])
    assert spread(found) > EVEN_S, found
    assert found["private"] > found["unknown"]

"""A real pygeoapi runs the tasks of a service."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from rendermap.gp.geojson import to_geojson
from rendermap.jobs.document import Document
from tests.builders.pygeoapi_server import needs_pygeoapi, pygeoapi
from tests.builders.remote_service import BUFFER, asking, lay_out, number_task
from tests.builders.tooled import leave_behind

pytestmark = needs_pygeoapi

POINTS = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "fields": [],
    "features": [{"attributes": {}, "geometry": {"x": x, "y": 46.5}} for x in (7.0, 8.0)],
}
DAY_MS = 1_772_366_400_000
TASKS = "".join(
    (
        BUFFER.replace('name = "DAY"', 'name = "More"').replace('type = "GPDate"\ndirection', 'type = "GPString"\ndirection'),
        number_task("Elevation", "elevation"),
        number_task("Fail", "failing"),
        number_task("Slow", "slow"),
        number_task("Gone", "gone"),
    )
)


@dataclass
class Site:
    """url: of the pygeoapi."""

    folder: Path
    url: str

    def jobs_there(self) -> list[dict[str, Any]]:
        """What pygeoapi knows of."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/jobs?f=json&limit=100", trust_env=False).json()["jobs"]
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a service that asks it."""
    folder = tmp_path_factory.mktemp("ogcapi")
    with pygeoapi(folder) as url:
        lay_out(folder, url, TASKS, time_limit_s=3.0)
        yield Site(folder, url)


def values_of(document: Document) -> dict[str, Any]:
    """Outputs by name: values, and names of datasets."""
    return {name: output.model_dump().get("value", output.model_dump().get("dataset")) for name, output in document.outputs.items()}


def test_features_go_there_and_come_back(site: Site) -> None:
    """As GeoJSON, beside a length, a date and numbers; names need only be alike, and outputs that nobody asked for are not made."""

    async def whole() -> tuple[Document, Path]:
        async with asking(site.folder) as workshop:
            inputs: dict[str, Any] = {"Input_Points": POINTS, "Distance": {"distance": 0.5, "units": "esriDecimalDegrees"}, "Day": DAY_MS}
            job = await workshop.submit("Buffer Points", **inputs)
            return await workshop.over(job), workshop.root(job)

    document, root = asyncio.run(whole())
    assert document.status == "succeeded", document.messages
    assert values_of(document) == {"Squares": "%scratchworkspace%/Squares.geojson", "Count": 2, "More": "more"}
    made = json.loads((root / "scratch" / "Squares.geojson").read_text())
    assert made["features"][1]["geometry"]["coordinates"][0][0] == [7.5, 46.0]
    assert to_geojson(POINTS)["features"][1]["geometry"]["coordinates"] == [8.0, 46.5]


def test_a_single_value_comes_as_itself(site: Site) -> None:
    """As pygeoapi's own processes give it; what it said meanwhile is among the messages."""

    async def whole() -> Document:
        async with asking(site.folder) as workshop:
            return await workshop.over(await workshop.submit("Elevation", Number=21.0))

    document = asyncio.run(whole())
    assert values_of(document) == {"Area": 42.0} and "Job complete" in [message.text for message in document.messages]


def test_what_fails_there_fails_here_in_safe_words(site: Site) -> None:
    """With what the process said, but for addresses; so does a task that the other server does not know."""

    async def whole() -> list[Document]:
        async with asking(site.folder) as workshop:
            return [await workshop.over(await workshop.submit(task)) for task in ("Fail", "Gone")]

    failed, gone = asyncio.run(whole())
    assert failed.status == gone.status == "failed"
    assert failed.messages[-1].text.endswith("The terrain at [address] is flat")
    assert gone.messages[-1].text == "The server that runs the task refused it: Identifier not found"


def test_a_job_is_cancelled_and_runs_out_of_time(site: Site) -> None:
    """And is dismissed there both times."""
    before = len(site.jobs_there())

    async def whole() -> list[str]:
        async with asking(site.folder) as workshop:
            long, cancelled = [await workshop.submit("Slow", Number=60.0) for _ in range(2)]
            async with asyncio.timeout(10.0):
                while len(await asyncio.to_thread(site.jobs_there)) < before + 2:
                    await asyncio.sleep(0.05)
            while not workshop.document(cancelled).messages:
                await asyncio.sleep(0.05)
            began = time.monotonic()
            await workshop.engine.cancel(workshop.service, cancelled)
            assert time.monotonic() - began < 2.0
            statuses = [(await workshop.over(job)).status.value for job in (cancelled, long)]
            while len(await asyncio.to_thread(site.jobs_there)) > before:
                await asyncio.sleep(0.05)
            return statuses

    assert asyncio.run(whole()) == ["cancelled", "timed_out"]


def test_a_server_that_stops_fails_what_runs_and_leaves_what_waits(site: Site) -> None:
    """The job that ran is dismissed there; one that waits is taken up at the next start."""
    before = len(site.jobs_there())

    async def whole() -> tuple[Document, Document]:
        async with asking(site.folder) as workshop:
            running = await workshop.submit("Slow", Number=60.0)
            async with asyncio.timeout(10.0):
                while not workshop.document(running).messages:
                    await asyncio.sleep(0.05)
        waiting = leave_behind(workshop, "Elevation", Number=1.0)
        async with asking(site.folder) as again:
            return again.document(running), await again.over(waiting)

    stopped, done = asyncio.run(whole())
    assert stopped.status == "failed" and stopped.messages[-1].text == "The server was stopped while the job ran."
    assert values_of(done) == {"Area": 2.0} and len(site.jobs_there()) == before + 1

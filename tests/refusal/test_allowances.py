"""Whoever asks for too much is told so in every protocol, with the limit and when to come again; nobody else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest

from rendermap.allowance import Allowance
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import MapPlan
from rendermap.jobs import manifest
from rendermap.ledger import LEAST_PIXELS, Ledger
from rendermap.limits import CLIENT_DRAWINGS, PIXEL_BUDGET
from tests.builders.clock import Clock
from tests.builders.counted_service import CountedService, Counter, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
BBOX = "700000,4000000,706000,4006000"

PICTURES: dict[str, Callable[[str], str]] = {
    "ArcGIS export": lambda job: f"/arcgis/rest/services/Demo/MapServer/jobs/{job}/export?bbox={BBOX}&bboxSR=32616&f=image&size=1000,1000",
    "ArcGIS legend": lambda job: f"/arcgis/rest/services/Demo/MapServer/jobs/{job}/legend?f=json",
    "tile": lambda job: f"/xyz/Demo/jobs/{job}/tiles/0/0/0.png",
    "tile legend": lambda job: f"/xyz/Demo/jobs/{job}/legend.png",
    "download": lambda job: f"/jobs/Demo/{job}/download.png?bbox=-9740000,4350000,-9730000,4360000&size=1000,1000",
    "thumbnail": lambda job: f"/thumbnails/Demo/jobs/{job}.png",
    "page legend": lambda job: f"/jobs/Demo/{job}/legend.png",
}


def job_in(service: CountedService) -> str:
    """A finished job with one dataset."""
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.job_id


@pytest.fixture
def spent(tmp_path: Path) -> tuple[CountedService, str]:
    """A service whose only client has had its two megapixels, and a job."""
    service = CountedService(tmp_path, {"Demo": SERVICE}, Ledger(Allowance(budget=replace(PIXEL_BUDGET, value=2), now=Clock())))
    job = job_in(service)
    assert [service.get(PICTURES["ArcGIS export"](job)).status_code for _ in range(2)] == [200, 200]
    return service, job


@pytest.mark.parametrize("kind", PICTURES)
def test_a_spent_budget_is_told_in_every_protocol(kind: str, spent: tuple[CountedService, str]) -> None:
    """429, when to come again, and the budget: pictures, tiles, legends and thumbnails alike, cached or not."""
    service, job = spent
    refused = service.get(PICTURES[kind](job))
    error = refused.json()["error"]
    assert refused.status_code == 429 and 1 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["cache-control"] == "no-store"
    assert error["message"] == "At most 2 megapixels an hour for one client are allowed." and error["code"] in (429, "TooMany")


def test_what_a_client_has_already_costs_nothing(spent: tuple[CountedService, str]) -> None:
    """No picture is sent when its digest is named; documents are no pictures."""
    service, job = spent
    tile = PICTURES["tile"](job)
    budgets = service.ledger.allowance._budgets
    next(iter(budgets.values())).left = 65_536.0
    first = service.get(tile)
    assert first.status_code == 200 and service.get(tile).status_code == 429
    assert service.ask("GET", tile, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert service.get(f"/xyz/Demo/jobs/{job}/tilejson.json").status_code == 200


def test_a_picture_of_one_pixel_counts_as_a_small_one(tmp_path: Path) -> None:
    """Asking for single pixels, at places of one's choice, gets nobody further than asking for pictures: 244 are a megapixel."""
    service = CountedService(tmp_path, {"Demo": SERVICE}, Ledger(Allowance(budget=replace(PIXEL_BUDGET, value=1), now=Clock())))
    job = job_in(service)
    address = PICTURES["ArcGIS export"](job).replace("size=1000,1000", "size=1,1")
    given = [service.get(address).status_code for _ in range(1_000_000 // LEAST_PIXELS + 2)]
    assert given[:244] == [200] * 244 and given[-1] == 429


def test_people_read_it_on_a_page(spent: tuple[CountedService, str]) -> None:
    """A browser that opens a picture's address is shown a page."""
    service, job = spent
    page = service.ask("GET", PICTURES["download"](job), headers={"Accept": "text/html"})
    assert page.status_code == 429 and "That was a lot at once" in page.text and "At most 2 megapixels" in page.text


class Slow(Counter):
    """Draws when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def draw(self, plan: MapPlan) -> Drawn:
        await self.may.wait()
        return await super().draw(plan)


def test_so_many_pictures_at_once_and_cached_ones_on_top(tmp_path: Path) -> None:
    """A client's third picture at once is refused with 429; the same picture asked by a hundred is one; another client draws on."""
    service = CountedService(tmp_path, {"Demo": SERVICE}, Ledger(Allowance(replace(CLIENT_DRAWINGS, value=2))))
    job = job_in(service)
    export = PICTURES["ArcGIS export"](job)

    async def ask() -> list[int]:
        slow = Slow()
        service.counter.draw = slow.draw  # type: ignore[method-assign]
        transport = httpx.ASGITransport(service.app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://maps.example") as client:
            waiting = [asyncio.create_task(client.get(f"{export}&dpi={dpi}")) for dpi in (96, 97) for _ in range(50)]
            while len(service.ledger.allowance._making) < 1 or sum(service.ledger.allowance._making.values()) < 2:
                await asyncio.sleep(0.01)
            third = await client.get(f"{export}&dpi=98")
            slow.may.set()
            answers = await asyncio.gather(*waiting)
            after = await client.get(f"{export}&dpi=98")
        assert third.json()["error"] == {
            "code": 429,
            "message": "At most 2 pictures being made at once for one client are allowed.",
            "details": [],
        }
        return [third.status_code, *sorted({answer.status_code for answer in answers}), after.status_code, len(slow.drawn)]

    assert anyio.run(ask) == [429, 200, 200, 3]

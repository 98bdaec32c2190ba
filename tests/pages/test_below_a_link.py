"""The pages in a real browser as whoever has a signed link meets them: everything stays below the link, and the link stays here."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from rendermap.access import realm
from rendermap.access.grant import UNBOUNDED, Link, Operation
from rendermap.access.realm import LinksDocument
from rendermap.reply import CellHit, Hits
from tests.builders.app_double import app_over
from tests.builders.browser import served
from tests.builders.doors import open_door
from tests.builders.service_double import HAZARD_JOB, RUNNING_JOB, ServiceDouble

pytestmark = pytest.mark.browser
MAP = f"/jobs/Demo/Hazard/{HAZARD_JOB}"
RUNNING = f"/jobs/Demo/Hazard/{RUNNING_JOB}"
NOTICED_S = 1.2
"""The access folder is looked at once a second."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A served app and a link to one of its jobs.  seen: headers that the basemap's host was sent."""

    url: str
    link: str
    basemap: str
    access: Path
    seen: list[dict[str, str]] = field(default_factory=list)

    def revoke(self) -> None:
        """Take the link back."""
        realm.write_links(self.access, LinksDocument(revoked=("L1",)))
        time.sleep(NOTICED_S)


@pytest.fixture
def linked(double: ServiceDouble, tmp_path: Path) -> Iterator[Linked]:
    now = int(time.time())
    link = Link("L1", "Demo/Hazard", HAZARD_JOB, None, Operation.VIEW, UNBOUNDED, now, now, now + 3600)
    seen: list[dict[str, str]] = []
    with _basemap(seen) as basemap:
        app = app_over(double, basemap_url=f"{basemap}/{{z}}/{{x}}/{{y}}.png", access=tmp_path)
        with served(app) as url:
            yield Linked(url, f"/links/{open_door().link_token(link)}", basemap, tmp_path, seen)


@contextmanager
def _basemap(seen: list[dict[str, str]]) -> Iterator[str]:
    """Tiles of one colour on an origin of their own, that remember what they were asked with."""
    body = io.BytesIO()
    Image.new("RGB", (256, 256), (96, 150, 190)).save(body, "PNG")
    app = FastAPI()

    @app.get("/{path:path}")
    def tile(request: Request) -> Response:
        seen.append(dict(request.headers))
        return Response(body.getvalue(), media_type="image/png")

    with served(app) as url:
        yield url


Open = Callable[[str], Page]


@pytest.fixture
def open_(browser: Browser, linked: Linked) -> Iterator[Open]:
    """open_(path) -> a page below the link; at the end, nothing that any of them asked left it."""
    pages: list[Page] = []
    asked: list[Any] = []

    def open_one(path: str) -> Page:
        page = browser.new_page(viewport={"width": 1024, "height": 768})
        pages.append(page)
        page.on("request", lambda request: asked.append(request))
        page.goto(linked.url + linked.link + path)
        return page

    yield open_one
    ours = [request for request in asked if request.url.startswith(linked.url)]
    assert ours and all(request.url.startswith(linked.url + linked.link) for request in ours)
    foreign = {request.url.split("/")[2] for request in asked if request not in ours and not request.url.startswith(("data:", "blob:"))}
    assert foreign <= {linked.basemap.removeprefix("http://")}
    assert not [request.url for request in ours if request.all_headers().get("referer")]
    assert not any(headers.get("referer") or linked.link in str(headers) for headers in linked.seen)
    for page in pages:
        page.close()


def drawn(page: Page) -> None:
    """Waits until the map has everything it asked for."""
    deadline = time.monotonic() + 15
    while not page.evaluate("window.rendermap && rendermap.stack.drawn.length && !rendermap.stack.coming && !rendermap.stack.waiting"):
        assert time.monotonic() < deadline, "the map was never drawn"
        page.wait_for_timeout(30)


def test_a_map_is_looked_at_and_taken_home_below_its_link(open_: Open, linked: Linked, double: ServiceDouble) -> None:
    """Tiles, legend, download and the addresses for other software stay below the link, which no other host hears of."""
    page = open_(MAP)
    drawn(page)
    expect(page.get_by_text("Shown to you by a link that is good until")).to_be_visible()
    page.get_by_label("Hazard classes", exact=True).uncheck()
    page.locator("[data-menu] summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="This view PNG").click()
    assert download.value.suggested_filename.endswith("-map.png")
    page.locator("[data-menu] summary").click()
    with page.expect_download() as download:
        page.locator("[data-legend]").click()
    assert download.value.suggested_filename.endswith("-legend.png")
    for value in page.locator(".copyable input").evaluate_all("(fields) => fields.map((field) => field.value)"):
        assert value.startswith(f"{linked.url}{linked.link}/")
    assert linked.seen and len(double.drawn) > 4


def test_what_lies_at_a_place_is_asked_below_the_link(open_: Open, double: ServiceDouble) -> None:
    """By a click, where a layer that the link shows may be asked about."""
    double.access, double.hits = (
        {"Hazard classes": "identify"},
        Hits((CellHit(2, "Hazard classes", "classes", (3.0,), "Moderate", 0, 0, ""),)),
    )
    page = open_(MAP)
    drawn(page)
    page.locator("#map").click()
    expect(page.get_by_role("dialog")).to_contain_text("Moderate")
    assert [request.job.principal.link is not None for request in double.asked] == [True]


def test_the_list_leads_to_the_map(open_: Open) -> None:
    """By way of a picture, and back by the crumbs."""
    page = open_("/")
    page.locator(f'[data-card="Demo/Hazard/{HAZARD_JOB}"] a').click()
    drawn(page)
    page.get_by_role("link", name="Jobs", exact=True).click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_a_running_job_is_waited_for(open_: Open, double: ServiceDouble) -> None:
    """The page asks below the link how the job is doing, and opens the map there."""
    page = open_(RUNNING)
    expect(page.get_by_text("Shown to you by a link that is good until")).to_be_visible()
    double.jobs_known = tuple(replace(job, status="succeeded") if job.job_id == RUNNING_JOB else job for job in double.jobs_known)
    expect(page.locator("#map")).to_be_visible(timeout=10_000)
    drawn(page)


def test_a_link_taken_back_ends_what_it_shows(open_: Open, linked: Linked) -> None:
    """An open map says so at the next movement, an open list becomes the page of a link that is not good."""
    page, listed = open_(MAP), open_("/")
    drawn(page)
    linked.revoke()
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_text("This map is not there any more.")).to_be_visible()
    # the stand-in has a running job, so the list asks again by itself
    expect(listed.get_by_text("Ask whoever gave it to you for a new one.")).to_be_visible(timeout=10_000)

"""The pages in a real browser, as visitors meet them."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import pytest
from fastapi import FastAPI, Response
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from rendermap.frontends.arcgis.routes import arcgis_router
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transformer
from rendermap.service import MapService
from tests.builders.app_double import app_over
from tests.builders.arcgis_app import REST, J, T
from tests.builders.browser import served
from tests.builders.service_double import (
    ENDED_JOB,
    FAILED_JOB,
    HAZARD_COLORS,
    HAZARD_JOB,
    RUNNING_JOB,
    VIEWSHED_JOB,
    ServiceDouble,
)

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
BASEMAP_COLOR = (96, 150, 190)
MAP = f"/jobs/Demo/Hazard/{HAZARD_JOB}"
RUNNING = f"/jobs/Demo/Hazard/{RUNNING_JOB}"
PATHS = ["/", MAP, RUNNING, f"/jobs/Viewshed/{FAILED_JOB}", "/docs"]


def until(page: Page, expression: str, seconds: float = 15.0) -> None:
    """Waits for an expression to hold; Playwright's own wait needs eval, which the pages' policy forbids."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never held: {expression}"
        page.wait_for_timeout(30)


def drawn(page: Page) -> None:
    """Waits until the map has everything it asked for."""
    until(page, "window.rendermap && rendermap.stack.drawn.length && !rendermap.stack.coming && !rendermap.stack.waiting")
    page.evaluate("() => new Promise((done) => { rendermap.map.once('rendercomplete', () => done()); rendermap.map.render(); })")


def picture(page: Page) -> Image.Image:
    """What the map shows, without the page around it."""
    drawn(page)
    return Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")


def share_near(image: Image.Image, color: tuple[int, int, int], within: int = 40) -> float:
    """The share of pixels whose every band is within so much of a colour."""
    small = image.resize((160, 120), Image.Resampling.NEAREST)
    pixels = [small.getpixel((x, y)) for x in range(small.width) for y in range(small.height)]
    near = sum(all(abs(a - b) <= within for a, b in zip(pixel, color, strict=True)) for pixel in pixels if isinstance(pixel, tuple))
    return near / len(pixels)


@pytest.mark.parametrize("width", [360, 1024, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_every_width_in_both_schemes(open_page: OpenPage, width: int, scheme: str) -> None:
    """No page is wider than its screen, complains in the console, or asks another host for anything."""
    for path in PATHS:
        page = open_page(path, width=width, height=900, scheme=scheme)
        if path == MAP:
            drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, ground.removeprefix("rgb(").rstrip(")").split(","))) > 380) == (scheme == "light")
        assert page.locator("h1, .title").first.is_visible() or path == "/docs"


def test_a_visitor_goes_from_the_list_to_a_map(open_page: OpenPage) -> None:
    """Thumbnails load, and a click on a finished job shows its map in the colours of its classes."""
    page = open_page("/")
    until(page, "[...document.querySelectorAll('[data-thumb]')].every((i) => i.complete && i.naturalWidth === 640)")
    page.locator(f'[data-card="Demo/Hazard/{HAZARD_JOB}"] a').click()
    image = picture(page)
    assert share_near(image, HAZARD_COLORS[2]) > 0.1
    expect(page.get_by_role("heading", level=1)).to_have_text("Terrain hazard")
    expect(page.locator("[data-scale]")).to_contain_text("1 : ")


def test_switching_a_layer_off_takes_it_from_the_map_and_the_download(open_page: OpenPage) -> None:
    """Without the classes the grey hillshade shows, and the download has the same layers."""
    page = open_page(MAP)
    before = share_near(picture(page), HAZARD_COLORS[2])
    page.get_by_label("Hazard classes", exact=True).uncheck()
    until(page, "rendermap.stack.keys === '0,3'")
    after = picture(page)
    assert before > 0.1 and share_near(after, HAZARD_COLORS[2]) < 0.02
    page.locator("[data-menu] summary").click()
    until(page, "document.querySelector('[data-download]').href.includes('layers=0%2C3')")
    until(page, "document.querySelector('[data-legend]').href.endsWith('/legend.png?layers=0%2C3')")
    page.get_by_label("Hazard classes", exact=True).check()
    until(page, "rendermap.stack.keys === 'all'")
    assert share_near(picture(page), HAZARD_COLORS[2]) == pytest.approx(before, abs=0.01)


def test_arcgis_pages_fit_a_phone(browser: Browser, double: ServiceDouble) -> None:
    """Pages with long addresses on them do not scroll sideways, and ask for nothing that is not there."""
    missing: list[str] = []
    app = app_over(double)
    app.include_router(arcgis_router(cast(MapService, double)))
    with served(app) as url:
        page = browser.new_page(viewport={"width": 360, "height": 640})
        page.on("response", lambda response: missing.append(response.url) if response.status == 404 else None)
        for path in (f"{REST}/services", J, f"{J}/layers", f"{J}/legend", T, f"{T}/jobs/{HAZARD_JOB}"):
            page.goto(url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.close()
    assert not missing


def test_a_group_switches_its_members(open_page: OpenPage) -> None:
    """A group that is off hides its layers and keeps their own switches as they were."""
    page = open_page(MAP)
    drawn(page)
    page.get_by_label("Hazard", exact=True).uncheck()
    until(page, "rendermap.stack.keys === '0'")
    expect(page.get_by_label("Hillshade", exact=True)).to_be_checked()


def test_opacity_of_one_layer_and_of_all(open_page: OpenPage) -> None:
    """A layer at no opacity lets the one below through; the whole result at none leaves the paper."""
    page = open_page(MAP)
    drawn(page)
    page.get_by_role("button", name="Opacity of Hazard classes").click()
    slider = page.get_by_role("slider", name="Opacity of Hazard classes")
    slider.fill("0")
    until(page, "rendermap.stack.keys === '0|~2|3' && !rendermap.stack.coming")
    assert share_near(picture(page), HAZARD_COLORS[2]) < 0.02
    slider.fill("100")
    assert share_near(picture(page), HAZARD_COLORS[2]) > 0.1
    page.get_by_role("slider", name="Opacity", exact=True).fill("0")
    assert share_near(picture(page), (247, 247, 244), 4) > 0.85


def test_sharp_screens_get_sharp_tiles(open_page: OpenPage, double: ServiceDouble) -> None:
    """On a screen with two device pixels per pixel the map asks for tiles of 512."""
    double.drawn.clear()
    page = open_page(MAP, scale=2.0)
    drawn(page)
    sizes = {request.view.width_px for request in double.drawn if hasattr(request, "view")}
    assert sizes == {512}


def test_a_map_as_published_costs_one_request_per_tile(open_page: OpenPage, double: ServiceDouble) -> None:
    """Without a change by the visitor, the service draws all visible layers in one picture, and no tile far outside is asked for."""
    page = open_page(MAP)
    drawn(page)
    boxes = [request.view.bbox for request in double.drawn if hasattr(request, "view")]
    assert 4 <= len(boxes) <= 30
    assert len(set(boxes)) == len(boxes)


def test_the_scale_hides_a_layer_and_says_so(open_page: OpenPage) -> None:
    """A layer beyond its scale range says to zoom in, and the words do it."""
    page = open_page(f"{MAP}#8/36.5/-84.25")
    page.get_by_role("button", name="Zoom in to see this layer").click()
    expect(page.locator('[data-layer="0"] [data-range]')).to_be_hidden()


def test_the_address_holds_the_view(open_page: OpenPage) -> None:
    """What is looked at stands in the address, so a link shows the same place."""
    page = open_page(f"{MAP}#12.5/36.5/-84.25")
    drawn(page)
    center = transformer(WGS84, WEB_MERCATOR).transform(-84.25, 36.5)
    assert page.evaluate("rendermap.map.getView().getCenter()") == pytest.approx(center, abs=1)
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    until(page, "location.hash.startsWith('#12.5/36.5') && !location.hash.endsWith('-84.25')")


def test_download_is_the_view_on_the_screen(open_page: OpenPage) -> None:
    """The picture to keep has the size of the map on the screen and comes under a name."""
    page = open_page(MAP)
    drawn(page)
    size = page.evaluate("rendermap.map.getSize()")
    page.locator("[data-menu] summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="This view PNG").click()
    assert download.value.suggested_filename == "Hazard-ja1a1a1a1-map.png"
    image = Image.open(download.value.path())
    assert list(image.size) == size
    assert share_near(image.convert("RGB"), HAZARD_COLORS[2]) > 0.1


def test_tabs_and_menus_work_from_the_keyboard(open_page: OpenPage) -> None:
    """Arrow keys move between tabs; Escape closes the menu and gives the focus back."""
    page = open_page(MAP)
    page.get_by_role("tab", name="Layers").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="Details")).to_be_visible()
    expect(page.get_by_role("tabpanel", name="Layers")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Use elsewhere")).to_be_focused()
    page.locator("[data-menu] summary").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("[data-menu]")).not_to_have_attribute("open", "")


def test_addresses_are_copied(open_page: OpenPage, address: str) -> None:
    """The button puts the protocol's absolute address on the clipboard."""
    page = open_page(MAP)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Use elsewhere").click()
    page.get_by_role("button", name="Copy TileJSON address").click()
    expect(page.get_by_role("button", name="Copy TileJSON address")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}/xyz/Demo/Hazard/jobs/{HAZARD_JOB}/tilejson.json"


def test_a_waiting_page_opens_the_map_by_itself(open_page: OpenPage, double: ServiceDouble) -> None:
    """When the job finishes, its page shows the map without a touch."""
    page = open_page(RUNNING)
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    finish(double)
    expect(page.locator("#map")).to_be_visible(timeout=10_000)
    assert share_near(picture(page), HAZARD_COLORS[2]) > 0.1


def test_the_list_follows_running_jobs(open_page: OpenPage, double: ServiceDouble) -> None:
    """A running job's card becomes a picture when the job finishes."""
    page = open_page("/")
    card = page.locator(f'[data-card="Demo/Hazard/{RUNNING_JOB}"]')
    expect(card).to_contain_text("Running")
    finish(double)
    expect(card).to_contain_text("Done", timeout=10_000)
    expect(card.locator("img")).to_be_visible()


def finish(double: ServiceDouble) -> None:
    double.jobs_known = tuple(replace(job, status="succeeded") if job.job_id == RUNNING_JOB else job for job in double.jobs_known)


def test_many_jobs_can_be_searched(open_page: OpenPage, double: ServiceDouble) -> None:
    """Words narrow the list by service, task, state and id."""
    (job,) = [job for job in double.jobs_known if job.job_id == VIEWSHED_JOB]
    double.jobs_known += tuple(replace(job, job_id=f"j{n:032x}") for n in range(12))
    page = open_page("/")
    page.get_by_role("searchbox").fill("viewshed failed")
    expect(page.locator("[data-card]:visible")).to_have_count(1)
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.get_by_text("No job matches.")).to_be_visible()


def test_a_changed_result_is_told(open_page: OpenPage, double: ServiceDouble) -> None:
    """When the job was run again under the same id, the open map says so instead of mixing old and new tiles."""
    page = open_page(MAP, may_complain=True)
    drawn(page)
    double.edition = 2
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_text("This result has changed.")).to_be_visible()
    page.get_by_role("button", name="Reload").click()
    drawn(page)
    expect(page.locator("[data-toast]")).to_be_hidden()


def test_an_ended_job_has_a_page_that_says_so(open_page: OpenPage) -> None:
    """410 in the look of the pages, with a way on."""
    page = open_page(f"/jobs/Viewshed/{ENDED_JOB}", may_complain=True)
    expect(page.get_by_role("heading", name="This job has ended")).to_be_visible()
    page.get_by_role("link", name="All jobs").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_the_api_is_described_without_the_network(open_page: OpenPage) -> None:
    """The description comes from our own build and lists the addresses of the app."""
    page = open_page("/docs")
    expect(page.get_by_text("TileJSON 3.0 of a job")).to_be_visible()


def test_a_refused_layer_says_why_and_the_others_draw(open_page: OpenPage, double: ServiceDouble) -> None:
    """One dataset that may not be drawn takes nothing else from the map."""
    double.faults = {"Hillshade": "The dataset of this layer may not be drawn."}
    page = open_page(MAP)
    expect(page.locator('[data-layer="3"] .fault')).to_have_text("The dataset of this layer may not be drawn.")
    expect(page.get_by_label("Hillshade", exact=True)).to_be_disabled()
    expect(page.get_by_label("Hazard", exact=True)).to_be_enabled()
    drawn(page)
    assert share_near(picture(page), HAZARD_COLORS[2], 90) > 0.1


@contextmanager
def basemap_served() -> Iterator[tuple[str, list[str]]]:
    """A basemap of one colour on an origin of its own, and what was asked of it."""
    asked: list[str] = []
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256), BASEMAP_COLOR).save(buffer, "PNG")
    app = FastAPI()

    @app.get("/{path:path}")
    def tile(path: str) -> Response:
        asked.append(path)
        return Response(buffer.getvalue(), media_type="image/png")

    with served(app) as url:
        yield url, asked


def test_the_operators_basemap_lies_under_the_result(browser: Browser, double: ServiceDouble) -> None:
    """Its tiles are drawn, its credit is shown, and no third host is asked."""
    with basemap_served() as (tiles, asked), served(app_over(double, basemap_url=f"{tiles}/{{z}}/{{x}}/{{y}}.png")) as address:
        page = browser.new_page(viewport={"width": 1024, "height": 768})
        hosts: set[str] = set()
        complaints: list[str] = []
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else None)
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(f"{address}{MAP}#10/36.5/-84.25")
        assert share_near(picture(page), BASEMAP_COLOR, 4) > 0.2
        page.get_by_role("slider", name="Opacity", exact=True).fill("0")
        assert share_near(picture(page), BASEMAP_COLOR, 4) > 0.85
        expect(page.get_by_text("© Somebody")).to_be_visible()
        page.close()
        assert asked and all(re.fullmatch(r"10/\d+/\d+\.png", path) for path in asked)
        assert {f"http://{host}" for host in hosts} == {tiles, address} and not complaints


def test_without_a_basemap_nobody_else_is_asked(open_page: OpenPage) -> None:
    """The map draws on paper, without a credit line and without a request to another host, which would fail this test."""
    page = open_page(MAP)
    drawn(page)
    assert page.evaluate("document.getElementById('map-data').textContent.includes('\"basemap\":null')")
    expect(page.locator(".ol-attribution")).not_to_contain_text("©")

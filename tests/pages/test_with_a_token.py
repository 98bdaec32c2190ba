"""The pages in a real browser as whoever opened them with ``?token=`` meets them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, Response, expect

from rendermap.access import realm
from rendermap.access.realm import ApiKey
from tests.builders.app_double import app_over
from tests.builders.browser import served
from tests.builders.service_double import HAZARD_JOB, ServiceDouble
from tests.pages.test_below_a_link import drawn

pytestmark = pytest.mark.browser
KEY = "rmk_of anna&more"


@pytest.fixture
def guarded(double: ServiceDouble, tmp_path: Path) -> Iterator[str]:
    """Where everybody must sign in."""
    realm.write_keys(tmp_path, {"portal": ApiKey(digest=hashlib.sha256(KEY.encode()).hexdigest())})
    (tmp_path / "access.toml").write_text('sign_in = "required"\n')
    with served(app_over(double, access=tmp_path)) as url:
        yield url


def test_a_token_goes_along_from_the_list_to_the_map_and_back(browser: Browser, guarded: str, double: ServiceDouble) -> None:
    """Thumbnails, tiles, downloads, questions and crumbs carry it, of chosen layers too; addresses to copy and other sites never."""
    double.access = {"Hillshade": "identify"}
    page = browser.new_page(viewport={"width": 1024, "height": 768})
    asked: list[Request] = []
    answered: list[Response] = []
    page.on("request", lambda request: asked.append(request))
    page.on("response", lambda response: answered.append(response))
    page.goto(f"{guarded}/?token=rmk_of%20anna%26more")
    card = page.locator(f'[data-card="Demo/Hazard/{HAZARD_JOB}"]')
    expect(card.locator("img")).to_have_js_property("naturalWidth", 640)
    card.locator("a").click()
    drawn(page)
    page.get_by_label("Hazard classes", exact=True).uncheck()
    drawn(page)
    page.locator("#map").press("Enter")
    expect(page.get_by_role("dialog")).to_have_text("Nothing to tell here.")
    page.locator("[data-menu] summary").click()
    for link in ("[data-download='1']", "[data-legend]"):
        with page.expect_download() as download:
            page.locator(link).click()
        assert download.value.failure() is None and download.value.suggested_filename.endswith(".png")
        if link != "[data-legend]":
            page.locator("[data-menu] summary").click()
    assert not [field for field in page.locator(".copyable input").all() if "token" in field.input_value()]
    page.get_by_role("link", name="Jobs", exact=True).click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    assert {answer.status for answer in answered} <= {200, 304}, [answer.url for answer in answered if answer.status > 304]
    guests = [request for request in asked if request.url.startswith(f"{guarded}/") and "/static/" not in request.url]
    assert any("/tiles/" in request.url and "layers=" in request.url for request in guests)
    assert all("token=rmk_of" in request.url and not request.all_headers().get("referer") for request in guests)
    page.close()

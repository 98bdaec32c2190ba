"""One browser and one served app per module; pages fail the test on any error in their console or any request to another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from rendermap.frontends.viewer.bundle import BUILT
from tests.builders.app_double import app_over
from tests.builders.browser import chromium, served
from tests.builders.service_double import ServiceDouble

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")  # not longer: while Playwright runs, no other test can have an event loop
def browser() -> Iterator[Browser]:
    if not (BUILT / "manifest.json").exists():
        pytest.fail("the pages are not built: run `make web`")
    with chromium() as started:
        yield started


@pytest.fixture
def double() -> ServiceDouble:
    return ServiceDouble()


@pytest.fixture
def address(double: ServiceDouble) -> Iterator[str]:
    with served(app_over(double)) as url:
        yield url


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[OpenPage]:
    """open_page(path, width, height, scheme, ...) -> a page; its complaints fail the test at the end unless may_complain."""
    pages: list[Page] = []
    complaints: list[str] = []

    def open_one(
        path: str, width: int = 1024, height: int = 768, scheme: str = "light", may_complain: bool = False, scale: float = 1.0
    ) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=scale)  # type: ignore[arg-type]
        pages.append(page)
        if not may_complain:
            page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if _is_foreign(request.url, address) else None)
        page.goto(address + path)
        return page

    yield open_one
    for page in pages:
        page.close()
    assert not complaints


def _is_foreign(url: str, address: str) -> bool:
    return urlsplit(url).scheme not in ("data", "blob") and not url.startswith(address)

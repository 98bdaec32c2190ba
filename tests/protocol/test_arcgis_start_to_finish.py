"""Unmodified clients run a task and show what came of it, from the point somebody draws to the picture and the legend."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.builders.clients import PATIENCE_MS, SIZE_PX, client_page
from tests.builders.running_service import RunningService, drawn, running_service

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAINLAND = [1_100_000.0, 5_900_000.0, 1_700_000.0, 6_300_000.0]
ROUND_THE_EARTH = 2 * 20_037_508.342789244
ANTIMERIDIAN = [19_737_508.0, -2_200_000.0, 20_337_508.0, -1_800_000.0]
"""Web mercator, at the ratio of the clients' maps; the antimeridian lies at 20037508."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("running")) as running:
        yield running


def seen(page: Page) -> NDArray[np.uint8]:
    """What is on the screen."""
    page.wait_for_timeout(200)
    return np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB"))


def assert_same(shown: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
    """Not blank, and alike nearly everywhere: a browser may shift edges by a part of a pixel."""
    assert shown.shape == expected.shape and len(np.unique(expected.reshape(-1, 3), axis=0)) > 20
    far = np.abs(shown.astype(int) - expected.astype(int)).max(axis=2) > 40
    assert far.mean() < 0.02, f"{far.mean():.1%} of the pixels differ"


def run_by_hand(page: Page, x: int, y: int) -> dict[str, Any]:
    """A point is clicked on the map, and the page does the rest."""
    page.wait_for_function("window.waiting || window.failed", timeout=PATIENCE_MS)
    page.mouse.move(x - 20, y - 10)
    page.mouse.click(x, y)
    page.wait_for_function("window.shown || window.failed", timeout=PATIENCE_MS)
    assert page.evaluate("window.failed") is None
    shown: dict[str, Any] = page.evaluate("window.shown")
    return shown


def test_arcgis_core_runs_the_task(browser: Browser, pages: str, service: RunningService) -> None:
    """A drawn point is submitted, the job waited for; its map, legend, popup and sublayer switches are what `rendermap draw` draws."""
    with client_page(browser, f"{pages}/geoprocessing.html", taskUrl=service.task_url, box=MAINLAND) as client:
        page = client.page
        shown = run_by_hand(page, 300, 200)
        assert (shown["number"], shown["rings"], shown["exceeded"]) == (3, 3, False) and shown["statuses"][0] == "job-submitted"
        assert_same(seen(page), drawn(service, shown["jobId"], shown["box"]))
        assert {"Rings", "Height above the place"} <= set(page.inner_text("#legend").splitlines()), page.inner_text("#legend")
        page.evaluate("window.toggle(0, false)")
        assert_same(seen(page), drawn(service, shown["jobId"], shown["box"], "--layers", "1"))
        page.evaluate("window.toggle(0, true)")
        told = page.evaluate("window.told(300, 200)")
        assert [attributes["name"] for title, attributes in told if title == "Rings"] == ["Ring 1"], told
        assert any(f"/MapServer/jobs/{shown['jobId']}/legend" in address for address in client.addresses)


def test_esri_leaflet_runs_the_task(browser: Browser, pages: str, service: RunningService) -> None:
    """Its geoprocessing plugin submits the clicked place and finds the job's map, which is what `rendermap draw` draws."""
    with client_page(browser, f"{pages}/leaflet_geoprocessing.html", taskUrl=service.task_url, box=MAINLAND) as client:
        shown = run_by_hand(client.page, 300, 200)
        assert shown["url"] == service.map_url(shown["jobId"]) and shown["kind"] == "GPRasterDataLayer"
        assert_same(seen(client.page), drawn(service, shown["jobId"], shown["box"]))


def test_arcgis_core_looks_across_the_antimeridian(browser: Browser, pages: str, service: RunningService) -> None:
    """Rings around a place near it are whole on the screen, though the client asks in a reference system of its own making."""
    with client_page(browser, f"{pages}/geoprocessing.html", taskUrl=service.task_url, box=ANTIMERIDIAN) as client:
        shown = run_by_hand(client.page, 320, 200)
        exports = [address for address in client.addresses if "/export?" in address]
        picture = seen(client.page)
    assert any("Central_Meridian" in address for address in exports), exports
    xmin, ymin, xmax, ymax = shown["box"]
    west = drawn(service, shown["jobId"], [xmin, ymin, xmax, ymax])
    east = drawn(service, shown["jobId"], [xmin - ROUND_THE_EARTH, ymin, xmax - ROUND_THE_EARTH, ymax])
    meridian = round((ROUND_THE_EARTH / 2 - xmin) / (xmax - xmin) * SIZE_PX[0])
    assert_same(picture, np.hstack([west[:, :meridian], east[:, meridian:]]))

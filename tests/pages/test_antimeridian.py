"""The map page of results that reach over 180 degrees, or all around the earth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.geo.worlds import about
from rendermap.reply import MapCard, ServiceCard
from tests.builders.service_double import HAZARD_JOB, ServiceDouble
from tests.pages.conftest import OpenPage
from tests.pages.test_pages import drawn, until

pytestmark = pytest.mark.browser

MAP = f"/jobs/Demo/Hazard/{HAZARD_JOB}"
HALF = 20037508.342789244
WHOLE = BBox(-HALF, -HALF, HALF, HALF)
FRAME = BBox(HALF - 1_000_000, -2_500_000, HALF + 1_200_000, -1_500_000)
EXTENT = "rendermap.map.getView().calculateExtent()"


class Placed(ServiceDouble):
    """The stand-in's maps, elsewhere."""

    frame: BBox | None = None

    def _card(self, service: ServiceCard, job_id: str | None) -> MapCard:
        card = super()._card(service, job_id)
        layers = tuple(replace(layer, bbox=WHOLE, frame=self.frame) if layer.bbox else layer for layer in card.layers)
        return replace(card, bbox=WHOLE, frame=self.frame, layers=layers, finest_m=None)


@pytest.fixture
def double() -> Placed:
    return Placed()


def _extent(page: Page) -> BBox:
    drawn(page)
    return BBox(*page.evaluate(EXTENT))


def test_a_result_across_the_edge_is_opened_whole(open_page: OpenPage, double: Placed) -> None:
    """It fills the window, in tiles of one CRS that is not torn there; its layers are zoomed to, and links come back to the place."""
    double.frame = FRAME
    page = open_page(MAP, width=1100, height=900)
    seen = _extent(page)
    assert seen.xmin < FRAME.xmin and FRAME.xmax < seen.xmax and seen.width < 3 * FRAME.width
    views = [request.view for request in double.drawn if hasattr(request, "view")]
    assert views and {view.crs for view in views} == {about(WEB_MERCATOR, 180)}
    assert min(view.bbox.xmin for view in views) < 0 < max(view.bbox.xmax for view in views)
    for _ in range(8):
        page.locator(".ol-zoom-out").click()
    until(page, f"{EXTENT}[2] - {EXTENT}[0] >= {2 * HALF - 1}")
    page.locator("[data-zoom]").first.click()
    until(page, f"{EXTENT}[2] - {EXTENT}[0] < {3 * FRAME.width}")
    until(page, "location.hash.length > 1")
    again = open_page(f"{MAP}#5/-18/-175")
    assert _extent(again).center[0] == pytest.approx(HALF * (360 - 175) / 180, abs=1)


@pytest.mark.parametrize(("width", "height"), [(1100, 900), (1100, 500)])
def test_a_result_all_around_the_earth_is_seen_whole(width: int, height: int, open_page: OpenPage) -> None:
    """The window need not be filled with it, whatever its shape."""
    seen = _extent(open_page(MAP, width=width, height=height))
    assert seen.xmin <= -HALF and seen.xmax >= HALF and seen.ymin <= -HALF and seen.ymax >= HALF

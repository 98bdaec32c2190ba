"""What lies at a place, asked of the map page and told in its popup, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from rendermap.errors import Busy
from rendermap.frontends.viewer.identified import MOST_SHOWN
from rendermap.reply import CellHit, Feature, FieldCard, Hit, Hits
from rendermap.request import Depth, IdentifyRequest
from tests.builders.service_double import HAZARD_JOB, ServiceDouble
from tests.builders.whole_service import NAME, WholeService, whole_service
from tests.pages.test_pages import drawn, until

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
MAP = f"/jobs/Demo/Hazard/{HAZARD_JOB}"
FIELDS = (
    FieldCard("OBJECTID", "id", "OBJECTID"), FieldCard("name", "text", "Name"), FieldCard("h", "real", "Height (m)"),
    FieldCard("day", "date", "Surveyed"), FieldCard("note", "text", "<i>Remark</i>"),
)  # fmt: skip
EVIL = "<img src=x onerror=alert(1)>"
LINE = Hit(0, "Contours", "name", FIELDS, Feature(7, (7, EVIL, 480.5, 1_767_225_600_000, None)), "line", "")
CELL = CellHit(2, "Hazard classes", "classes", (3.0,), "Moderate", 0, 0, "")


@pytest.fixture
def double() -> ServiceDouble:
    """Two of its four layers may be asked about."""
    return ServiceDouble(access={"Contours": "data", "Hazard classes": "identify"}, hits=Hits((LINE, CELL)))


def popup(page: Page) -> Locator:
    return page.get_by_role("dialog", name="What lies here")


def opened(open_page: OpenPage, width: int = 1024, height: int = 768) -> Page:
    """The map, drawn, near enough to see every layer."""
    page = open_page(f"{MAP}#13/36.5/-84.25", width=width, height=height)
    drawn(page)
    return page


def pointed_at(asked: IdentifyRequest) -> tuple[float, float]:
    """Pixels from the upper left corner of the view."""
    (((place,),),) = asked.shape.parts
    view, box = asked.view, asked.view.bbox
    return (place[0] - box.xmin) / box.width * view.width_px, (box.ymax - place[1]) / box.height * view.height_px


def test_a_click_tells_what_lies_there(open_page: OpenPage, double: ServiceDouble) -> None:
    """Of the layers that may be asked about and no other; texts of a dataset stay texts, dates and nulls are words; then it is closed."""
    page = opened(open_page)
    page.locator("#map").click(position={"x": 200, "y": 300})
    expect(popup(page).locator(".popup-layer")).to_have_text(["Contours", "Hazard classes"])
    assert popup(page).locator("h2").all_inner_texts() == [EVIL, "Moderate"] and not popup(page).locator("img").count()
    assert popup(page).locator("dt").all_inner_texts() == ["Height (m)", "Surveyed", "<i>Remark</i>", "Value"]
    assert popup(page).locator("dd").all_inner_texts() == ["480.5", "1 Jan 2026", "–", "3"]
    (asked,) = double.asked
    assert (asked.ids, asked.depth, asked.with_shapes) == ((0, 2), Depth.VISIBLE, False) and asked.tolerance_px >= 5
    assert pointed_at(asked) == pytest.approx((200, 300), abs=1)
    page.get_by_role("button", name="Close").click()
    expect(popup(page)).to_be_hidden()


def test_what_is_switched_off_is_not_asked_about(open_page: OpenPage, double: ServiceDouble) -> None:
    """Nor what is out of scale; where nothing is left, nothing is asked or shown."""
    page = opened(open_page)
    page.get_by_label("Contours", exact=True).uncheck()
    page.locator("#map").click()
    expect(popup(page)).to_be_visible()
    page.get_by_label("Hazard", exact=True).uncheck()
    expect(popup(page)).to_be_hidden()
    page.locator("#map").click()
    page.get_by_label("Contours", exact=True).check()
    page.evaluate("rendermap.map.getView().setZoom(14)")
    page.locator("#map").click()
    page.wait_for_timeout(400)  # a click waits for a second one
    assert [asked.ids for asked in double.asked] == [(2,)] and popup(page).is_hidden()


def test_at_view_nothing_is_asked_or_promised(open_page: OpenPage, double: ServiceDouble) -> None:
    """A click does nothing, and the page does not say that it would."""
    double.access = {}
    page = opened(open_page)
    expect(page.get_by_text("to see what lies there")).to_have_count(0)
    page.locator("#map").click()
    page.locator("#map").press("Enter")
    page.wait_for_timeout(400)  # a click waits for a second one
    assert not double.asked and not page.locator("[data-popup]").count()


def test_the_keyboard_asks_about_the_middle(open_page: OpenPage, double: ServiceDouble) -> None:
    """Enter tells, and leads to the answer; Escape closes it and leads back to the map, whose arrows did not move it meanwhile."""
    page = opened(open_page)
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(popup(page)).to_be_visible()
    until(page, "document.activeElement.matches('[data-popup-body]')")
    until(page, "!rendermap.map.getView().getAnimating()")
    before = page.evaluate("rendermap.map.getView().getCenter()")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(150)
    assert page.evaluate("rendermap.map.getView().getCenter()") == before
    page.keyboard.press("Escape")
    expect(popup(page)).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "map"
    view = double.asked[0].view
    assert pointed_at(double.asked[0]) == pytest.approx((view.width_px / 2, view.height_px / 2), abs=1)


def test_a_popup_fits_a_phone(open_page: OpenPage, double: ServiceDouble) -> None:
    """Wherever the finger was: the map moves until all of it is seen, and what is long is scrolled."""
    double.hits = Hits((LINE, CELL) * 20)
    page = opened(open_page, width=360, height=640)
    for x, y in ((20, 20), (290, 20), (340, 300)):
        page.locator("#map").click(position={"x": x, "y": y})
        expect(popup(page)).to_contain_text("zoom in to tell it apart")
        assert popup(page).locator("section").count() == MOST_SHOWN
        until(page, "!rendermap.map.getView().getAnimating()")
        page.wait_for_timeout(50)
        stage, shown = page.locator(".stage").bounding_box(), popup(page).bounding_box()
        assert stage and shown and shown["x"] >= 0 and shown["x"] + shown["width"] <= 360
        assert stage["y"] <= shown["y"] and shown["y"] + shown["height"] <= stage["y"] + stage["height"]
        page.keyboard.press("Escape")
        expect(popup(page)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_cannot_be_told_is_said(open_page: OpenPage, double: ServiceDouble) -> None:
    """Nothing there, an error in its own words, and a result that has changed meanwhile."""
    page = open_page(f"{MAP}#13/36.5/-84.25", may_complain=True)
    drawn(page)
    double.hits = Hits()
    page.locator("#map").click()
    expect(popup(page)).to_have_text("Nothing to tell here.")
    double.fault = Busy()
    page.locator("#map").press("Enter")
    expect(popup(page)).to_contain_text(Busy.sentence)
    double.fault, double.edition = None, 2
    page.locator("#map").press("Enter")
    expect(page.get_by_text("This result has changed.")).to_be_visible()
    expect(popup(page)).to_be_hidden()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("mixed"), parcels='access = "identify"\nfields = ["number"]') as service:
        yield service


@pytest.mark.slow
def test_a_real_map_of_mixed_levels_tells_of_one_layer(mixed: WholeService, browser: Browser) -> None:
    """The parcel in the middle by the field that its author lists; nothing of the raster under it, which may only be seen."""
    page = browser.new_page(viewport={"width": 1024, "height": 768})
    page.goto(f"{mixed.url}/jobs/{NAME}/{mixed.job_id}")
    drawn(page)
    page.locator("#map").press("Enter")
    expect(popup(page).locator("h2")).to_have_text(["Affected parcels"])
    assert popup(page).locator("dl").all_inner_texts() == ["number\n4"]
    page.close()

"""The forms by which people ask a map, and the answers they read."""

from __future__ import annotations

import json
import math

import pytest

from rendermap.frontends.arcgis.answer_tables import date_text
from tests.builders.arcgis_app import ArcgisApp, J
from tests.builders.asked_service import AskedService, toml
from tests.builders.page_forms import form_fields, offered
from tests.builders.service_double import ServiceDouble


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskedService:
    return AskedService(tmp_path_factory.mktemp("asked"), {"Demo": toml()})


def test_a_form_can_be_sent_as_it_stands(service: AskedService) -> None:
    """What stands in the fields at first is a question, and its answer stands above the same form."""
    url = f"{service.map_url()}/0/query"
    told = service.get(url, **form_fields(service.get(url).text)).text
    assert told.index("5 features") < told.index("<td>Emil</td>") < told.index("<form") and "as GeoJSON" in told
    find = f"{service.map_url()}/find"
    assert "<td>Berta</td>" in service.get(find, **form_fields(service.get(find).text) | {"searchText": "er"}).text
    identify = f"{service.map_url()}/identify"
    # the middle of the map lies on the third of five squares
    assert "<h3>Parcels</h3>" in service.get(identify, **form_fields(service.get(identify).text)).text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"returnCountOnly": "true"}, "5 features"),
        ({"returnIdsOnly": "true"}, "<p>1, 2, 3, 4, 5</p>"),
        ({"returnExtentOnly": "true"}, "700000 to 700450"),
        ({"resultRecordCount": "2"}, "2 features, and there are more"),
        ({"where": "kind = 7"}, "No features"),
        (
            {"outStatistics": json.dumps([{"statisticType": "max", "onStatisticField": "depth", "outStatisticFieldName": "deepest"}])},
            "1 row<",
        ),
    ],
)
def test_every_kind_of_answer_can_be_read(asked: dict[str, str], words: str, service: AskedService) -> None:
    """Numbers, ids, extents and statistics are no raw JSON."""
    page = service.get(f"{service.map_url()}/0/query", **{"where": "1=1", "outFields": "*", **asked}).text
    assert words in page and "<pre>" not in page


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("0/query", {"where": "nope = 1", "orderByFields": "name DESC"}),
        ("find", {"searchText": "er", "layers": "0", "layerDefs": "nonsense"}),
        ("identify", {"geometry": "here", "tolerance": "3"}),
        ("export", {"bbox": "1,2,3", "size": "77,55"}),
    ],
)
def test_what_is_wrong_stands_above_what_was_written(path: str, asked: dict[str, str], service: AskedService) -> None:
    """People go on from what they wrote; machines get an error as ever."""
    page = service.get(f"{service.map_url()}/{path}", **asked)
    assert page.status_code == 400 and 'role="alert"' in page.text
    assert asked.items() <= form_fields(page.text).items()
    assert "error" in service.get(f"{service.map_url()}/{path}", f="json", **asked).json()


def test_what_was_left_empty_stays_empty(service: AskedService) -> None:
    """Only a form that asks for the first time is filled in."""
    page = service.get(f"{service.map_url()}/identify", geometry="700025,4000025").text
    assert form_fields(page)["mapExtent"] == "" and form_fields(page)["tolerance"] == ""


def test_the_page_of_export_shows_the_map_before_anything_is_asked() -> None:
    """The whole map, and the form to have another picture; bbox stays required of machines."""
    app = ArcgisApp()
    page = app.get(f"{J}/export").text
    fields = form_fields(page)
    assert "/directories/arcgisoutput/" in page and fields["size"] == "640,420" and fields["format"] == "png32"
    again = app.get(f"{J}/export", **{**fields, "layers": "show:3", "size": "320,210", "format": "jpg"})
    assert again.status_code == 200 and 'width="320" height="210"' in again.text and ".jpg" in again.text
    assert offered(again.text, "layers") == ["", "show:0,2,3,4", "show:0", "show:1", "show:2", "show:3", "show:4"]
    assert (
        "'bbox' is required." in app.get(f"{J}/export", f="json").text and "'bbox' is required." in app.get(f"{J}/export", f="image").text
    )


def test_only_what_may_be_asked_is_offered() -> None:
    """A layer that may only be seen is no choice of identify."""
    app = ArcgisApp(ServiceDouble(access={"Contours": "identify"}))
    assert offered(app.get(f"{J}/identify").text, "layers") == ["top", "visible", "all", "all:0"]
    assert "time" not in form_fields(app.get(f"{J}/identify").text)


@pytest.mark.parametrize(
    ("epoch_ms", "words"),
    [
        (0, "1970-01-01"),
        (1767323045000, "2026-01-02 03:04:05"),
        (-1, "1969-12-31 23:59:59"),
        (1e18, "1e+18"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_dates_on_pages(epoch_ms: float, words: str) -> None:
    """As people read them; a number that is no date of any calendar stays one."""
    assert date_text(epoch_ms) == words

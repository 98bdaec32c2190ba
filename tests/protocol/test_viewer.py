"""The pages over ASGI: what they say, what they allow, and what they hand out to keep."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from rendermap.access.grant import PUBLIC
from rendermap.errors import Busy, RenderCrashed, RendermapError, TileOutside
from rendermap.frontends.value_words import value_words
from rendermap.frontends.viewer import routes
from rendermap.frontends.viewer.bundle import Bundle
from rendermap.frontends.viewer.documents import MapPaths, map_data
from rendermap.frontends.viewer.errors import WORDINGS, wording_of
from rendermap.frontends.viewer.pages import basemap_host, content_policy, inert_json
from rendermap.frontends.viewer.params import parse_tile
from rendermap.frontends.viewer.wording import bounds_words, duration
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress, view_of
from rendermap.geo.worlds import about
from rendermap.jobs.job import JobStatus
from rendermap.reply import CellHit, Feature, FieldCard, Hit, Hits, LayerCard, MapCard, ResultCard
from rendermap.request import JobRequest, LayerChoice, LayerMode, LegendSheetRequest, MapRequest
from tests.builders.app_double import app_over
from tests.builders.service_double import ENDED_JOB, FAILED_JOB, HAZARD_JOB, JOBS, RUNNING_JOB, SERVICES, VIEWSHED_JOB, ServiceDouble

PAGE = f"/jobs/Demo/Hazard/{HAZARD_JOB}"
HTML = {"accept": "text/html"}
VIEW = "bbox=-9390000,4370000,-9380000,4380000&size=300,200"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def double() -> ServiceDouble:
    return ServiceDouble()


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as `make web` leaves it, so that these tests need no Node."""
    names = {
        name: name.replace(".", "-0A.")
        for name in ("viewer.js", "viewer.css", "map.js", "map.css", "docs.js", "docs.css", "icon.svg", "licenses.txt")
    }
    for name in names.values():
        (tmp_path / name).write_text(f"/* {name} */ " * 50)
    (tmp_path / "manifest.json").write_text(json.dumps(names))
    monkeypatch.setattr(routes, "Bundle", lambda: Bundle(tmp_path))
    return tmp_path


async def get(app: FastAPI | ServiceDouble, path: str, headers: dict[str, str] = HTML) -> httpx.Response:
    app = app_over(app) if isinstance(app, ServiceDouble) else app
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://maps.example") as client:
        return await client.get(path, headers=headers)


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_index_lists_services_and_jobs_with_state_and_thumbnail(double: ServiceDouble) -> None:
    """Every job stands under its service: with a thumbnail when it has a map, else with what its tool said last."""
    answer = await get(double, "/")
    assert answer.status_code == 200
    assert "Terrain hazard" in answer.text and "Viewshed" in answer.text
    assert f"/thumbnails/Demo/Hazard/jobs/{HAZARD_JOB}.webp" in answer.text
    assert f"/thumbnails/Demo/Hazard/jobs/{RUNNING_JOB}" not in answer.text
    assert "Deriving slope: 40 %" in answer.text
    assert "The observer stands outside the elevation model." in answer.text
    assert "data-live" in answer.text
    assert 'href="/arcgis/rest/services">Services directory</a>' in answer.text


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_index_leads_to_the_forms_of_tasks_that_may_be_run(double: ServiceDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """One link for each task of a service that runs it for whoever looks, none for the others."""
    cards = tuple(replace(card, accepts_jobs=card.name == "Viewshed") for card in SERVICES)

    async def services(principal: object) -> object:
        return cards

    monkeypatch.setattr(double, "services", services)
    page = (await get(double, "/")).text
    assert '<a href="/arcgis/rest/services/Viewshed/GPServer/Viewshed">Run Compute viewshed</a>' in page
    assert page.count("/GPServer/") == 1


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_index_of_one_service_lists_only_its_jobs(double: ServiceDouble) -> None:
    """``?service=`` narrows the list, and an unknown one is a 404 page."""
    answer = await get(double, "/?service=Viewshed")
    assert FAILED_JOB in answer.text and HAZARD_JOB not in answer.text
    assert (await get(double, "/?service=Nowhere")).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_a_list_that_is_cut_says_so(double: ServiceDouble) -> None:
    """Beyond 200 jobs the page says that these are the newest, and each service has a link to its own."""
    (job,) = [job for job in JOBS if job.job_id == HAZARD_JOB]
    double.jobs_known = tuple(replace(job, job_id=f"j{n:032x}") for n in range(200))
    whole = (await get(double, "/")).text
    assert "newest 200" not in whole and whole.count("data-card=") == 200
    double.jobs_known += JOBS
    page = (await get(double, "/")).text
    assert "These are the newest 200 of many jobs" in page and page.count("data-card=") == 200
    assert 'href="/?service=Demo/Hazard"' in page and 'href="/?service=Viewshed"' in page
    assert "No job of this service is among the newest 200." in page and "No jobs yet" not in page
    assert "newest 200" not in (await get(double, "/?service=Viewshed")).text


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_map_page_holds_layers_legend_details_and_addresses(double: ServiceDouble) -> None:
    """The page of a finished job has its layers with legend, its inputs in words, its faults and each protocol's address."""
    page = (await get(double, PAGE)).text
    for words in (
        "Hazard classes",
        "Very high",
        "500 meters",
        "The dataset of this layer cannot be read.",
        "17.4",
        "12 cells had no height",
    ):
        assert words in page
    for address in (
        f"http://maps.example/arcgis/rest/services/Demo/Hazard/MapServer/jobs/{HAZARD_JOB}",
        f"http://maps.example/xyz/Demo/Hazard/jobs/{HAZARD_JOB}/tilejson.json",
        f"http://maps.example/xyz/Demo/Hazard/jobs/{HAZARD_JOB}/tiles/{{z}}/{{x}}/{{y}}.png",
        f"http://maps.example{PAGE}",
    ):
        assert address in page
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert [layer["id"] for layer in data["layers"]] == [0, 1, 2, 3, 4]
    assert data["layers"][2] | {"bounds": None} == {
        "id": 2, "parent": 1, "isGroup": False, "visible": True, "draws": True, "asks": False,
        "farthest": None, "nearest": None, "bounds": None,
    }  # fmt: skip
    assert data["paths"]["tiles"].endswith(data["version"])


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_a_legend_that_fails_leaves_the_map(double: ServiceDouble) -> None:
    """When the legend cannot be drawn the page says so and still shows the map."""
    double.fault = Busy()
    answer = await get(double, PAGE)
    assert answer.status_code == 200
    assert "The legend could not be drawn." in answer.text and 'id="map"' in answer.text


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_a_group_of_faults_cannot_be_switched(double: ServiceDouble) -> None:
    """When nothing in a group can be drawn, the group says so and its switch is dead; with one layer left it lives."""
    refused = "The dataset of this layer may not be drawn."
    double.faults = {"Hazard classes": refused}
    page = (await get(double, PAGE)).text
    assert page.count(" disabled>") == 2 and page.count(refused) >= 1 and "Nothing in this group" not in page
    double.faults["Hillshade"] = refused
    page = (await get(double, PAGE)).text
    assert page.count(" disabled>") == 4 and page.count("Nothing in this group can be drawn.") == 1
    assert "Zoom to Hazard" not in page and "Zoom to Contours" in page


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_running_and_failed_jobs_have_pages_of_their_own(double: ServiceDouble) -> None:
    """A running job's page waits for it; a failed job's page says why."""
    running = await get(double, f"/jobs/Demo/Hazard/{RUNNING_JOB}")
    assert running.status_code == 200 and f'data-wait="/viewer/api/jobs/Demo/Hazard/{RUNNING_JOB}"' in running.text
    assert "Started" in running.text and running.text.count("Deriving slope: 40 %") == 2
    failed = await get(double, f"/jobs/Viewshed/{FAILED_JOB}")
    assert failed.status_code == 200 and "The observer stands outside" in failed.text and "data-wait" not in failed.text


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_a_failed_job_shows_nothing_on_a_map(double: ServiceDouble) -> None:
    """Outputs that a job recorded before it failed are not said to be on a map that is not there; its values are told."""
    value = ResultCard("Count", "GPLong", "Count", 12.0)
    drawn = next(card for job in JOBS for card in job.results if card.layer_id is not None and card.value is None)
    double.jobs_known = tuple(replace(job, results=(drawn, value)) for job in JOBS)
    failed = (await get(double, f"/jobs/Viewshed/{FAILED_JOB}")).text
    assert "On the map" not in failed and "<dd>12</dd>" in failed
    assert "On the map" in (await get(double, PAGE)).text


@pytest.mark.anyio
async def test_a_legend_to_keep_holds_the_layers_asked_for(double: ServiceDouble) -> None:
    """``layers`` chooses as for the picture; without it every layer is in the legend."""
    for query in ("?layers=3,0", "?layers=", ""):
        assert (await get(double, f"{PAGE}/legend.png{query}")).status_code == 200
    asked = [request.legend.layers for request in double.drawn if isinstance(request, LegendSheetRequest)]
    assert asked == [LayerChoice(LayerMode.SHOW, (0, 3)), LayerChoice(LayerMode.SHOW), LayerChoice(LayerMode.HIDE)]


@pytest.mark.anyio
async def test_the_icon_is_where_browsers_look_for_it(double: ServiceDouble, built: Path) -> None:
    """Pages of other front ends name no icon; before the pages are built there is none."""
    answer = await get(double, "/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml") and "immutable" not in answer.headers[
        "cache-control"
    ]
    (built / "manifest.json").unlink()
    assert (await get(double, "/favicon.ico", {"accept": "image/*"})).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("status", list(JobStatus))
async def test_every_job_status_has_a_page(double: ServiceDouble, status: JobStatus) -> None:
    """No state a job can be in breaks the list or the job's page."""
    double.jobs_known = tuple(replace(job, status=status.value, created=None, finished=None) for job in JOBS)
    assert (await get(double, "/")).status_code == 200
    assert (await get(double, PAGE)).status_code == 200


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_state_tells_a_waiting_page_when_to_go_on(double: ServiceDouble) -> None:
    """The small document has the status, whether it is over, the messages, and the result's version once there is one."""
    running = (await get(double, f"/viewer/api/jobs/Demo/Hazard/{RUNNING_JOB}")).json()
    assert (running["status"], running["isOver"], running["version"], len(running["messages"])) == ("executing", False, None, 2)
    done = (await get(double, f"/viewer/api/jobs/Demo/Hazard/{HAZARD_JOB}")).json()
    assert done["isOver"] and done["version"]


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"/jobs/Viewshed/{ENDED_JOB}", 410, "This job has ended"),
        ("/jobs/Viewshed/j0", 404, "Nothing here"),
        ("/nowhere/at/all", 404, "Nothing here"),
        ("/static/viewer.js", 404, "Nothing here"),
        (f"/jobs/Demo/Hazard/{RUNNING_JOB}/download.png?{VIEW}", 409, "Not ready yet"),
        (f"{PAGE}/download.png?bbox=1,2,3&size=3,3", 400, "That address is not quite right"),
    ],
)
async def test_errors_are_pages_in_the_same_look(double: ServiceDouble, path: str, status: int, words: str) -> None:
    """A browser gets a page with the true status and a way on; nothing keeps it."""
    answer = await get(double, path)
    assert answer.status_code == status
    assert words in answer.text and 'class="bar"' in answer.text and "All jobs" in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_scripts_get_errors_as_json(double: ServiceDouble) -> None:
    """What asks for no page gets the word and its sentence."""
    answer = await get(double, f"/viewer/api/jobs/Viewshed/{ENDED_JOB}", {"accept": "*/*"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "Ended")
    for path in ("/nowhere", "/xyz/Viewshed/jobs/..%2f..%2fetc/tilejson.json", "/arcgis/..%2fnowhere"):
        nowhere = await get(double, path, {"accept": "application/json"})
        assert nowhere.status_code == 404 or path.startswith("/arcgis")
        assert nowhere.json()["error"]["message"] and nowhere.json().keys() == {"error"}
    transport = httpx.ASGITransport(app_over(double), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://maps.example") as client:
        refused = await client.patch(f"/viewer/api/jobs/Viewshed/{ENDED_JOB}")
    assert (refused.status_code, refused.json()["error"]["code"], "GET" in refused.headers["allow"]) == (405, "NotSupported", True)


POPUP = "at=-9385000,4375000&bbox=-9390000,4370000,-9380000,4380000&size=300,200"
BANDS = CellHit(3, "Photo", "bands", (1.0, 2.5, 3.0), "", 0, 0, "")
UNNAMED = Hit(0, "Parcels", "o", (FieldCard("o", "text", "Owner"),), Feature(1, (None,)), "polygon", "")
HEIGHT, HOLE = replace(BANDS, theme="stretch", values=(480.123,)), replace(BANDS, values=())


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_what_lies_at_a_place_is_told_in_words(double: ServiceDouble) -> None:
    """Cells by their class, their bands or their value, none where nothing is drawn; of one version of the result, and kept by nobody."""
    double.hits = Hits((BANDS, HEIGHT, HOLE, UNNAMED))
    version = (await double.map_of(JobRequest("Demo/Hazard", HAZARD_JOB, PUBLIC))).digest
    answer = await get(double, f"{PAGE}/identify/{version}?{POPUP}")
    assert answer.json() == {
        "found": [
            {"layer": "Photo", "title": "1, 2.5, 3", "facts": [["Red", "1"], ["Green", "2.5"], ["Blue", "3"]]},
            {"layer": "Photo", "title": "480.123", "facts": []},
            {"layer": "Parcels", "title": "", "facts": [["Owner", "–"]]},
        ],
        "isMore": False,
    }
    assert answer.headers["cache-control"] == "no-store" and double.asked[0].ids is None
    assert (await get(double, f"{PAGE}/identify/{'0' * 16}?{POPUP}")).status_code == 404
    for wrong in (
        POPUP.replace("at=-9385000", "at=nan"),
        f"{POPUP}&reach=31",
        f"{POPUP}&layers=x",
        POPUP.replace("300,200", "0,0"),
        "at=1,2",
    ):
        assert (await get(double, f"{PAGE}/identify/{version}?{wrong}")).status_code == 400, wrong


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_our_own_troubles_show_a_reference_and_nothing_else(double: ServiceDouble) -> None:
    """The page of an unforeseen error names a number for the log and none of the exception's words."""
    double.fault = RenderCrashed(reason="/srv/jobs/secret")
    answer = await get(double, f"{PAGE}/download.png?{VIEW}")
    assert answer.status_code == 500
    assert re.search(r"Reference [0-9a-f]{8}", answer.text) and "secret" not in answer.text


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_pages_allow_only_our_own_scripts(double: ServiceDouble) -> None:
    """The policy forbids foreign and inline scripts and styles, and no page has any."""
    for path in ("/", PAGE, "/docs", f"/jobs/Viewshed/{FAILED_JOB}"):
        answer = await get(double, path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ") and "unsafe" not in policy and "http" not in policy
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style", answer.text)
        assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.text)
        assert not re.search(r'(src|href)="(https?:)?//(?!maps\.example)', answer.text)


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_everything_a_tool_or_author_wrote_is_escaped(double: ServiceDouble) -> None:
    """Titles, messages, names and values with markup in them show as text."""
    double.services_published = tuple(replace(card, title=EVIL, description=EVIL, credits=EVIL) for card in SERVICES)
    double.jobs_known = tuple(
        replace(job, messages=(("error", EVIL),), inputs=(ResultCard(EVIL, "GPString", EVIL, {"a": EVIL}),), results=()) for job in JOBS
    )
    for path in ("/", PAGE, f"/jobs/Viewshed/{FAILED_JOB}", f"/jobs/Demo/Hazard/{RUNNING_JOB}"):
        answer = await get(double, path)
        assert answer.status_code == 200
        assert EVIL not in answer.text and "&lt;script&gt;" in answer.text


def test_inert_json_cannot_end_its_element() -> None:
    """No text can leave the data block of the map page."""
    text = str(inert_json({"a": "</script><b>&"}))
    assert "<" not in text and json.loads(text) == {"a": "</script><b>&"}


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_thumbnail_shows_the_whole_result(double: ServiceDouble) -> None:
    """The small picture frames the result with a margin, at twice the pixels for sharp screens."""
    answer = await get(double, f"/thumbnails/Demo/Hazard/jobs/{HAZARD_JOB}.png")
    assert Image.open(io.BytesIO(answer.content)).size == (640, 400)
    (request,) = double.drawn
    assert isinstance(request, MapRequest) and request.view.pixel_ratio == 2.0
    small = await get(double, f"/thumbnails/Demo/Hazard/jobs/{HAZARD_JOB}.webp")
    assert small.headers["content-type"] == "image/webp" and len(small.content) < len(answer.content)
    assert (await get(double, f"/thumbnails/Demo/Hazard/jobs/{RUNNING_JOB}.png", {})).status_code == 409
    assert (await get(double, f"/thumbnails/Demo/Hazard/jobs/{HAZARD_JOB}.tif", {})).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_pictures_the_client_has_are_not_drawn_again(double: ServiceDouble) -> None:
    """Thumbnails, tiles and downloads are 304 for who has them, without a drawing."""
    tiles = json.loads(re.search(r'"tiles":("[^"]*")', (await get(double, PAGE)).text)[1])  # type: ignore[index]
    thumbnail = f"/thumbnails/Demo/Hazard/jobs/{HAZARD_JOB}.webp"
    for path in (thumbnail, f"{tiles}/24/1090/1599.png", f"{PAGE}/download.png?{VIEW}"):
        first = await get(double, path)
        double.drawn.clear()
        again = await get(double, path, {"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, first.headers["cache-control"])
        assert not double.drawn


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_the_page_and_tilejson_end_at_the_same_zoom(double: ServiceDouble) -> None:
    """Cells of 30 m at 36 degrees north are 37 m of Web Mercator to both."""
    page = (await get(double, f"/jobs/Viewshed/{VIEWSHED_JOB}")).text
    tilejson = (await get(double, f"/xyz/Viewshed/jobs/{VIEWSHED_JOB}/tilejson.json")).json()
    assert f'"finestZoom":{tilejson["maxzoom"]},' in page


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_an_even_level_of_the_pages_grid_is_an_xyz_tile(double: ServiceDouble) -> None:
    """The page's tiles on whole zooms show exactly what XYZ's do, so both share one drawing; between them lie tiles of their own."""
    tiles = json.loads(re.search(r'"tiles":("[^"]*")', (await get(double, PAGE)).text)[1])  # type: ignore[index]
    double.drawn.clear()
    whole, double_sized = await get(double, f"{tiles}/24/1090/1599.png"), await get(double, f"{tiles}/25/1542/2262@2x.png")
    assert "immutable" in whole.headers["cache-control"]
    assert Image.open(io.BytesIO(double_sized.content)).size == (512, 512)
    first, second = double.drawn
    assert isinstance(first, MapRequest) and isinstance(second, MapRequest)
    expected = view_of(TileAddress(WEB_MERCATOR_QUAD, 12, row=1599, col=1090))
    assert first.view.bbox.corners == pytest.approx(expected.bbox.corners, abs=1e-6)
    assert second.view.resolution == pytest.approx(expected.resolution / math.sqrt(2) / 2)
    for wrong in ("24/5000/1599.png", "49/0/0.png", "24/1090/x.png", "24/1090/1599@3x.png"):
        assert (await get(double, f"{tiles}/{wrong}")).status_code == 404
    double.edition = 2
    assert (await get(double, f"{tiles}/24/1090/1599.png")).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_download_is_the_view_asked_for(double: ServiceDouble) -> None:
    """The picture has the view's box, its size times the ratio, the layers switched on, and a name to keep it under."""
    answer = await get(double, f"{PAGE}/download.png?{VIEW}&ratio=2&layers=2,0&background=white")
    assert Image.open(io.BytesIO(answer.content)).size == (600, 400)
    assert "Hazard-ja1a1a1a1-map.png" in answer.headers["content-disposition"]
    (request,) = double.drawn
    assert isinstance(request, MapRequest)
    assert request.view.bbox.xmin == -9390000 and request.view.pixel_ratio == 2.0
    assert (request.layers.mode, request.layers.ids, request.background) == (LayerMode.SHOW, (0, 2), (255, 255, 255))


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "query",
    [
        "bbox=0,0,0,0&size=9,9",
        "bbox=nan,0,1,1&size=9,9",
        "bbox=0,0,1,1&size=0,9",
        "bbox=0,0,1,1&size=-1,9",
        f"{VIEW}&ratio=99",
        f"{VIEW}&ratio=x",
        f"{VIEW}&layers=a",
        f"{VIEW}&background=url",
    ],
)
async def test_a_download_that_cannot_be_is_refused(double: ServiceDouble, query: str) -> None:
    """Every wrong figure in the query is a 400, and nothing is drawn."""
    assert (await get(double, f"{PAGE}/download.png?{query}")).status_code == 400
    assert not double.drawn


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_static_files_are_packed_and_kept_for_good(double: ServiceDouble) -> None:
    """Built files carry their content's hash, so clients never ask twice; nothing outside the manifest is served."""
    answer = await get(double, "/static/viewer-0A.js", {"accept-encoding": "gzip"})
    assert answer.status_code == 200 and answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"] and "javascript" in answer.headers["content-type"]
    for path in ("/static/manifest.json", "/static/..%2fbundle.py", "/static/%2e%2e/bundle.py"):
        assert (await get(double, path, {})).status_code == 404


@pytest.mark.anyio
async def test_without_the_build_pages_say_what_to_do(double: ServiceDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When `make web` was not run the pages answer 503 and name the command; pictures still work."""
    monkeypatch.setattr(routes, "Bundle", lambda: Bundle(tmp_path / "none"))
    for path in ("/", PAGE, "/docs"):
        answer = await get(double, path)
        assert answer.status_code == 503 and "make web" in answer.text
    assert (await get(double, f"/thumbnails/Demo/Hazard/jobs/{HAZARD_JOB}.png")).status_code == 200
    assert (await get(double, "/static/viewer-0A.js", {})).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_behind_a_prefix_every_path_has_it(double: ServiceDouble) -> None:
    """With a public address below a path, pages link and load below that path, on whatever host they were opened."""
    page = (await get(app_over(double, public_url="https://gis.example/maps/"), PAGE)).text
    assert 'href="/maps/static/viewer-0A.css"' in page and f'"/maps{PAGE}/tiles/' in page
    assert f"https://gis.example/maps/xyz/Demo/Hazard/jobs/{HAZARD_JOB}/tilejson.json" in page
    assert not re.search(r'(src|href)="/(?!maps/)', page)


@pytest.mark.anyio
@pytest.mark.usefixtures("built")
async def test_a_basemap_is_only_the_operators_choice(double: ServiceDouble) -> None:
    """Without one the map has none and the policy admits no other host; with one exactly that host may send pictures."""
    assert '"basemap":null' in (await get(double, PAGE)).text
    answer = await get(app_over(double, basemap_url="https://tiles.example/{z}/{x}/{y}.png"), PAGE)
    assert "img-src 'self' data: https://tiles.example;" in answer.headers["content-security-policy"]
    assert '"basemap":{"url":"https://tiles.example/{z}/{x}/{y}.png"' in answer.text


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (None, ""),
        ("/own/{z}/{x}/{y}.png", ""),
        ("https://t.example:8443/{z}/{x}/{y}.png", "https://t.example:8443"),
        ("https://{a-c}.tile.example/{z}/{x}/{y}.png", "https://*.tile.example"),
        ("https://x.example; script-src *//{z}", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_basemap_host_is_one_source_or_none(url: str | None, host: str) -> None:
    """An address can add one host to the policy and no other directive."""
    assert basemap_host(url) == host
    assert content_policy(url).count(";") == 5


def test_values_are_told_in_words() -> None:
    """Distances have units, records are counted, long text is cut."""
    assert value_words({"distance": 2.5, "units": "esriNauticalMiles"}) == "2.5 nautical miles"
    assert value_words({"distance": 12.0, "units": "esriMeters"}) == "12 meters"
    assert value_words({"area": 700000, "units": "esriSquareMeters"}) == "700000 square meters"
    assert value_words({"features": [{}, {}]}) == "2 features"
    assert (value_words(True), value_words(0.1 + 0.2), value_words(None), value_words(["a", 2])) == ("Yes", "0.3", "–", "a, 2")
    assert len(value_words("x" * 5000)) == 240


def test_lengths_of_time_and_extents_are_told_in_words() -> None:
    """Seconds, minutes and hours as people say them; degrees with their hemisphere."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    said = [duration(start, start + timedelta(seconds=s)) for s in (1.25, 12, 61, 7800, -5)]
    assert said == ["1.2 s", "12 s", "1 min 1 s", "2 h 10 min", ""]
    assert duration(start, datetime(2026, 1, 1)) == ""
    assert bounds_words(-84.41, 36.4, -84.07, 36.8) == "36.40° to 36.80° N, 84.41° to 84.07° W"
    assert bounds_words(-1, -1, 1, 1) == "1.00° S to 1.00° N, 1.00° W to 1.00° E"
    assert bounds_words(177.2, -19.5, 181.5, -16) == "19.50° to 16.00° S, 177.20° E to 178.50° W"


def test_every_error_of_the_tree_has_words() -> None:
    """No error can reach a visitor without a status and a heading."""

    def family(kind: type[RendermapError]) -> list[type[RendermapError]]:
        return [kind] + [below for child in kind.__subclasses__() for below in family(child)]

    assert all(wording_of(kind()).title for kind in family(RendermapError)[1:])
    assert set(WORDINGS) <= set(family(RendermapError))


def _placed(*boxes: BBox, frame: BBox | None = None) -> dict[str, Any]:
    """The page's data of a map in Web Mercator whose layers lie there, in degrees of longitude."""
    wide = [BBox(_x(box.xmin), 0, _x(box.xmax), 1e6) for box in boxes]
    layers = tuple(LayerCard(number, "One", "vector", "point", bbox=box) for number, box in enumerate(wide))
    whole = frame or BBox(min(box.xmin for box in boxes), 0, max(box.xmax for box in boxes), 1)
    card = MapCard(SERVICES[0], HAZARD_JOB, "Map", WEB_MERCATOR, BBox(_x(whole.xmin), 0, _x(whole.xmax), 1e6), layers, 4096, "v")
    return map_data(card, MapPaths("t", "i", "d", "s"), None)


def _x(lon: float) -> float:
    return lon * math.pi / 180 * 6378137.0


@pytest.mark.parametrize(
    ("boxes", "frame", "meridian", "expected"),
    [
        ([(10, 20), (-30, -10)], None, 0, [(-30, 20), (10, 20), (-30, -10)]),
        ([(170, 185), (-178, -172)], (170, 188), 180, [(170, 188), (170, 185), (182, 188)]),
        ([(-180, 180), (170, 190)], (-180, 180), 180, [(0, 360), (0, 360), (170, 190)]),
        ([(-20, 30), (170, 190)], (-20, 190), 0, [(-180, 180), (-20, 30), (-180, 180)]),
    ],
)
def test_the_page_shows_the_world_that_tears_nothing(
    boxes: list[tuple[float, float]], frame: tuple[float, float] | None, meridian: int, expected: list[tuple[float, float]]
) -> None:
    """About the antimeridian where something reaches over it and nothing over Greenwich; all boxes lie in that world."""
    told = _placed(*(BBox(low, 0, high, 1) for low, high in boxes), frame=BBox(frame[0], 0, frame[1], 1) if frame else None)
    assert told["meridian"] == meridian
    shown = [told["bounds"], *(layer["bounds"] for layer in told["layers"])]
    assert [(box[0], box[2]) for box in shown] == [pytest.approx((_x(low), _x(high)), abs=1) for low, high in expected]


def test_tiles_about_the_antimeridian_are_the_same_grid() -> None:
    """Half the earth further east, and about no other meridian."""
    view = parse_tile("2", "1", "1.png", "180")
    assert view.crs == about(WEB_MERCATOR, 180) and view.bbox == parse_tile("2", "1", "1.png", "0").bbox
    with pytest.raises(TileOutside):
        parse_tile("2", "1", "1.png", "90")

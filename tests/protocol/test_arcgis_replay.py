"""The map side's requests as real clients were recorded to send them, replayed on a real job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from tests.builders.recorded_arcgis import BOX, DOCUMENTS, LEAFLET, PICTURES, SWAPPED
from tests.builders.whole_service import WholeService, whole_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("replay"), parcels='access = "data"') as running:
        yield running


def sent(service: WholeService, method: str, recorded: str) -> httpx.Response:
    """As it stands, or with the query as a form."""
    url, _, query = f"{service.url}{service.map_path}{recorded}".partition("?")
    if method == "GET":
        return httpx.get(f"{url}?{query}", timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return httpx.post(url, content=query.replace(" ", "+"), headers=form, timeout=60)


@pytest.mark.parametrize("client", PICTURES)
def test_pictures(service: WholeService, client: str) -> None:
    """A picture of exactly the size asked in the format asked, the same by POST, that does not send the client to sign in."""
    recorded, size = PICTURES[client]
    answer = sent(service, "GET", recorded)
    assert answer.headers["content-type"] == "image/png", answer.text
    picture = Image.open(BytesIO(answer.content))
    assert (picture.format, picture.size) == ("PNG", size)
    assert sent(service, "POST", recorded).content == answer.content
    is_empty = picture.convert("RGBA").getchannel("A").getextrema() == (0, 0)
    assert is_empty is (client == "core, all off")


@pytest.mark.parametrize("client", DOCUMENTS)
def test_documents(service: WholeService, client: str) -> None:
    """What the client reads first is there; the same by POST, with a slash, indented and as a script."""
    recorded, key = DOCUMENTS[client]
    answer = sent(service, "GET", recorded)
    assert answer.json()[key] and answer.headers["content-type"].startswith("application/json")
    assert sent(service, "POST", recorded).json() == answer.json()
    path, _, query = recorded.partition("?")
    assert sent(service, "GET", f"{path.rstrip('/')}/?{query}").json() == answer.json()
    assert sent(service, "GET", recorded.replace("f=json", "f=pjson")).json() == answer.json()
    assert sent(service, "GET", f"{recorded}&callback=dojo.io.call[0]").text == f"/**/dojo.io.call[0]({answer.text});"


def test_swapped_boxes_are_the_same_picture(service: WholeService) -> None:
    """esri-leaflet sends the northern edge first."""
    straight = sent(service, "GET", f"/export?bbox={BOX}&{LEAFLET}&f=image").content
    assert sent(service, "GET", f"/export?bbox={SWAPPED}&{LEAFLET}&f=image").content == straight


@pytest.mark.parametrize("path", ["/MapServer/layers", "/MapServer/0", "/MapServer", "/MapServer/legend"])
def test_what_core_asks_without_the_job(service: WholeService, path: str) -> None:
    """Sublayers load from the map without a job, which has the same layers."""
    base = service.map_path.partition("/MapServer")[0]
    document = httpx.get(f"{service.url}{base}{path}", params={"f": "json"}, timeout=60).json()
    assert "error" not in document and (document.get("layers") or document["capabilities"])


def test_pictures_are_filtered_by_ids(service: WholeService) -> None:
    """@arcgis/core filters by ``OBJECTID``: the picture shows what a query of the same ids tells, in layerDefs and in dynamicLayers."""
    query = sent(service, "GET", "/0/query?where=OBJECTID>3&outFields=number&returnGeometry=false&f=json").json()
    numbers = ",".join(str(feature["attributes"]["number"]) for feature in query["features"])
    assert numbers

    def drawn(**said: str) -> bytes:
        url = f"{service.url}{service.map_path}/export"
        answer = httpx.get(url, params={"bbox": BOX, "bboxSR": "3857", "size": "400,300", "f": "image", **said}, timeout=60)
        assert answer.headers["content-type"] == "image/png", answer.text
        return answer.content

    told = drawn(layers="show:0", layerDefs=f'{{"0":"number IN ({numbers})"}}')
    assert drawn(layers="show:0", layerDefs='{"0":"OBJECTID>3"}') == told != drawn(layers="show:0")
    dynamic = '[{"id":0,"source":{"type":"mapLayer","mapLayerId":0},"definitionExpression":"objectid > 3"}]'
    assert drawn(dynamicLayers=dynamic) == told


def test_pictures_are_filtered_by_functions(service: WholeService) -> None:
    """As ``definitionExpression`` of existing applications has them: the picture shows what a query of the same condition tells."""
    where = "MOD(number, 2) = 1"
    query = sent(service, "GET", f"/0/query?where={quote(where)}&outFields=number&returnGeometry=false&f=json").json()
    numbers = ",".join(str(feature["attributes"]["number"]) for feature in query["features"])
    assert numbers

    def drawn(filter_: str, **said: str) -> bytes:
        asked = {"layers": "show:0", "layerDefs": json.dumps({"0": filter_}), **said}
        url = f"{service.url}{service.map_path}/export"
        answer = httpx.get(url, params={"bbox": BOX, "bboxSR": "3857", "size": "400,300", "f": "image", **asked}, timeout=60)
        assert answer.headers["content-type"] == "image/png", answer.text
        return answer.content

    told = drawn(f"number IN ({numbers})")
    assert drawn(where) == told != drawn("1=1")
    dynamic = json.dumps([{"id": 0, "source": {"type": "mapLayer", "mapLayerId": 0}, "definitionExpression": where}])
    assert drawn("", dynamicLayers=dynamic) == told
    assert drawn("CAST(number AS VARCHAR(9)) LIKE UPPER('nothing')") == drawn("1=0")

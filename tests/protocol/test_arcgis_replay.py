"""The map side's requests as real clients were recorded to send them, replayed on a real job."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

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

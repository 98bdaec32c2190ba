"""The map side's requests as real clients were recorded to send them, replayed on a real job."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.builders.whole_service import WholeService, whole_service

BOX = "-9441000,4318000,-9430000,4326250"
SWAPPED = "-9441000,4326250,-9430000,4318000"
JS = f"bbox={BOX}&bboxSR=102100&imageSR=102100&size=400,300&format=png32&transparent=true&f=image"
LEAFLET = "size=800,600&dpi=96&format=png32&transparent=true&bboxSR=3857&imageSR=3857&layers=show:0"
TILE = "size=256,256&f=image"

PICTURES = {
    "core": (f"/export?{JS}&dpi=96&layers=show:0", (400, 300)),
    "core, filtered and turned": (f'/export?{JS}&layers=show:0&layerDefs={{"0":"number>3"}}&rotation=-30&dpi=192', (400, 300)),
    "core, all off": (f"/export?{JS}&dpi=96&layers=show:-1", (400, 300)),
    "core, time and a stamp against caches": (f"/export?{JS}&dpi=96&layers=show:0&time=null,null&_ts=1700000000000", (400, 300)),
    "leaflet": (f"/export?bbox={SWAPPED}&{LEAFLET}&f=image", (800, 600)),
    "openlayers": (f"?f=image&format=png32&transparent=true&size=300,300&bbox={BOX}&bboxSR=3857&imageSR=3857&dpi=90", (300, 300)),
    "openlayers, fractions": (f"?F=image&FORMAT=PNG32&SIZE=299.9996,300&BBOX={BOX}&BBOXSR=3857&IMAGESR=3857&DPI=90&LAYERS=", (300, 300)),
    "qgis": ("/export?bbox=700000,4000000,706000,4006000&size=256,256&format=PNG&layers=show:&transparent=true&f=image", (256, 256)),
    "gdal": (f"/export?{TILE}&bbox={BOX}&format=png&transparent=false&layers=&layerdefs=&time=&bboxSR=3857&imageSR=3857", (256, 256)),
    "cesium": (f"/export?{TILE}&bbox=-84.8,36,-84.7,36.2&format=png32&transparent=true&bboxSR=4326&imageSR=4326&layers=0", (256, 256)),
    "python": (f"/export?bbox={BOX}&bboxSR=3857&size=600,550&dpi=200&transparent=False&format=png&layers=show:0&f=image", (600, 550)),
}  # fmt: skip
DOCUMENTS = {
    "core, root": ("?f=json", "layers"),
    "leaflet, root": ("/?f=json", "layers"),
    "core, updates": ("?f=json&returnUpdates=true", "fullExtent"),
    "core, legend": ("/legend?f=json", "layers"),
    "legend of a sharp screen": ("/legend?f=json&dpi=192&size=20,20", "layers"),
    "leaflet, export": (f"/export?bbox={SWAPPED}&{LEAFLET}&f=json", "href"),
    "gdal, metadata": ("?f=json&pretty=true", "fullExtent"),
    "qgis, layer": ("/0?f=json", "extent"),
}


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

"""XYZ tiles and TileJSON over ASGI."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image
from structlog.testing import capture_logs

from rendermap.errors import Busy, RenderCrashed, RendermapError, RenderTimeout
from rendermap.request import LayerMode, TileRequest
from tests.builders.app_double import app_over
from tests.builders.service_double import ENDED_JOB, FAILED_JOB, HAZARD_JOB, RUNNING_JOB, SERVICES, VIEWSHED_JOB, ServiceDouble

JOB = f"/xyz/Demo/Hazard/jobs/{HAZARD_JOB}"
INSIDE = "12/1090/1599"
"""A tile wholly within the double's area; its neighbour far away is not."""
OUTSIDE = "12/10/10"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def double() -> ServiceDouble:
    return ServiceDouble()


async def ask(double: ServiceDouble, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app_over(double), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://maps.example") as client:
        return await client.request(method, path, headers=headers)


async def tilejson(double: ServiceDouble, query: str = "") -> dict[str, Any]:
    answer = await ask(double, f"{JOB}/tilejson.json{query}")
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.mark.anyio
async def test_tilejson_has_what_the_specification_requires(double: ServiceDouble) -> None:
    """The document holds every key of TileJSON 3.0 that a client reads, and bounds and centre in degrees inside the result."""
    document = await tilejson(double)
    assert document["tilejson"] == "3.0.0"
    assert document["scheme"] == "xyz"
    assert document["vector_layers"] == []
    assert document["attribution"] == "Elevation: NASA SRTM"
    west, south, east, north = document["bounds"]
    assert -84.5 < west < east < -84.0
    assert 36.3 < south < north < 36.8
    lon, lat, zoom = document["center"]
    assert west < lon < east and south < lat < north
    assert document["minzoom"] <= zoom <= document["maxzoom"]
    assert document["legend"] == f"http://maps.example{JOB}/legend.png"


@pytest.mark.anyio
async def test_tilejson_tile_addresses_are_absolute_and_work(double: ServiceDouble) -> None:
    """A client that fills in the template gets a picture of 256 pixels which it may keep for good."""
    (template,) = (await tilejson(double))["tiles"]
    z, x, y = INSIDE.split("/")
    address = template.format(z=z, x=x, y=y)
    assert address.startswith("http://maps.example/xyz/Demo/Hazard/jobs/")
    answer = await ask(double, address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert "max-age=604800" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).size == (256, 256)


@pytest.mark.anyio
async def test_a_version_that_is_not_the_results_is_404(double: ServiceDouble) -> None:
    """Once the result has changed, the old version's address is gone, so no cache keeps a new picture under an old name."""
    (template,) = (await tilejson(double))["tiles"]
    z, x, y = INSIDE.split("/")
    double.edition = 2
    answer = await ask(double, template.format(z=z, x=x, y=y))
    assert answer.status_code == 404
    assert "TileJSON" in answer.json()["error"]["message"]
    assert answer.headers["cache-control"] == "no-store"
    assert (await tilejson(double))["tiles"] != [template]
    assert not double.drawn


@pytest.mark.anyio
async def test_the_moving_address_is_kept_briefly_and_revalidated(double: ServiceDouble) -> None:
    """The address without a version carries an ETag; asking again with it costs 304 and no body."""
    first = await ask(double, f"{JOB}/tiles/{INSIDE}.png")
    assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
    again = await ask(double, f"{JOB}/tiles/{INSIDE}.png", **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["access-control-allow-origin"] == "*"
    double.edition = 2
    assert (await ask(double, f"{JOB}/tiles/{INSIDE}.png", **{"if-none-match": first.headers["etag"]})).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [("png", "image/png"), ("webp", "image/webp"), ("avif", "image/avif"), ("jpg", "image/jpeg"), ("jpeg", "image/jpeg")],
)
async def test_the_suffix_names_the_format(double: ServiceDouble, suffix: str, media_type: str) -> None:
    """Each format is asked for by its file's suffix."""
    answer = await ask(double, f"{JOB}/tiles/{INSIDE}.{suffix}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)


@pytest.mark.anyio
async def test_double_tiles_show_the_same_place_with_twice_the_pixels(double: ServiceDouble) -> None:
    """``@2x`` is 512 pixels of the same tile at pixel ratio 2, so symbols keep their size on the screen."""
    answer = await ask(double, f"{JOB}/tiles/{INSIDE}@2x.png")
    assert Image.open(io.BytesIO(answer.content)).size == (512, 512)
    (request,) = double.drawn
    assert isinstance(request, TileRequest)
    assert (request.pixel_ratio, request.size_px, request.tile.col, request.tile.row) == (2.0, 512, 1090, 1599)


@pytest.mark.anyio
async def test_preflights_are_answered(double: ServiceDouble) -> None:
    """A page that sends headers of its own asks first, and is let."""
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-mine"}
    for path in (f"{JOB}/tilejson.json", f"{JOB}/tiles/{INSIDE}.png", f"{JOB}/legend.png"):
        answer = await ask(double, path, "OPTIONS", **headers)
        assert answer.status_code == 204 and answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert answer.headers["access-control-allow-origin"] in ("*", "https://a.example")
        assert answer.headers["access-control-allow-headers"] == "x-mine"


@pytest.mark.anyio
async def test_the_description_tells_only_what_happens(double: ServiceDouble) -> None:
    """No address answers with the framework's own 422."""
    paths = (await ask(double, "/openapi.json")).json()["paths"]
    assert len(paths) == 5 and all(set(path["get"]["responses"]) == {"200", "4XX"} for path in paths.values())


@pytest.mark.anyio
async def test_layers_are_chosen_by_number(double: ServiceDouble) -> None:
    """``layers=3,2`` shows those layers only, and TileJSON hands the choice on to its tiles."""
    await ask(double, f"{JOB}/tiles/{INSIDE}.png?layers=3,2")
    (request,) = double.drawn
    assert isinstance(request, TileRequest)
    assert (request.layers.mode, request.layers.ids) == (LayerMode.SHOW, (2, 3))
    assert (await tilejson(double, "?layers=2&format=webp&ratio=2"))["tiles"][0].endswith("/{z}/{x}/{y}@2x.webp?layers=2")


@pytest.mark.anyio
async def test_beyond_the_result_there_is_no_tile(double: ServiceDouble) -> None:
    """A tile that the result cannot reach is 404, in both kinds of address."""
    assert (await ask(double, f"{JOB}/tiles/{OUTSIDE}.png")).status_code == 404
    (template,) = (await tilejson(double))["tiles"]
    assert (await ask(double, template.replace("{z}/{x}/{y}", OUTSIDE))).status_code == 404


@pytest.mark.anyio
async def test_empty_inside_is_a_transparent_tile(double: ServiceDouble) -> None:
    """Where no chosen layer draws inside the bounds, the answer is a picture without a visible pixel, not an error."""
    answer = await ask(double, f"{JOB}/tiles/{INSIDE}.png?layers=-1")
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).getchannel("A").getextrema() == (0, 0)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{JOB}/tiles/3/8/0.png", 404, "TileOutside"),
        (f"{JOB}/tiles/99/0/0.png", 404, "TileOutside"),
        (f"{JOB}/tiles/a/0/0.png", 404, "TileOutside"),
        (f"{JOB}/tiles/1/-1/0.png", 404, "TileOutside"),
        (f"{JOB}/tiles/12/1090/1599@3x.png", 404, "TileOutside"),
        (f"{JOB}/tiles/12/01090/1599.png", 404, "TileOutside"),
        (f"{JOB}/tiles/012/1090/1599.png", 404, "TileOutside"),
        (f"{JOB}/tiles/12/1090/01599.png", 404, "TileOutside"),
        (f"{JOB}/tiles/{INSIDE}.png?layers=99", 404, "LayerNotFound"),
        (f"{JOB}/tilejson.json?layers=2,99", 404, "LayerNotFound"),
        (f"{JOB}/legend.png?layers=99", 404, "LayerNotFound"),
        (f"{JOB}/tiles/{INSIDE}.tif", 400, "InvalidFormat"),
        (f"{JOB}/tiles/{INSIDE}.png?layers=one", 400, "InvalidLayer"),
        (f"{JOB}/tiles/{INSIDE}.png?layers=" + "1," * 2000 + "1", 400, "InvalidLayer"),
        (f"{JOB}/tilejson.json?ratio=7", 400, "InvalidParameter"),
        ("/xyz/Nowhere/jobs/j1/tilejson.json", 404, "ServiceNotFound"),
        (f"/xyz/Viewshed/jobs/{HAZARD_JOB}/tilejson.json", 404, "JobNotFound"),
        (f"/xyz/Demo/Hazard/jobs/{RUNNING_JOB}/tilejson.json", 409, "NotReady"),
        (f"/xyz/Viewshed/jobs/{FAILED_JOB}/tiles/{INSIDE}.png", 409, "JobFailed"),
        (f"/xyz/Viewshed/jobs/{ENDED_JOB}/tiles/{INSIDE}.png", 410, "Ended"),
    ],
)
async def test_every_wrong_address_has_its_own_word(double: ServiceDouble, path: str, status: int, code: str) -> None:
    """Errors carry a true HTTP status and a stable word, are readable from any page and are never kept."""
    answer = await ask(double, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_not_ready_tells_the_jobs_status_and_when_to_come_again(double: ServiceDouble) -> None:
    """A client can wait for a running job with what the answer says."""
    answer = await ask(double, f"/xyz/Demo/Hazard/jobs/{RUNNING_JOB}/tiles/{INSIDE}.png")
    assert answer.json()["error"]["status"] == "executing"
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.anyio
@pytest.mark.parametrize(("fault", "status"), [(Busy(retry_after_s=7), 503), (RenderTimeout(), 504), (RenderCrashed(), 500)])
async def test_our_own_troubles_are_5xx(double: ServiceDouble, fault: RendermapError, status: int) -> None:
    """A full queue says when to come again; what broke carries a reference number for the log."""
    double.fault = fault
    answer = await ask(double, f"{JOB}/tiles/{INSIDE}.png")
    assert answer.status_code == status
    if status == 503:
        assert answer.headers["retry-after"] == "7"
    else:
        assert "Reference" in answer.json()["error"]["message"]


@pytest.mark.anyio
async def test_the_unforeseen_tells_strangers_nothing(double: ServiceDouble) -> None:
    """An exception's own text stays in the log, under the reference number the client got."""
    double.fault = ValueError("/srv/secret/path")  # type: ignore[assignment]
    with capture_logs() as log:
        answer = await ask(double, f"{JOB}/tiles/{INSIDE}.png")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    reference = answer.json()["error"]["message"].rpartition("Reference ")[2].rstrip(".")
    assert log[0]["reference"] == reference and "/srv/secret/path" in repr(log[0]["exc_info"])


@pytest.mark.anyio
async def test_head_answers_as_get_does(double: ServiceDouble) -> None:
    """HEAD works on documents and tiles, with the same headers."""
    for path in (f"{JOB}/tilejson.json", f"{JOB}/tiles/{INSIDE}.png", f"{JOB}/legend.png"):
        head, get = await ask(double, path, "HEAD"), await ask(double, path)
        assert head.status_code == 200
        assert head.headers["etag"] == get.headers["etag"]
        assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.anyio
async def test_service_names_are_matched_without_regard_to_case(double: ServiceDouble) -> None:
    """However the address spells the service, the document tells the published name."""
    answer = await ask(double, f"/xyz/demo/hazard/jobs/{HAZARD_JOB}/tilejson.json")
    assert "/xyz/Demo/Hazard/jobs/" in answer.json()["tiles"][0]


@pytest.mark.anyio
async def test_finest_zoom_follows_the_cells_of_a_raster(double: ServiceDouble) -> None:
    """A raster of 30 m at 36 degrees north is offered to zoom 15: 2 beyond its cells, and a job with lines much closer."""
    answer = await ask(double, f"/xyz/Viewshed/jobs/{VIEWSHED_JOB}/tilejson.json")
    assert answer.json()["maxzoom"] == 15
    assert (await tilejson(double))["maxzoom"] == 21


@pytest.mark.anyio
async def test_a_tile_the_client_has_is_not_drawn_again(double: ServiceDouble) -> None:
    """Whoever asks again with the picture's ETag costs no drawing, however long the picture has left the cache."""
    (template,) = (await tilejson(double))["tiles"]
    z, x, y = INSIDE.split("/")
    for address in (f"{JOB}/tiles/{INSIDE}.png", template.format(z=z, x=x, y=y)):
        first = await ask(double, address)
        double.drawn.clear()
        for tag in (first.headers["etag"], first.headers["etag"].removeprefix("W/")):
            again = await ask(double, address, **{"if-none-match": f'"other", {tag}'})
            assert (again.status_code, again.headers["cache-control"]) == (304, first.headers["cache-control"])
        assert not double.drawn


@pytest.mark.anyio
async def test_a_pictures_etag_promises_no_bytes(double: ServiceDouble) -> None:
    """It is weak, its 304's too, for it is told before drawing and of what is drawn; a document's is of its bytes, and strong."""
    picture = await ask(double, f"{JOB}/tiles/{INSIDE}.png")
    unchanged = await ask(double, f"{JOB}/tiles/{INSIDE}.png", **{"if-none-match": picture.headers["etag"]})
    assert picture.headers["etag"].startswith('W/"') and unchanged.headers["etag"] == picture.headers["etag"]
    document = await ask(double, f"{JOB}/tilejson.json")
    assert document.headers["etag"].startswith('"')


@pytest.mark.anyio
async def test_a_condition_of_any_picture_is_not_met_outside(double: ServiceDouble) -> None:
    """``*`` asks whether there is a picture at all, and outside the map there is none."""
    assert (await ask(double, f"{JOB}/tiles/{OUTSIDE}.png", **{"if-none-match": "*"})).status_code == 404


@pytest.mark.anyio
async def test_tilejsons_etag_is_of_what_it_says(double: ServiceDouble) -> None:
    """A new title, credit or host is a new document, though the result has not changed; the same document is 304, with a query too."""
    first = await ask(double, f"{JOB}/tilejson.json?layers=2")
    etag = {"if-none-match": first.headers["etag"]}
    assert (await ask(double, f"{JOB}/tilejson.json?layers=2", **etag)).status_code == 304
    assert (await ask(double, f"{JOB}/tilejson.json?layers=3", **etag)).status_code == 200
    assert (await ask(double, f"{JOB}/tilejson.json?layers=2", **etag, host="other.example")).status_code == 200
    for change in ({"title": "New"}, {"description": "New"}, {"credits": "New"}):
        double.services_published = tuple(replace(card, **change) for card in SERVICES)
        assert (await ask(double, f"{JOB}/tilejson.json?layers=2", **etag)).status_code == 200


@pytest.mark.anyio
async def test_a_picture_that_lacks_a_layer_is_not_kept(double: ServiceDouble) -> None:
    """While a layer rests, not even the address of a version may be kept, nor revalidated."""
    double.is_whole = False
    (template,) = (await tilejson(double))["tiles"]
    z, x, y = INSIDE.split("/")
    for address in (f"{JOB}/tiles/{INSIDE}.png", template.format(z=z, x=x, y=y)):
        answer = await ask(double, address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store") and "etag" not in answer.headers

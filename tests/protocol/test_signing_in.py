"""Unmodified clients show what only some may see, each signing in the way it knows, in a real browser and from another origin."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transform_bbox
from tests.builders.clients import SIZE_PX, client_page, shown_by
from tests.builders.signed_service import API_KEY, MEMBERS, PASSWORD, SignedService, signed_service
from tests.builders.whole_service import NAME, WholeService

# the first test starts a service, a browser and the bundling of the clients
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedService]:
    with signed_service(tmp_path_factory.mktemp("signed")) as started:
        yield started


@pytest.fixture
def service(running: SignedService) -> Iterator[SignedService]:
    """Where signing in is optional, unless a test changes that."""
    yield running
    if "required" in (running.folder / "access" / "access.toml").read_text():
        running.demand_sign_in("optional")


@pytest.fixture(scope="module")
def box(running: SignedService) -> list[float]:
    """The jobs' extent in web mercator, at the ratio of the clients' maps."""
    full = _document(running, f"{running.private.map_path}")["fullExtent"]
    corners = ",".join(str(full[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
    drawn = _document(running, f"{running.private.map_path}/export", bbox=corners, imageSR=3857, size="600,400")["extent"]
    return [drawn[side] for side in ("xmin", "ymin", "xmax", "ymax")]


def _document(service: SignedService, path: str, **query: object) -> Any:
    """As anna reads it."""
    headers = {"Authorization": f"Bearer {service.bearer()}"}
    document = httpx.get(service.url + path, params={"f": "json", **query}, headers=headers, timeout=60).json()  # type: ignore[dict-item]
    assert "error" not in document, document
    return document


def drawn(service: SignedService, box: list[float], crs: str = "3857", **query: str) -> Pixels:
    """The picture of a box as anna's job itself gives it, on white."""
    given = {"bbox": ",".join(map(repr, box)), "bboxSR": crs, "imageSR": crs, "size": "600,400", "f": "image", **query}
    headers = {"Authorization": f"Bearer {service.bearer()}"}
    response = httpx.get(f"{service.url}{service.private.map_path}/export", params=given, headers=headers, timeout=60)
    assert response.headers["content-type"] == "image/png", response.text
    return np.asarray(Image.open(BytesIO(response.content)).convert("RGB"))


def assert_shown(service: SignedService, shown: dict[str, Any], picture: Pixels, **query: str) -> None:
    """Not blank, and nearly everywhere the picture of that place: both jobs hold the same data."""
    expected = drawn(service, shown["box"], str(shown.get("wkid", 3857)), **query)
    assert picture.shape == expected.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) > 20
    far = np.abs(picture.astype(int) - expected.astype(int)).max(axis=2) > 40
    assert far.mean() < 0.02, f"{far.mean():.1%} of the pixels differ"


def assert_tiles_shown(service: SignedService, shown: dict[str, Any], picture: Pixels) -> None:
    """As `assert_shown`; tiles of a zoom below are stretched to the screen, so edges blur."""
    seen = transform_bbox(BBox(*shown["bounds"]), WGS84, WEB_MERCATOR)
    assert seen is not None
    expected = drawn(service, list(seen.corners))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
    assert np.abs(picture.astype(int) - expected.astype(int)).mean() < 8


def assert_unwritten(service: SignedService, *secrets: str) -> None:
    """No log, no metric, no kept picture and no name of one holds any of these."""
    wrote = service.wrote()
    assert "/export" in wrote or "/tiles/" in wrote
    assert [secret for secret in secrets if secret in wrote] == []


def tokens_in(addresses: list[str]) -> list[str]:
    """The tokens that a client put into addresses."""
    found = (httpx.URL(address).params.get("token") for address in addresses if address.startswith("http"))
    return sorted({token for token in found if token})


def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Fills the client's own dialog."""
    page.locator("calcite-input[name=username] input").fill("anna")
    page.locator("calcite-input[name=password] input").fill(password)
    page.locator("calcite-button[type=submit]").click()


def given(job: WholeService, box: list[float], **more: object) -> dict[str, object]:
    """What a page is told of a job."""
    return {"taskUrl": job.url + job.task_path, "jobId": job.job_id, "mapUrl": job.url + job.map_path, "box": box, **more}


# --- @arcgis/core ------------------------------------------------------------------------------------------------------------


def test_arcgis_core_asks_for_a_password_where_everybody_must_sign_in(
    browser: Browser, pages: str, service: SignedService, box: list[float]
) -> None:
    """The first answer is 499; it reads where tokens are given, shows its dialog, says that a password is wrong, and goes on with the
    token that it gets for the right one."""
    service.demand_sign_in("required")
    with client_page(browser, f"{pages}/arcgis.html", **given(service.private, box)) as client:
        sign_in(client.page, "wrong")
        client.page.locator("calcite-notice").wait_for()
        sign_in(client.page)
        shown, picture = client.shown()
    assert shown["url"].endswith(service.private.map_path)
    assert_shown(service, shown, picture)
    (token,) = tokens_in(client.addresses)
    assert any(address.endswith("/arcgis/rest/info?f=json") for address in client.addresses)
    assert f"{service.url}/arcgis/tokens/generateToken" in client.addresses
    assert any("/export?" in address and token in address for address in client.addresses)
    assert_unwritten(service, token, PASSWORD)


def test_arcgis_core_signs_in_before_it_asks(browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """Where strangers are told that there is no such job, no client would ask for a password; an application asks for it first."""
    with client_page(browser, f"{pages}/arcgis.html", **given(service.private, box, signIn={"first": True})) as client:
        sign_in(client.page)
        shown, picture = client.shown()
    assert_shown(service, shown, picture)
    assert_unwritten(service, *tokens_in(client.addresses), PASSWORD)


@pytest.mark.parametrize("kind", ["token", "bearer", "key"])
def test_arcgis_core_is_given_a_token(kind: str, browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """A token of ours, one of another issuer, and an API key are registered with it and sent as ``token``."""
    token = {"token": service.token, "bearer": service.bearer, "key": lambda: API_KEY}[kind]()
    job = service.shared if kind == "key" else service.private
    shown, picture, asked = shown_by(browser, f"{pages}/arcgis.html", **given(job, box, signIn={"token": token}))
    assert [1, "Water depth", True] in shown["layers"] and "Water depth" in shown["legend"]
    assert_shown(service, shown, picture)
    assert tokens_in(asked) == [token]
    assert_unwritten(service, token)


def test_arcgis_core_sends_an_api_key_to_its_scope(browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """``config.apiKeys.scopes`` names the servers that get the key."""
    scope = {"token": API_KEY, "urls": [f"{service.url}/arcgis/rest/services"]}
    shown, picture, asked = shown_by(browser, f"{pages}/arcgis.html", **given(service.shared, box, signIn={"scope": scope}))
    assert_shown(service, shown, picture)
    assert tokens_in(asked) == [API_KEY]
    assert_unwritten(service, API_KEY)


def test_arcgis_core_asks_again_when_a_token_ends(browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """A token that was good until a moment ago is refused with 498, whereupon it shows its dialog and goes on."""
    with client_page(browser, f"{pages}/arcgis.html", **given(service.private, box, signIn={"first": True})) as client:
        sign_in(client.page)
        client.shown()
        assert len(tokens_in(client.addresses)) == 1
        service.end_tokens()
        client.page.evaluate("() => { window.shown = undefined; window.again(); }")
        sign_in(client.page)
        shown, picture = client.shown()
    assert_shown(service, shown, picture)
    assert len(tokens_in(client.addresses)) == 2
    assert_unwritten(service, *tokens_in(client.addresses))


@pytest.mark.parametrize("path", ["map_path", "alias_path"])
def test_arcgis_core_shows_a_link(path: str, browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """The link's address is all it is given: map, sublayers and legend come from below the link."""
    link = service.link()
    map_url = f"{service.url}{link}{getattr(service.private, path)}"
    shown, picture, asked = shown_by(browser, f"{pages}/arcgis.html", mapUrl=map_url, box=box)
    assert {(0, "Affected parcels", True), (1, "Water depth", True)} == {tuple(layer) for layer in shown["layers"]}
    assert shown["legend"] == ["Affected parcels", "Water depth"]
    assert_shown(service, shown, picture)
    ours = [address for address in asked if address.startswith(service.url)]
    assert len(ours) > 3 and all(address.startswith(f"{service.url}{link}/") for address in ours)
    assert_unwritten(service, link)


# --- esri-leaflet ------------------------------------------------------------------------------------------------------------


def test_esri_leaflet_is_given_a_token(browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """It sends it along with every question, and with the address of the picture."""
    token = service.token()
    shown, picture, asked = shown_by(browser, f"{pages}/leaflet.html", **given(service.private, box, options={"f": "json", "token": token}))
    assert_shown(service, shown, picture)
    assert any("/directories/arcgisoutput/" in address and token in address for address in asked)
    assert_unwritten(service, token)


def test_esri_leaflet_is_asked_for_a_token(browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """Where everybody must sign in, its event asks the application for one."""
    service.demand_sign_in("required")
    token = service.token()
    shown, picture, _ = shown_by(browser, f"{pages}/leaflet.html", **given(service.private, box, token=token))
    assert shown["isAsked"] is True
    assert_shown(service, shown, picture)
    assert_unwritten(service, token)


def test_esri_leaflet_shows_a_link(browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """The address of the picture stays below the link too."""
    link = service.link()
    shown, picture, asked = shown_by(browser, f"{pages}/leaflet.html", mapUrl=f"{service.url}{link}{service.private.map_path}", box=box)
    assert_shown(service, shown, picture)
    assert any(f"{link}/arcgis/rest/directories/arcgisoutput/" in address for address in asked)
    assert_unwritten(service, link)


# --- OpenLayers, MapLibre, Leaflet -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("way", ["params", "headers", "link"])
def test_openlayers_signs_in(way: str, tiled: bool, browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """With a token among its parameters, with a header sent by a load function of the application's, and below a link."""
    token, job = service.token(), service.private
    link = service.link() if way == "link" else ""
    how = {"params": {"params": {"token": token}}, "headers": {"headers": {"Authorization": f"Bearer {token}"}}, "link": {}}[way]
    map_url = f"{service.url}{link}{job.alias_path if tiled else job.map_path}"
    shown, picture, asked = shown_by(browser, f"{pages}/openlayers.html", mapUrl=map_url, box=box, tiled=tiled, **how)
    assert_shown(service, shown, picture)
    assert tokens_in(asked) == ([token] if way == "params" else [])
    assert_unwritten(service, *filter(None, (token, link)))


@pytest.mark.parametrize("way", ["query", "headers", "link"])
def test_maplibre_signs_in(way: str, browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """``transformRequest`` adds a token or a header to TileJSON and tiles alike; below a link nothing has to be added."""
    token, link = service.token(), service.link() if way == "link" else ""
    how = {"query": {"query": f"token={token}"}, "headers": {"headers": {"X-API-Key": token}}, "link": {}}[way]
    low = transform_bbox(BBox(*box), WEB_MERCATOR, WGS84)
    assert low is not None
    corners = [[low.xmin, low.ymin], [low.xmax, low.ymax]]
    tilejson = f"{service.url}{link}/xyz/{NAME}/jobs/{service.private.job_id}/tilejson.json"
    shown, picture, asked = shown_by(browser, f"{pages}/maplibre.html", tileJsonUrl=tilejson, box=corners, **how)
    assert_tiles_shown(service, shown, picture)
    tiles = [address for address in asked if "/tiles/" in address]
    assert len(tiles) >= 4 and all(address.startswith(f"{service.url}{link}/xyz/") for address in tiles)
    assert "token" not in shown["tiles"][0]
    assert_unwritten(service, *filter(None, (token, link)))


@pytest.mark.parametrize("way", ["token", "key", "link"])
def test_leaflet_signs_in(way: str, browser: Browser, pages: str, service: SignedService, box: list[float]) -> None:
    """The address of the tiles is all there is to Leaflet: with a token at its end, or below a link."""
    secret = {"token": service.token, "key": lambda: API_KEY, "link": service.link}[way]()
    name, job = (MEMBERS, service.shared) if way == "key" else (NAME, service.private)
    prefix, query = (secret, "") if way == "link" else ("", f"?token={secret}")
    tiles = f"{service.url}{prefix}/xyz/{name}/jobs/{job.job_id}/tiles/{{z}}/{{x}}/{{y}}.png{query}"
    low = transform_bbox(BBox(*box), WEB_MERCATOR, WGS84)
    assert low is not None
    shown, picture, _ = shown_by(browser, f"{pages}/tiles.html", tilesUrl=tiles, box=list(low.corners), zoom=13)
    assert_tiles_shown(service, shown, picture)
    assert_unwritten(service, secret)

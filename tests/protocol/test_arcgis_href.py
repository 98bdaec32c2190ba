"""Signed addresses of pictures."""

from __future__ import annotations

import pytest

from rendermap.access.grant import PUBLIC
from rendermap.access.keyring import KeyRing
from rendermap.errors import NotFound, TooCostly
from rendermap.frontends.arcgis.href import OutputFile, from_token, to_token
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.request import ComposedLayer, JobRequest, LayerChoice, LayerMode, MapRequest, TimeSpan
from tests.builders.arcgis_app import BBOX, ArcgisApp, J
from tests.builders.service_double import ServiceDouble

ASKED = MapRequest(
    JobRequest("Demo/Hazard", "j1"),
    MapView(BBox(0.1, -2.5, 1e7 / 3, 4), "EPSG:3857", 640, 480, 1.5),
    LayerChoice(LayerMode.SHOW, (0, 2)),
    "jpeg",
    (255, 255, 255),
    ((2, "a > 'ä'"),),
    rotation_deg=330.25,
    composition=(ComposedLayer(101, 2, "a > 1", '{"transparency": 30}', None, 1e4), ComposedLayer(0, 0)),
    time=TimeSpan(None, 1.5e12, (3,), (2, 4)),
)


@pytest.mark.parametrize("request_", [ASKED, MapRequest(ASKED.job, ASKED.view)])
def test_a_token_is_the_whole_question(request_: MapRequest) -> None:
    """Any replica with the key reads back exactly what was asked, and writes the same token for it."""
    file = OutputFile(request_, "digest")
    token = to_token(file, KeyRing(("key",)))
    assert from_token(token, KeyRing(("key",)), PUBLIC) == file and to_token(file, KeyRing(("key",))) == token
    assert not token.startswith(".") and "/" not in token and "?" not in token


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "", lambda t: t.replace("map_", "map_A"), str.swapcase])
def test_only_what_we_signed_is_drawn(change: object) -> None:
    """Tokens cannot be made or changed by others."""
    token = to_token(OutputFile(ASKED, "d"), KeyRing(("key",)))
    with pytest.raises(NotFound):
        from_token(change(token), KeyRing(("key",)), PUBLIC)  # type: ignore[operator]
    with pytest.raises(NotFound):
        from_token(token, KeyRing(("another key",)), PUBLIC)


def test_tokens_stay_shorter_than_urls_may_be() -> None:
    """A filter too long for an address says what to do instead."""
    noise = "".join(str(hash((i, "x"))) for i in range(1000))
    with pytest.raises(TooCostly, match="f=image"):
        to_token(OutputFile(MapRequest(ASKED.job, ASKED.view, filters=((0, noise),)), "d"), KeyRing(("key",)))


def test_another_replica_answers() -> None:
    """The address made by one is answered by another that shares the key, as kept for good while the data is the same."""
    href = ArcgisApp(secret="shared" * 4).json(f"{J}/export", bbox=BBOX)["href"]
    answer = ArcgisApp(secret="shared" * 4).get(href)
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    stranger = ArcgisApp(secret="other" * 4).get(href)
    assert stranger.status_code == 404 and stranger.json()["error"]["code"] == 404


def test_an_address_outlives_its_picture() -> None:
    """When the job was run again the same address draws the new picture, which is then asked for anew."""
    service = ServiceDouble()
    app = ArcgisApp(service)
    href = app.json(f"{J}/export", bbox=BBOX)["href"]
    service.edition = 2
    answer = app.get(href)
    assert answer.status_code == 200 and "immutable" not in answer.headers["cache-control"]
    assert app.json(f"{J}/export", bbox=BBOX)["href"] != href


def test_the_suffix_is_part_of_the_address() -> None:
    """A file is what its name says: under another suffix there is none."""
    app = ArcgisApp()
    href = app.json(f"{J}/export", bbox=BBOX, format="jpg")["href"]
    assert href.endswith(".jpg") and app.get(href).status_code == 200
    for other in (".png", ".gif", ".JPG", ""):
        assert app.get(href.removesuffix(".jpg") + other).status_code == 404


def test_the_folder_is_part_of_the_address() -> None:
    """One picture has one address."""
    app = ArcgisApp()
    href = app.json(f"{J}/export", bbox=BBOX)["href"]
    assert app.get(href.replace("Demo/Hazard_MapServer", "Other_MapServer")).status_code == 404

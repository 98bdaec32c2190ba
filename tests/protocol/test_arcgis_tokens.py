"""Signing in as ArcGIS clients know it: where tokens are given, how they are brought along, what is said without one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from rendermap.access import realm
from rendermap.access.passwords import hash_password
from rendermap.access.realm import User
from rendermap.jobs import manifest
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
PASSWORD = "correct horse"
REST = "/arcgis/rest"
TOKENS = "/arcgis/tokens/generateToken"
BOX = "700000,4000000,706000,4006000"


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    """With anna, and a job of her own."""
    realm.write_users(tmp_path / "access", {"anna": User(password=hash_password(PASSWORD))})
    service = CountedService(tmp_path, {"Demo": SERVICE})
    with manifest.start(service.jobs, service="Demo", task="Run", owner="anna", private=True) as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return service


@pytest.fixture
def job(service: CountedService) -> str:
    """The address of the job's map."""
    (folder,) = service.jobs.rglob("job.json")
    return f"{REST}/services/Demo/MapServer/jobs/{folder.parent.name}"


def asked(service: CountedService, path: str = TOKENS, **given: str) -> Any:
    """The answer to a question for a token."""
    return service.ask("POST", path, data={"username": "anna", "password": PASSWORD, "f": "json", **given}).json()


def code_of(answer: httpx.Response) -> int | None:
    """Of the error, None for what is none."""
    error: dict[str, Any] = answer.json().get("error", {})
    return error.get("code")


# --- where tokens are given --------------------------------------------------------------------------------------------------


def test_the_server_tells_where_tokens_are_given(tmp_path: Path) -> None:
    """To everybody, with how long one is good in minutes; where there is nobody with a password it tells of none."""
    access = tmp_path / "some" / "access"
    realm.write_users(access, {"anna": User(password=hash_password(PASSWORD))})
    (access / "access.toml").write_text('sign_in = "required"\ntoken_minutes = 30\n')
    told = CountedService(tmp_path / "some", {"Demo": SERVICE}).get(f"{REST}/info", f="json").json()["authInfo"]
    url = f"http://maps.example{TOKENS}"
    assert told == {"isTokenBasedSecurity": True, "tokenServicesUrl": url, "shortLivedTokenValidity": 30}
    nobody = CountedService(tmp_path / "none", {"Demo": SERVICE}).get(f"{REST}/info", f="json").json()
    assert nobody["authInfo"] == {"isTokenBasedSecurity": False} and "owningSystemUrl" not in nobody


@pytest.mark.parametrize("path", [TOKENS, f"{TOKENS}/", "/arcgis/tokens", "/arcgis/tokens/", "/tokens/generateToken", "/tokens"])
def test_a_password_is_exchanged_for_a_token(service: CountedService, path: str) -> None:
    """At every address where clients look for it."""
    given = asked(service, path)
    assert given["token"].startswith("rmt_") and given["expires"] > 1_600_000_000_000 and given["ssl"] is False


def test_a_wrong_password_asks_for_no_other_token(service: CountedService) -> None:
    """The code is 400: with 498 clients would ask for a token without end.  Nobody learns which names there are."""
    wrong, unknown = asked(service, password="wrong"), asked(service, username="ben")
    assert wrong == unknown and wrong["error"]["code"] == 400
    assert wrong["error"]["details"] == ["Invalid username or password."]


def test_names_and_passwords_stand_in_no_address(service: CountedService) -> None:
    """What stands in an address stands in logs: neither GET nor a query with POST is a way to a token."""
    query, shouted = (f"{TOKENS}?{name}=anna&{word}={PASSWORD}" for name, word in (("username", "password"), ("UserName", "PASSWORD")))
    bodies: tuple[dict[str, str], ...] = ({}, {"username": "anna", "password": PASSWORD})
    for answer in (service.get(query), *(service.ask("POST", url, data=body) for url in (query, shouted) for body in bodies)):
        assert "token" not in answer.json() and code_of(answer) == 400
        assert answer.headers["cache-control"] == "no-store"


def test_a_token_may_be_for_pages_of_one_origin(service: CountedService, job: str) -> None:
    """``client=referer``, as applications ask; pages elsewhere are told 498."""
    token = asked(service, client="referer", referer="https://app.example/map/index.html")["token"]
    for page, code in (("https://app.example/", None), ("https://evil.example/", 498)):
        answer = service.ask("GET", f"{job}?f=json&token={token}", headers={"referer": page})
        assert code_of(answer) == code


# --- how tokens are brought along --------------------------------------------------------------------------------------------


def test_a_token_may_stand_where_clients_put_it(service: CountedService, job: str) -> None:
    """In the query, in a form, in either of two headers or in a key's own; in any case of the parameter's name."""
    token = asked(service)["token"]
    ways: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("GET", f"?f=json&token={token}", {}),
        ("GET", f"/?f=json&TOKEN={token}", {}),
        ("POST", "", {"data": {"f": "json", "token": token}}),
        ("POST", "?f=json", {"files": {"file": b"x"}, "data": {"token": token}}),
        ("GET", "?f=json", {"headers": {"authorization": f"Bearer {token}"}}),
        ("GET", "?f=json", {"headers": {"x-esri-authorization": f"bearer {token} "}}),
        ("GET", "?f=json", {"headers": {"x-api-key": token}}),
    )
    for method, query, options in ways:
        answer = service.ask(method, job + query, **options)
        assert answer.json().get("mapName") == "Parcels", (method, query, options)
    assert code_of(service.get(f"{job}?f=json")) == 404


def test_qgis_sees_the_job_with_its_token(service: CountedService, job: str) -> None:
    """The four questions that QGIS 3.22 asks for a layer with an EsriToken, as it was seen to ask them."""
    headers = {
        "x-esri-authorization": f"Bearer {asked(service)['token']} ", "user-agent": "Mozilla/5.0 QGIS/32216", "accept-language": "en,*"
    }  # fmt: skip
    square = "bbox=699250.000000,4000000.000000,706750.000000,4006000.000000&size=500,400"
    here = "geometryType=esriGeometryPoint&geometry=%7Bx:%20703000.000000,%20y:%204003000.000000%7D&layers=all:0"
    root, layer, picture, identified = (service.ask("GET", f"{job}{path}", headers=headers) for path in (
        "?f=json", "/0?f=json", f"/export?{square}&format=PNG32&layers=show:0&transparent=true&f=image",
        f"/identify?f=json&{here}&imageDisplay=0,0,96&mapExtent=0.000000,0.000000,0.000000,0.000000&tolerance=10",
    ))  # fmt: skip
    assert root.json()["layers"][0]["name"] == layer.json()["name"] == "Parcels"
    assert (picture.headers["content-type"], picture.headers["cache-control"]) == ("image/png", "private, no-cache")
    assert code_of(identified) == 400
    again = service.ask("GET", f"{job}?f=json", headers=headers | {"if-none-match": root.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_document_repeats_a_token(service: CountedService, job: str) -> None:
    """Documents, addresses of pictures in them and errors hold none, so that none gets into another client; pages do, to lead on."""
    token = asked(service)["token"]
    export = f"/export?bbox={BOX}&size=20,20"
    faults = ("/nothing", "/export?bbox=1")
    for path in ("", "/layers", "/0", "/legend", export, *faults):
        for form in ("json", "pjson", *(("html",) if path == "/nothing" else ())):
            answer = service.get(f"{job}{path}{'&' if '?' in path else '?'}f={form}&token={token}")
            assert answer.status_code < 500 and token not in answer.text and token not in str(answer.headers), (path, form)
    href = service.get(f"{job}{export}&f=json&token={token}").json()["href"]
    path = href.removeprefix("http://maps.example")
    assert (service.get(path).status_code, service.get(f"{path}?token={token}").status_code) == (404, 200)


def test_a_token_wins_nothing_by_its_place(service: CountedService, job: str) -> None:
    """A header that is not good is refused, whatever good token stands in the query beside it."""
    token = asked(service)["token"]
    answer = service.ask("GET", f"{job}?f=json&token={token}", headers={"authorization": "Bearer rmt_no"})
    assert code_of(answer) == 498
    basic = service.ask("GET", f"{job}?f=json&token={token}", headers={"authorization": "Basic YTpi"})
    assert code_of(basic) is None  # a proxy's affair


def test_pages_for_people_lead_on_without_a_token(service: CountedService, job: str) -> None:
    """The page of a signed-in person's map is whole; its link to JSON asks the same address."""
    page = service.ask("GET", job, headers={"authorization": f"Bearer {asked(service)['token']}", "accept": "text/html"})
    assert page.status_code == 200 and page.headers["cache-control"] == "private, no-cache"
    assert re.search(r'href="\?f=pjson"', page.text) and json.dumps("anna") not in page.text

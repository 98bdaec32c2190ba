"""What a browser is told besides the answer: policies, kinds of content, other origins, hosts, where to go on."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi.routing import APIRoute

from rendermap.access.grant import UNBOUNDED, Link, Operation
from rendermap.frontends.viewer import routes
from rendermap.frontends.viewer.bundle import Bundle
from rendermap.jobs import manifest
from tests.builders.counted_service import CountedService, geojson

EVIL = '"><script>alert(1)</script>'
HTML = {"accept": "text/html"}
SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
BOX = "-9390000,4320000,-9380000,4330000"


REQUIRED = 'sign_in = "required"\n'


@dataclass(frozen=True, slots=True)
class Asked:
    """A service with a job that everybody may see and one for its owner alone, for which there is a link.

    link: the prefix of addresses below it.
    """

    service: CountedService
    job: str
    private: str
    link: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        """As a browser asks, redirects not followed."""
        return self.service.ask("GET", path, headers=HTML | {name.replace("_", "-"): value for name, value in headers.items()})

    def get_all(self, paths: Iterable[str], method: str = "GET", **headers: str) -> list[tuple[str, httpx.Response]]:
        """Each path with its answer, all asked at once."""
        return anyio.run(self._ask_all, list(paths), method, HTML | headers)

    async def _ask_all(self, paths: list[str], method: str, headers: dict[str, str]) -> list[tuple[str, httpx.Response]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.service.app), base_url="http://maps.example") as client:
            urls = [httpx.URL(f"http://maps.example{path}") for path in paths]
            answers = await asyncio.gather(*(client.request(method, url, headers=headers) for url in urls))
            return list(zip(paths, answers, strict=True))


Make = Callable[..., Asked]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """make(access="") -> the service, with what access.toml says."""
    (tmp_path / "built").mkdir()
    names = {name: name for name in ("viewer.js", "viewer.css", "map.js", "map.css", "docs.js", "docs.css", "icon.svg", "licenses.txt")}
    for name, text in [("manifest.json", json.dumps(names)), *((name, "/* built */") for name in names)]:
        (tmp_path / "built" / name).write_text(text)
    monkeypatch.setattr(routes, "Bundle", lambda: Bundle(tmp_path / "built"))

    def made(access: str = "") -> Asked:
        (tmp_path / "access").mkdir()
        (tmp_path / "access" / "access.toml").write_text(access)
        service = CountedService(tmp_path, {"Demo": SERVICE})
        public, private = _finish(service), _finish(service, owner="anna", private=True)
        now = int(time.time())
        link = Link("L1", "Demo", private, None, Operation.VIEW, UNBOUNDED, now, now, now + 3600)
        return Asked(service, public, private, f"/links/{service.app.state.doorkeeper.link_token(link)}")

    return made


@pytest.fixture
def asked(make: Make) -> Asked:
    return make()


def _finish(service: CountedService, **access: Any) -> str:
    with manifest.start(service.jobs, service="Demo", task="Run", **access) as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
        return run.job_id


def pages(asked: Asked) -> list[str]:
    """Addresses that answer with a page: of every front end, good ones and bad, with a link, without, and with one that is not good."""
    below = [
        "/", "/?service=Demo", "/?service=Nowhere", "/docs", "/docs/", "/nowhere", "/jobs/Demo/j0", "/static/nothing.js",
        f"/jobs/Demo/{asked.job}", f"/jobs/Demo/{asked.job}/", f"/jobs/Demo/{asked.private}", f"/jobs/Demo/{asked.private}/download.png",
        "/arcgis/rest/services", "/arcgis/rest/info", "/arcgis/rest/services/Demo/GPServer/Run", "/arcgis/rest/nothing",
        *(f"/arcgis/rest/services/Demo/{where}" for where in (
            f"MapServer/jobs/{asked.private}", f"MapServer/jobs/{asked.job}/layers", f"MapServer/jobs/{asked.job}/legend",
            f"GPServer/Run/jobs/{asked.job}", f"GPServer/Run/jobs/{asked.job}/results/Parcels", "MapServer/jobs/j0", "MapServer/0",
        )),
    ]  # fmt: skip
    return [prefix + path for prefix in ("", asked.link, "/links/rml_nobodys") for path in below]


# --- pages -------------------------------------------------------------------------------------------------------------------


def test_every_page_is_fenced(asked: Asked) -> None:
    """No page, of an error or of the manual, runs a foreign script, is framed by another site, is taken for something else, or tells
    where its reader came from."""
    seen = 0
    for path, answer in asked.get_all(pages(asked)):
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        seen += 1
        policy = answer.headers["content-security-policy"]
        assert re.match(r"default-src '(self|none)'; ", policy) and "frame-ancestors 'self'" in policy and "base-uri 'none'" in policy, path
        assert "unsafe" not in policy and answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        assert answer.headers["cache-control"] in ("private, no-cache", "no-store"), path
        assert not re.search(r"<script(?![^>]*(src=|application/json))|\son[a-z]+=|javascript:", answer.text), path
    assert seen > 50


def test_pages_that_were_not_built_are_fenced_too(asked: Asked, tmp_path: Path) -> None:
    """The page that says so allows nothing at all."""
    (tmp_path / "built" / "manifest.json").unlink()
    answer = asked.get("/docs")
    assert answer.status_code == 503 and answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_nothing_is_kept_for_others(asked: Asked) -> None:
    """Whatever a link or a person may see alone is never kept by a cache between us, and depends on who asks."""
    for path in (f"/jobs/Demo/{asked.private}", "/", f"/arcgis/rest/services/Demo/MapServer/jobs/{asked.private}?f=json",
                 f"/thumbnails/Demo/jobs/{asked.private}.webp", f"/jobs/Demo/{asked.private}/legend.png",
                 f"/jobs/Demo/{asked.private}/download.png?bbox={BOX}&size=30,30",
                 f"/xyz/Demo/jobs/{asked.private}/tiles/0/0/0.png", f"/xyz/Demo/jobs/{asked.private}/tilejson.json",
                 f"/xyz/Demo/jobs/{asked.private}/legend.png",
                 f"/arcgis/rest/services/Demo/MapServer/jobs/{asked.private}/export?bbox={BOX}&bboxSR=3857&f=image"):  # fmt: skip
        answer = asked.get(asked.link + path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache"), path
    assert "no-store" in asked.get(f"{asked.link}/viewer/api/jobs/Demo/{asked.private}").headers["cache-control"]
    public = asked.get(f"/thumbnails/Demo/jobs/{asked.job}.webp")
    assert public.headers["cache-control"].startswith("public") and "Authorization" in public.headers["vary"]


# --- where to go on ----------------------------------------------------------------------------------------------------------


def test_nobody_is_sent_elsewhere(asked: Asked) -> None:
    """No address answers with a redirect, which could lose a link's prefix or lead to a host of a stranger's choice."""
    paths = [route.path for route in asked.service.app.routes if isinstance(route, APIRoute)] + pages(asked)
    filled = {re.sub(r"{(\w+)(:path)?}", lambda part: {"service": "Demo", "job": asked.job}.get(part[1], "0"), path) for path in paths}
    tried = {way for path in filled for way in (f"{path}/", f"{path}//", f"//evil.example{path}", f"/evil.example/..{path}")}
    for path, answer in asked.get_all(sorted(filled | tried), host="evil.example"):
        assert answer.status_code // 100 != 3 and "location" not in answer.headers, path


def test_a_slash_at_the_end_changes_nothing(asked: Asked) -> None:
    """People type it."""
    for path in (f"/jobs/Demo/{asked.job}", f"{asked.link}/jobs/Demo/{asked.private}", "/docs", asked.link):
        assert (asked.get(f"{path}/").status_code, asked.get(f"{path}/").text) == (200, asked.get(path).text), path


# --- hosts -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [EVIL, "maps.example/evil", "maps.example@evil.example", "a b", "evil.example:80:90", "maps.example?x"])
def test_what_is_no_host_is_in_no_address(asked: Asked, host: str) -> None:
    """A host that could not be one is passed over."""
    documents = (f"/xyz/Demo/jobs/{asked.job}/tilejson.json", f"/arcgis/rest/services/Demo/GPServer/Run/jobs/{asked.job}")
    for path in (f"/jobs/Demo/{asked.job}", *documents):
        answer = asked.get(path, host=host)
        assert answer.status_code == 200 and host not in answer.text and "evil" not in answer.text and "<script>alert" not in answer.text


@pytest.mark.parametrize("header", ["host", "x_forwarded_host", "x_forwarded_prefix", "x_forwarded_proto", "forwarded", "x_original_url"])
def test_with_a_public_address_no_header_makes_an_address(asked: Asked, header: str) -> None:
    """Whatever a client says of itself, documents hold the operator's address, below a link as well."""
    asked.service.app.state.public_url = "https://maps.example.org/gis/"
    for prefix, job in (("", asked.job), (asked.link, asked.private)):
        for path in (f"/jobs/Demo/{job}", f"/xyz/Demo/jobs/{job}/tilejson.json", f"/arcgis/rest/services/Demo/GPServer/Run/jobs/{job}"):
            answer = asked.get(prefix + path, **{header: "evil.example"})
            assert answer.status_code == 200 and "evil.example" not in answer.text
            assert f"https://maps.example.org/gis{prefix}/" in answer.text or "/GPServer/" in path


# --- other origins -----------------------------------------------------------------------------------------------------------


def test_no_answer_lets_pages_spend_cookies(asked: Asked) -> None:
    """Pages of any origin may read what is told to everybody; with a visitor's own credentials none may, and none needs to."""
    drawn = f"/arcgis/rest/services/Demo/MapServer/jobs/{asked.job}/export?bbox={BOX}&bboxSR=3857&f=image"
    paths = [*pages(asked), drawn, f"/xyz/Demo/jobs/{asked.job}/tiles/0/0/0.png", f"/xyz/Demo/jobs/{asked.job}/tilejson.json", "/metrics"]
    for method in ("GET", "OPTIONS"):
        for path, answer in asked.get_all(paths, method, origin="https://evil.example"):
            assert "access-control-allow-credentials" not in answer.headers and "set-cookie" not in answer.headers, path


@pytest.mark.parametrize(
    "path", ["/arcgis/rest/services/Demo/MapServer/jobs/{job}", "/xyz/Demo/jobs/{job}/tilejson.json", "/arcgis/tokens/generateToken"]
)
def test_pages_of_other_origins_may_send_tokens(make: Make, path: str) -> None:
    """The browser asks whether it may send the headers that hold them, and is told so without having signed in."""
    asked = make(REQUIRED)
    names = "authorization,x-api-key,x-esri-authorization"
    wanted = {"origin": "https://app.example", "access-control-request-method": "GET", "access-control-request-headers": names}
    answer = asked.service.ask("OPTIONS", path.format(job=asked.job), headers=wanted)
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, names)
    assert answer.headers["access-control-allow-origin"] in ("*", "https://app.example")


# --- kinds of content --------------------------------------------------------------------------------------------------------


def test_errors_are_what_they_say_they_are(asked: Asked) -> None:
    """Text that a client sent comes back in no answer that a browser could take for a page or a script."""
    evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    map_ = f"/arcgis/rest/services/Demo/MapServer/jobs/{evil}"
    paths = (
        *(f"{map_}?f={form}&callback={evil}" for form in ("json", "pjson", "image", "html")),
        *(f"/{path}" for path in (
            f"jobs/{evil}/{evil}", f"?service={evil}", f"jobs/Demo/{asked.job}/download.png?bbox={evil}&size={evil}", f"links/{evil}/",
            f"arcgis/rest/services/{evil}/MapServer?f={evil}", f"xyz/{evil}/jobs/{evil}/tiles/0/0/0.png",
            f"xyz/Demo/jobs/{asked.job}/tiles/0/0/0.{evil}", f"xyz/Demo/jobs/{asked.job}/tilejson.json?layers={evil}&format={evil}",
        )),
    )  # fmt: skip
    for accept in ("*/*", "text/html"):
        for path, answer in asked.get_all(paths, accept=accept):
            assert answer.headers["x-content-type-options"] == "nosniff" and "<script>alert" not in answer.text, path
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind == "application/json" or (kind == "text/html" and "content-security-policy" in answer.headers), (path, kind)


# --- signing in --------------------------------------------------------------------------------------------------------------


def test_whoever_must_sign_in_is_told_how(make: Make) -> None:
    """A page in the look of its place with HTTP's own status; a program gets its dialect; a token that is not good is said to be why."""
    asked = make(REQUIRED)
    map_ = f"/arcgis/rest/services/Demo/MapServer/jobs/{asked.job}"
    for path in (
        "/",
        f"/jobs/Demo/{asked.job}",
        map_,
        f"/xyz/Demo/jobs/{asked.job}/tilejson.json",
        "/arcgis/rest/directories/arcgisoutput/Demo_MapServer/map_x.png",
    ):
        for given, challenge in (({}, "Bearer"), ({"authorization": "Bearer rmk_none"}, 'Bearer error="invalid_token"')):
            answer = asked.get(path, **given)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge), path
    page = asked.get("/").text
    assert "Please sign in" in page and "/static/viewer.css" in page and "All jobs" not in page
    assert asked.get("/static/viewer.css").status_code == 200
    for form in ("json", "pjson", "image"):
        assert [asked.get(f"{map_}?f={form}{token}").json()["error"]["code"] for token in ("", "&token=rmk_none")] == [499, 498]
    assert asked.get(f"{map_}?f=json&callback=cb").text.startswith('/**/cb({"error": {"code": 499')
    assert "text/html" in asked.get(map_).headers["content-type"] and "Code 499" in asked.get(map_).text
    assert asked.get("/arcgis/rest/info?f=json").json()["authInfo"]["isTokenBasedSecurity"] is False


# --- below a link ------------------------------------------------------------------------------------------------------------


def test_below_a_link_there_is_its_job_alone(asked: Asked) -> None:
    """The list holds one job, all addresses of the page stay below the link, and other jobs are as unknown as any."""
    assert asked.private not in asked.get("/").text
    listed = asked.get(f"{asked.link}/").text
    assert re.findall(r'data-card="([^"]+)"', listed) == [f"Demo/{asked.private}"]
    page = asked.get(f"{asked.link}/jobs/Demo/{asked.private}").text
    for text in (listed, page):
        addresses = re.findall(r'(?:href|src|data-copy|value|data-openapi)="((?:http://maps\.example)?/[^"]*)"', text)
        assert addresses and all(address.removeprefix("http://maps.example").startswith(f"{asked.link}/") for address in addresses)
        assert "Shown to you by a link that is good until" in text
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert all(path.startswith(f"{asked.link}/") for path in data["paths"].values() if path)
    other, unknown = (asked.get(f"{asked.link}/jobs/Demo/{job}") for job in (asked.job, "j0"))
    assert (other.status_code, other.text) == (404, unknown.text)


def test_a_link_needs_no_signing_in_and_is_found_by_nobody(make: Make) -> None:
    """It is good where everybody else must sign in; search engines are asked to keep nothing of what lies below one, pictures included."""
    asked = make(REQUIRED)
    for path in (
        "/",
        f"/jobs/Demo/{asked.private}",
        f"/thumbnails/Demo/jobs/{asked.private}.png",
        f"/xyz/Demo/jobs/{asked.private}/tilejson.json",
    ):
        answer = asked.get(asked.link + path)
        assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex, nofollow"), path
        assert asked.get(path).status_code == 401 and "x-robots-tag" not in asked.get(path).headers
    assert asked.get("/links/rml_nobodys/").headers["x-robots-tag"] == "noindex, nofollow"


@pytest.mark.parametrize("before", ["", "/gis"])
def test_a_link_works_behind_a_prefix(asked: Asked, before: str) -> None:
    """Whether the proxy takes its prefix off the path or leaves it there, and whatever of the token is escaped."""
    path = f"{asked.link.replace('_', '%5F')}/xyz/Demo/jobs/{asked.private}/tilejson.json"
    answer = asked.get(before + path, x_forwarded_prefix="/gis")
    assert answer.status_code == 200
    assert answer.json()["tiles"][0].startswith(f"http://maps.example/gis{asked.link}/xyz/Demo/jobs/{asked.private}/tiles/")


def test_a_link_that_is_not_good_tells_nothing(asked: Asked) -> None:
    """The same friendly page, whatever is asked below it, and whatever is wrong with it."""
    door, now = asked.service.app.state.doorkeeper, int(time.time())
    ended = door.link_token(Link("L2", "Demo", asked.private, None, Operation.VIEW, UNBOUNDED, now - 9, now - 9, now - 1))
    told = set()
    for token in (ended, "rml_nobodys", asked.link.removeprefix("/links/")[:-3]):
        for path in ("", "/", f"/jobs/Demo/{asked.private}", f"/jobs/Demo/{asked.job}", "/?service=Demo"):
            answer = asked.get(f"/links/{token}{path}")
            assert answer.status_code == 404
            told.add(answer.text.replace(token, "TOKEN"))
    (page,) = told
    assert "Ask whoever gave it to you for a new one." in page and "anna" not in page and "Demo" not in page

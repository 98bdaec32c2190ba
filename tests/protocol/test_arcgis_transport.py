"""What holds for every resource: forms, methods, slashes, errors, other origins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.errors import Broken, Busy, NotSupported, RenderFailed, RendermapError, SignIn, SourceUnreadable, TooMany
from rendermap.frontends.arcgis.address import parse_address
from rendermap.frontends.arcgis.errors import CODES, IMAGE_ERROR_BYTES, code_of, error_document, short_error_document
from tests.builders.arcgis_app import BBOX, REST, ArcgisApp, G, J, S, T
from tests.builders.service_double import ENDED_JOB, FAILED_JOB, HAZARD_JOB, RUNNING_JOB, ServiceDouble

MANUAL = Path(__file__).parents[2] / "docs" / "arcgis.md"
RESOURCES = [
    f"{REST}/services",
    f"{REST}/info",
    J,
    f"{J}/layers",
    f"{J}/1",
    f"{J}/legend",
    f"{S}/MapServer",
    G,
    T,
    f"{T}/jobs/{HAZARD_JOB}",
]


@pytest.mark.parametrize("url", RESOURCES)
def test_get_post_and_slash_say_the_same(url: str) -> None:
    """POST equals GET on everything, a slash at the end changes nothing and is not redirected."""
    app = ArcgisApp()
    plain = app.get(url, f="json")
    assert plain.status_code == 200 and "error" not in plain.json()
    others = [
        app.get(f"{url}/", f="json"),
        app.ask("POST", url, data={"F": "json"}),
        app.ask("POST", f"{url}/?f=html", data={"f": "json"}),
        app.ask("POST", url, files={"file": b"x"}, data={"f": "json"}),
        app.get(f"{url}?F=JSON&_ts=1&unknown=&TOKEN="),
    ]
    assert [(other.status_code, other.content) for other in others] == [(200, plain.content)] * 5


def test_words_and_names_have_no_case() -> None:
    """Service names and resource words are matched without regard to case."""
    app = ArcgisApp()
    for url in (J.replace("MapServer", "mapserver"), J.replace("Demo/Hazard", "demo/HAZARD")):
        assert app.get(url, f="json").content == app.get(J, f="json").content
    assert app.json(f"{S}/gpserver/hazard")["name"] == "Hazard"


def test_forms() -> None:
    """json in a line, pjson indented, a page by default."""
    app = ArcgisApp()
    assert "\n" not in app.get(J, f="json").text
    assert app.get(J, f="pjson").text.count("\n") > 20 and app.get(J, f="pjson").json() == app.json(J)
    page = app.get(J)
    assert page.headers["content-type"].startswith("text/html") and page.text.startswith("<!doctype html>")


def test_an_unknown_form_is_an_error_object() -> None:
    """kmz is not offered; the error is JSON, since whoever sends f is a program."""
    error = ArcgisApp().get(J, f="kmz").json()["error"]
    assert error["code"] == 400 and "'f' must be" in error["message"]


def test_jsonp_calls_a_plain_name_only() -> None:
    """The callback is wrapped behind a comment, never sniffed, and cannot be a script; errors are wrapped too."""
    app = ArcgisApp()
    answer = app.get(J, f="json", callback="window._EsriLeafletCallbacks.c12")
    assert answer.text.startswith("/**/window._EsriLeafletCallbacks.c12({") and answer.text.endswith("});")
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert app.get(f"{J}/99", f="json", callback="cb").text.startswith('/**/cb({"error"')
    for script in ("alert(1)//", "a b", "a;b", "<b>", "a" * 700, "a[b]"):
        hostile = app.get(J, f="json", callback=script)
        assert hostile.json()["error"]["code"] == 400 and script not in hostile.text


def test_documents_are_revalidated() -> None:
    """A document is asked for again each time and costs nothing when it has not changed."""
    app = ArcgisApp()
    first = app.get(J, f="json")
    assert first.headers["cache-control"] == "private, no-cache"
    assert app.ask("GET", f"{J}?f=json", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


# --- errors ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{S}/MapServer/jobs/{RUNNING_JOB}", 400),
        (f"{REST}/services/Viewshed/MapServer/jobs/{FAILED_JOB}", 400),
        (f"{S}/MapServer/jobs/{ENDED_JOB}", 404),
        (f"{S}/MapServer/jobs/j{'0' * 32}", 404),
        (f"{REST}/services/Nowhere/MapServer", 404),
        (f"{J}/99", 404),
        (f"{J}/bogus", 404),
        (f"{S}/MapServer/jobs/%2e%2e/layers", 400),
        (f"{J}/identify", 400),
        (f"{J}/find", 400),
        (f"{J}/3/query", 400),
        (f"{T}/submitJob", 400),
        (f"{G}/Nothing", 404),
    ],
)
def test_errors_are_objects_with_status_200(url: str, code: int) -> None:
    """Code, message and a list of details, in JSON, and never a code that starts a sign-in dialog."""
    response = ArcgisApp().get(url, f="json")
    error = response.json()["error"]
    assert response.status_code == 200 and response.headers["cache-control"] == "no-store"
    assert error["code"] == code and error["message"] and isinstance(error["details"], list)


@pytest.mark.parametrize(
    ("url", "forms"),
    [
        (f"{J}/layers", "html, json, pjson"),
        (T, "html, json, pjson"),
        (f"{J}/3/query", "html, json, pjson, geojson"),
        (f"{J}/export", "html, json, pjson, image"),
        (J, "html, json, pjson, image"),
    ],
)
def test_the_forms_that_a_resource_has_are_told(url: str, forms: str) -> None:
    """Those and no others, where somebody asks for another."""
    assert ArcgisApp().get(url, f="kmz").json()["error"]["message"] == f"'f' must be one of {forms}."


def test_the_manual_lists_every_code() -> None:
    """Whatever an answer may have for its code is explained."""
    manual = MANUAL.read_text(encoding="utf-8")
    assert all(f"| {code} |" in manual for code in CODES.values())


@pytest.mark.parametrize("operation", ["identify", "find", "0/query", "3/query"])
def test_a_map_that_may_be_seen_is_not_asked(operation: str) -> None:
    """Identify, find and query answer in the words of a service without that operation, on the map and on the template."""
    for root in (J, f"{S}/MapServer"):
        error = ArcgisApp().json(f"{root}/{operation}", where="1=1")["error"]
        assert (error["code"], error["message"]) == (400, "Requested operation is not supported by this service.")


def test_pages_carry_the_code_as_their_status() -> None:
    """People get a page that says what is wrong."""
    page = ArcgisApp().get(f"{S}/MapServer/jobs/{ENDED_JOB}")
    assert page.status_code == 404 and "The job has ended" in page.text


def test_busy_is_said_in_http() -> None:
    """A full queue answers 503 with a retry time, a client that asks too much 429; the body is still an error object.

    A script element runs nothing but what comes with 200, so JSONP has the code in its body alone.
    """
    for fault, status in ((Busy(retry_after_s=7), 503), (TooMany(retry_after_s=7), 429)):
        app = ArcgisApp(ServiceDouble(fault=fault))
        response = app.get(f"{J}/export", bbox=BBOX, f="image")
        assert (response.status_code, response.headers["retry-after"], response.json()["error"]["code"]) == (status, "7", status)
        script = app.get(f"{J}/legend", f="json", callback="told")
        assert script.status_code == 200 and script.headers["retry-after"] == "7"
        assert script.text.startswith("/**/told({") and f'"code": {status}' in script.text


def test_all_faults_are_listed() -> None:
    """One answer names every wrong parameter, and an image's error stays short."""
    response = ArcgisApp().get(f"{J}/export", bbox="1,2,3", size="0,0", format="svg", transparent="maybe", dpi="0", f="image")
    error = response.json()["error"]
    assert response.status_code == 200 and error["code"] == 400 and len(error["details"]) == 5
    assert len(response.content) <= IMAGE_ERROR_BYTES


def test_what_no_one_foresaw_is_told_as_a_number() -> None:
    """The cause stands in the log under the reference, not in the answer."""

    class Failing(ServiceDouble):
        async def map_of(self, request: object) -> object:  # type: ignore[override]
            raise RuntimeError("/secret/path")

    with capture_logs() as log:
        error = ArcgisApp(Failing()).json(J)["error"]
    assert error["code"] == 500 and "secret" not in json.dumps(error)
    reference = error["message"].rstrip(".").rpartition(" ")[2]
    assert [(line["event"], line["reference"]) for line in log] == [("incident", reference)]


def _family(kind: type[RendermapError]) -> list[type[RendermapError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in _family(one))]


@pytest.mark.parametrize("kind", _family(RendermapError), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code(kind: type[RendermapError]) -> None:
    """The dialect knows every word of the tree, and the codes that mean signing in are for nothing else."""
    assert code_of(kind()) in ((498, 499, 500) if issubclass(kind, SignIn) else (400, 404, 429, 500, 503))


def test_errors_in_place_of_pictures_are_short() -> None:
    """As many details as fit are kept, whatever their script."""
    error = Broken("x" * 300, details=("ä" * 40,) * 50)
    assert len(json.dumps(short_error_document(error))) <= IMAGE_ERROR_BYTES
    assert error_document(RenderFailed())["error"]["details"] == []  # type: ignore[index]


@pytest.mark.parametrize("fault", [SourceUnreadable(reason="/data/x.gdb"), RuntimeError("/data/x.gdb")])
def test_reasons_stay_inside(fault: Exception) -> None:
    """Paths are for the log."""
    service = ServiceDouble(fault=fault)  # type: ignore[arg-type]
    for form in ("image", "json", "html"):
        assert "/data" not in ArcgisApp(service).get(f"{J}/export", bbox=BBOX, f=form).text


# --- other origins -----------------------------------------------------------------------------------------------------------


def test_any_page_may_read_answers_and_errors() -> None:
    """The origin is echoed on documents, pictures and errors alike, without credentials."""
    app = ArcgisApp()
    for url in (f"{J}?f=json", f"{J}/export?f=image&bbox={BBOX}", f"{J}/99?f=json", f"{J}/export?f=image"):
        response = app.ask("GET", url, headers={"Origin": "https://maps.example.org"})
        assert response.headers["access-control-allow-origin"] == "https://maps.example.org"
        assert "origin" in response.headers["vary"].lower()
        assert "access-control-allow-credentials" not in response.headers


def test_preflight_allows_what_is_asked() -> None:
    """Headers such as X-Esri-Authorization are allowed by name; nothing but names is echoed."""
    app = ArcgisApp()
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-esri-authorization",
    }
    answer = app.ask("OPTIONS", f"{J}/export", headers=asked)
    assert answer.status_code == 204 and answer.headers["access-control-allow-headers"] == "x-esri-authorization"
    assert "POST" in answer.headers["access-control-allow-methods"]
    hostile = app.ask("OPTIONS", J, headers={**asked, "Access-Control-Request-Headers": "a: b; <c>"})
    assert "access-control-allow-headers" not in hostile.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_in_the_dialect(method: str) -> None:
    """Clients that try to change something read why not, from any page."""
    answer = ArcgisApp().ask(method, J, headers={"Origin": "https://a.example"})
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert answer.json()["error"]["message"] == "Requested operation is not supported by this service."
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


def test_a_refused_filter_says_so() -> None:
    """The message is any refusal's, the details say that it is the filter; other refusals keep theirs."""
    service = ServiceDouble()
    app = ArcgisApp(service)
    service.fault = NotSupported()
    for form in ("json", "image"):
        filtered = app.get(f"{J}/export", bbox=BBOX, layerDefs='{"0":"1=0"}', f=form).json()["error"]
        assert (filtered["message"], filtered["details"]) == (NotSupported.sentence, ["Filters are not allowed on this layer."])
    assert app.json(f"{J}/export", bbox=BBOX)["error"]["details"] == []


def test_every_kind_of_address_is_described() -> None:
    """The description names what the front end answers, and each description leads to a resource."""
    paths = ArcgisApp().app.openapi()["paths"]
    below = {path.removeprefix(REST) for path in paths}
    service, map_ = "/services/{service}", "/services/{service}/MapServer"
    assert {"/info", f"{service}/jobs/{{jobId}}/MapServer", f"{map_}/layers", f"{map_}/{{layer}}", f"{map_}/legend"} <= below
    assert f"{service}/GPServer/{{task}}/jobs/{{jobId}}/cancel" in below and "/directories/arcgisoutput/{folder}/{file}" in below
    assert f"{map_}/jobs/{{jobId}}/{{layer}}/images/{{swatch}}" in below
    for path in below:
        parse_address(path.replace("{layer}", "0").replace("{", "").replace("}", ""))
    assert all("422" not in path["get"]["responses"] for path in paths.values())

"""What another server may answer to hurt, and what it may answer that pygeoapi does not."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rendermap.gp.ogcapi import remote_program, results, server
from rendermap.gp.ogcapi.remote_order import as_told
from rendermap.gp.ogcapi.results import values_in
from rendermap.jobs.document import Document
from rendermap.services.reader import read_services
from tests.builders.remote_service import asking, lay_out, number_task
from tests.builders.whole_service import Certificate

Answer = tuple[int, dict[str, str], bytes]
DESCRIPTION = {"inputs": {"number": {}}, "outputs": {"area": {}}}
SQUARE = {"type": "FeatureCollection", "features": []}
CREDENTIALS = "Basic " + base64.b64encode(b"anna:hush").decode()


def said(value: object, status: int = 200, **headers: str) -> Answer:
    """JSON, unless headers say otherwise."""
    return status, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()


@dataclass
class StandIn:
    """answers: by method and path.  asked: what came, with its credentials."""

    answers: dict[str, Answer | Callable[[Any], None]]
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0


@contextmanager
def standing_in(answers: dict[str, Answer | Callable[[Any], None]], certificate: Certificate | None = None) -> Iterator[StandIn]:
    """A server that says so, over HTTPS with a certificate."""
    usual: dict[str, Answer | Callable[[Any], None]] = {
        "GET /oapi/processes/work": said(DESCRIPTION),
        "POST /oapi/processes/work/execution": said(None, 201, Location="/oapi/jobs/1"),
        "GET /oapi/jobs/1": said({"status": "successful"}),
    }
    stand_in = StandIn({**usual, **answers})

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stand_in.asked.append((f"{self.command} {self.path}", self.headers.get("Authorization")))
            answer = stand_in.answers.get(f"{self.command} {self.path}", said({"title": "nothing there"}, 404))
            if callable(answer):
                answer(self)
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = handle_one  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.port = httpd.server_port
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.key)
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def outcome(folder: Path, stand_in: StandIn, kind: str = "GPDouble", time_limit_s: float = 20.0, scheme: str = "http") -> Document:
    """What becomes of a job."""
    url = f"{scheme}://anna:hush@127.0.0.1:{stand_in.port}/oapi"
    lay_out(folder, url, number_task("Work", "work", kind), time_limit_s=time_limit_s)

    async def whole() -> Document:
        async with asking(folder) as workshop:
            return await workshop.over(await workshop.submit("Work", Number=1.0))

    return asyncio.run(whole())


def endless(handler: Any) -> None:
    """A body without an end, as fast as it is taken."""
    handler.send_response(200)
    handler.send_header("Content-Type", "image/tiff")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(65536))
    except OSError:
        handler.close_connection = True


def trickling(handler: Any) -> None:
    """A body that comes letter by letter."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            threading.Event().wait(0.05)
    except OSError:
        handler.close_connection = True


NOT_UNDERSTOOD = "The server gave an answer that cannot be understood."
ELSEWHERE = "The server gave an address that is not its own."
RESULTS = "GET /oapi/jobs/1/results"
EXECUTION = "POST /oapi/processes/work/execution"
HOSTILE = {
    "redirect": (RESULTS, said({}, 302, Location="http://elsewhere.example/"), "sent us elsewhere"),
    "location elsewhere": (EXECUTION, said(None, 201, Location="http://elsewhere.example/jobs/1"), ELSEWHERE),
    "location on another port": (EXECUTION, said(None, 201, Location="http://127.0.0.1:9/jobs/1"), ELSEWHERE),
    "location of a file": (EXECUTION, said(None, 201, Location="file:///etc/passwd"), ELSEWHERE),
    "location with a user": (EXECUTION, said(None, 201, Location="//eve:x@127.0.0.1/jobs/1"), ELSEWHERE),
    "location that is none": (EXECUTION, said(None, 201, Location="http://127.0.0.1:port/jobs"), "cannot be understood"),
    "no location": (EXECUTION, said(None, 201), "did not say where"),
    "broken JSON": ("GET /oapi/jobs/1", (200, {}, b'{"status": "succ'), NOT_UNDERSTOOD),
    "deep JSON": ("GET /oapi/jobs/1", (200, {}, b"[" * 500_000), NOT_UNDERSTOOD),
    "a list": ("GET /oapi/jobs/1", said([]), NOT_UNDERSTOOD),
    "a status of its own": ("GET /oapi/jobs/1", said({"status": "sleeping"}), NOT_UNDERSTOOD),
    "dismissed": ("GET /oapi/jobs/1", said({"status": "dismissed"}), "dismissed"),
    "a description that is none": ("GET /oapi/processes/work", said({"inputs": [1]}), "has no input Number"),
    "no such job": ("GET /oapi/jobs/1", said({"detail": "gone, see http://inside/x"}, 404), "refused it: gone, see [address]"),
    "NaN": (RESULTS, (200, {"Content-Type": "application/json"}, b'{"area": NaN}'), NOT_UNDERSTOOD),
    "a page": (RESULTS, (200, {"Content-Type": "text/html"}, b"<!doctype html>"), "must be a number"),
    "a text for a number": (RESULTS, said({"area": "much"}), "must be a number"),
    "large status": ("GET /oapi/jobs/1", said({"message": "x" * 2_000_000}), "gave too much"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_answers_fail_the_job(tmp_path: Path, case: str) -> None:
    """In words safe for strangers, without the server's address or its password."""
    place, answer, words = HOSTILE[case]
    with standing_in({place: answer}) as stand_in:
        document = outcome(tmp_path, stand_in)
    text = document.messages[-1].text
    assert document.status == "failed" and words in text, text
    assert not any(secret in text for secret in ("hush", "127.0.0.1", "elsewhere.example"))


@pytest.mark.parametrize("address", ["http://elsewhere.example/a.tif", "file:///etc/passwd", "http://127.0.0.1:9/a.tif"])
def test_links_lead_nowhere_else(tmp_path: Path, address: str) -> None:
    """Whatever a result says."""
    with standing_in({RESULTS: said({"area": {"href": address, "type": "image/tiff"}})}) as stand_in:
        document = outcome(tmp_path, stand_in, "GPDataFile")
    assert document.status == "failed" and document.messages[-1].text == ELSEWHERE


def test_an_endless_file_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit."""
    monkeypatch.setattr(server, "REMOTE_FILE_BYTES", replace(server.REMOTE_FILE_BYTES, value=4_000_000))
    with standing_in({RESULTS: endless}) as stand_in:
        document = outcome(tmp_path, stand_in, "GPDataFile")
    assert document.status == "failed" and "At most 4,000,000 bytes in a file of a result" in document.messages[-1].text


def test_a_body_that_never_comes_whole_takes_no_longer_than_the_job_may(tmp_path: Path) -> None:
    """However it trickles; the job there is over by then, and nobody dismisses it."""
    with standing_in({RESULTS: trickling}) as stand_in:
        document = outcome(tmp_path, stand_in, time_limit_s=0.5)
    assert document.status == "timed_out" and "DELETE /oapi/jobs/1" not in dict(stand_in.asked)


def test_a_server_that_is_away_for_a_while_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has been silent for too long."""
    with standing_in({"GET /oapi/jobs/1": said({}, 503)}) as stand_in:
        timer = threading.Timer(0.5, stand_in.answers.update, [{"GET /oapi/jobs/1": said({"status": "successful"}), RESULTS: said(5)}])
        timer.start()
        assert outcome(tmp_path, stand_in).status == "succeeded"
        timer.join()
        monkeypatch.setattr(remote_program, "SILENT_S", 0.1)
        stand_in.answers["GET /oapi/jobs/1"] = said({}, 503)
        assert outcome(tmp_path, stand_in).messages[-1].text == "The server that runs the task is busy."


def test_credentials_go_to_the_server_and_nowhere_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Not into the job, not into the log."""
    with standing_in({RESULTS: said({"detail": "no"}, 400)}) as stand_in:
        outcome(tmp_path, stand_in)
    assert stand_in.asked and {credentials for _, credentials in stand_in.asked} == {CREDENTIALS}
    written = capfd.readouterr()
    assert "hush" not in written.out + written.err
    assert not any(b"hush" in path.read_bytes() for path in (tmp_path / "jobs").rglob("*") if path.is_file())


def test_certificates_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of an authority that this machine trusts is good, any other is none."""
    certificate = Certificate.made_in(tmp_path)
    with standing_in({RESULTS: said(5)}, certificate) as stand_in:
        assert outcome(tmp_path, stand_in, scheme="https").messages[-1].text == "The server that runs the task does not answer."
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.issuer))
        assert outcome(tmp_path, stand_in, scheme="https").status == "succeeded"


FILES: dict[str, tuple[dict[str, Answer | Callable[[Any], None]], str, bytes]] = {
    "the answer itself": ({RESULTS: (200, {"Content-Type": "image/tiff; application=geotiff"}, b"II*")}, "Area.tif", b"II*"),
    "a link": (
        {RESULTS: said({"area": {"href": "/made.gpkg", "type": "application/geopackage+sqlite3"}}), "GET /made.gpkg": (200, {}, b"SQL")},
        "Area.gpkg",
        b"SQL",
    ),
    "a link without a type": ({RESULTS: said({"area": {"href": "/made.fgb"}}), "GET /made.fgb": (200, {}, b"fgb")}, "Area.fgb", b"fgb"),
    "in the document": (
        {RESULTS: said({"area": {"value": "SUkq", "encoding": "base64", "mediaType": "image/tiff"}})},
        "Area.tif",
        b"II*",
    ),
    "GeoJSON at once": ({EXECUTION: said(SQUARE, **{"Content-Type": "application/geo+json"})}, "Area.geojson", json.dumps(SQUARE).encode()),
    "GeoJSON with a type": (
        {RESULTS: said({"area": {"value": SQUARE, "mediaType": "application/geo+json"}})},
        "Area.geojson",
        json.dumps(SQUARE).encode(),
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_datasets_come_in_several_ways(tmp_path: Path, case: str) -> None:
    """And lie in the scratch workspace with the suffix of their media type."""
    answers, name, content = FILES[case]
    with standing_in(answers) as stand_in:
        document = outcome(tmp_path, stand_in, "GPDataFile")
    assert document.status == "succeeded", document.messages[-1].text
    assert document.outputs["Area"].model_dump() == {"dataset": f"%scratchworkspace%/{name}"}
    (found,) = (tmp_path / "jobs").rglob(name)
    assert found.read_bytes() == content


@pytest.mark.parametrize("body", [b"<VRTDataset/>", b"#!/bin/sh"])
def test_files_of_other_kinds_are_not_taken(tmp_path: Path, body: bytes) -> None:
    """Among them those that only point to others."""
    with standing_in({RESULTS: (200, {"Content-Type": "application/xml"}, body)}) as stand_in:
        document = outcome(tmp_path, stand_in, "GPDataFile")
    assert document.status == "failed" and "no kind of file that is known here" in document.messages[-1].text


@pytest.mark.parametrize(
    "document",
    [
        {"A": 1, "b-c": 2},
        {"outputs": [{"A": 1, "B_C": 2}]},
        {"outputs": [[{"id": "a", "value": 1}, {"id": "b_c", "value": 2}]]},
        [{"id": "a", "value": 1}, {"id": "b_c", "value": 2}],
        {"outputs": {"a": 1, "b_c": 2}},
    ],
)
def test_results_are_found_by_name(document: object) -> None:
    """As the standard has them, and as pygeoapi does."""
    assert values_in(document, {"First": "a", "Second": "b_c"}) == {"First": 1, "Second": 2}


def test_values_are_told_as_processes_want_them() -> None:
    """Moments in ISO 8601, alone and in lists; others as they are."""
    assert as_told(1_772_366_400_000, "GPDate") == "2026-03-01T12:00:00Z"
    assert as_told([0], "GPMultiValue:GPDate") == ["1970-01-01T00:00:00Z"]
    assert as_told({"distance": 5, "units": "esriMeters"}, "GPLinearUnit") == {"distance": 5, "units": "esriMeters"}
    assert results.SUFFIXES["image/tiff"] == ".tif"


@pytest.mark.parametrize(
    "run",
    ['engine = "ogcapi"', 'url = "http://a.example"', 'engine = "ogcapi"\nurl = "ftp://a.example"', 'engine = "ogcapi"\nurl = "http:///x"'],
)
def test_an_address_belongs_to_the_engine(tmp_path: Path, run: str) -> None:
    """One without the other is a fault in the service.toml, and so is an address of another kind."""
    (tmp_path / "Tools").mkdir()
    (tmp_path / "Tools" / "service.toml").write_text(f'title = "T"\n[run]\n{run}\n[[tasks]]\nname = "Work Hard"\n')
    published, faults = read_services(tmp_path)
    assert not published and len(faults) == 1


def test_a_process_is_called_like_its_task(tmp_path: Path) -> None:
    """Unless it is named."""
    lay_out(tmp_path, "http://a.example/oapi", '[[tasks]]\nname = "Work_Hard"\n[[tasks]]\nname = "Rest"\nprocess = "sleep:now"\n')
    service = read_services(tmp_path / "styles")[0]["Tools"]
    assert [task.process for task in service.tasks] == ["work-hard", "sleep:now"]

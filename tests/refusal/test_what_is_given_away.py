"""Logs, metrics and health tell operators what goes wrong, and nobody else anything."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from rendermap.audit import Audit, Line
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import MapPlan
from rendermap.errors import RenderFailed
from rendermap.jobs import manifest
from rendermap.ledger import Ledger
from rendermap.log import configure_logging
from rendermap.telemetry import make_metrics
from tests.builders.counted_service import CountedService, Counter, geojson
from tests.builders.served import serving
from tests.builders.whole_service import lay_out

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
EXPORT = "/arcgis/rest/services/Secret/MapServer/jobs/{job}/export?bbox=700000,4000000,706000,4006000&bboxSR=32616&f=image"


class Kept:
    """Keeps audit lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def open(self) -> None:
        pass

    def write(self, line: Line) -> None:
        self.lines.append(line)


class Failing(Counter):
    """Fails as a worker does that meets a damaged file."""

    async def draw(self, plan: MapPlan) -> Drawn:
        raise RenderFailed(reason=f"cannot read {plan.layers[0].layer.source.path}")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as it is by default, as JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    configure_logging(json=True, stream=out)
    yield out
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    metrics = make_metrics()
    return CountedService(tmp_path, {"Secret": SERVICE}, Ledger(audit=Audit(Kept(), metrics), metrics=metrics))


@pytest.fixture
def job(service: CountedService) -> str:
    with manifest.start(service.jobs, service="Secret", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.job_id


def counted(service: CountedService, name: str) -> float:
    """A metric as Prometheus reads it."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", service.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_failure_is_a_number_for_the_client_and_a_line_for_the_operator(
    service: CountedService, job: str, log: io.StringIO, tmp_path: Path
) -> None:
    """All lines of the request carry the number that the client was told; none has a path."""
    service.counter.draw = Failing().draw  # type: ignore[method-assign]
    answer = service.get(EXPORT.format(job=job))
    reference = re.search(r"Reference ([0-9a-f]{8})\.", answer.json()["error"]["message"])
    assert reference
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    incidents = [line for line in lines if line["event"] == "incident"]
    assert [(line["reference"], line["code"]) for line in incidents] == [(reference[1], "RenderFailed")]
    assert "…/Parcels.geojson" in incidents[0]["reason"]
    assert str(tmp_path) not in log.getvalue()


def test_two_requests_have_two_numbers(service: CountedService, job: str, log: io.StringIO) -> None:
    """And nothing of one is left in the next."""
    service.counter.draw = Failing().draw  # type: ignore[method-assign]
    messages = {service.get(EXPORT.format(job=job) + f"&dpi={dpi}").json()["error"]["message"] for dpi in (96, 97)}
    assert len(messages) == 2 and log.getvalue()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("/arcgis/rest/services/Secret/MapServer/jobs/{job}/export?f=json", "InvalidBbox"),
        ("/arcgis/rest/services/Nowhere/MapServer?f=json", "ServiceNotFound"),
        ("/xyz/Secret/jobs/j0/tilejson.json", "JobNotFound"),
        ("/xyz/Secret/jobs/{job}/tiles/99/0/0.png", "TileOutside"),
        ("/jobs/Secret/{job}/download.png", "BadRequest"),
        ("/no/such/address", "NotFound"),
    ],
)
def test_refusals_are_counted_by_their_code(service: CountedService, job: str, url: str, code: str) -> None:
    """In every protocol, whatever status its dialect gives them."""
    service.get(url.format(job=job))
    assert counted(service, f'rendermap_refusals_total{{code="{code}"}}') == 1


def test_pictures_and_their_pixels_are_counted(service: CountedService, job: str) -> None:
    """Cached ones too."""
    for _ in range(2):
        assert service.get(EXPORT.format(job=job) + "&size=100,50").status_code == 200
    assert (counted(service, "rendermap_pictures_served_total"), counted(service, "rendermap_pixels_served_total")) == (2, 10_000)


def test_metrics_and_health_name_nothing(service: CountedService, job: str, tmp_path: Path) -> None:
    """Neither a service, a job, a path nor a client, and no word that a client chose."""
    for url in (
        EXPORT.format(job=job),
        "/xyz/Evil%22%7D%0Aforged%201/jobs/j0/tilejson.json",
        f"/arcgis/rest/services/Secret/MapServer/{job}",
    ):
        service.get(url)
    for address in ("/metrics", "/health/live", "/health/ready"):
        text = service.get(address).text
        assert not [word for word in ("Secret", job, str(tmp_path), "Evil", "forged", "127.0.0.1", "Parcels") if word in text]


def test_a_request_cannot_write_a_line_of_the_log(service: CountedService, job: str, tmp_path: Path) -> None:
    """Whatever of a request reaches the log, at the most talkative level and as people read it."""
    out = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(json=False, level="debug", stream=out)
    service.counter.draw = Failing().draw  # type: ignore[method-assign]
    forged = "%0A2026-11-27T07:05:37Z%20%5Binfo%5D%20forged%0A%1B%5B2K"
    for url in (
        EXPORT.format(job=job) + f"&layers={forged}&token=t0p",
        EXPORT.format(job=job) + f"&callback={forged}",
        f"/arcgis/rest/services/{forged}/MapServer?f=json",
        f"/xyz/Secret/jobs/{forged}/tilejson.json",
        f"/jobs/Secret/{job}/download.png?bbox={forged}&size=1,1",
        f"/links/t0p/xyz/Secret/jobs/{job}/tilejson.json",
    ):
        service.ask("GET", url, headers={"Authorization": "Bearer t0p", "User-Agent": "x\ty", "Referer": f"https://x/{forged}"})
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    assert not [line for line in out.getvalue().splitlines() if line.lstrip().startswith("2026-11-27T07:05:37Z")]
    assert "t0p" not in out.getvalue() and "\x1b" not in out.getvalue()


def test_the_audit_log_tells_who_saw_which_job(service: CountedService, job: str) -> None:
    """The document, the map and its pictures are one line, and then what it came to; a job that is not there is no job."""
    service.get(f"/jobs/Secret/{job}")
    service.get(EXPORT.format(job=job) + "&size=100,50")
    service.get("/jobs/Secret/j0")
    audit = service.ledger.audit
    assert audit and isinstance(audit._journal, Kept)
    audit.sum_up()
    audit.write_out()
    told = [(line["what"], line["service"], line["job"], line.get("pixels")) for line in audit._journal.lines]
    assert [(what, name, id_) for what, name, id_, _ in told] == [("saw", "Secret", job), ("sights", "Secret", job)]
    assert told[1][3] and int(str(told[1][3])) >= 5000


def test_readiness_says_when_the_audit_log_is_not_written(service: CountedService, job: str, tmp_path: Path) -> None:
    """Pictures go on, so nobody is kept away."""
    audit = service.ledger.audit
    assert audit and service.get("/health/ready").json() == {"status": "ready"}

    class Full:
        def open(self) -> None:
            pass

        def write(self, line: Line) -> None:
            raise OSError(28, "No space left on device")

    audit._journal = Full()
    service.get(EXPORT.format(job=job))
    audit.write_out()
    ready = service.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "audit": "not written"})
    assert counted(service, "rendermap_audit_failing") == 1
    assert service.get(EXPORT.format(job=job)).status_code == 200


def test_the_audit_log_tells_what_a_refused_client_is_not_told(service: CountedService, job: str) -> None:
    """A stranger asks for somebody's private job, and hears of no job; the log says who was refused what, and why."""
    with manifest.start(service.jobs, service="Secret", task="Run", owner="anna", private=True) as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
    refused, unknown = (service.get(f"/xyz/Secret/jobs/{id_}/tilejson.json") for id_ in (run.job_id, "j0"))
    assert refused.status_code == unknown.status_code == 404
    assert refused.json()["error"] == unknown.json()["error"] and "private" not in refused.text
    audit = service.ledger.audit
    assert audit and isinstance(audit._journal, Kept)
    audit.write_out()
    assert [(line["what"], line["job"], line["why"]) for line in audit._journal.lines] == [("refused", run.job_id, "the job is private")]


@pytest.mark.slow
def test_a_service_at_its_most_talkative_tells_no_secret(tmp_path: Path) -> None:
    """As an operator starts it, with every line of the server: no token, no link, no forged line, and the audit file beside."""
    (tmp_path / "a").mkdir()
    log, audit = tmp_path / "log.txt", tmp_path / "audit.jsonl"
    with serving(tmp_path / "a", lay_out(tmp_path / "a"), "--log-level", "debug", "--audit-log", str(audit), log=log) as running:
        running.await_ready()
        here = f"/xyz/Hydrology/FloodDepth/jobs/{running.job_id}/tilejson.json"
        for path in (f"{here}?token=t0p", f"/links/t0p{here}", f"{here}?layers=%0A2026-11-27T07:05:37Z%20forged", f"{here}%0Aforged"):
            running.get(path)
        assert running.get(here)[0] == 200
    text = log.read_text(encoding="utf-8")
    assert "GET" in text and "t0p" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("2026-11-27T07:05:37Z", "forged"))]
    told = [json.loads(line) for line in audit.read_text(encoding="ascii").splitlines()]
    assert {line["job"] for line in told} == {running.job_id} and "t0p" not in audit.read_text(encoding="ascii")

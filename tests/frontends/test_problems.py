"""What goes wrong in HTTP's own words, whichever front end tells it."""

from __future__ import annotations

import anyio
import httpx
import pytest
from structlog.testing import capture_logs

from rendermap.errors import Busy, JobFailed, NotReady, RendermapError
from rendermap.frontends.problems import STATUS, headers_of, status_of
from rendermap.limits import ADDRESS_BYTES
from tests.builders.app_double import app_over
from tests.builders.service_double import FAILED_JOB, HAZARD_JOB, ServiceDouble

DOWNLOAD = f"/jobs/Demo/Hazard/{HAZARD_JOB}/download.png"
TILEJSON = f"/xyz/Demo/Hazard/jobs/{HAZARD_JOB}/tilejson.json"


def ask(path: str, method: str = "GET", **options: object) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app_over(ServiceDouble()), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://maps.example") as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]

    return anyio.run(send)


def test_a_parameter_that_is_missing_is_the_clients_fault() -> None:
    """What the framework finds missing is 400 with the parameter's name, all at once, and no incident for the operator."""
    with capture_logs() as log:
        one, two = ask(f"{DOWNLOAD}?size=3,3"), ask(DOWNLOAD)
    assert (one.status_code, one.json()["error"]["message"]) == (400, "'bbox' is required.")
    assert two.status_code == 400 and two.json()["error"]["details"] == ["'bbox' is required.", "'size' is required."]
    assert not log


@pytest.mark.parametrize("path", [DOWNLOAD, TILEJSON])
def test_what_is_too_long_is_refused_before_it_is_read(path: str) -> None:
    """A long query or a large body is refused in the front end's dialect without being parsed."""
    for answer in (
        ask(f"{path}?{'layers=1&' * (ADDRESS_BYTES.value // 9)}x=1"),
        ask(path, headers={"content-length": "2000001"}),
        ask(path, headers={"content-length": "many"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "TooCostly")


def test_a_failed_jobs_own_words_are_told() -> None:
    """Who asks for a tile of a failed job hears what its tool said."""
    answer = ask(f"/xyz/Viewshed/jobs/{FAILED_JOB}/tilejson.json")
    assert (answer.status_code, answer.json()["error"]["details"]) == (409, ["The observer stands outside the elevation model."])


def test_every_error_of_the_tree_has_a_status() -> None:
    """No error can reach a client without a status of its own or an ancestor's."""

    def family(kind: type[RendermapError]) -> list[type[RendermapError]]:
        return [kind] + [below for child in kind.__subclasses__() for below in family(child)]

    for kind in family(RendermapError)[1:]:
        assert 400 <= status_of(kind()) < 600
    assert set(STATUS) <= set(family(RendermapError))


def test_errors_are_never_kept_and_say_when_to_come_again() -> None:
    """Busy tells its own time, a running job a short one, and an end none."""
    assert headers_of(Busy(retry_after_s=7)) == {"Cache-Control": "no-store", "Retry-After": "7"}
    assert headers_of(NotReady())["Retry-After"] == "2" and "Retry-After" not in headers_of(JobFailed())

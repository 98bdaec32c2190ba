"""The log gives away neither paths nor credentials, and nobody outside can write a line of it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from rendermap.log import configure_logging

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, usual = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**usual)


def logged(level: str, **values: Any) -> dict[str, Any]:
    """One error as it stands in a JSON log of that level."""
    out = io.StringIO()
    configure_logging(json=True, level=level, stream=out, roots=[Path("/srv/my jobs")])
    structlog.get_logger().error("it failed", **values)
    event: dict[str, Any] = json.loads(out.getvalue())
    return event


def said(text: str, **options: Any) -> str:
    """One warning of a library as it stands in the log."""
    out = io.StringIO()
    configure_logging(stream=out, **{"json": False, **options})
    logging.getLogger("asyncio").warning(text)
    return out.getvalue()


# --- paths ---------------------------------------------------------------------------------------------------------------


def test_paths_in_free_text_keep_only_their_last_name() -> None:
    """The reason stays useful without telling where things lie; addresses of requests are not paths of files."""
    event = logged("info", reason='cannot open "/srv/jobs/secret_gpserver/j1/scratch/a.tif": No such file', url="/arcgis/rest/services")
    assert event["reason"] == 'cannot open "…/a.tif": No such file'
    assert event["url"] == "/arcgis/rest/services"


@pytest.mark.parametrize("path", ["/srv/my jobs/a_gpserver/j1/scratch/a.tif", r"C:\arcgis\jobs\a.tif", r"\\server\share\jobs\a.tif"])
def test_paths_with_blanks_and_those_of_other_systems_are_cut_too(path: str) -> None:
    """A folder of ours is known by its whole name."""
    assert logged("info", reason=f"cannot open {path}")["reason"] in ("cannot open …/a.tif", "cannot open /…/a.tif")


def test_tracebacks_are_cut_too() -> None:
    """An exception's text passes the same processor."""
    try:
        raise OSError("/srv/jobs/j1/scratch/a.tif is gone")
    except OSError:
        event = logged("info", exc_info=True)
    assert "/srv/jobs" not in event["exception"] and "…/a.tif is gone" in event["exception"]


def test_debug_tells_paths() -> None:
    """An operator who asks for debug gets the whole reason."""
    assert logged("debug", reason="/srv/jobs/j1/a.tif")["reason"] == "/srv/jobs/j1/a.tif"


def test_libraries_give_away_no_more() -> None:
    """What uvicorn and asyncio say passes the same processors, and is debug only when debug is asked for."""
    assert "…/a.tif" in said("lost /srv/jobs/j1/a.tif") and "/srv" not in said("lost /srv/jobs/j1/a.tif")
    assert json.loads(said("lost /srv/jobs/j1/a.tif", json=True))["event"] == "lost …/a.tif"
    assert logging.getLogger("uvicorn.access").getEffectiveLevel() == logging.WARNING


# --- credentials ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["info", "debug"])
@pytest.mark.parametrize(
    "values",
    [
        {"token": "t0p"},
        {"Authorization": "Bearer t0p"},
        {"X-Esri-Authorization": "t0p"},
        {"url": "/x?f=json&token=t0p&bbox=1"},
        {"url": "/x?TOKEN=t0p"},
        {"url": "/links/t0p/xyz/Demo/jobs/j1/tilejson.json"},
        {"url": "https://maps.example/gis/Links/t0p?x=1"},
        {"url": "/x?f=json&t%6Fken=t0p&bbox=1"},
        {"url": "/x?%54%4F%4b%45%6E=t0p"},
        {"url": "/links//t0p/xyz"},
        {"url": "/%6cinks%2F/%2ft0p/xyz"},
        {"url": "/x?redirect=rmk_t0p"},
        {"url": "/sign-in?then=%2Fjobs%2FR%3Ftoken%3Dt0p"},
        {"url": "/x?then=%252Fjobs%253FTOKEN%253dt0p"},
        {"url": "/x;token%3Drmk_t0p"},
        {"url": "/%3drml_t0p"},
        {"reason": "no such link: 'rml_x-t0p'"},
        {"reason": "rmt_x_t0p"},
        {"reason": "refused Bearer t0p"},
        {"headers": {"authorization": "t0p", "accept": "x"}},
        {"headers": [("x", "basic t0p")]},
        {"reason": "redis://user:t0p@cache:6379/0"},
        {"error": ValueError("signature=t0p")},
    ],
    ids=str,
)
def test_credentials_are_never_logged(level: str, values: dict[str, Any]) -> None:
    """Neither as a value of their own nor inside an address, a header or an exception."""
    assert "t0p" not in json.dumps(logged(level, **values))


def test_a_signed_token_is_known_by_its_look() -> None:
    """Wherever it stands."""
    event = logged("info", reason=f"what is {JWT}?", url="/x?f=json&token=t0p&bbox=1")
    assert event["reason"] == "what is ***?" and event["url"] == "/x?f=json&token=***&bbox=1"


def test_the_servers_own_lines_hide_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """At debug level uvicorn tells every address that was asked for."""
    # a server that another test started in this process may have set it up its own way
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "propagate", True)
    out = io.StringIO()
    configure_logging(json=True, level="debug", stream=out)
    access = logging.getLogger("uvicorn.access")
    access.setLevel(logging.INFO)
    told = '%s - "%s %s HTTP/%s" %d'
    access.info(told, "192.0.2.1:1", "GET", "/links/t0p/xyz/a.png?token=t0p&x=1", "1.1", 200)
    event = json.loads(out.getvalue())["event"]
    access.setLevel(logging.NOTSET)
    assert event == '192.0.2.1:1 - "GET /links/***/xyz/a.png?token=***&x=1 HTTP/1.1" 200'


# --- lines ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2K\x1b[1A"])
@pytest.mark.parametrize("as_json", [True, False])
def test_nobody_outside_writes_a_line(feed: str, as_json: bool) -> None:
    """A value of many lines is one, and cannot move the cursor of a terminal."""
    forged = f"x{feed}2026-11-27T07:05:37Z [info     ] signed in who=admin"
    out = io.StringIO()
    configure_logging(json=as_json, stream=out)
    structlog.get_logger().warning("refused", service=forged)
    logging.getLogger("asyncio").warning(forged)
    text = out.getvalue()
    assert text.count("\n") == 2 == len(text.splitlines()) and "\x1b" not in text


def test_a_traceback_cannot_pass_for_lines_of_ours() -> None:
    """For people it has many lines, all of them set in."""
    out = io.StringIO()
    configure_logging(json=False, stream=out)
    try:
        raise ValueError("x\n2026-11-27T07:05:37Z [info     ] signed in who=admin")
    except ValueError:
        structlog.get_logger().exception("incident")
    head, *lines = out.getvalue().splitlines()
    assert "incident" in head and lines and all(line.startswith("  | ") for line in lines)


def test_what_is_no_request_fills_no_disk() -> None:
    """Anybody can send it, as often as they like."""
    assert said("Invalid HTTP request received.") == "" != said("Invalid HTTP request received.", level="debug")


def test_below_the_level_nothing_is_written() -> None:
    """The level is a floor, and an unknown one is a fault of the settings."""
    out = io.StringIO()
    configure_logging(json=False, level="warning", stream=out)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud", reason="/a/b/c.tif")
    assert "quiet" not in out.getvalue() and "loud" in out.getvalue() and "/a/b" not in out.getvalue()
    with pytest.raises(ValueError, match="shout"):
        configure_logging(json=True, level="shout")

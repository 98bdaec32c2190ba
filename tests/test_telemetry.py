"""Metrics belong to one app, and the log gives away neither paths nor credentials."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from rendermap.telemetry import configure_logging, exposition, make_metrics


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def logged(level: str, **values: Any) -> dict[str, Any]:
    """One error as it stands in a JSON log of that level."""
    out = io.StringIO()
    configure_logging(json=True, level=level, stream=out)
    structlog.get_logger().error("it failed", **values)
    event: dict[str, Any] = json.loads(out.getvalue())
    return event


def test_two_apps_count_for_themselves() -> None:
    """There is no registry of the module."""
    ours, theirs = make_metrics(), make_metrics()
    ours.worker_restarts.labels("crash").inc()
    body, media_type = exposition(ours)
    assert b'rendermap_worker_restarts_total{cause="crash"} 1.0' in body and media_type.startswith("text/plain")
    assert b"crash" not in exposition(theirs)[0]


def test_paths_in_free_text_keep_only_their_last_name() -> None:
    """The reason stays useful without telling where things lie; addresses of requests are not paths of files."""
    event = logged("info", reason='cannot open "/srv/jobs/secret_gpserver/j1/scratch/a.tif": No such file', url="/arcgis/rest/services")
    assert event["reason"] == 'cannot open "…/a.tif": No such file'
    assert event["url"] == "/arcgis/rest/services"


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


@pytest.mark.parametrize("level", ["info", "debug"])
def test_credentials_are_never_logged(level: str) -> None:
    """Neither as a value of their own nor inside an address."""
    event = logged(level, token="t0p", authorization="Bearer t0p", url="/x?f=json&token=t0p&bbox=1")
    assert "t0p" not in json.dumps(event) and event["url"] == "/x?f=json&token=***&bbox=1"


def test_below_the_level_nothing_is_written() -> None:
    """The level is a floor, and an unknown one is a fault of the settings."""
    out = io.StringIO()
    configure_logging(json=False, level="warning", stream=out)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud", reason="/a/b/c.tif")
    assert "quiet" not in out.getvalue() and "loud" in out.getvalue() and "/a/b" not in out.getvalue()
    with pytest.raises(ValueError, match="shout"):
        configure_logging(json=True, level="shout")

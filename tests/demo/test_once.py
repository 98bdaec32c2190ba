"""Pictures of the demo, asked from a stand-in for the service."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from rendermap.demo import once
from tests.demo.pictures import png

GOOD = png([(1, 2, 3, 255), (200, 2, 3, 255)])
BLANK = png([(0, 0, 0, 0), (0, 0, 0, 0)])
QUIET = Console(quiet=True)


@contextmanager
def stand_in(export: bytes = GOOD, status: int = 200) -> Iterator[str]:
    """A service with one answer for all jobs; status: of its TileJSON."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media, body, code = "image/png", GOOD, 200
            if "tilejson" in self.path:
                tiles = {"tiles": [f"{base}/t/{{z}}/{{x}}/{{y}}.png"], "center": [-84.2, 36.6, 10], "legend": f"{base}/legend"}
                refused = {"error": {"code": "NotReady", "message": "Not finished.", "status": "executing"}}
                media, body, code = "application/json", json.dumps(tiles if status == 200 else refused).encode(), status
            elif "/export" in self.path:
                body = export
            elif "/MapServer/" in self.path:
                media, body = "application/json", json.dumps({"fullExtent": {"xmin": 0, "ymin": 0, "xmax": 2, "ymax": 1}}).encode()
            self.send_response(code)
            self.send_header("Content-Type", media)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield base
        finally:
            server.shutdown()


@pytest.fixture
def out_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one job, of a demo that has one."""
    (tmp_path / "jobs/terrain/hazard_gpserver/j0123456/scratch").mkdir(parents=True)
    monkeypatch.setattr(once, "DEMO_JOBS", once.DEMO_JOBS[:1])
    return tmp_path


def test_a_picture_per_protocol(out_dir: Path) -> None:
    """Export, tile and legend are written under the job's name, older pictures go, and nothing is wrong."""
    (out_dir / "old.png").write_bytes(b"")
    with stand_in() as base:
        assert once.write_pictures(base, out_dir, QUIET) == []
    assert sorted(path.name for path in out_dir.glob("*.png")) == [
        f"terrain-hazard-j0123-{protocol}.png" for protocol in ("arcgis", "legend", "xyz")
    ]


def test_a_blank_picture_is_a_fault(out_dir: Path) -> None:
    """A picture with nothing in it is named."""
    with stand_in(export=BLANK) as base:
        assert once.write_pictures(base, out_dir, QUIET) == ["terrain-hazard-j0123-arcgis.png: blank"]


def test_what_is_no_picture_is_a_fault(out_dir: Path) -> None:
    """An answer that says it is a picture and is not is named too."""
    with stand_in(export=b"no") as base:
        (fault,) = once.write_pictures(base, out_dir, QUIET)
    assert "not a picture" in fault


def test_a_finished_job_without_a_map_is_a_fault(out_dir: Path) -> None:
    """A job that is not ready is skipped, but then there must be enough others."""
    with stand_in(status=409) as base:
        assert once.write_pictures(base, out_dir, QUIET) == ["only 0 of 1 finished jobs have a map"]


def test_an_error_of_the_service_is_a_fault(out_dir: Path) -> None:
    """Anything but a job's own state is named with the service's words."""
    with stand_in(status=500) as base:
        faults = once.write_pictures(base, out_dir, QUIET)
    assert "terrain/hazard/j0123456: 500 Not finished. (executing)" in faults

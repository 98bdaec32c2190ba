"""The service in a process of its own, as an operator runs it, with one finished job."""

from __future__ import annotations

import http.client
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.builders.whole_service import lay_out

WORKERS = 2
ZOOMS = (11, 12, 13, 14)
STARTUP_S, PATIENCE_S = 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    job_id: str

    @property
    def pid(self) -> int:
        """Of the service itself."""
        return self.process.pid

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """(status, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Process ids of its worker programs."""
        return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal() and self._is_worker(folder)]

    def _is_worker(self, folder: Path) -> bool:
        try:
            nursery = _parent_of(folder)
            return b"rendermap.render." in (folder / "cmdline").read_bytes() and _parent_of(Path("/proc") / nursery) == str(self.pid)
        except OSError:
            return False

    def await_ready(self, workers: int = WORKERS) -> None:
        """Until it answers and all workers are up."""
        deadline = time.monotonic() + STARTUP_S
        while time.monotonic() < deadline:
            with suppress(OSError):
                if self.get("/health/ready")[0] == 200 and len(self.workers()) == workers:
                    return
            time.sleep(0.05)
        raise TimeoutError("the service did not start")


def _parent_of(folder: Path) -> str:
    return (folder / "stat").read_text().rpartition(")")[2].split()[1]


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """``rendermap serve`` with one finished job and no cache, so that every tile is drawn."""
    with serving(folder, lay_out(folder), *options) as running:
        running.await_ready()
        yield running


@contextmanager
def serving(
    folder: Path, job_id: str, *options: str, files: int | None = None, log: Path = Path(os.devnull), scratch: Path | None = None
) -> Iterator[Served]:
    """The same over a folder that was laid out before, from the moment its port is known; killed at the end if it still runs then.

    files: the soft limit of open files that it is started with.  log: where its log is added to.
    scratch: where it keeps its scratch folder, None for folder.
    """
    argv = ["-m", "rendermap", "serve", "--jobs", str(folder / "jobs"), "--services", str(folder / "services")]
    argv += ["--workers", str(WORKERS), "--cache-mb", "0", *(options if "--port" in options else ("--port", "0", *options))]
    environment = {**os.environ, "TMPDIR": str(scratch or folder)}
    limited = ["sh", "-c", f'ulimit -S -n {files} && exec "$@"', "sh"] if files else []
    program = [*limited, sys.executable, *argv]
    with (
        log.open("a") as written,
        subprocess.Popen(program, stdout=subprocess.PIPE, stderr=written, text=True, env=environment) as process,
    ):
        assert process.stdout
        try:
            port = next(int(found[1]) for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield Served(process, port, job_id)
        finally:
            process.terminate()
            try:
                process.wait(STARTUP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def tiles_over(running: Served) -> list[str]:
    """Paths of the tiles that the job's map covers."""
    base = f"/xyz/Hydrology/FloodDepth/jobs/{running.job_id}"
    status, body = running.get(f"{base}/tilejson.json")
    assert status == 200, body
    west, south, east, north = json.loads(body)["bounds"]
    paths = []
    for zoom in ZOOMS:
        (x0, y0), (x1, y1) = tile_at(west, north, zoom), tile_at(east, south, zoom)
        paths += [f"{base}/tiles/{zoom}/{x}/{y}.png" for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]
    return paths


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """(column, row) of the tile of the web's grid that a place lies in."""
    across = (lon + 180) / 360
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int(across * 2**zoom), int(down * 2**zoom)
